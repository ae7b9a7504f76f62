/* SPDX-License-Identifier: Apache-2.0 */
/* The hosts' signals: one row per number of a watch, a cell per stage. */
#include <math.h>

#include "gameday/report/section.h"

enum { MAX_ROWS = 400 };

static void begin_table(const struct gd_report *r, struct gd_doc *d)
{
	struct gd_doc_column columns[GD_DOC_MAX_COLUMNS] = {
		{"signal", GD_DOC_LEFT},
		{"host", GD_DOC_WORD},
	};
	size_t n = 2;

	for (size_t k = 0; k < gd_results_n_stages(r->results) && n < GD_DOC_MAX_COLUMNS;
	     k++, n++)
		columns[n] = (struct gd_doc_column){gd_results_stage(r->results, k).name,
						    GD_DOC_RIGHT};
	gd_doc_heading(d, 2, "signals", "Signals of the hosts");
	gd_doc_table(d, "Signals of the hosts in every stage", columns, n);
}

static void add_row(const struct gd_report *r, size_t watch, size_t column,
		    struct gd_doc *d)
{
	struct gd_watch_view v = gd_results_watch(r->results, watch);
	enum gd_metric_unit unit, found_unit;
	bool gauge;
	const char *name = gd_results_column(r->results, watch, column, &gauge, &unit);

	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cellf(d, "%s.%s.%s (%s)", v.role, v.watch, name,
		     gauge ? "median" : "increase");
	gd_doc_cell(d, v.host);
	for (size_t k = 0;
	     k < gd_results_n_stages(r->results) && k + 2 < GD_DOC_MAX_COLUMNS; k++) {
		double value = (double)NAN;
		char text[32] = "";

		if (gd_results_host_metric(r->results, watch, column,
					   gd_results_stage(r->results, k).name, &value,
					   &found_unit) == GD_FOUND)
			(void)gd_metric_format(value, unit, text);
		gd_doc_cell(d, *text ? text : "no data");
	}
	gd_doc_end(d, GD_DOC_ROW);
}

void gd_section_signals(const struct gd_report *r, struct gd_doc *d)
{
	size_t rows = 0, all = 0;

	for (size_t w = 0; w < gd_results_n_watches(r->results); w++) {
		struct gd_watch_view v = gd_results_watch(r->results, w);

		all += v.n_columns;
		for (size_t c = 0; c < v.n_columns && rows < MAX_ROWS; c++, rows++) {
			if (rows == 0)
				begin_table(r, d);
			add_row(r, w, c, d);
		}
	}
	if (rows > 0)
		gd_doc_table_end(d);
	if (all > rows)
		gd_doc_paraf(d, "%zu more signals are left out, see metrics.jsonl.",
			     all - rows);
}
