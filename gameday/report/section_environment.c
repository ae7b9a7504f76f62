/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts, kernels, clocks, versions; and what the figures leave out. */
#include <string.h>

#include "gameday/report/section.h"

static void host_row(const cJSON *e, struct gd_doc *d)
{
	static const char *const keys[] = {"role",   "host",    "hostname",  "address",
					   "kernel", "machine", "transport", "agent"};
	int64_t offset = gd_json_int(e, "clock_offset_ns", INT64_MIN);

	gd_doc_begin(d, GD_DOC_ROW);
	for (size_t i = 0; i < GD_N_ELEMS(keys); i++) {
		const char *text = gd_json_str(e, keys[i], "");

		/* Twelve digits of a hash tell programs apart. */
		if (strcmp(keys[i], "agent") == 0)
			gd_doc_cellf(d, "%.12s", text);
		else
			gd_doc_cell(d, text);
	}
	if (offset == INT64_MIN)
		gd_doc_cell(d, "not known");
	else
		gd_doc_cellf(d, "%+.3f ms", (double)offset / (double)GD_NS_PER_MS);
	gd_doc_end(d, GD_DOC_ROW);
}

static void begin_hosts(struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"role", GD_DOC_WORD},          {"host", GD_DOC_WORD},
		{"host name", GD_DOC_WORD},     {"address", GD_DOC_WORD},
		{"kernel", GD_DOC_WORD},        {"machine", GD_DOC_WORD},
		{"transport", GD_DOC_WORD},     {"agent", GD_DOC_WORD},
		{"clock offset", GD_DOC_RIGHT},
	};

	gd_doc_table(d, "Hosts", columns, GD_N_ELEMS(columns));
}

void gd_section_environment(const struct gd_report *r, struct gd_doc *d)
{
	const struct {
		const char *label, *key;
	} rows[] = {
		{"gameday", "version"}, {"command", "argv"}, {"inventory", "inventory"}};
	bool any = false;

	gd_doc_heading(d, 2, "environment", "Environment");
	gd_doc_begin(d, GD_DOC_LIST);
	for (size_t i = 0; i < GD_N_ELEMS(rows); i++) {
		const char *text = gd_report_text(r, rows[i].key);

		gd_doc_itemf(d, "%s: %s", rows[i].label, *text ? text : "not recorded");
	}
	gd_doc_end(d, GD_DOC_LIST);
	for (size_t i = 0; i < r->n_events; i++) {
		if (strcmp(gd_json_str(r->events[i], "event", ""), "host") != 0)
			continue;
		if (!any)
			begin_hosts(d);
		any = true;
		host_row(r->events[i], d);
	}
	if (any)
		gd_doc_table_end(d);
	else
		gd_doc_para(d, "No host was connected.");
}

/* --- what the figures leave out ------------------------------------------------------- */

static void stage_row(const struct gd_report *r, const struct gd_stage_span *st,
		      struct gd_doc *d)
{
	double begin = gd_report_seconds(r, st->begin_ns);
	double measured = gd_report_seconds(r, st->measured_ns);

	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cell(d, st->name);
	gd_doc_cellf(d, "%.1f", begin);
	if (st->measured_ns) {
		gd_doc_cellf(d, "%.1f", measured - begin);
		gd_doc_cellf(d, "%.1f", measured);
	} else {
		gd_doc_cell(d, "");
		gd_doc_cell(d, "never");
	}
	if (st->figures_end_ns)
		gd_doc_cellf(d, "%.1f", gd_report_seconds(r, st->figures_end_ns));
	else
		gd_doc_cell(d, "never");
	gd_doc_end(d, GD_DOC_ROW);
}

static void write_stages(const struct gd_report *r, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"stage", GD_DOC_WORD},           {"begins (s)", GD_DOC_RIGHT},
		{"transition (s)", GD_DOC_RIGHT}, {"counted from (s)", GD_DOC_RIGHT},
		{"counted to (s)", GD_DOC_RIGHT},
	};

	if (gd_results_n_stages(r->results) == 0)
		return;
	gd_doc_table(d, "When each stage counts", columns, GD_N_ELEMS(columns));
	for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
		struct gd_stage_span st = gd_results_stage(r->results, k);

		stage_row(r, &st, d);
	}
	gd_doc_table_end(d);
}

/* How often, and how much, the generator was late in one series. */
static void series_row(const struct gd_report *r, size_t series, struct gd_doc *d)
{
	size_t n = gd_results_n_intervals(r->results, series), behind = 0;
	int64_t worst = 0;
	uint64_t late = 0;
	const char *load, *client;
	char text[32];

	for (size_t i = 0; i < n; i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);

		behind += iv->behind;
		late += iv->late;
		worst = iv->late_max_ns > worst ? iv->late_max_ns : worst;
	}
	gd_results_series(r->results, series, &load, &client);
	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cellf(d, "%s.%s", load, client);
	gd_doc_cellf(d, "%zu", n);
	gd_doc_cellf(d, "%llu",
		     (unsigned long long)gd_results_transition(r->results, series));
	gd_doc_cellf(d, "%zu", behind);
	gd_doc_cellf(d, "%llu", (unsigned long long)late);
	gd_doc_cell(d, gd_span_human((struct gd_span){worst}, text));
	gd_doc_end(d, GD_DOC_ROW);
}

void gd_section_measurement(const struct gd_report *r, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"load.client", GD_DOC_LEFT},
		{"intervals", GD_DOC_RIGHT},
		{"requests in transition", GD_DOC_RIGHT},
		{"intervals the generator was behind in", GD_DOC_RIGHT},
		{"requests it sent late", GD_DOC_RIGHT},
		{"worst lateness", GD_DOC_RIGHT},
	};

	gd_doc_heading(d, 2, "left-out", "What the figures leave out");
	gd_doc_para(d, "Putting a fault in or out can itself disturb (a NIC's carrier is "
		       "away for seconds). The time from a stage's begin to the first "
		       "counted moment, and from its last counted moment to the next "
		       "stage, is transition and counts for no stage.");
	write_stages(r, d);
	if (gd_results_n_series(r->results) == 0)
		return;
	gd_doc_table(d, "What was measured of each client", columns, GD_N_ELEMS(columns));
	for (size_t i = 0; i < gd_results_n_series(r->results); i++)
		series_row(r, i, d);
	gd_doc_table_end(d);
}
