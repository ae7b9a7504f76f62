/* SPDX-License-Identifier: Apache-2.0 */
/* What clients felt: one row per load, client and stage. */
#include <math.h>

#include "gameday/report/section.h"

static void add_errors(struct gd_doc *d, const struct gd_load_stats *s)
{
	bool any = false;

	gd_doc_begin(d, GD_DOC_CELL);
	for (int o = GD_OUTCOME_OK + 1; o < GD_N_OUTCOMES; o++) {
		if (s->error_kinds[o] == 0 || o == GD_OUTCOME_TIMEOUT)
			continue;
		gd_doc_textf(d, "%s%s %llu", any ? ", " : "",
			     gd_outcome_name((enum gd_outcome)o),
			     (unsigned long long)s->error_kinds[o]);
		any = true;
	}
	if (any && s->problem[0] != '\0')
		gd_doc_textf(d, " (%s)", s->problem);
	if (!any)
		gd_doc_text(d, "none");
	gd_doc_end(d, GD_DOC_CELL);
}

static void add_row(const struct gd_report *r, const char *load, const char *client,
		    const char *stage, struct gd_doc *d)
{
	struct gd_load_stats s;

	gd_doc_begin(d, GD_DOC_ROW);
	gd_section_who(d, load, client, stage);
	if (gd_results_load_stats(r->results, load, client, stage, &s) == 0) {
		gd_section_value(d, s.rate, GD_UNIT_FREQ);
		gd_section_value(d, s.success, GD_UNIT_RATIO);
		gd_section_value(d, s.p50, GD_UNIT_DURATION);
		gd_section_value(d, s.p90, GD_UNIT_DURATION);
		gd_section_value(d, s.p99, GD_UNIT_DURATION);
		gd_section_value(d, s.p999, GD_UNIT_DURATION);
		gd_section_value(d, s.max, GD_UNIT_DURATION);
		gd_section_value(d, s.attempts_per_request, GD_UNIT_COUNT);
		gd_section_value(d, (double)s.retries, GD_UNIT_COUNT);
		gd_section_value(d, (double)s.error_kinds[GD_OUTCOME_TIMEOUT],
				 GD_UNIT_COUNT);
		add_errors(d, &s);
	} else {
		gd_doc_cell(d, "not measured");
	}
	gd_doc_end(d, GD_DOC_ROW);
}

/* How long after the last fault the clients' requests had piled up. */
static void write_drained(const struct gd_report *r, struct gd_doc *d)
{
	size_t n_stages = gd_results_n_stages(r->results);
	const char *last =
		n_stages ? gd_results_stage(r->results, n_stages - 1).name : "";
	GD_AUTO_STRBUF(text);
	char span[32];

	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;
		struct gd_load_stats s;

		gd_results_series(r->results, i, &load, &client);
		if (gd_results_load_stats(r->results, load, client, last, &s) != 0 ||
		    s.drained == 0)
			continue;
		gd_strbuf_addf(&text, "%s%s.%s", text.len > 0 ? ", " : "", load, client);
		if (isnan(s.drained))
			gd_strbuf_adds(&text, " never");
		else
			gd_strbuf_addf(
				&text, " within %s",
				gd_metric_format(s.drained, GD_UNIT_DURATION, span));
	}
	if (text.len > 0)
		gd_doc_paraf(d,
			     "After the last fault was out, no more requests were under "
			     "way than in the baseline: %s.",
			     gd_strbuf_str(&text));
}

void gd_section_figures(const struct gd_report *r, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"load.client", GD_DOC_LEFT},  {"stage", GD_DOC_WORD},
		{"rate", GD_DOC_RIGHT},        {"success", GD_DOC_RIGHT},
		{"p50", GD_DOC_RIGHT},         {"p90", GD_DOC_RIGHT},
		{"p99", GD_DOC_RIGHT},         {"p99.9", GD_DOC_RIGHT},
		{"max", GD_DOC_RIGHT},         {"attempts per request", GD_DOC_RIGHT},
		{"retries", GD_DOC_RIGHT},     {"timeouts", GD_DOC_RIGHT},
		{"other errors", GD_DOC_LEFT},
	};

	gd_doc_heading(d, 2, "clients", "What clients felt");
	if (gd_results_n_series(r->results) == 0) {
		gd_doc_para(d, "No load was measured.");
		return;
	}
	gd_doc_table(d, "Figures of every client in every stage", columns,
		     GD_N_ELEMS(columns));
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++)
			add_row(r, load, client, gd_results_stage(r->results, k).name, d);
	}
	gd_doc_table_end(d);
	gd_doc_para(d,
		    "Latency counts from the moment a request was due, whether or not "
		    "the server was ready for it, to its final outcome, retries "
		    "included. Percentiles are of the merged histograms of the stage.");
	write_drained(r, d);
}
