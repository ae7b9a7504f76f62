/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.json in the form of Chaos Toolkit's journal (its documentation, "Experiment
 * Journal"), so that its report tool reads our runs. How a run becomes one:
 *
 *   method, run      per stage: its faults as actions, then one probe per load and client
 *                    with the figures of that stage
 *   steady-state     before: the conditions of `steady`; after: those of `expect`
 *   rollbacks        each fault's restoration, failed when the state was not the same
 *   status           completed (held, refuted), interrupted (a signal), aborted, failed
 *   deviated         an expectation was measured and not met
 *
 * The report tool parses every start and end, so none of them is null: a time that is not
 * known is the nearest that is.
 */
#include <inttypes.h>
#include <string.h>

#include "gameday/report/json_make.h"
#include "gameday/report/story.h"
#include "gameday/report/text.h"
#include "gameday/report/writer.h"

/* The release whose form this is; the report tool chooses its template by it. */
#define CHAOSLIB_VERSION "1.45.0"

/* One activity and how it went. Texts may be NULL or "". */
struct activity {
	const char *name, *path, *tolerance;
	bool is_action, ok, has_tolerance, met;
	const char *const *arguments; /* pairs, ended by NULL; NULL: none */
	const char *output, *exception;
	int64_t start_ns, end_ns;
};

static bool set_plain(cJSON *o, const char *key, const char *text, size_t max)
{
	GD_AUTO_STRBUF(plain);

	gd_text_plain(&plain, text ? text : "", max);
	return !plain.failed && gd_json_set_str(o, key, gd_strbuf_str(&plain));
}

static cJSON *make_provider(const struct activity *a)
{
	cJSON *o = cJSON_CreateObject(), *args = cJSON_CreateObject();
	bool ok = gd_json_set_str(o, "type", "process") &&
		  gd_json_set_str(o, "path", a->path);

	for (const char *const *p = a->arguments; ok && p && p[0]; p += 2)
		ok = set_plain(args, p[0], p[1], 4000);
	ok = gd_json_set(o, "arguments", args) && ok;
	return gd_make_done(o, ok);
}

/* What the experiment declares; the results hold a copy of it. */
static cJSON *make_declaration(const struct activity *a)
{
	cJSON *o = cJSON_CreateObject();

	return gd_make_done(
		o, gd_json_set_str(o, "type", a->is_action ? "action" : "probe") &&
			   set_plain(o, "name", a->name, 300) &&
			   (!a->has_tolerance ||
			    set_plain(o, "tolerance", a->tolerance, 300)) &&
			   gd_json_set(o, "provider", make_provider(a)));
}

static bool set_time(cJSON *o, const char *key, int64_t ns)
{
	char utc[32];

	return gd_json_set_str(o, key, gd_wall_format((struct gd_wall){ns}, utc));
}

static bool set_exception(cJSON *o, const char *text)
{
	cJSON *list = cJSON_CreateArray();

	/* Lines, as a Python traceback has them: the report tool joins them. */
	if (!gd_make_append(list, cJSON_CreateString(text))) {
		cJSON_Delete(list);
		return false;
	}
	return gd_json_set(o, "exception", list);
}

static cJSON *make_result(const struct gd_report *r, const struct activity *a)
{
	int64_t start = a->start_ns ? a->start_ns : r->started_ns;
	int64_t end = a->end_ns >= start ? a->end_ns : start;
	cJSON *o = cJSON_CreateObject();
	bool ok = gd_json_set(o, "activity", make_declaration(a)) &&
		  gd_json_set_str(o, "status", a->ok ? "succeeded" : "failed") &&
		  set_time(o, "start", start) && set_time(o, "end", end) &&
		  gd_json_set_num(o, "duration", (double)(end - start) / 1e9) &&
		  gd_json_set_str(o, "output", a->output);

	if (ok && a->has_tolerance)
		ok = gd_json_set_bool(o, "tolerance_met", a->met);
	if (ok && !a->ok && a->exception && *a->exception)
		ok = set_exception(o, a->exception);
	return gd_make_done(o, ok);
}

/* declared or results may be NULL: not wanted. */
static bool add(const struct gd_report *r, cJSON *declared, cJSON *results,
		const struct activity *a)
{
	return (!declared || gd_make_append(declared, make_declaration(a))) &&
	       (!results || gd_make_append(results, make_result(r, a)));
}

/* --- steady state --------------------------------------------------------------------- */

static int64_t baseline_begin(const struct gd_report *r)
{
	return gd_results_n_stages(r->results) ? gd_results_stage(r->results, 0).begin_ns
					       : 0;
}

static bool add_before(const struct gd_report *r, cJSON *declared, cJSON *results,
		       bool *ret_met)
{
	bool ok = true;

	*ret_met = true;
	for (size_t i = 0; ok && i < r->n_events; i++) {
		const cJSON *e = r->events[i];
		const char *condition = gd_json_str(e, "condition", "");

		if (strcmp(gd_json_str(e, "event", ""), "steady") != 0)
			continue;
		ok = add(r, declared, results,
			 &(struct activity){.name = condition,
					    .path = "gameday",
					    .tolerance = condition,
					    .has_tolerance = true,
					    .ok = true,
					    .met = gd_json_bool(e, "ok", false),
					    .output = gd_json_str(e, "measured", ""),
					    .start_ns = baseline_begin(r),
					    .end_ns = gd_report_event_time(e)});
		*ret_met = *ret_met && gd_json_bool(e, "ok", false);
	}
	return ok;
}

static struct gd_stage_span stage_named(const struct gd_report *r, const char *name)
{
	for (size_t i = 0; i < gd_results_n_stages(r->results); i++) {
		struct gd_stage_span st = gd_results_stage(r->results, i);

		if (strcmp(st.name, name) == 0)
			return st;
	}
	return (struct gd_stage_span){.name = name, .kind = ""};
}

static bool add_after(const struct gd_report *r, cJSON *declared, cJSON *results,
		      bool *ret_met)
{
	bool ok = true;

	*ret_met = true;
	for (size_t i = 0; ok && r->has_scenario && i < r->scenario.expect.n; i++) {
		const struct gd_condition *c =
			GD_AT(&r->scenario.expect, struct gd_condition, i);
		const struct gd_verdict_item *item = &r->expect[i];
		struct gd_stage_span st = stage_named(r, item->stage);
		bool met = item->outcome == GD_COND_HOLDS;

		ok = add(r, declared, results,
			 &(struct activity){.name = c->source,
					    .path = "gameday",
					    .tolerance = c->source,
					    .has_tolerance = true,
					    .ok = item->outcome != GD_COND_NO_DATA,
					    .met = met,
					    .output = item->text,
					    .exception = item->text,
					    .start_ns = st.begin_ns,
					    .end_ns = st.end_ns});
		*ret_met = *ret_met && met;
	}
	return ok;
}

static bool any_failed(const struct gd_report *r)
{
	for (size_t i = 0; r->has_scenario && i < r->scenario.expect.n; i++)
		if (r->expect[i].outcome == GD_COND_FAILS)
			return true;
	return false;
}

/* It came to where the hypothesis is looked at. */
static bool reached_the_end(const struct gd_report *r)
{
	return r->verdict.kind != GD_VERDICT_ABORTED &&
	       r->verdict.kind != GD_VERDICT_NOT_RUN;
}

typedef bool probes_fn(const struct gd_report *r, cJSON *declared, cJSON *results,
		       bool *ret_met);

/* {steady_state_met, probes}, or null when there were none. */
static bool set_state(cJSON *o, const char *key, const struct gd_report *r, probes_fn *fn,
		      bool wanted)
{
	cJSON *state = cJSON_CreateObject(), *probes = cJSON_CreateArray();
	bool met = true, ok = !wanted || fn(r, NULL, probes, &met);

	if (ok && cJSON_GetArraySize(probes) == 0) {
		cJSON_Delete(state);
		cJSON_Delete(probes);
		return cJSON_AddNullToObject(o, key) != NULL;
	}
	ok = ok && gd_json_set_bool(state, "steady_state_met", met);
	ok = gd_json_set(state, "probes", probes) && ok;
	return gd_json_set(o, key, gd_make_done(state, ok));
}

static cJSON *make_states(const struct gd_report *r)
{
	cJSON *o = cJSON_CreateObject();

	return gd_make_done(
		o, set_state(o, "before", r, add_before, true) &&
			   set_state(o, "after", r, add_after, reached_the_end(r)) &&
			   gd_json_set(o, "during", cJSON_CreateArray()));
}

/* --- method and rollbacks ------------------------------------------------------------- */

static bool was_in(const struct gd_fault_view *f)
{
	return f->injecting_ns || f->injected_ns;
}

static bool add_injection(const struct gd_report *r, const struct gd_fault_view *f,
			  cJSON *declared, cJSON *results)
{
	const char *const arguments[] = {"ref",   f->ref, "kind",  f->kind, "host",
					 f->host, "args", f->args, NULL};
	GD_AUTO_STRBUF(name);

	gd_strbuf_addf(&name, "%s: %s on %s", f->ref,
		       *f->describe ? f->describe : f->kind, f->host);
	return !name.failed &&
	       add(r, declared, results,
		   &(struct activity){.name = gd_strbuf_str(&name),
				      .path = "gameday-agent",
				      .is_action = true,
				      .ok = f->injected_ns != 0,
				      .arguments = arguments,
				      .output = f->effect,
				      .exception = f->error,
				      .start_ns = f->injecting_ns ? f->injecting_ns
								  : f->injected_ns,
				      .end_ns = f->injected_ns});
}

static void say_figures(const struct gd_load_stats *s, struct gd_strbuf *out)
{
	char rate[32], success[32], p50[32], p99[32], max[32], attempts[32];

	gd_strbuf_addf(
		out,
		"%" PRIu64 " requests at %s, success %s, p50 %s, p99 %s, max %s, "
		"%s attempts per request",
		s->requests, gd_metric_format(s->rate, GD_UNIT_FREQ, rate),
		gd_metric_format(s->success, GD_UNIT_RATIO, success),
		gd_metric_format(s->p50, GD_UNIT_DURATION, p50),
		gd_metric_format(s->p99, GD_UNIT_DURATION, p99),
		gd_metric_format(s->max, GD_UNIT_DURATION, max),
		gd_metric_format(s->attempts_per_request, GD_UNIT_COUNT, attempts));
}

static bool add_figures(const struct gd_report *r, size_t series,
			const struct gd_stage_span *st, cJSON *declared, cJSON *results)
{
	const char *arguments[] = {"load", NULL, "client", NULL, "stage", st->name, NULL};
	struct gd_load_stats s;
	GD_AUTO_STRBUF(name);
	GD_AUTO_STRBUF(text);
	bool measured;

	gd_results_series(r->results, series, &arguments[1], &arguments[3]);
	measured = gd_results_load_stats(r->results, arguments[1], arguments[3], st->name,
					 &s) == 0;
	gd_strbuf_addf(&name, "%s.%s in %s", arguments[1], arguments[3], st->name);
	if (measured)
		say_figures(&s, &text);
	return !name.failed && !text.failed &&
	       add(r, declared, results,
		   &(struct activity){.name = gd_strbuf_str(&name),
				      .path = "gameday",
				      .ok = measured,
				      .arguments = arguments,
				      .output = gd_strbuf_str(&text),
				      .exception = "nothing was measured in this stage",
				      .start_ns = st->measured_ns ? st->measured_ns
								  : st->begin_ns,
				      .end_ns = st->figures_end_ns});
}

static bool add_stage(const struct gd_report *r, size_t stage, cJSON *declared,
		      cJSON *results)
{
	struct gd_stage_span st = gd_results_stage(r->results, stage);
	bool ok = true;

	for (size_t i = 0; ok && i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (was_in(&f) && strcmp(f.stage, st.name) == 0)
			ok = add_injection(r, &f, declared, results);
	}
	for (size_t i = 0; ok && i < gd_results_n_series(r->results); i++)
		ok = add_figures(r, i, &st, declared, results);
	return ok;
}

static bool add_method(const struct gd_report *r, cJSON *declared, cJSON *results)
{
	bool ok = true;

	for (size_t i = 0; ok && i < gd_results_n_stages(r->results); i++)
		ok = add_stage(r, i, declared, results);
	return ok;
}

static bool add_rollback(const struct gd_report *r, const struct gd_fault_view *f,
			 cJSON *declared, cJSON *results)
{
	int64_t took = f->revert_ms > 0 && f->revert_ms < 1e9
			       ? (int64_t)(f->revert_ms * 1e6)
			       : 0;
	const char *const arguments[] = {"ref", f->ref, "host", f->host, NULL};
	GD_AUTO_STRBUF(name);
	GD_AUTO_STRBUF(text);

	gd_strbuf_addf(&name, "put back %s on %s", f->ref, f->host);
	gd_strbuf_addf(&text, "before:\n%s\nafter:\n%s", f->before, f->after);
	return !name.failed && !text.failed &&
	       add(r, declared, results,
		   &(struct activity){.name = gd_strbuf_str(&name),
				      .path = "gameday-agent",
				      .is_action = true,
				      .ok = f->has_revert && f->equal,
				      .arguments = arguments,
				      .output = gd_strbuf_str(&text),
				      .exception = *f->error ? f->error
						   : gd_story_unwitnessed(r, f)
							   ? "nobody saw it put back"
							   : "not as it was before",
				      .start_ns = f->reverted_ns - took,
				      .end_ns = f->reverted_ns});
}

static bool add_rollbacks(const struct gd_report *r, cJSON *declared, cJSON *results)
{
	bool ok = true;

	for (size_t i = 0; ok && i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (was_in(&f))
			ok = add_rollback(r, &f, declared, results);
	}
	return ok;
}

/* --- the whole ------------------------------------------------------------------------ */

static cJSON *make_hypothesis(const struct gd_report *r)
{
	cJSON *o = cJSON_CreateObject(), *probes = cJSON_CreateArray();
	const char *text = gd_report_text(r, "hypothesis");
	bool met, ok = set_plain(o, "title", *text ? text : "(none)", 1000);

	ok = ok && add_before(r, probes, NULL, &met) && add_after(r, probes, NULL, &met);
	ok = gd_json_set(o, "probes", probes) && ok;
	return gd_make_done(o, ok);
}

static bool set_activities(cJSON *o, const char *key, const struct gd_report *r,
			   bool (*fn)(const struct gd_report *r, cJSON *declared,
				      cJSON *results),
			   bool declared)
{
	cJSON *list = cJSON_CreateArray();

	return gd_json_set(o, key,
			   gd_make_done(list, fn(r, declared ? list : NULL,
						 declared ? NULL : list)));
}

static cJSON *make_tags(const struct gd_report *r)
{
	const char *severity = gd_report_text(r, "severity");
	cJSON *list = cJSON_CreateArray();

	return gd_make_done(list,
			    gd_make_append(list, cJSON_CreateString("gameday")) &&
				    (!*severity ||
				     gd_make_append(list, cJSON_CreateString(severity))));
}

static cJSON *make_experiment(const struct gd_report *r)
{
	const char *title = gd_report_text(r, "title");
	cJSON *o = cJSON_CreateObject();
	GD_AUTO_STRBUF(line);

	gd_story_verdict(r, &line);
	if (!*title)
		title = gd_report_text(r, "scenario");
	return gd_make_done(
		o,
		gd_json_set_str(o, "version", "1.0.0") &&
			set_plain(o, "title", *title ? title : r->name, 300) &&
			set_plain(o, "description", gd_strbuf_str(&line), 2000) &&
			gd_json_set(o, "tags", make_tags(r)) &&
			gd_json_set(o, "steady-state-hypothesis", make_hypothesis(r)) &&
			set_activities(o, "method", r, add_method, true) &&
			set_activities(o, "rollbacks", r, add_rollbacks, true));
}

static const char *status_of(const struct gd_report *r)
{
	switch (r->verdict.kind) {
	case GD_VERDICT_HELD:
	case GD_VERDICT_REFUTED:
		return "completed";
	case GD_VERDICT_INVALID:
	case GD_VERDICT_NOT_RUN:
	case GD_VERDICT_LEFT_BEHIND:
		return "failed";
	case GD_VERDICT_ABORTED:
		break;
	}
	for (size_t i = 0; i < r->n_events; i++)
		if (strcmp(gd_json_str(r->events[i], "event", ""), "signal") == 0)
			return "interrupted";
	return "aborted";
}

static int write_chaostoolkit(const struct gd_report *r, struct gd_strbuf *out,
			      struct gd_error *err)
{
	int64_t end = r->last_ns > r->started_ns ? r->last_ns : r->started_ns;
	GD_AUTO(cJSON) cJSON *o = cJSON_CreateObject();
	bool ok;

	ok = gd_json_set_str(o, "chaoslib-version", CHAOSLIB_VERSION) &&
	     set_plain(o, "gameday-version", gd_report_text(r, "version"), 100) &&
	     set_plain(o, "gameday-run", r->name, 300) &&
	     gd_json_set_str(o, "gameday-verdict", gd_verdict_name(r->verdict.kind)) &&
	     gd_json_set_str(o, "platform", "Linux") &&
	     set_plain(o, "node", gd_json_str(r->run_started, "runner", "unknown"),
		       300) &&
	     gd_json_set(o, "experiment", make_experiment(r)) &&
	     set_time(o, "start", r->started_ns) &&
	     gd_json_set_str(o, "status", status_of(r)) &&
	     gd_json_set_bool(o, "deviated", reached_the_end(r) && any_failed(r)) &&
	     gd_json_set(o, "steady_states", make_states(r)) &&
	     set_activities(o, "run", r, add_method, false) &&
	     set_activities(o, "rollbacks", r, add_rollbacks, false) &&
	     set_time(o, "end", end) &&
	     gd_json_set_num(o, "duration", (double)(end - r->started_ns) / 1e9);
	return gd_make_print(ok ? o : NULL, out, err);
}

const struct gd_report_writer gd_report_chaostoolkit = {"chaostoolkit", "journal.json",
							write_chaostoolkit, NULL};
