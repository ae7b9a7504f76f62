/* SPDX-License-Identifier: Apache-2.0 */
/* The loads of a run, each with its clients: what charts per load go through. */
#pragma once

#include "gameday/report/chart/plot.h"

size_t gd_chart_n_loads(const struct gd_report *r) GD_NONNULL;
/* The name of the i-th load, in the order of their first interval. Borrowed. */
const char *gd_chart_load(const struct gd_report *r, size_t i) GD_NONNULL;
/* The series of a load: up to max numbers; returns how many. */
size_t gd_chart_clients(const struct gd_report *r, const char *load, size_t max,
			size_t *ret) GD_NONNULL;
const char *gd_chart_client(const struct gd_report *r, size_t series) GD_NONNULL;
/* Marks the intervals of a series in which the generator was behind. */
void gd_chart_mark_late(const struct gd_report *r, size_t series,
			struct gd_plot *p) GD_NONNULL;
/* One number of every interval of a series as a track. */
void gd_chart_fill(const struct gd_report *r, size_t series,
		   double (*value)(const struct gd_load_stats *s), struct gd_plot *p,
		   struct gd_track *t) GD_NONNULL_ARGS(1, 3, 4);

/* label and count of charts that there are one per load, and one per series */
size_t gd_chart_count_loads(const struct gd_report *r);
void gd_chart_label_load(const struct gd_report *r, size_t i, struct gd_strbuf *out);
size_t gd_chart_count_series(const struct gd_report *r);
void gd_chart_label_series(const struct gd_report *r, size_t i, struct gd_strbuf *out);

/* For the make of a chart that is a plot. */
typedef int gd_plot_build(const struct gd_report *r, size_t i, const char *id,
			  struct gd_plot **ret, struct gd_error *err);
int gd_plot_make(gd_plot_build *build, const struct gd_report *r, size_t i,
		 const char *id, struct gd_strbuf *svg, struct gd_chart_table *ret_table,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
