/* SPDX-License-Identifier: Apache-2.0 */
/* report.md: one function per section, in the order a reader needs them. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gameday/report/speeds.h"
#include "gameday/report/story.h"
#include "gameday/report/text.h"
#include "gameday/report/write_md.h"
#include "gameday/report/writer.h"

enum { MAX_TIMELINE = 400, MAX_STATE = 16384, MAX_MANUAL = 8192 };

static void add_value(struct gd_strbuf *out, double v, enum gd_metric_unit unit)
{
	char buf[32];

	gd_strbuf_addf(out, " %s |", gd_metric_format(v, unit, buf));
}

static void add_cell(struct gd_strbuf *out, const char *text)
{
	gd_strbuf_addc(out, ' ');
	gd_text_md(out, text);
	gd_strbuf_adds(out, " |");
}

static void write_head(const struct gd_report *r, struct gd_strbuf *out)
{
	const char *title = gd_report_text(r, "title");
	GD_AUTO_STRBUF(verdict);
	GD_AUTO_STRBUF(happened);
	GD_AUTO_STRBUF(next);
	char when[32];

	gd_story_verdict(r, &verdict);
	gd_story_happened(r, &happened);
	gd_story_next(r, &next);
	gd_strbuf_adds(out, "# Verdict: ");
	gd_text_md(out, gd_strbuf_str(&verdict));
	gd_strbuf_adds(out, "\n\n");
	gd_text_md(out, gd_strbuf_str(&happened));
	if (next.len > 0) {
		gd_strbuf_adds(out, "\n\n**What to do next:** ");
		gd_text_md(out, gd_strbuf_str(&next));
	}
	gd_strbuf_adds(out, "\n\n**Scenario:** ");
	gd_text_mdf(out, "%s%s%s", gd_report_text(r, "scenario"), *title ? ": " : "",
		    title);
	if (*gd_report_text(r, "severity"))
		gd_text_mdf(out, " (%s)", gd_report_text(r, "severity"));
	gd_strbuf_adds(out, "\n\n**Hypothesis:** ");
	gd_text_md(out, *gd_report_text(r, "hypothesis") ? gd_report_text(r, "hypothesis")
							 : "none was written down");
	gd_strbuf_adds(out, "\n\n**Run:** ");
	gd_text_md(out, r->name);
	if (r->started_ns)
		gd_strbuf_addf(out, ", started %s",
			       gd_wall_format((struct gd_wall){r->started_ns}, when));
	if (r->last_ns > r->started_ns)
		gd_strbuf_addf(out, ", %.1f s long", gd_report_seconds(r, r->last_ns));
	gd_strbuf_adds(out, "\n");
}

/* --- figures -------------------------------------------------------------------------- */

static void add_errors(struct gd_strbuf *out, const struct gd_load_stats *s)
{
	bool any = false;

	gd_strbuf_addc(out, ' ');
	for (int o = GD_OUTCOME_OK + 1; o < GD_N_OUTCOMES; o++) {
		if (s->error_kinds[o] == 0 || o == GD_OUTCOME_TIMEOUT)
			continue;
		gd_strbuf_addf(out, "%s%s %llu", any ? ", " : "",
			       gd_outcome_name((enum gd_outcome)o),
			       (unsigned long long)s->error_kinds[o]);
		any = true;
	}
	if (any && s->problem[0] != '\0')
		gd_text_mdf(out, " (%s)", s->problem);
	gd_strbuf_adds(out, any ? " |" : "none |");
}

static void add_row(const struct gd_report *r, const char *load, const char *client,
		    const struct gd_stage_span *st, struct gd_strbuf *out)
{
	struct gd_load_stats s;

	gd_strbuf_adds(out, "|");
	gd_strbuf_addc(out, ' ');
	gd_text_mdf(out, "%s.%s", load, client);
	gd_strbuf_adds(out, " |");
	add_cell(out, st->name);
	if (gd_results_load_stats(r->results, load, client, st->name, &s) != 0) {
		gd_strbuf_adds(out, " not measured | | | | | | | | | | |\n");
		return;
	}
	add_value(out, s.rate, GD_UNIT_FREQ);
	add_value(out, s.success, GD_UNIT_RATIO);
	add_value(out, s.p50, GD_UNIT_DURATION);
	add_value(out, s.p90, GD_UNIT_DURATION);
	add_value(out, s.p99, GD_UNIT_DURATION);
	add_value(out, s.p999, GD_UNIT_DURATION);
	add_value(out, s.max, GD_UNIT_DURATION);
	add_value(out, s.attempts_per_request, GD_UNIT_COUNT);
	add_value(out, (double)s.retries, GD_UNIT_COUNT);
	add_value(out, (double)s.error_kinds[GD_OUTCOME_TIMEOUT], GD_UNIT_COUNT);
	add_errors(out, &s);
	gd_strbuf_addc(out, '\n');
}

static void write_speeds(const struct gd_report *r, struct gd_strbuf *out)
{
	gd_strbuf_adds(out,
		       "\n### How many speeds\n\n"
		       "| load.client | stage | modes of the latency |\n|---|---|---|\n");
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
			const char *stage = gd_results_stage(r->results, k).name;
			GD_AUTO_STRBUF(text);

			gd_speeds_say(r, i, stage, &text);
			gd_strbuf_adds(out, "| ");
			gd_text_mdf(out, "%s.%s", load, client);
			gd_strbuf_adds(out, " |");
			add_cell(out, stage);
			add_cell(out, gd_strbuf_str(&text));
			gd_strbuf_addc(out, '\n');
		}
	}
	gd_strbuf_adds(
		out,
		"\nA mode is a peak of the latency's distribution with a deep valley on "
		"either side; averages and percentiles hide that there are several. A "
		"request that timed out counts with the time after which the client "
		"gave up.\n");
}

/* --- what policies did ----------------------------------------------------------------- */

/* Adds up, over stages, what the policies of one series did, or of all. */
static void sum_counts(const struct gd_report *r, size_t first, size_t n_series,
		       struct gd_counts *ret)
{
	*ret = (struct gd_counts){0};
	for (size_t i = first; i < first + n_series; i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
			const char *stage = gd_results_stage(r->results, k).name;
			struct gd_load_stats s;

			if (gd_results_load_stats(r->results, load, client, stage, &s) ==
			    0)
				gd_counts_add(ret, &s.counts);
		}
	}
}

static bool is_used(const struct gd_counts *c, const struct gd_count_row *row)
{
	return row->group == GD_COUNT_POLICY && gd_count_get(c, row) > 0;
}

static bool any_count(const struct gd_counts *c)
{
	for (const struct gd_count_row *row = gd_count_rows; row->name; row++)
		if (is_used(c, row))
			return true;
	return false;
}

static void add_policy_head(const struct gd_counts *used, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "\n### What the clients' policies did\n\n"
			    "| load.client | stage | goodput | wasted |");
	for (const struct gd_count_row *row = gd_count_rows; row->name; row++) {
		if (!is_used(used, row))
			continue;
		gd_strbuf_addc(out, ' ');
		for (const char *s = row->name; *s; s++)
			gd_strbuf_addc(out, *s == '_' ? ' ' : *s);
		gd_strbuf_adds(out, " |");
	}
	gd_strbuf_adds(out, "\n|---|---|--:|--:|");
	for (const struct gd_count_row *row = gd_count_rows; row->name; row++)
		if (is_used(used, row))
			gd_strbuf_adds(out, "--:|");
	gd_strbuf_addc(out, '\n');
}

/* "0" rather than "0.00 ns". */
static void add_policy_value(struct gd_strbuf *out, uint64_t v, enum gd_metric_unit unit)
{
	add_value(out, (double)v, v > 0 ? unit : GD_UNIT_COUNT);
}

static void add_policy_rows(const struct gd_report *r, size_t series,
			    const struct gd_counts *used, struct gd_strbuf *out)
{
	const char *load, *client;
	struct gd_load_stats s;

	gd_results_series(r->results, series, &load, &client);
	for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
		const char *stage = gd_results_stage(r->results, k).name;

		if (gd_results_load_stats(r->results, load, client, stage, &s) != 0)
			continue;
		gd_strbuf_adds(out, "| ");
		gd_text_mdf(out, "%s.%s", load, client);
		gd_strbuf_adds(out, " |");
		add_cell(out, stage);
		add_value(out, s.goodput, GD_UNIT_FREQ);
		add_value(out, s.wasted, GD_UNIT_RATIO);
		for (const struct gd_count_row *row = gd_count_rows; row->name; row++)
			if (is_used(used, row))
				add_policy_value(out, gd_count_get(&s.counts, row),
						 row->unit);
		gd_strbuf_addc(out, '\n');
	}
}

/* Only what was used: columns that are not 0 throughout, clients that have one. */
static void write_policies(const struct gd_report *r, struct gd_strbuf *out)
{
	size_t n = gd_results_n_series(r->results);
	struct gd_counts used, of_one;

	sum_counts(r, 0, n, &used);
	if (!any_count(&used))
		return;
	add_policy_head(&used, out);
	for (size_t i = 0; i < n; i++) {
		sum_counts(r, i, 1, &of_one);
		if (any_count(&of_one))
			add_policy_rows(r, i, &used, out);
	}
	gd_strbuf_adds(out,
		       "\nGoodput is what succeeded per second; wasted are attempts that "
		       "brought no request its answer.\n");
}

static void add_conn_row(const char *load, const char *client, const char *stage,
			 const struct gd_load_stats *s, struct gd_strbuf *out)
{
	const struct gd_counts *c = &s->counts;

	gd_strbuf_adds(out, "| ");
	gd_text_mdf(out, "%s.%s", load, client);
	gd_strbuf_adds(out, " |");
	add_cell(out, stage);
	add_value(out, (double)c->connects, GD_UNIT_COUNT);
	add_policy_value(out, c->connect_max, GD_UNIT_DURATION);
	add_value(out, (double)c->retransmits, GD_UNIT_COUNT);
	add_value(out, s->rtt, GD_UNIT_DURATION);
	add_value(out, (double)c->rtt_max, GD_UNIT_DURATION);
	add_value(out, (double)c->unacked_max, GD_UNIT_COUNT);
	gd_strbuf_addc(out, '\n');
}

static void write_connections(const struct gd_report *r, struct gd_strbuf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
			const char *stage = gd_results_stage(r->results, k).name;
			struct gd_load_stats s;

			if (gd_results_load_stats(r->results, load, client, stage, &s) !=
				    0 ||
			    s.counts.rtt_samples == 0)
				continue;
			if (n++ == 0)
				gd_strbuf_adds(
					out,
					"\n### What TCP saw\n\n"
					"| load.client | stage | connections made | longest connect "
					"| retransmits | round trip | at most | unacknowledged at most |\n"
					"|---|---|--:|--:|--:|--:|--:|--:|\n");
			add_conn_row(load, client, stage, &s, out);
		}
	}
	if (n > 0)
		gd_strbuf_adds(out, "\nRetransmits are of what the client sent; the "
				    "server's own are not among them.\n");
}

/* How long after the last fault the clients' requests had piled up. */
static void write_drained(const struct gd_report *r, struct gd_strbuf *out)
{
	size_t n_stages = gd_results_n_stages(r->results), n = 0;
	const char *last =
		n_stages ? gd_results_stage(r->results, n_stages - 1).name : "";
	char span[32];

	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;
		struct gd_load_stats s;

		gd_results_series(r->results, i, &load, &client);
		if (gd_results_load_stats(r->results, load, client, last, &s) != 0 ||
		    s.drained == 0)
			continue;
		gd_strbuf_adds(out, n++ == 0 ? "\nAfter the last fault was out, no more "
					       "requests were under way than in the "
					       "baseline: "
					     : ", ");
		gd_text_mdf(out, "%s.%s", load, client);
		if (isnan(s.drained))
			gd_strbuf_adds(out, " never");
		else
			gd_strbuf_addf(
				out, " within %s",
				gd_metric_format(s.drained, GD_UNIT_DURATION, span));
	}
	if (n > 0)
		gd_strbuf_adds(out, ".\n");
}

static void write_figures(const struct gd_report *r, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "\n## What clients felt\n\n");
	if (gd_results_n_series(r->results) == 0) {
		gd_strbuf_adds(out, "No load was measured.\n");
		return;
	}
	gd_strbuf_adds(
		out,
		"| load.client | stage | rate | success | p50 | p90 | p99 | p99.9 | max "
		"| attempts per request | retries | timeouts | other errors |\n"
		"|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n");
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
			struct gd_stage_span st = gd_results_stage(r->results, k);

			add_row(r, load, client, &st, out);
		}
	}
	gd_strbuf_adds(
		out,
		"\nLatency counts from the moment a request was due, whether or not the "
		"server was ready for it, to its final outcome, retries included. "
		"Percentiles are of the merged histograms of the stage.\n");
	write_drained(r, out);
	write_policies(r, out);
	write_connections(r, out);
	write_speeds(r, out);
}

static void write_signals(const struct gd_report *r, struct gd_strbuf *out)
{
	size_t rows = 0;

	for (size_t w = 0; w < gd_results_n_watches(r->results); w++) {
		struct gd_watch_view v = gd_results_watch(r->results, w);

		for (size_t c = 0; c < v.n_columns && rows < 400; c++, rows++)
			gd_md_signal_row(r, w, c, rows == 0, out);
	}
}

/* --- judgements ----------------------------------------------------------------------- */

static const char *outcome_word(enum gd_cond_outcome o)
{
	static const char *const words[] = {"pass", "**FAIL**", "**no data**"};

	return words[o];
}

static void write_expectations(const struct gd_report *r, struct gd_strbuf *out)
{
	size_t n = r->has_scenario ? r->scenario.expect.n : 0;

	gd_strbuf_adds(out, "\n## Expectations\n\n");
	if (n == 0) {
		gd_strbuf_adds(
			out,
			r->has_scenario
				? "The scenario declares none.\n"
				: "Not known: the scenario as used is missing or damaged.\n");
		return;
	}
	gd_strbuf_adds(out, "| expected | outcome | measured |\n|---|---|---|\n");
	for (size_t i = 0; i < n; i++) {
		const struct gd_condition *c =
			GD_AT(&r->scenario.expect, struct gd_condition, i);

		gd_strbuf_addc(out, '|');
		add_cell(out, c->source);
		gd_strbuf_addf(out, " %s |", outcome_word(r->expect[i].outcome));
		add_cell(out, r->expect[i].text);
		gd_strbuf_addc(out, '\n');
	}
}

static void write_steady(const struct gd_report *r, struct gd_strbuf *out)
{
	bool any = false;

	gd_strbuf_adds(out, "\n## Steady state\n\n");
	for (size_t i = 0; i < r->n_events; i++) {
		const cJSON *e = r->events[i];

		if (strcmp(gd_json_str(e, "event", ""), "steady") != 0)
			continue;
		if (!any)
			gd_strbuf_adds(
				out, "| condition | held | measured |\n|---|---|---|\n");
		any = true;
		gd_strbuf_addc(out, '|');
		add_cell(out, gd_json_str(e, "condition", "?"));
		add_cell(out, gd_json_bool(e, "ok", false) ? "yes" : "NO");
		add_cell(out, gd_json_str(e, "measured", ""));
		gd_strbuf_addc(out, '\n');
	}
	if (!any)
		gd_strbuf_adds(out,
			       "No steady-state condition was evaluated in this run.\n");
}

/* --- faults --------------------------------------------------------------------------- */

static void add_state(struct gd_strbuf *out, const char *name, const char *state)
{
	gd_strbuf_addf(out, "\n%s:\n\n", name);
	gd_text_md_block(out, state, MAX_STATE);
}

static void write_restoration(const struct gd_report *r, const struct gd_fault_view *f,
			      struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "- Restoration: ");
	if (f->has_revert && f->equal)
		gd_strbuf_adds(out,
			       "**proved**: the state after equals the state before");
	else if (f->has_revert)
		gd_strbuf_adds(out, "**NOT as before: LEFT BEHIND**");
	else if (gd_story_unwitnessed(r, f))
		gd_strbuf_adds(out, "**not witnessed by the runner**");
	else
		gd_strbuf_adds(out, "**nobody saw it put back: LEFT BEHIND**");
	if (f->has_revert && *f->reason)
		gd_text_mdf(out, " (%s)", f->reason);
	if (!isnan(f->revert_ms))
		gd_strbuf_addf(out, ", undone in %.4g ms", f->revert_ms);
	if (*f->error)
		gd_text_mdf(out, ": %s", f->error);
	if (!f->equal)
		gd_text_mdf(out, ". Run: gameday status --on %s",
			    *f->host ? f->host : "HOST");
	gd_strbuf_addc(out, '\n');
}

static void write_changes(const struct gd_report *r, const struct gd_fault_view *f,
			  struct gd_strbuf *out)
{
	if (f->n_changes == 0)
		return;
	gd_strbuf_addf(out, "\n- Changed in place %zu %s, at seconds after the start: ",
		       f->n_changes, f->n_changes == 1 ? "time" : "times");
	for (size_t i = 0; i < f->n_changes; i++)
		gd_text_mdf(out, "%s%.1f: %s", i ? "; " : "",
			    gd_report_seconds(r, f->changes[i].wall_ns),
			    f->changes[i].text);
}

static void write_fault(const struct gd_report *r, const struct gd_fault_view *f,
			struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "\n### ");
	gd_text_mdf(out, "%s on %s (%s)", *f->describe ? f->describe : f->ref, f->host,
		    f->role);
	gd_strbuf_adds(out, "\n\n- Reference: ");
	gd_text_mdf(out, "%s, stage %s, parameters %s", f->ref, f->stage,
		    *f->args ? f->args : "not recorded");
	if (f->injected_ns)
		gd_strbuf_addf(out, "\n- In: %.1f s after the start of the run",
			       gd_report_seconds(r, f->injected_ns));
	else
		gd_strbuf_adds(out, "\n- In: never confirmed");
	if (f->times > 1)
		gd_strbuf_addf(out,
			       " for the first time, %" PRId64
			       " times in all, undone and compared each time; the last",
			       f->times);
	if (!isnan(f->inject_ms))
		gd_strbuf_addf(out, ", within %.4g ms", f->inject_ms);
	write_changes(r, f, out);
	gd_strbuf_adds(out, "\n- Effect: ");
	if (f->has_effect)
		gd_text_mdf(out, "%s: %s", f->effect_seen ? "seen" : "NONE SEEN",
			    f->effect);
	else
		gd_strbuf_adds(out, "not asked for");
	if (f->drift_ns)
		gd_text_mdf(out, "; from %.1f s on OUT, by somebody else: %s",
			    gd_report_seconds(r, f->drift_ns), f->drift);
	gd_strbuf_addc(out, '\n');
	write_restoration(r, f, out);
	if (f->equal && strcmp(f->before, f->after) == 0) {
		add_state(out, "State before, and after", f->before);
	} else {
		add_state(out, "State before", f->before);
		add_state(out, "State after", f->has_revert ? f->after : "not known");
	}
	if (*f->manual) {
		gd_strbuf_adds(out, "\nBy hand, it is undone with:\n\n");
		gd_text_md_block(out, f->manual, MAX_MANUAL);
	}
}

static void write_faults(const struct gd_report *r, struct gd_strbuf *out)
{
	size_t n = gd_results_n_faults(r->results);

	gd_strbuf_adds(out, "\n## Faults and proof of restoration\n");
	if (n == 0)
		gd_strbuf_adds(out, "\nNo fault was injected.\n");
	for (size_t i = 0; i < n; i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		write_fault(r, &f, out);
	}
}

/* --- times ---------------------------------------------------------------------------- */

static void write_event(const struct gd_report *r, const cJSON *e, struct gd_strbuf *out)
{
	int64_t at = gd_report_event_time(e);
	GD_AUTO_STRBUF(text);
	char when[32];

	gd_story_event(e, &text);
	if (at)
		gd_strbuf_addf(out, "| %s | %+.1f |",
			       gd_wall_format((struct gd_wall){at}, when),
			       gd_report_seconds(r, at));
	else
		gd_strbuf_adds(out, "| ? | ? |");
	add_cell(out, gd_strbuf_str(&text));
	gd_strbuf_addc(out, '\n');
}

static void write_timeline(const struct gd_report *r, struct gd_strbuf *out)
{
	size_t half = MAX_TIMELINE / 2;

	gd_strbuf_adds(out,
		       "\n## Timeline\n\n| UTC | seconds | event |\n|---|--:|---|\n");
	for (size_t i = 0; i < r->n_events; i++) {
		if (r->n_events > MAX_TIMELINE && i == half) {
			gd_strbuf_addf(out,
				       "| | | %zu more events, see journal.jsonl |\n",
				       r->n_events - MAX_TIMELINE);
			i = r->n_events - half;
		}
		write_event(r, r->events[i], out);
	}
}

static void write_notes(const struct gd_report *r, struct gd_strbuf *out)
{
	int64_t injected = gd_report_injected(r, NULL);
	bool any = false;

	gd_strbuf_adds(out, "\n## What the people did\n\n");
	for (size_t i = 0; i < r->n_events; i++) {
		const cJSON *e = r->events[i];
		int64_t at = gd_report_event_time(e);
		const char *kind = gd_json_str(e, "kind", "text");

		if (strcmp(gd_json_str(e, "event", ""), "note") != 0)
			continue;
		any = true;
		gd_strbuf_adds(out, "- ");
		if (at && injected)
			gd_strbuf_addf(out, "%+.1f s after the injection: ",
				       (double)(at - injected) / (double)GD_NS_PER_S);
		gd_text_mdf(out, "%s%s%s", strcmp(kind, "text") == 0 ? "" : kind,
			    strcmp(kind, "text") == 0 || !*gd_json_str(e, "text", "")
				    ? ""
				    : ": ",
			    gd_json_str(e, "text", ""));
		gd_strbuf_addc(out, '\n');
	}
	if (!any)
		gd_strbuf_adds(
			out,
			"No note was taken (`gameday note RUN detected` takes one).\n");
}

/* --- all ------------------------------------------------------------------------------ */

static void write_findings(const struct gd_report *r, struct gd_strbuf *out)
{
	if (r->n_findings == 0)
		return;
	gd_strbuf_adds(out, "\n## Findings\n\n");
	for (size_t i = 0; i < r->n_findings; i++) {
		gd_strbuf_adds(out, "- ");
		gd_text_md(out, r->findings[i].text);
		gd_strbuf_addc(out, '\n');
	}
}

static int write_md(const struct gd_report *r, struct gd_strbuf *out,
		    struct gd_error *err)
{
	write_head(r, out);
	write_findings(r, out);
	write_figures(r, out);
	write_signals(r, out);
	write_expectations(r, out);
	write_steady(r, out);
	gd_md_runbook(r, out);
	write_notes(r, out);
	write_faults(r, out);
	write_timeline(r, out);
	gd_md_environment(r, out);
	gd_md_measurement(r, out);
	return out->failed ? gd_raise_nomem(err) : 0;
}

const struct gd_report_writer gd_report_md = {"md", "report.md", write_md};
