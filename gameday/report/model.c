/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/chart.h"
#include "gameday/report/impact.h"
#include "gameday/report/speeds.h"

enum { MAX_EVENTS = 100000, MAX_FINDINGS = 50 };

static void add_finding(struct gd_report *r, const char *fmt, ...) GD_PRINTF(2, 3);

static void add_finding(struct gd_report *r, const char *fmt, ...)
{
	GD_AUTO_STRBUF(text);
	struct gd_finding *f;
	va_list ap;

	if (r->n_findings == MAX_FINDINGS)
		return;
	va_start(ap, fmt);
	gd_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	f = realloc(r->findings, (r->n_findings + 1) * sizeof(*f));
	if (!f)
		return;
	r->findings = f;
	f[r->n_findings].text = gd_strbuf_steal(&text);
	if (f[r->n_findings].text)
		r->n_findings++;
}

void gd_report_free(struct gd_report *r)
{
	if (!r)
		return;
	gd_results_free(r->results);
	gd_chart_set_free(r->charts);
	for (size_t i = 0; i < r->n_events; i++)
		cJSON_Delete(r->events[i]);
	for (size_t i = 0; i < r->n_findings; i++)
		free(r->findings[i].text);
	gd_scenario_fini(&r->scenario);
	gd_runbook_fini(&r->runbook);
	gd_noted_fini(&r->noted);
	free(r->events);
	free(r->findings);
	free(r->expect);
	free(r->detected);
	free(r->dir);
	free(r->name);
	free(r);
}

int64_t gd_report_event_time(const cJSON *event)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(event, "wall_ns");
	int64_t ns = 0;

	if (cJSON_IsNumber(v) && v->valuedouble > 0 && v->valuedouble < 9.2e18)
		ns = (int64_t)v->valuedouble;
	else if (cJSON_IsString(v))
		ns = gd_json_int(event, "wall_ns", 0);
	return ns > 0 ? ns : 0;
}

/* --- reading -------------------------------------------------------------------------- */

static void note_event(struct gd_report *r, const cJSON *line)
{
	const char *event = gd_json_str(line, "event", "");
	int64_t at = gd_report_event_time(line);

	if (strcmp(event, "run_started") == 0 && !r->run_started)
		r->run_started = line;
	if (strcmp(event, "run_ended") == 0 || strcmp(event, "verdict") == 0)
		r->run_ended = line;
	if (at > 0 && !r->started_ns)
		r->started_ns = at;
	if (at > r->last_ns && strcmp(event, "note") != 0)
		r->last_ns = at;
}

static int on_journal(void *ctx, cJSON *line, struct gd_error *err)
{
	struct gd_report *r = ctx;

	if (r->n_events == MAX_EVENTS)
		return gd_raise(err, GD_E_INPUT, "more than %d events", MAX_EVENTS);
	if (r->n_events == r->cap_events) {
		size_t cap = r->cap_events ? 2 * r->cap_events : 64;
		cJSON **events = realloc(r->events, cap * sizeof(*events));

		if (!events)
			return gd_raise_nomem(err);
		r->events = events;
		r->cap_events = cap;
	}
	if (gd_results_add_journal_line(r->results, line, err) < 0)
		return -1;
	r->events[r->n_events++] = line;
	note_event(r, line);
	return 0;
}

static int on_metrics(void *ctx, cJSON *line, struct gd_error *err)
{
	struct gd_report *r = ctx;

	if (gd_results_add_metrics_line(r->results, line, err) < 0)
		return -1;
	cJSON_Delete(line);
	return 0;
}

static int read_lines(struct gd_report *r, const char *name, gd_line_fn *fn,
		      struct gd_lines *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(r->dir, name);

	if (!path)
		return gd_raise_nomem(err);
	if (gd_lines_read(path, fn, r, ret, err) < 0)
		return -1;
	if (ret->n_bad > 0)
		add_finding(
			r,
			"%s: %zu of %zu lines could not be used, the first is line %zu: %s",
			name, ret->n_bad, ret->n_lines, ret->first_bad, ret->first_why);
	if (ret->cut)
		add_finding(r,
			    "%s ends in the middle of a line: its writer was killed, or "
			    "its disk was full",
			    name);
	return 0;
}

static void load_scenario(struct gd_report *r)
{
	GD_AUTO_FREE char *path = gd_path_join(r->dir, "scenario.yaml");
	struct gd_error why = GD_ERROR_INIT;
	GD_AUTO_DIAGS(diags);

	if (!path)
		return;
	r->has_scenario = gd_scenario_load(path, &r->scenario, &diags) == 0;
	if (r->has_scenario)
		return;
	if (gd_diags_to_error(&diags, &why) == 0)
		return;
	add_finding(r,
		    "the scenario as used can't be read, so its expectations were not "
		    "evaluated: %s",
		    why.text);
}

static void load_runbook(struct gd_report *r)
{
	GD_AUTO_FREE char *path = gd_path_join(r->dir, "runbook.yaml");
	struct gd_error why = GD_ERROR_INIT;
	GD_AUTO_DIAGS(diags);

	if (!path || (access(path, F_OK) < 0 && !*gd_report_text(r, "runbook")))
		return;
	if (access(path, F_OK) < 0) {
		add_finding(
			r,
			"the scenario names the runbook %s, but the run kept no copy of it",
			gd_report_text(r, "runbook"));
		return;
	}
	r->has_runbook = gd_runbook_load(path, &r->runbook, &diags) == 0;
	if (r->has_runbook)
		return;
	if (gd_diags_to_error(&diags, &why) == 0)
		return;
	add_finding(r, "the runbook as used can't be read: %s", why.text);
}

/* A mistake in it costs a finding, never the report. */
static void load_noted(struct gd_report *r)
{
	GD_AUTO_FREE char *path = gd_path_join(r->dir, GD_FINDINGS_FILE);
	struct gd_error why = GD_ERROR_INIT;
	GD_AUTO_DIAGS(diags);

	if (!path)
		return;
	gd_noted_load(path, &r->noted, &diags);
	if (gd_diags_to_error(&diags, &why) == 0)
		return;
	if (why.pos.line > 0)
		add_finding(r,
			    GD_FINDINGS_FILE ":%d:%d: %s (%zu mistakes: mend them, then "
					     "render the report again)",
			    why.pos.line, why.pos.column, why.text, diags.n_errors);
	else
		add_finding(r, GD_FINDINGS_FILE ": %s", why.text);
}

/*
 * A note is of the moment it tells of, which may be long before it was written: it stands
 * before the first record that is later. Everything else stays in the order of the journal.
 */
static void place_notes(struct gd_report *r)
{
	for (size_t i = 1; i < r->n_events; i++) {
		cJSON *note = r->events[i];
		int64_t at = gd_report_event_time(note);
		size_t k = i;

		if (!at || !gd_json_int(note, "noted_ns", 0))
			continue;
		while (k > 0 && gd_report_event_time(r->events[k - 1]) > at)
			k--;
		memmove(&r->events[k + 1], &r->events[k], (i - k) * sizeof(*r->events));
		r->events[k] = note;
	}
}

/* --- judging -------------------------------------------------------------------------- */

static int evaluate_expect(struct gd_report *r, struct gd_error *err)
{
	size_t n = r->has_scenario ? r->scenario.expect.n : 0;

	r->expect = calloc(n + 1, sizeof(*r->expect));
	if (!r->expect)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < n; i++)
		if (gd_results_evaluate(
			    r->results,
			    GD_AT(&r->scenario.expect, struct gd_condition, i), "*",
			    &r->expect[i], err) < 0)
			return -1;
	return 0;
}

int gd_report_detect(const struct gd_report *r, const struct gd_runbook *runbook,
		     struct gd_detected **ret, struct gd_error *err)
{
	GD_AUTO_FREE struct gd_detected *d = calloc(runbook->detection.n + 1, sizeof(*d));

	if (!d)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < runbook->detection.n; i++) {
		d[i].detection = GD_AT(&runbook->detection, struct gd_detection, i);
		d[i].evaluated = d[i].detection->has_condition;
		if (d[i].evaluated &&
		    gd_results_evaluate(r->results, &d[i].detection->condition, "*",
					&d[i].item, err) < 0)
			return -1;
	}
	*ret = gd_steal_ptr(&d);
	return 0;
}

/* The runner may have written its own verdict: the reader must know when ours differs. */
static void compare_verdict(struct gd_report *r)
{
	const char *theirs = gd_json_str(r->run_ended, "verdict", NULL);

	if (theirs && strcmp(theirs, gd_verdict_name(r->verdict.kind)) != 0)
		add_finding(
			r,
			"the runner's own verdict was \"%s\" (%s); the records in this "
			"directory say \"%s\"",
			theirs, gd_json_str(r->run_ended, "reason", "no reason given"),
			gd_verdict_name(r->verdict.kind));
}

/* Something was recorded within the last 15 s: its writer may be alive. */
static bool recently(const struct gd_report *r)
{
	int64_t last = r->last_ns, age;

	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		size_t n = gd_results_n_intervals(r->results, i);
		const struct gd_interval *iv =
			n ? gd_results_interval(r->results, i, n - 1) : NULL;

		if (iv && iv->start_wall_ns + iv->length_ns > last)
			last = iv->start_wall_ns + iv->length_ns;
	}
	age = gd_wall_now().ns - last;
	return age < 15 * GD_NS_PER_S && age > -15 * GD_NS_PER_S;
}

static int judge(struct gd_report *r, struct gd_error *err)
{
	static const struct gd_list none = {0};

	r->over = r->run_ended != NULL;
	if (gd_results_verdict(r->results, r->has_scenario ? &r->scenario.expect : &none,
			       r->over, &r->verdict, err) < 0)
		return -1;
	/* Held means that expectations were looked at: without the scenario nobody did. */
	if (!r->has_scenario && r->verdict.kind == GD_VERDICT_HELD) {
		r->verdict.kind = GD_VERDICT_INVALID;
		r->verdict.exit = gd_verdict_exit(GD_VERDICT_INVALID);
		(void)snprintf(r->verdict.reason, sizeof(r->verdict.reason),
			       "the scenario as used is missing or damaged, so its "
			       "expectations are not known");
	}
	if (!r->over && recently(r))
		(void)snprintf(r->verdict.reason, sizeof(r->verdict.reason),
			       "no end is recorded yet: the run may still be going on");
	compare_verdict(r);
	return 0;
}

/* The load generator's own troubles make figures doubtful: say so once per series. */
static void find_late(struct gd_report *r)
{
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		size_t n = gd_results_n_intervals(r->results, i), behind = 0;
		const char *load, *client;

		for (size_t k = 0; k < n; k++)
			behind += gd_results_interval(r->results, i, k)->behind;
		gd_results_series(r->results, i, &load, &client);
		if (behind > 0)
			add_finding(
				r,
				"the load generator could not keep the schedule of %s.%s in "
				"%zu of %zu intervals: latencies there include its own delay",
				load, client, behind, n);
	}
}

/* The first stretch of time without figures, and how long all of them are. */
struct gap {
	int64_t from_ns, to_ns, total_ns;
};

static void add_gap(struct gap *g, int64_t from, int64_t to, int64_t length)
{
	if (to - from <= length / 2)
		return;
	if (g->total_ns == 0) {
		g->from_ns = from;
		g->to_ns = to;
	}
	g->total_ns += to - from;
}

/* Between intervals, and from the last one to the end of the last stage. */
static struct gap gaps_of(const struct gd_report *r, size_t series)
{
	size_t n = gd_results_n_intervals(r->results, series);
	size_t n_stages = gd_results_n_stages(r->results);
	int64_t end = 0, length = 0;
	struct gap g = {0};

	for (size_t i = 0; i < n; i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);

		if (i > 0)
			add_gap(&g, end, iv->start_wall_ns, length);
		length = iv->length_ns;
		end = iv->start_wall_ns + length;
	}
	if (n > 0 && n_stages > 0)
		add_gap(&g, end,
			gd_results_stage(r->results, n_stages - 1).figures_end_ns,
			length);
	return g;
}

/* Of several vantage points one was lost: the others' figures are there. */
static void find_lacking(struct gd_report *r, size_t series)
{
	const char *load, *client;

	gd_results_series(r->results, series, &load, &client);
	for (size_t i = 0; i < gd_results_n_vantages(r->results, series); i++) {
		size_t n = gd_results_vantage_lacks(r->results, series, i);

		if (n > 0)
			add_finding(r,
				    "%zu of %zu intervals of %s.%s lack what was seen "
				    "from %s",
				    n, gd_results_n_intervals(r->results, series), load,
				    client, gd_results_vantage(r->results, series, i));
	}
}

/* A vantage point that was lost, or a record that was cut. */
static void find_gaps(struct gd_report *r)
{
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		struct gap g = gaps_of(r, i);
		const char *load, *client;

		find_lacking(r, i);
		gd_results_series(r->results, i, &load, &client);
		if (g.total_ns > 0)
			add_finding(r,
				    "%.1f s of %s.%s are missing, the first of them from "
				    "%.1f s to %.1f s after the start of the run",
				    (double)g.total_ns / (double)GD_NS_PER_S, load,
				    client, gd_report_seconds(r, g.from_ns),
				    gd_report_seconds(r, g.to_ns));
	}
}

/* What was measured after that moment was not under the fault. */
static void find_drift(struct gd_report *r)
{
	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (f.drift_ns)
			add_finding(
				r,
				"%s on %s was taken out by somebody else %.1f s after "
				"the start of the run, so the figures of %s are not "
				"all under it: %s",
				*f.describe ? f.describe : f.ref, f.host,
				gd_report_seconds(r, f.drift_ns), f.stage, f.drift);
	}
}

/* Several speeds at once are what an average hides. */
static void find_speeds(struct gd_report *r)
{
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
			struct gd_stage_span st = gd_results_stage(r->results, k);
			GD_AUTO_STRBUF(text);

			if (strcmp(st.kind, "fault") != 0)
				continue;
			gd_speeds_finding(r, i, st.name, &text);
			if (text.len > 0)
				add_finding(r, "%s", gd_strbuf_str(&text));
		}
	}
}

static int load(const char *dir, struct gd_report *r, bool journal_only,
		struct gd_error *err)
{
	const char *slash;
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	r->dir = strndup(dir, len);
	slash = r->dir ? strrchr(r->dir, '/') : NULL;
	r->name = r->dir ? strdup(slash && slash[1] ? slash + 1 : r->dir) : NULL;
	if (!r->name)
		return gd_raise_nomem(err);
	if (gd_results_new(&r->results, err) < 0 ||
	    read_lines(r, "journal.jsonl", on_journal, &r->journal, err) < 0)
		return -1;
	if (r->journal.missing)
		return gd_raise(err, GD_E_INPUT,
				"%s is not a run's directory: it has no journal.jsonl",
				r->dir);
	place_notes(r);
	if (journal_only)
		return 0;
	if (read_lines(r, "metrics.jsonl", on_metrics, &r->metrics, err) < 0)
		return -1;
	if (r->metrics.missing)
		add_finding(r, "metrics.jsonl is missing: there are no figures");
	load_scenario(r);
	load_runbook(r);
	load_noted(r);
	if (evaluate_expect(r, err) < 0)
		return -1;
	gd_impact_find_harm(r);
	if (r->has_runbook && gd_report_detect(r, &r->runbook, &r->detected, err) < 0)
		return -1;
	find_drift(r);
	find_late(r);
	find_gaps(r);
	find_speeds(r);
	return judge(r, err);
}

int gd_report_load(const char *dir, struct gd_report **ret, struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = calloc(1, sizeof(*r));

	if (!r)
		return gd_raise_nomem(err);
	r->charts = gd_chart_set_new();
	if (!r->charts)
		return gd_raise_nomem(err);
	if (load(dir, r, false, err) < 0)
		return -1;
	*ret = gd_steal_ptr(&r);
	return 0;
}

int gd_report_load_journal(const char *dir, struct gd_report **ret, struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = calloc(1, sizeof(*r));

	if (!r)
		return gd_raise_nomem(err);
	if (load(dir, r, true, err) < 0)
		return -1;
	*ret = gd_steal_ptr(&r);
	return 0;
}

/* --- asking --------------------------------------------------------------------------- */

const char *gd_report_text(const struct gd_report *r, const char *key)
{
	const struct gd_scenario *s = &r->scenario;
	const struct {
		const char *key, *text;
	} texts[] = {
		{"scenario", s->name},         {"title", s->title},
		{"hypothesis", s->hypothesis}, {"severity", s->severity},
		{"runbook", s->runbook},
	};
	const char *text = gd_json_str(r->run_started, key, "");

	for (size_t i = 0; !*text && i < GD_N_ELEMS(texts); i++)
		if (strcmp(texts[i].key, key) == 0 && texts[i].text)
			text = texts[i].text;
	return text;
}

double gd_report_seconds(const struct gd_report *r, int64_t wall_ns)
{
	if (!r->started_ns || !wall_ns)
		return 0;
	return ((double)wall_ns - (double)r->started_ns) / (double)GD_NS_PER_S;
}

const char *gd_report_clock(const struct gd_report *r, int64_t wall_ns, char buf[32])
{
	enum { DAY = sizeof("2026-11-23") - 1 };
	char began[32];

	(void)gd_wall_format((struct gd_wall){wall_ns}, buf);
	(void)gd_wall_format((struct gd_wall){r->started_ns}, began);
	if (strncmp(buf, began, DAY) == 0)
		memmove(buf, buf + DAY + 1, strlen(buf + DAY + 1) + 1);
	return buf;
}

int64_t gd_report_injected(const struct gd_report *r, const char *stage)
{
	int64_t first = 0;

	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);
		int64_t at = f.injected_ns ? f.injected_ns : f.injecting_ns;

		if (stage && strcmp(f.stage, stage) != 0)
			continue;
		if (at && (!first || at < first))
			first = at;
	}
	return first;
}
