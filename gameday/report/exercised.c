/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/exercised.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/evidence.h"
#include "gameday/report/rundir.h"

/* The first note of that kind, wall; 0: none. */
static int64_t note_at(const struct gd_report *r, const char *kind)
{
	int64_t first = 0;

	for (size_t i = 0; i < r->n_events; i++) {
		int64_t at = gd_report_event_time(r->events[i]);

		if (strcmp(gd_json_str(r->events[i], "event", ""), "note") == 0 &&
		    strcmp(gd_json_str(r->events[i], "kind", ""), kind) == 0 && at > 0 &&
		    (first == 0 || at < first))
			first = at;
	}
	return first;
}

/* The first mitigation that was in, wall; 0: none. */
static int64_t tried_at(const struct gd_report *r)
{
	size_t n;
	GD_AUTO_FREE struct gd_tried *tried = gd_evidence_tried(r, &n);
	int64_t first = 0;

	for (size_t i = 0; tried && i < n; i++)
		if (tried[i].injected_ns && (!first || tried[i].injected_ns < first))
			first = tried[i].injected_ns;
	return first;
}

static void set(int64_t people, int64_t runbook, int64_t from, double *ret,
		enum gd_exercised_by *ret_by)
{
	int64_t at = people ? people : runbook;

	*ret_by = people ? GD_BY_PEOPLE : runbook ? GD_BY_RUNBOOK : GD_BY_NOBODY;
	*ret = (double)NAN;
	/* Who knew before anybody was hurt needed no time. */
	if (at && from)
		*ret = at > from ? (double)(at - from) / (double)GD_NS_PER_S : 0;
}

void gd_exercised_in(const struct gd_report *r, struct gd_exercised *ret)
{
	int64_t injected = gd_report_injected(r, NULL);
	int64_t from = r->harm_ns ? r->harm_ns : injected;
	struct gd_gap gap;

	*ret = (struct gd_exercised){.runs = injected != 0};
	gd_evidence_gap(r, &gap);
	(void)snprintf(ret->run, sizeof(ret->run), "%s", r->name);
	(void)snprintf(ret->verdict, sizeof(ret->verdict), "%s",
		       gd_verdict_name(r->verdict.kind));
	if (r->started_ns)
		(void)gd_wall_format((struct gd_wall){r->started_ns}, ret->started);
	set(note_at(r, "detected"), gap.detected ? gap.first_ns : 0, from, &ret->detect_s,
	    &ret->detected_by);
	set(note_at(r, "mitigated"), tried_at(r), from, &ret->mitigate_s,
	    &ret->mitigated_by);
}

/* Does the journal name this runbook, and was anything injected? */
static bool uses(const char *dir, const char *runbook)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	struct gd_error ignored = GD_ERROR_INIT;

	return gd_report_load_journal(dir, &r, &ignored) == 0 &&
	       strcmp(gd_report_text(r, "runbook"), runbook) == 0 &&
	       gd_report_injected(r, NULL) != 0;
}

static int add_run(const char *dir, struct gd_exercised *ret)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	struct gd_error ignored = GD_ERROR_INIT;

	if (gd_report_load(dir, &r, &ignored) < 0)
		return 0;
	gd_exercised_in(r, ret);
	return 1;
}

int gd_exercised_find(const char *runs_dir, const char *runbook, struct gd_exercised *ret,
		      struct gd_error *err)
{
	struct gd_exercised found = {0};
	struct gd_rundirs runs;
	size_t n = 0;

	if (gd_rundirs_list(runs_dir, &runs, err) < 0)
		return -1;
	for (size_t i = 0; i < runs.n; i++) {
		GD_AUTO_FREE char *dir = gd_path_join(runs_dir, runs.names[i]);

		if (!dir || !uses(dir, runbook))
			continue;
		if (n > 0 || add_run(dir, &found))
			n++;
	}
	gd_rundirs_fini(&runs);
	found.runs = n;
	*ret = found;
	return 0;
}

static void say_time(const char *what, double seconds, enum gd_exercised_by by,
		     const char *runbook, struct gd_strbuf *out)
{
	if (by == GD_BY_NOBODY || isnan(seconds))
		gd_strbuf_addf(out, "not %s", what);
	else
		gd_strbuf_addf(out, "%s after %.1f s %s", what, seconds,
			       by == GD_BY_PEOPLE ? "by the people" : runbook);
}

void gd_exercised_say(const struct gd_exercised *e, struct gd_strbuf *out)
{
	if (e->runs == 0) {
		gd_strbuf_adds(out, "never");
		return;
	}
	gd_strbuf_addf(out, "%s in run %s (%s): ", e->started, e->run, e->verdict);
	say_time("detected", e->detect_s, e->detected_by, "by a detection of the runbook",
		 out);
	gd_strbuf_adds(out, ", ");
	say_time("mitigated", e->mitigate_s, e->mitigated_by,
		 "by a mitigation that was tried", out);
	if (e->runs > 1)
		gd_strbuf_addf(out, "; %zu runs in all", e->runs);
}
