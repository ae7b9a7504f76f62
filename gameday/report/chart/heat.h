/* SPDX-License-Identifier: Apache-2.0 */
/* How many requests of a series took how long, slice by slice of time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/report/model.h"

enum { GD_HEAT_ROWS = 40, GD_HEAT_COLUMNS = 320 };

struct gd_heat {
	size_t rows, columns;
	bool own;                    /* a column is an interval */
	int64_t upper[GD_HEAT_ROWS]; /* ns: row i is what took longer than row i - 1's */
	double from[GD_HEAT_COLUMNS], to[GD_HEAT_COLUMNS]; /* seconds of the run */
	uint64_t counts[GD_HEAT_COLUMNS][GD_HEAT_ROWS];
	uint64_t total[GD_HEAT_COLUMNS]; /* of a column; 0: nothing was seen */
};

/*
 * rows and upper are set by the caller, of each of n maps of one series: its histograms are
 * opened once for all of them. h[k] has at most max[k] columns of equal length from lo to
 * hi; with few intervals a column is an interval. Counts are added up, so none is lost.
 */
int gd_heat_fill(struct gd_heat *const *h, const size_t *max, size_t n,
		 const struct gd_report *r, size_t series, double lo, double hi,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
