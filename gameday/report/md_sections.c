/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "gameday/report/runbook_page.h"
#include "gameday/report/story.h"
#include "gameday/report/text.h"
#include "gameday/report/write_md.h"

/* --- signals -------------------------------------------------------------------------- */

static void signal_head(const struct gd_report *r, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "\n## Signals of the hosts\n\n| signal | host |");
	for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
		gd_strbuf_addc(out, ' ');
		gd_text_md(out, gd_results_stage(r->results, k).name);
		gd_strbuf_adds(out, " |");
	}
	gd_strbuf_adds(out, "\n|---|---|");
	for (size_t k = 0; k < gd_results_n_stages(r->results); k++)
		gd_strbuf_adds(out, "--:|");
	gd_strbuf_addc(out, '\n');
}

void gd_md_signal_row(const struct gd_report *r, size_t watch, size_t column, bool first,
		      struct gd_strbuf *out)
{
	struct gd_watch_view v = gd_results_watch(r->results, watch);
	enum gd_metric_unit unit, found_unit;
	bool gauge;
	const char *name = gd_results_column(r->results, watch, column, &gauge, &unit);

	if (first)
		signal_head(r, out);
	gd_strbuf_adds(out, "| ");
	gd_text_mdf(out, "%s.%s.%s (%s)", v.role, v.watch, name,
		    gauge ? "median" : "increase");
	gd_strbuf_adds(out, " | ");
	gd_text_md(out, v.host);
	gd_strbuf_adds(out, " |");
	for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
		char text[32] = "";
		double value = (double)NAN;

		if (gd_results_host_metric(r->results, watch, column,
					   gd_results_stage(r->results, k).name, &value,
					   &found_unit) == GD_FOUND)
			(void)gd_metric_format(value, unit, text);
		gd_strbuf_addf(out, " %s |", *text ? text : "no data");
	}
	gd_strbuf_addc(out, '\n');
}

/* --- runbook -------------------------------------------------------------------------- */

static void detection_row(const struct gd_report *r, const struct gd_detected *d,
			  struct gd_strbuf *out)
{
	static const char *const fired[] = {"**fired**", "did not fire", "no data"};
	GD_AUTO_STRBUF(when);

	gd_strbuf_adds(out, "| ");
	gd_text_md(out, d->detection->alert     ? d->detection->alert
			: d->detection->symptom ? d->detection->symptom
						: "?");
	gd_strbuf_adds(out, " | ");
	gd_text_md(out, d->detection->when ? d->detection->when : "for people");
	gd_strbuf_addf(out, " | %s | ",
		       d->evaluated ? fired[d->item.outcome] : "not judged");
	if (d->evaluated && d->item.outcome == GD_COND_HOLDS)
		gd_story_when(r, &d->item, &when);
	gd_text_md(out, gd_strbuf_str(&when));
	gd_strbuf_adds(out, " | ");
	gd_text_md(out, d->evaluated ? d->item.text : "");
	gd_strbuf_adds(out, " |\n");
}

void gd_md_runbook(const struct gd_report *r, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "\n## Runbook");
	if (!r->has_runbook) {
		gd_strbuf_adds(out, "\n\nThe run has none that could be read.\n");
		return;
	}
	gd_text_mdf(out, ": %s", r->runbook.incident_type);
	gd_strbuf_adds(out, "\n\n");
	if (r->harm_ns) {
		gd_text_mdf(out,
			    "Clients were first hurt %.1f s after the injection (%s).",
			    (double)(r->harm_ns - gd_report_injected(r, NULL)) /
				    (double)GD_NS_PER_S,
			    r->harm);
		gd_strbuf_adds(out, "\n\n");
	} else if (gd_report_injected(r, NULL)) {
		gd_strbuf_adds(out,
			       "No interval shows clients worse off than the baseline's "
			       "worst.\n\n");
	}
	if (r->runbook.detection.n > 0)
		gd_strbuf_adds(out, "| detection | when | evidence | time | measured |\n"
				    "|---|---|---|---|---|\n");
	for (size_t i = 0; i < r->runbook.detection.n; i++)
		detection_row(r, &r->detected[i], out);
	if (r->runbook.detection.n > 0)
		gd_strbuf_adds(
			out,
			"\nA detection is judged over each fault stage; its time is that "
			"of the first interval or sample with which it was true, from "
			"the stage's first counted moment on.\n");
	gd_strbuf_adds(out, "\n### Diagnosis\n\n");
	gd_runbook_diagnosis_md(&r->runbook, out);
	gd_strbuf_adds(out, "\n### Mitigation\n\n");
	gd_runbook_mitigation_md(&r->runbook, out);
}

/* --- environment ---------------------------------------------------------------------- */

static void host_row(const cJSON *e, struct gd_strbuf *out)
{
	static const char *const keys[] = {"role",   "host",    "hostname",  "address",
					   "kernel", "machine", "transport", "agent"};
	int64_t offset = gd_json_int(e, "clock_offset_ns", INT64_MIN);

	gd_strbuf_addc(out, '|');
	for (size_t i = 0; i < GD_N_ELEMS(keys); i++) {
		const char *text = gd_json_str(e, keys[i], "");

		gd_strbuf_addc(out, ' ');
		/* Twelve digits of a hash tell programs apart. */
		gd_text_mdf(out, strcmp(keys[i], "agent") == 0 ? "%.12s" : "%s", text);
		gd_strbuf_adds(out, " |");
	}
	if (offset == INT64_MIN)
		gd_strbuf_adds(out, " not known |\n");
	else
		gd_strbuf_addf(out, " %+.3f ms |\n",
			       (double)offset / (double)GD_NS_PER_MS);
}

void gd_md_environment(const struct gd_report *r, struct gd_strbuf *out)
{
	const struct {
		const char *label, *key;
	} rows[] = {
		{"gameday", "version"}, {"command", "argv"}, {"inventory", "inventory"}};
	bool any = false;

	gd_strbuf_adds(out, "\n## Environment\n\n");
	for (size_t i = 0; i < GD_N_ELEMS(rows); i++) {
		const char *text = gd_report_text(r, rows[i].key);

		gd_strbuf_addf(out, "- %s: ", rows[i].label);
		gd_text_md(out, *text ? text : "not recorded");
		gd_strbuf_addc(out, '\n');
	}
	for (size_t i = 0; i < r->n_events; i++) {
		if (strcmp(gd_json_str(r->events[i], "event", ""), "host") != 0)
			continue;
		if (!any)
			gd_strbuf_adds(out,
				       "\n| role | host | host name | address | kernel | "
				       "machine | transport | agent | clock offset |\n"
				       "|---|---|---|---|---|---|---|---|--:|\n");
		any = true;
		host_row(r->events[i], out);
	}
	if (!any)
		gd_strbuf_adds(out, "- hosts: none was connected\n");
}

/* --- what the figures leave out ------------------------------------------------------- */

static void stage_row(const struct gd_report *r, const struct gd_stage_span *st,
		      struct gd_strbuf *out)
{
	double begin = gd_report_seconds(r, st->begin_ns);
	double measured = gd_report_seconds(r, st->measured_ns);
	double end = gd_report_seconds(r, st->figures_end_ns);

	gd_strbuf_adds(out, "| ");
	gd_text_md(out, st->name);
	gd_strbuf_addf(out, " | %.1f |", begin);
	if (st->measured_ns)
		gd_strbuf_addf(out, " %.1f | %.1f |", measured - begin, measured);
	else
		gd_strbuf_adds(out, " | never |");
	if (st->figures_end_ns)
		gd_strbuf_addf(out, " %.1f |\n", end);
	else
		gd_strbuf_adds(out, " never |\n");
}

/* How often, and how much, the generator was late in one series. */
static void series_row(const struct gd_report *r, size_t series, struct gd_strbuf *out)
{
	size_t n = gd_results_n_intervals(r->results, series), behind = 0;
	int64_t worst = 0;
	uint64_t late = 0;
	const char *load, *client;
	char worst_text[32];

	for (size_t i = 0; i < n; i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);

		behind += iv->behind;
		late += iv->late;
		worst = iv->late_max_ns > worst ? iv->late_max_ns : worst;
	}
	gd_results_series(r->results, series, &load, &client);
	gd_strbuf_adds(out, "| ");
	gd_text_mdf(out, "%s.%s", load, client);
	gd_strbuf_addf(out, " | %zu | %llu | %zu | %llu | %s |\n", n,
		       (unsigned long long)gd_results_transition(r->results, series),
		       behind, (unsigned long long)late,
		       gd_span_human((struct gd_span){worst}, worst_text));
}

void gd_md_measurement(const struct gd_report *r, struct gd_strbuf *out)
{
	gd_strbuf_adds(
		out,
		"\n## What the figures leave out\n\n"
		"Putting a fault in or out can itself disturb (a NIC's carrier is "
		"away for seconds). The time from a stage's begin to the first counted "
		"moment, and from its last counted moment to the next stage, is "
		"transition and counts for no stage.\n\n");
	if (gd_results_n_stages(r->results) > 0)
		gd_strbuf_adds(
			out, "| stage | begins (s) | transition (s) | counted from (s) | "
			     "counted to (s) |\n|---|--:|--:|--:|--:|\n");
	for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
		struct gd_stage_span st = gd_results_stage(r->results, k);

		stage_row(r, &st, out);
	}
	if (gd_results_n_series(r->results) == 0)
		return;
	gd_strbuf_adds(
		out,
		"\n| load.client | intervals | requests in transition | intervals the "
		"generator was behind in | requests it sent late | worst lateness |\n"
		"|---|--:|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < gd_results_n_series(r->results); i++)
		series_row(r, i, out);
}
