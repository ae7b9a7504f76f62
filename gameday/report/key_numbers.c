/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/key_numbers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gameday/report/impact.h"
#include "gameday/report/story.h"

/* "was 4 ms in baseline"; "" when there is nothing to compare with. */
static void say_before(struct gd_doc_number *n, const struct gd_impact *w, double before,
		       double under, enum gd_metric_unit unit)
{
	char was[32], factor[32] = "";

	if (!w->compared || isnan(before))
		return;
	if (unit == GD_UNIT_DURATION && before > 0 && under >= 1.05 * before)
		(void)snprintf(factor, sizeof(factor), " (%.3gx)", under / before);
	(void)snprintf(n->note, sizeof(n->note), "was %s before%s",
		       gd_metric_format(before, unit, was), factor);
}

static void set_value(struct gd_doc_number *n, double v, enum gd_metric_unit unit)
{
	char buf[32];

	(void)snprintf(n->value, sizeof(n->value), "%s",
		       isnan(v) ? "not known" : gd_metric_format(v, unit, buf));
}

/* --- what clients felt ----------------------------------------------------------------- */

static void p99(const struct gd_impact *w, struct gd_doc_number *n)
{
	(void)snprintf(n->label, sizeof(n->label), "p99 latency");
	set_value(n, w->under.p99, GD_UNIT_DURATION);
	say_before(n, w, w->before.p99, w->under.p99, GD_UNIT_DURATION);
}

static void success(const struct gd_impact *w, struct gd_doc_number *n)
{
	(void)snprintf(n->label, sizeof(n->label), "Requests that succeeded");
	set_value(n, w->under.success, GD_UNIT_RATIO);
	if (w->under.errors > 0)
		(void)snprintf(n->note, sizeof(n->note), "%llu of %llu failed",
			       (unsigned long long)w->under.errors,
			       (unsigned long long)w->under.requests);
	else
		say_before(n, w, w->before.success, w->under.success, GD_UNIT_RATIO);
}

static void attempts(const struct gd_impact *w, struct gd_doc_number *n)
{
	(void)snprintf(n->label, sizeof(n->label), "Attempts per request");
	set_value(n, w->under.attempts_per_request, GD_UNIT_COUNT);
	say_before(n, w, w->before.attempts_per_request, w->under.attempts_per_request,
		   GD_UNIT_COUNT);
}

/* --- how long it took ------------------------------------------------------------------ */

static void set_seconds(struct gd_doc_number *n, int64_t ns)
{
	(void)snprintf(n->value, sizeof(n->value), "%.1f s",
		       (double)ns / (double)GD_NS_PER_S);
}

/* The detection of the runbook that fired first; NULL: none. */
static const struct gd_detected *first_detection(const struct gd_report *r,
						 size_t *ret_judged)
{
	const struct gd_detected *first = NULL;

	*ret_judged = 0;
	for (size_t i = 0; r->has_runbook && i < r->runbook.detection.n; i++) {
		const struct gd_detected *d = &r->detected[i];

		*ret_judged += d->evaluated && d->item.outcome != GD_COND_NO_DATA;
		if (d->evaluated && d->item.outcome == GD_COND_HOLDS &&
		    d->item.first_wall_ns &&
		    (!first || d->item.first_wall_ns < first->item.first_wall_ns))
			first = d;
	}
	return first;
}

/* When people wrote down that they had noticed; 0: they didn't. */
static int64_t noticed(const struct gd_report *r)
{
	for (size_t i = 0; i < r->n_events; i++)
		if (strcmp(gd_json_str(r->events[i], "event", ""), "note") == 0 &&
		    strcmp(gd_json_str(r->events[i], "kind", ""), "detected") == 0)
			return gd_report_event_time(r->events[i]);
	return 0;
}

enum { WHO_MAX = 90 };

/* How much of a title is shown: without what it has in brackets, whole words only. */
static int title_length(const char *title)
{
	const char *bracket = strstr(title, " (");
	size_t len = bracket ? (size_t)(bracket - title) : strlen(title);

	if (len <= WHO_MAX)
		return (int)len;
	for (len = WHO_MAX; len > 0 && title[len] != ' '; len--)
		;
	return len > 0 ? (int)len : WHO_MAX;
}

/* at: when it was detected; who: what did. */
static void say_detected(const struct gd_report *r, int64_t at, const char *who,
			 struct gd_doc_number *n)
{
	int64_t from = r->harm_ns ? r->harm_ns : gd_report_injected(r, NULL);
	const char *since = r->harm_ns ? "harm" : "injection";

	set_seconds(n, at > from ? at - from : 0);
	(void)snprintf(n->note, sizeof(n->note), "%s the %s: %.*s",
		       at >= from ? "after" : "before", since, title_length(who), who);
}

static void detect(const struct gd_report *r, struct gd_doc_number *n)
{
	size_t judged;
	const struct gd_detected *first = first_detection(r, &judged);
	int64_t by_people = noticed(r);

	(void)snprintf(n->label, sizeof(n->label), "Time to detect");
	if (first && (!by_people || first->item.first_wall_ns <= by_people)) {
		const struct gd_detection *of = first->detection;

		say_detected(r, first->item.first_wall_ns,
			     of->alert     ? of->alert
			     : of->symptom ? of->symptom
					   : "a detection",
			     n);
	} else if (by_people) {
		say_detected(r, by_people, "people noticed", n);
	} else if (judged > 0) {
		n->tone = GD_DOC_BAD;
		(void)snprintf(n->value, sizeof(n->value), "never");
		(void)snprintf(n->note, sizeof(n->note),
			       "no detection of the runbook fired");
	} else {
		(void)snprintf(n->value, sizeof(n->value), "not known");
		(void)snprintf(n->note, sizeof(n->note),
			       "no detection could be judged, no note was taken");
	}
}

static void restore(const struct gd_report *r, struct gd_doc_number *n)
{
	(void)snprintf(n->label, sizeof(n->label), "Time to restore");
	if (r->healed_ns) {
		set_seconds(n, r->healed_ns - r->faults_out_ns);
		(void)snprintf(n->note, sizeof(n->note),
			       "from the last undo until every client was well");
	} else if (gd_story_n_left_behind(r) > 0) {
		n->tone = GD_DOC_BAD;
		(void)snprintf(n->value, sizeof(n->value), "not restored");
		(void)snprintf(n->note, sizeof(n->note), "a fault was left behind");
	} else if (r->still_hurt) {
		n->tone = GD_DOC_BAD;
		(void)snprintf(n->value, sizeof(n->value), "not restored");
		(void)snprintf(n->note, sizeof(n->note),
			       "clients were still hurt at the end");
	} else {
		(void)snprintf(n->value, sizeof(n->value), "not known");
		(void)snprintf(n->note, sizeof(n->note), "%s",
			       r->faults_out_ns ? "nothing was measured after the faults"
						: "not every fault was seen put back");
	}
}

/* --- all ------------------------------------------------------------------------------ */

/* Without a fault: the first client's baseline. */
static struct gd_impact quiet(const struct gd_report *r)
{
	const char *baseline = gd_impact_stage(r, "baseline");
	struct gd_impact w = {.stage = baseline};

	if (!baseline || gd_results_n_series(r->results) == 0)
		return w;
	gd_results_series(r->results, 0, &w.load, &w.client);
	w.any = gd_results_load_stats(r->results, w.load, w.client, baseline, &w.under) ==
		0;
	return w;
}

/* Says whose number it is, after what else there is to say. */
static void add_whose(struct gd_doc_number *n, const struct gd_impact *w)
{
	size_t len = strlen(n->note);

	(void)snprintf(n->note + len, sizeof(n->note) - len, "%s%.30s.%.30s in %.30s",
		       len ? "; " : "", w->load, w->client, w->stage);
}

size_t gd_key_numbers(const struct gd_report *r, struct gd_doc_number ret[GD_KEY_NUMBERS])
{
	struct gd_impact w = gd_impact_worst(r);
	bool injected = gd_report_injected(r, NULL) != 0;
	size_t n = 0;

	memset(ret, 0, GD_KEY_NUMBERS * sizeof(*ret));
	if (!w.any)
		w = quiet(r);
	if (w.any) {
		struct gd_impact most = gd_impact_most_attempts(r);

		most = most.any ? most : w;
		p99(&w, &ret[n]);
		add_whose(&ret[n++], &w);
		success(&w, &ret[n++]);
		attempts(&most, &ret[n]);
		add_whose(&ret[n++], &most);
	}
	if (injected) {
		detect(r, &ret[n++]);
		restore(r, &ret[n++]);
	}
	return n;
}
