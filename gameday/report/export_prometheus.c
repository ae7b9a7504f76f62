/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.prom: the run's figures in Prometheus' text format (version 0.0.4), for
 * node_exporter's textfile collector or a push gateway. Gauges without timestamps, and
 * labelled by scenario: the next run of it takes their place. Which run it was is told by
 * gameday_run_info alone, so that series do not grow in number with the runs.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/report/story.h"
#include "gameday/report/text.h"
#include "gameday/report/writer.h"

/* --- format --------------------------------------------------------------------------- */

static void head(struct gd_strbuf *out, const char *name, const char *help)
{
	gd_strbuf_addf(out, "# HELP gameday_%s %s\n# TYPE gameday_%s gauge\n", name, help,
		       name);
}

/* A label's value: \, " and line ends are escaped, other control characters go. */
static void add_value(struct gd_strbuf *out, const char *text)
{
	GD_AUTO_STRBUF(plain);

	for (const char *end; *text; text = end) {
		GD_AUTO_FREE char *line = NULL;

		end = text + strcspn(text, "\n");
		line = strndup(text, (size_t)(end - text));
		gd_strbuf_clear(&plain);
		if (line)
			gd_text_plain(&plain, line, 1000);
		out->failed = out->failed || !line || plain.failed;
		for (const char *p = gd_strbuf_str(&plain); *p; p++) {
			if (*p == '"' || *p == '\\')
				gd_strbuf_addc(out, '\\');
			gd_strbuf_addc(out, *p);
		}
		if (*end) {
			gd_strbuf_adds(out, "\\n");
			end++;
		}
	}
}

static void label(struct gd_strbuf *out, const char *name, const char *value)
{
	gd_strbuf_addf(out, ",%s=\"", name);
	add_value(out, value);
	gd_strbuf_addc(out, '"');
}

/* The place in its list, from 1: texts may stand there twice, series may not. */
static void label_number(struct gd_strbuf *out, size_t i)
{
	gd_strbuf_addf(out, ",number=\"%zu\"", i + 1);
}

/* gameday_NAME{scenario="..." ; more labels and end() follow. */
static void begin(const struct gd_report *r, struct gd_strbuf *out, const char *name)
{
	gd_strbuf_addf(out, "gameday_%s{scenario=\"", name);
	add_value(out, gd_report_text(r, "scenario"));
	gd_strbuf_addc(out, '"');
}

static void end(struct gd_strbuf *out, double v)
{
	if (isnan(v))
		gd_strbuf_adds(out, "} NaN\n");
	else
		gd_strbuf_addf(out, "} %.17g\n", v);
}

static void single(const struct gd_report *r, struct gd_strbuf *out, const char *name,
		   const char *help, double v)
{
	head(out, name, help);
	begin(r, out, name);
	end(out, v);
}

/* --- the run -------------------------------------------------------------------------- */

static double wall_seconds(int64_t ns)
{
	return ns ? (double)ns / (double)GD_NS_PER_S : (double)NAN;
}

static void add_info(const struct gd_report *r, struct gd_strbuf *out)
{
	head(out, "run_info", "Which run the figures are of.");
	begin(r, out, "run_info");
	label(out, "run", r->name);
	label(out, "severity", gd_report_text(r, "severity"));
	label(out, "runbook", gd_report_text(r, "runbook"));
	label(out, "version", gd_report_text(r, "version"));
	end(out, 1);
}

static void add_verdict(const struct gd_report *r, struct gd_strbuf *out)
{
	head(out, "run_verdict", "1 for the verdict of the run, 0 for the others.");
	for (int v = GD_VERDICT_HELD; v <= GD_VERDICT_LEFT_BEHIND; v++) {
		begin(r, out, "run_verdict");
		label(out, "verdict", gd_verdict_name((enum gd_verdict_kind)v));
		end(out, (int)r->verdict.kind == v);
	}
}

/* When a detection first held, from the first harm, or else from the injection. */
static void add_detections(const struct gd_report *r, struct gd_strbuf *out)
{
	int64_t from = r->harm_ns ? r->harm_ns : gd_report_injected(r, NULL);

	if (!r->detected)
		return;
	head(out, "time_to_detect_seconds",
	     "From the first harm to clients to a detection of the runbook; NaN when it "
	     "never fired.");
	for (size_t i = 0; i < r->runbook.detection.n; i++) {
		const struct gd_detected *d = &r->detected[i];
		bool fired = d->evaluated && d->item.outcome == GD_COND_HOLDS &&
			     d->item.first_wall_ns && from;
		const struct gd_detection *of = d->detection;

		if (!d->evaluated)
			continue;
		begin(r, out, "time_to_detect_seconds");
		label(out, "detection",
		      of->alert     ? of->alert
		      : of->symptom ? of->symptom
				    : "");
		label_number(out, i);
		end(out,
		    fired ? (double)(d->item.first_wall_ns - from) / 1e9 : (double)NAN);
	}
}

static void add_expectations(const struct gd_report *r, struct gd_strbuf *out)
{
	if (!r->has_scenario || r->scenario.expect.n == 0)
		return;
	head(out, "expectation_met",
	     "1 when the expectation was met, 0 when not, NaN without data.");
	for (size_t i = 0; i < r->scenario.expect.n; i++) {
		enum gd_cond_outcome o = r->expect[i].outcome;

		begin(r, out, "expectation_met");
		label(out, "condition",
		      GD_AT(&r->scenario.expect, struct gd_condition, i)->source);
		label_number(out, i);
		end(out, o == GD_COND_NO_DATA ? (double)NAN : o == GD_COND_HOLDS);
	}
}

static void add_fault(const struct gd_report *r, struct gd_strbuf *out, const char *name,
		      const struct gd_fault_view *f, bool yes)
{
	if (!f->injecting_ns && !f->injected_ns)
		return;
	begin(r, out, name);
	label(out, "fault", f->ref);
	label(out, "host", f->host);
	end(out, yes);
}

static void add_faults(const struct gd_report *r, struct gd_strbuf *out)
{
	size_t n = gd_results_n_faults(r->results);

	if (n == 0)
		return;
	head(out, "fault_restored",
	     "1 when the host was seen to be as before the fault, else 0.");
	for (size_t i = 0; i < n; i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		add_fault(r, out, "fault_restored", &f, f.has_revert && f.equal);
	}
	head(out, "fault_effect_seen", "1 when the fault was seen to do something.");
	for (size_t i = 0; i < n; i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		add_fault(r, out, "fault_effect_seen", &f, f.effect_seen);
	}
}

/* --- figures -------------------------------------------------------------------------- */

/* Where a figure is in struct gd_load_stats, and what divides it into its base unit. */
static const struct figure {
	const char *name, *help;
	size_t offset;
} figures[] = {
	{"requests_per_second", "Requests finished per second.",
	 offsetof(struct gd_load_stats, rate)},
	{"goodput_requests_per_second", "Requests that succeeded per second.",
	 offsetof(struct gd_load_stats, goodput)},
	{"success_ratio", "Requests that succeeded, of those that finished.",
	 offsetof(struct gd_load_stats, success)},
	{"attempts_per_request", "Attempts per request: retry amplification.",
	 offsetof(struct gd_load_stats, attempts_per_request)},
};

/* Not a label "quantile": that is for summaries alone. */
static const struct percentile {
	const char *name;
	size_t offset;
} percentiles[] = {
	{"50", offsetof(struct gd_load_stats, p50)},
	{"90", offsetof(struct gd_load_stats, p90)},
	{"99", offsetof(struct gd_load_stats, p99)},
	{"99.9", offsetof(struct gd_load_stats, p999)},
	{"100", offsetof(struct gd_load_stats, max)},
};

static double stat_at(const struct gd_load_stats *s, size_t offset)
{
	double v;

	memcpy(&v, (const char *)s + offset, sizeof(v));
	return v;
}

struct where {
	const char *load, *client, *stage;
};

static void begin_at(const struct gd_report *r, struct gd_strbuf *out, const char *name,
		     const struct where *w)
{
	begin(r, out, name);
	label(out, "load", w->load);
	label(out, "client", w->client);
	label(out, "stage", w->stage);
}

static void add_percentiles(const struct gd_report *r, struct gd_strbuf *out,
			    const struct where *w, const struct gd_load_stats *s)
{
	for (size_t i = 0; i < GD_N_ELEMS(percentiles); i++) {
		begin_at(r, out, "request_duration_seconds", w);
		label(out, "percentile", percentiles[i].name);
		end(out, stat_at(s, percentiles[i].offset) / 1e9);
	}
}

static void add_outcomes(const struct gd_report *r, struct gd_strbuf *out,
			 const struct where *w, const struct gd_load_stats *s)
{
	for (int k = 0; k < GD_N_OUTCOMES; k++) {
		if (s->error_kinds[k] == 0)
			continue;
		begin_at(r, out, "requests", w);
		label(out, "outcome", gd_outcome_name((enum gd_outcome)k));
		end(out, (double)s->error_kinds[k]);
	}
}

/* All samples of a metric stand together, so this goes over the stages once per metric. */
static void each_stage(const struct gd_report *r, struct gd_strbuf *out,
		       const struct figure *f,
		       void (*add)(const struct gd_report *r, struct gd_strbuf *out,
				   const struct where *w, const struct gd_load_stats *s))
{
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
			struct where w = {.stage = gd_results_stage(r->results, k).name};
			struct gd_load_stats s;

			gd_results_series(r->results, i, &w.load, &w.client);
			if (gd_results_load_stats(r->results, w.load, w.client, w.stage,
						  &s) != 0)
				continue;
			if (add) {
				add(r, out, &w, &s);
				continue;
			}
			begin_at(r, out, f->name, &w);
			end(out, stat_at(&s, f->offset));
		}
	}
}

static void add_load(const struct gd_report *r, struct gd_strbuf *out)
{
	if (gd_results_n_series(r->results) == 0)
		return;
	for (size_t i = 0; i < GD_N_ELEMS(figures); i++) {
		head(out, figures[i].name, figures[i].help);
		each_stage(r, out, &figures[i], NULL);
	}
	head(out, "request_duration_seconds",
	     "Latency of requests, from the intended start; percentile 100 is the maximum.");
	each_stage(r, out, NULL, add_percentiles);
	head(out, "requests", "Requests of the stage by their outcome.");
	each_stage(r, out, NULL, add_outcomes);
}

static int write_prometheus(const struct gd_report *r, struct gd_strbuf *out,
			    struct gd_error *err)
{
	add_info(r, out);
	add_verdict(r, out);
	single(r, out, "run_exit_status", "The exit status of the run.", r->verdict.exit);
	single(r, out, "run_start_timestamp_seconds", "When the run began.",
	       wall_seconds(r->started_ns));
	single(r, out, "run_last_event_timestamp_seconds",
	       "When the last event of the run was.", wall_seconds(r->last_ns));
	single(r, out, "harm_start_timestamp_seconds",
	       "When clients were first hurt; NaN when never.", wall_seconds(r->harm_ns));
	add_detections(r, out);
	add_expectations(r, out);
	add_faults(r, out);
	add_load(r, out);
	return out->failed ? gd_raise_nomem(err) : 0;
}

const struct gd_report_writer gd_report_prometheus = {"prometheus", "metrics.prom",
						      write_prometheus, NULL};
