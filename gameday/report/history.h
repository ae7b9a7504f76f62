/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runs so far, one row each, and how their figures went from run to run. A row is read
 * from the run's report.json, or from its journal where there is no report: then it has no
 * figures.
 */
#pragma once

#include <stddef.h>

#include "gameday/base/auto.h"
#include "gameday/base/error.h"
#include "gameday/base/json.h"
#include "gameday/base/strbuf.h"
#include "gameday/shape/metric.h"

/* Texts are owned, and never NULL in a row that was read. */
struct gd_history_row {
	char *run, *scenario, *started, *verdict, *reason;
	/* The load, client and fault stage whose p99 was largest: "checkout.plain in lossy". */
	char *worst;
	double baseline_p99, worst_p99; /* ns, of that client; NAN: not known */
	double success;  /* the least of any client in a fault stage; NAN: not known */
	double detect_s; /* from the first harm to the first detection; NAN: none */
};

struct gd_history {
	struct gd_history_row *rows; /* owned; newest first */
	size_t n;
};

/* Of the runs under dir; scenario: only those, "" for all. A missing dir has none. */
int gd_history_load(const char *dir, const char *scenario, struct gd_history *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_history_fini(struct gd_history *h) GD_NONNULL;

/* The figures of a row that have a trend; ends with a NULL name. */
struct gd_history_figure {
	const char *name, *title; /* "worst_p99_ns", "p99 under fault" */
	enum gd_metric_unit unit;
	size_t offset; /* in struct gd_history_row */
	double scale;  /* from the row's unit into the metric's */
};
extern const struct gd_history_figure gd_history_figures[];
double gd_history_value(const struct gd_history_row *row,
			const struct gd_history_figure *f) GD_NONNULL;

/*
 * Per scenario with at least two runs that have figures: a line per figure with a sparkline,
 * oldest run first, the last 60 of them; the least and the largest, and the newest.
 */
void gd_history_trends(const struct gd_history *h, struct gd_strbuf *out) GD_NONNULL;
/* One line per run: verdict, name, key figures, reason. */
void gd_history_list(const struct gd_history *h, struct gd_strbuf *out) GD_NONNULL;
int gd_history_json(const struct gd_history *h, struct gd_strbuf *out,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
