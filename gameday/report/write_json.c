/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.json, schema "gameday.report/1" (doc/REPORT.md). Every function makes one value
 * and gives NULL when out of memory; add() passes that on, so one test at the end is enough.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/report/json_make.h"
#include "gameday/report/json_people.h"
#include "gameday/report/json_runbook.h"
#include "gameday/report/ranking.h"
#include "gameday/report/speeds.h"
#include "gameday/report/story.h"
#include "gameday/report/writer.h"

typedef cJSON *make_fn(const struct gd_report *r);

/* Takes value in every case; false when it is NULL or can't be added. */
static bool add(cJSON *obj, const char *key, cJSON *value)
{
	return gd_json_set(obj, key, value);
}

static bool append(cJSON *list, cJSON *value)
{
	return gd_make_append(list, value);
}

static bool add_num(cJSON *obj, const char *key, double v)
{
	return gd_make_num(obj, key, v);
}

static bool add_count(cJSON *obj, const char *key, uint64_t v)
{
	return gd_json_set_int(obj, key, v > INT64_MAX ? INT64_MAX : (int64_t)v);
}

/* key_utc and key_s, or nulls when the time is not known. */
static bool add_time(cJSON *obj, const struct gd_report *r, int64_t at)
{
	char utc[32];

	return gd_json_set_str(obj, "utc",
			       at ? gd_wall_format((struct gd_wall){at}, utc) : NULL) &&
	       add_num(obj, "seconds", at ? gd_report_seconds(r, at) : (double)NAN);
}

static bool add_second(cJSON *obj, const char *key, const struct gd_report *r, int64_t at)
{
	return add_num(obj, key, at ? gd_report_seconds(r, at) : (double)NAN);
}

static cJSON *done(cJSON *obj, bool ok)
{
	return gd_make_done(obj, ok);
}

/* --- head ----------------------------------------------------------------------------- */

static cJSON *make_verdict(const struct gd_report *r)
{
	cJSON *o = cJSON_CreateObject();
	GD_AUTO_STRBUF(line);
	GD_AUTO_STRBUF(next);

	gd_story_verdict(r, &line);
	gd_story_next(r, &next);
	return done(o, gd_json_set_str(o, "verdict", gd_verdict_name(r->verdict.kind)) &&
			       gd_json_set_int(o, "exit", r->verdict.exit) &&
			       gd_json_set_str(o, "reason", r->verdict.reason) &&
			       gd_json_set_str(o, "line", gd_strbuf_str(&line)) &&
			       gd_json_set_str(o, "next", gd_strbuf_str(&next)) &&
			       gd_json_set_bool(o, "run_ended", r->over));
}

static cJSON *make_run(const struct gd_report *r)
{
	static const char *const keys[] = {"scenario", "title",    "hypothesis",
					   "severity", "runbook",  "version",
					   "argv",     "inventory"};
	cJSON *o = cJSON_CreateObject(), *started = cJSON_CreateObject(),
	      *last = cJSON_CreateObject();
	bool ok = gd_json_set_str(o, "name", r->name);

	for (size_t i = 0; ok && i < GD_N_ELEMS(keys); i++)
		ok = gd_json_set_str(o, keys[i], gd_report_text(r, keys[i]));
	ok = add_time(started, r, r->started_ns) && ok;
	ok = add_time(last, r, r->last_ns) && ok;
	ok = add(o, "started", started) && ok;
	ok = add(o, "last_event", last) && ok;
	return done(o, ok);
}

static cJSON *make_findings(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < r->n_findings; i++)
		ok = append(list, cJSON_CreateString(r->findings[i].text));
	return done(list, ok);
}

/* --- stages and figures --------------------------------------------------------------- */

static cJSON *make_stage(const struct gd_report *r, const struct gd_stage_span *st)
{
	cJSON *o = cJSON_CreateObject();
	double transition = st->measured_ns
				    ? (double)(st->measured_ns - st->begin_ns) / 1e9
				    : (double)NAN;

	return done(o, gd_json_set_str(o, "stage", st->name) &&
			       gd_json_set_str(o, "kind", st->kind) &&
			       add_second(o, "begin_s", r, st->begin_ns) &&
			       add_second(o, "measured_s", r, st->measured_ns) &&
			       add_second(o, "figures_end_s", r, st->figures_end_ns) &&
			       add_second(o, "end_s", r, st->end_ns) &&
			       add_num(o, "transition_s", transition));
}

static cJSON *make_stages(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < gd_results_n_stages(r->results); i++) {
		struct gd_stage_span st = gd_results_stage(r->results, i);

		ok = append(list, make_stage(r, &st));
	}
	return done(list, ok);
}

static cJSON *make_outcomes(const struct gd_load_stats *s)
{
	cJSON *o = cJSON_CreateObject();
	bool ok = o;

	for (int k = 0; ok && k < GD_N_OUTCOMES; k++)
		if (s->error_kinds[k] > 0)
			ok = add_count(o, gd_outcome_name((enum gd_outcome)k),
				       s->error_kinds[k]);
	return done(o, ok);
}

/* Only those that are not 0. */
static cJSON *make_counts(const struct gd_counts *counts, enum gd_count_group group)
{
	cJSON *o = cJSON_CreateObject();
	bool ok = o;

	for (const struct gd_count_row *row = gd_count_rows; ok && row->name; row++)
		if (row->group == group && gd_count_get(counts, row) > 0)
			ok = add_count(o, row->name, gd_count_get(counts, row));
	return done(o, ok);
}

static bool add_stats(cJSON *o, const struct gd_load_stats *s)
{
	return add_num(o, "seconds", s->seconds) &&
	       add_count(o, "requests", s->requests) && add_count(o, "ok", s->ok) &&
	       add_count(o, "errors", s->errors) &&
	       add_count(o, "unfinished", s->unfinished) &&
	       add_count(o, "attempts", s->attempts) &&
	       add_count(o, "retries", s->retries) &&
	       add_count(o, "budget_denied", s->budget_denied) &&
	       add_num(o, "rate", s->rate) && add_num(o, "success", s->success) &&
	       add_num(o, "attempts_per_request", s->attempts_per_request) &&
	       add_num(o, "goodput", s->goodput) && add_num(o, "wasted", s->wasted) &&
	       add(o, "policies", make_counts(&s->counts, GD_COUNT_POLICY)) &&
	       add(o, "traffic", make_counts(&s->counts, GD_COUNT_TRAFFIC)) &&
	       add_num(o, "drained_ns", s->drained) && add_num(o, "rtt_ns", s->rtt) &&
	       add_num(o, "p50_ns", s->p50) && add_num(o, "p90_ns", s->p90) &&
	       add_num(o, "p99_ns", s->p99) && add_num(o, "p999_ns", s->p999) &&
	       add_num(o, "max_ns", s->max) && add_num(o, "min_ns", s->min) &&
	       add_num(o, "mean_ns", s->mean) &&
	       add_num(o, "attempt_p50_ns", s->attempt_p50) &&
	       add_num(o, "attempt_p99_ns", s->attempt_p99) &&
	       add_num(o, "connect_p50_ns", s->connect_p50) &&
	       add_num(o, "connect_p99_ns", s->connect_p99) &&
	       add_num(o, "handshake_p50_ns", s->handshake_p50) &&
	       add_num(o, "handshake_p99_ns", s->handshake_p99) &&
	       add_count(o, "intervals", s->intervals) &&
	       add_count(o, "behind_intervals", s->late_intervals) &&
	       add_count(o, "late_requests", s->late) &&
	       add_num(o, "late_max_ns", s->late_max) &&
	       add(o, "outcomes", make_outcomes(s)) &&
	       (s->problem[0] == '\0' || gd_json_set_str(o, "problem", s->problem));
}

static cJSON *make_modes(const struct gd_report *r, size_t series, const char *stage)
{
	cJSON *list = cJSON_CreateArray();
	struct gd_modes m;
	bool ok = list;

	gd_speeds_find(r, series, stage, &m);
	for (size_t i = 0; ok && i < m.n; i++) {
		enum gd_speed_hint hint = gd_speeds_hint(r, series, stage, &m, i);
		cJSON *o = cJSON_CreateObject();

		ok = append(
			list,
			done(o, gd_json_set_int(o, "centre_ns", m.at[i].centre_ns) &&
					gd_json_set_int(o, "low_ns", m.at[i].low_ns) &&
					gd_json_set_int(o, "high_ns", m.at[i].high_ns) &&
					add_num(o, "share", m.at[i].share) &&
					gd_json_set_str(o, "hint",
							gd_speeds_hint_text(hint))));
	}
	return done(list, ok);
}

/* The same figures of each vantage point, when there are several. */
static cJSON *make_parts(const struct gd_report *r, size_t series, const char *stage)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < gd_results_n_vantages(r->results, series); i++) {
		const char *from = gd_results_vantage(r->results, series, i);
		struct gd_load_stats s;
		cJSON *o;

		if (gd_results_vantage_stats(r->results, series, i, stage, &s) != 0)
			continue;
		o = cJSON_CreateObject();
		ok = append(list, done(o, gd_json_set_str(o, "from", from) &&
						  add_stats(o, &s)));
	}
	return done(list, ok);
}

static cJSON *make_figure(const struct gd_report *r, size_t series, const char *stage,
			  const struct gd_load_stats *s)
{
	cJSON *o = cJSON_CreateObject();
	const char *load, *client;

	gd_results_series(r->results, series, &load, &client);

	return done(o, gd_json_set_str(o, "load", load) &&
			       gd_json_set_str(o, "client", client) &&
			       gd_json_set_str(o, "stage", stage) && add_stats(o, s) &&
			       add(o, "modes", make_modes(r, series, stage)) &&
			       add(o, "from", make_parts(r, series, stage)));
}

static cJSON *make_figures(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; ok && k < gd_results_n_stages(r->results); k++) {
			const char *stage = gd_results_stage(r->results, k).name;
			struct gd_load_stats s;

			if (gd_results_load_stats(r->results, load, client, stage, &s) ==
			    0)
				ok = append(list, make_figure(r, i, stage, &s));
		}
	}
	return done(list, ok);
}

/* Where each load started, and how well the clocks of these places agree. */
static cJSON *make_vantages(const struct gd_report *r)
{
	cJSON *list = NULL;

	for (size_t i = 0; i < r->n_events && !list; i++) {
		const cJSON *e = r->events[i];

		if (strcmp(gd_json_str(e, "event", ""), "loads_started") == 0)
			list = cJSON_Duplicate(
				cJSON_GetObjectItemCaseSensitive(e, "vantages"), 1);
	}
	return list ? list : cJSON_CreateArray();
}

static cJSON *make_ranking(const struct gd_report *r)
{
	return gd_ranking_json(r->results);
}

static cJSON *make_transitions(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < gd_results_n_series(r->results); i++) {
		cJSON *o = cJSON_CreateObject();
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		ok = append(
			list,
			done(o, gd_json_set_str(o, "load", load) &&
					gd_json_set_str(o, "client", client) &&
					add_count(o, "requests",
						  gd_results_transition(r->results, i))));
	}
	return done(list, ok);
}

static bool add_signal_stages(cJSON *o, const struct gd_report *r, size_t watch,
			      size_t column)
{
	cJSON *stages = cJSON_CreateObject();
	bool ok = stages;

	for (size_t k = 0; ok && k < gd_results_n_stages(r->results); k++) {
		const char *stage = gd_results_stage(r->results, k).name;
		double v = (double)NAN;
		enum gd_metric_unit unit;

		if (gd_results_host_metric(r->results, watch, column, stage, &v, &unit) !=
		    GD_FOUND)
			v = (double)NAN;
		ok = add_num(stages, stage, v);
	}
	return add(o, "stages", done(stages, ok));
}

static cJSON *make_signals(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t w = 0; w < gd_results_n_watches(r->results); w++) {
		struct gd_watch_view v = gd_results_watch(r->results, w);

		for (size_t c = 0; ok && c < v.n_columns; c++) {
			cJSON *o = cJSON_CreateObject();
			enum gd_metric_unit unit;
			bool gauge;
			const char *name =
				gd_results_column(r->results, w, c, &gauge, &unit);

			ok = append(
				list,
				done(o, gd_json_set_str(o, "role", v.role) &&
						gd_json_set_str(o, "host", v.host) &&
						gd_json_set_str(o, "watch", v.watch) &&
						gd_json_set_str(o, "name", name) &&
						gd_json_set_str(o, "meaning",
								gauge ? "gauge"
								      : "counter") &&
						add_signal_stages(o, r, w, c)));
		}
	}
	return done(list, ok);
}

/* --- judgements ----------------------------------------------------------------------- */

static const char *outcome_name(enum gd_cond_outcome o)
{
	static const char *const names[] = {"holds", "fails", "no-data"};

	return names[o];
}

static bool add_item(cJSON *o, const struct gd_report *r,
		     const struct gd_verdict_item *item)
{
	static const char *const units[] = {
		[GD_UNIT_COUNT] = "count", [GD_UNIT_DURATION] = "ns",
		[GD_UNIT_RATIO] = "ratio", [GD_UNIT_FREQ] = "per-second",
		[GD_UNIT_BYTES] = "bytes",
	};

	return gd_json_set_str(o, "outcome", outcome_name(item->outcome)) &&
	       add_num(o, "measured", item->measured) &&
	       add_num(o, "limit", item->limit) &&
	       gd_json_set_str(o, "unit", units[item->unit]) &&
	       gd_json_set_str(o, "text", item->text) &&
	       gd_json_set_str(o, "subject", item->subject) &&
	       gd_json_set_str(o, "part", item->part) &&
	       gd_json_set_str(o, "stage", item->stage) &&
	       add_second(o, "first_s", r, item->first_wall_ns);
}

static cJSON *make_expectations(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && r->has_scenario && i < r->scenario.expect.n; i++) {
		const struct gd_condition *c =
			GD_AT(&r->scenario.expect, struct gd_condition, i);
		cJSON *o = cJSON_CreateObject();

		ok = append(list, done(o, gd_json_set_str(o, "condition", c->source) &&
						  add_item(o, r, &r->expect[i])));
	}
	return done(list, ok);
}

static cJSON *make_detections(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && r->detected && i < r->runbook.detection.n; i++) {
		const struct gd_detected *d = &r->detected[i];
		cJSON *o = cJSON_CreateObject();

		ok = gd_json_set_str(o, "alert", d->detection->alert) &&
		     gd_json_set_str(o, "symptom", d->detection->symptom) &&
		     gd_json_set_str(o, "when", d->detection->when) &&
		     (!d->evaluated || add_item(o, r, &d->item));
		ok = append(list, done(o, ok));
	}
	return done(list, ok);
}

static cJSON *make_harm(const struct gd_report *r)
{
	cJSON *o = cJSON_CreateObject();

	return done(o, add_time(o, r, r->harm_ns) && gd_json_set_str(o, "text", r->harm));
}

/* Records of one event, as they were written: their members are in doc/PROTOCOL.md. */
static cJSON *copy_events(const struct gd_report *r, const char *event)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < r->n_events; i++)
		if (strcmp(gd_json_str(r->events[i], "event", ""), event) == 0)
			ok = append(list, cJSON_Duplicate(r->events[i], 1));
	return done(list, ok);
}

static cJSON *make_hosts(const struct gd_report *r)
{
	return copy_events(r, "host");
}

static cJSON *make_steady(const struct gd_report *r)
{
	return copy_events(r, "steady");
}

/* --- what happened -------------------------------------------------------------------- */

static const char *restoration(const struct gd_report *r, const struct gd_fault_view *f)
{
	if (f->has_revert)
		return f->equal ? "proved" : "left-behind";
	return gd_story_unwitnessed(r, f) ? "not-witnessed" : "left-behind";
}

static cJSON *make_changes(const struct gd_report *r, const struct gd_fault_view *f)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < f->n_changes; i++) {
		cJSON *o = cJSON_CreateObject();

		ok = append(list, done(o, add_second(o, "s", r, f->changes[i].wall_ns) &&
						  gd_json_set_str(o, "text",
								  f->changes[i].text)));
	}
	return done(list, ok);
}

static cJSON *make_fault(const struct gd_report *r, const struct gd_fault_view *f)
{
	cJSON *o = cJSON_CreateObject();

	return done(o, gd_json_set_str(o, "ref", f->ref) &&
			       gd_json_set_str(o, "kind", f->kind) &&
			       gd_json_set_str(o, "stage", f->stage) &&
			       gd_json_set_str(o, "role", f->role) &&
			       gd_json_set_str(o, "host", f->host) &&
			       gd_json_set_str(o, "describe", f->describe) &&
			       gd_json_set_str(o, "args", f->args) &&
			       add_second(o, "injecting_s", r, f->injecting_ns) &&
			       add_second(o, "injected_s", r, f->injected_ns) &&
			       add_second(o, "reverted_s", r, f->reverted_ns) &&
			       gd_json_set_int(o, "times", f->times) &&
			       add_second(o, "drift_s", r, f->drift_ns) &&
			       gd_json_set_str(o, "drift", f->drift) &&
			       (f->n_changes == 0 ||
				gd_json_set(o, "changes", make_changes(r, f))) &&
			       add_num(o, "inject_ms", f->inject_ms) &&
			       add_num(o, "revert_ms", f->revert_ms) &&
			       gd_json_set_bool(o, "effect_seen", f->effect_seen) &&
			       gd_json_set_str(o, "effect", f->effect) &&
			       gd_json_set_str(o, "restoration", restoration(r, f)) &&
			       gd_json_set_bool(o, "equal", f->equal) &&
			       gd_json_set_str(o, "before", f->before) &&
			       gd_json_set_str(o, "after", f->after) &&
			       gd_json_set_str(o, "reason", f->reason) &&
			       gd_json_set_str(o, "error", f->error) &&
			       gd_json_set_str(o, "manual", f->manual));
}

static cJSON *make_faults(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		ok = append(list, make_fault(r, &f));
	}
	return done(list, ok);
}

static cJSON *make_event(const struct gd_report *r, const cJSON *e)
{
	cJSON *o = cJSON_CreateObject();
	GD_AUTO_STRBUF(text);

	gd_story_event(e, &text);
	return done(o, add_time(o, r, gd_report_event_time(e)) &&
			       gd_json_set_str(o, "event", gd_json_str(e, "event", "")) &&
			       gd_json_set_str(o, "text", gd_strbuf_str(&text)));
}

static cJSON *make_timeline(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < r->n_events; i++)
		ok = append(list, make_event(r, r->events[i]));
	return done(list, ok);
}

static cJSON *make_note(const struct gd_report *r, const cJSON *e)
{
	cJSON *o = cJSON_CreateObject();

	return done(o,
		    add_time(o, r, gd_report_event_time(e)) &&
			    gd_json_set_str(o, "kind", gd_json_str(e, "kind", "text")) &&
			    gd_json_set_str(o, "by", gd_json_str(e, "by", NULL)) &&
			    gd_json_set_str(o, "text", gd_json_str(e, "text", "")));
}

static cJSON *make_notes(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < r->n_events; i++)
		if (strcmp(gd_json_str(r->events[i], "event", ""), "note") == 0)
			ok = append(list, make_note(r, r->events[i]));
	return done(list, ok);
}

static const struct {
	const char *key;
	make_fn *make;
} members[] = {
	{"verdict", make_verdict},
	{"run", make_run},
	{"findings", make_findings},
	{"noted", gd_make_noted},
	{"stages", make_stages},
	{"figures", make_figures},
	{"transitions", make_transitions},
	{"signals", make_signals},
	{"expectations", make_expectations},
	{"steady", make_steady},
	{"harm", make_harm},
	{"detections", make_detections},
	{"runbook", gd_make_runbook},
	{"faults", make_faults},
	{"notes", make_notes},
	{"people", gd_make_people},
	{"timeline", make_timeline},
	{"hosts", make_hosts},
	{"vantages", make_vantages},
	{"ranking", make_ranking},
};

static int write_json(const struct gd_report *r, struct gd_strbuf *out,
		      struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *o = cJSON_CreateObject();
	GD_AUTO_STRBUF(happened);
	bool ok = gd_json_set_str(o, "schema", "gameday.report/1");

	gd_story_happened(r, &happened);
	ok = gd_json_set_str(o, "happened", gd_strbuf_str(&happened)) && ok;
	for (size_t i = 0; ok && i < GD_N_ELEMS(members); i++)
		ok = add(o, members[i].key, members[i].make(r));
	return gd_make_print(ok ? o : NULL, out, err);
}

const struct gd_report_writer gd_report_json = {"json", "report.json", write_json, NULL};
