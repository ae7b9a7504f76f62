/* SPDX-License-Identifier: Apache-2.0 */
/* What was felt from where, when a load starts from several places. */
#include <string.h>

#include "gameday/report/section.h"

static void add_row(const struct gd_report *r, size_t series, size_t vantage,
		    const char *stage, struct gd_doc *d)
{
	const char *load, *client;
	struct gd_load_stats s;

	if (gd_results_vantage_stats(r->results, series, vantage, stage, &s) != 0)
		return;
	gd_results_series(r->results, series, &load, &client);
	gd_doc_begin(d, GD_DOC_ROW);
	gd_section_who(d, load, client, stage);
	gd_doc_cell(d, gd_results_vantage(r->results, series, vantage));
	gd_section_value(d, s.rate, GD_UNIT_FREQ);
	gd_section_value(d, s.success, GD_UNIT_RATIO);
	gd_section_value(d, s.p50, GD_UNIT_DURATION);
	gd_section_value(d, s.p99, GD_UNIT_DURATION);
	gd_section_value(d, s.max, GD_UNIT_DURATION);
	gd_section_value(d, (double)s.retries, GD_UNIT_COUNT);
	gd_section_value(d, (double)s.error_kinds[GD_OUTCOME_TIMEOUT], GD_UNIT_COUNT);
	gd_doc_end(d, GD_DOC_ROW);
}

static void write_table(const struct gd_report *r, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"load.client", GD_DOC_LEFT}, {"stage", GD_DOC_LEFT},
		{"from", GD_DOC_LEFT},        {"rate", GD_DOC_RIGHT},
		{"success", GD_DOC_RIGHT},    {"p50", GD_DOC_RIGHT},
		{"p99", GD_DOC_RIGHT},        {"max", GD_DOC_RIGHT},
		{"retries", GD_DOC_RIGHT},    {"timeouts", GD_DOC_RIGHT},
	};

	gd_doc_table(d, "What was felt from where", columns, GD_N_ELEMS(columns));
	for (size_t i = 0; i < gd_results_n_series(r->results); i++)
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++)
			for (size_t v = 0; v < gd_results_n_vantages(r->results, i); v++)
				add_row(r, i, v, gd_results_stage(r->results, k).name, d);
	gd_doc_table_end(d);
}

/* "api-1 +0.21 ms (± 0.70 ms)" of each place, once. */
static void add_clock(const cJSON *list, int at, struct gd_strbuf *out)
{
	const cJSON *v = cJSON_GetArrayItem(list, at);
	const char *from = gd_json_str(v, "from", "?");
	double offset = gd_json_num(v, "clock_offset_ns", 0);
	double error = gd_json_num(v, "clock_error_ns", 0);

	if (strcmp(from, "runner") == 0)
		return;
	for (int i = 0; i < at; i++)
		if (strcmp(gd_json_str(cJSON_GetArrayItem(list, i), "from", "?"), from) ==
		    0)
			return;
	gd_strbuf_addf(out, "%s%s by %+.3f ms (give or take %.3f ms)",
		       out->len > 0 ? ", " : "", from, offset / (double)GD_NS_PER_MS,
		       error / (double)GD_NS_PER_MS);
}

static void write_clocks(const struct gd_report *r, struct gd_doc *d)
{
	GD_AUTO_STRBUF(text);

	for (size_t i = 0; i < r->n_events; i++) {
		const cJSON *list =
			cJSON_GetObjectItemCaseSensitive(r->events[i], "vantages");

		if (strcmp(gd_json_str(r->events[i], "event", ""), "loads_started") != 0)
			continue;
		for (int k = 0; k < cJSON_GetArraySize(list); k++)
			add_clock(list, k, &text);
	}
	gd_doc_para(d, "Each place did its part of one schedule, from one instant. What "
		       "they saw in the same second is merged in the figures above, "
		       "histograms and all.");
	if (text.len > 0)
		gd_doc_paraf(d,
			     "Clocks differed from the runner's, which is taken into "
			     "account: %s.",
			     gd_strbuf_str(&text));
}

void gd_section_vantages(const struct gd_report *r, struct gd_doc *d)
{
	size_t n = 0;

	for (size_t i = 0; i < gd_results_n_series(r->results); i++)
		n += gd_results_n_vantages(r->results, i);
	if (n == 0)
		return;
	gd_doc_heading(d, 3, "vantages", "From where");
	write_table(r, d);
	write_clocks(r, d);
}
