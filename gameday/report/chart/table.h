/* SPDX-License-Identifier: Apache-2.0 */
/* Building the table behind a chart, cell by cell. */
#pragma once

#include "gameday/report/chart.h"

/* columns > 0; -1: out of memory. Every row added must then get its cells. */
int gd_chart_table_init(struct gd_chart_table *t, size_t columns, size_t rows,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Replaces the cell; what is outside is ignored, and NULL text counts as out of memory. */
int gd_chart_table_set(struct gd_chart_table *t, size_t row, size_t column,
		       const char *text, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Leaves only the first rows. */
void gd_chart_table_cut(struct gd_chart_table *t, size_t rows) GD_NONNULL;
