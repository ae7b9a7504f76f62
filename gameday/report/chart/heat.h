/* SPDX-License-Identifier: Apache-2.0 */
/* How many requests of a series took how long, slice by slice of time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "gameday/report/model.h"

enum { GD_HEAT_ROWS = 40, GD_HEAT_COLUMNS = 320 };

struct gd_heat {
	size_t rows, columns;
	int64_t upper[GD_HEAT_ROWS]; /* ns: row i is what took longer than row i - 1's */
	double from[GD_HEAT_COLUMNS], to[GD_HEAT_COLUMNS]; /* seconds of the run */
	uint64_t counts[GD_HEAT_COLUMNS][GD_HEAT_ROWS];
	uint64_t total[GD_HEAT_COLUMNS]; /* of a column; 0: nothing was seen */
};

/*
 * rows and upper are set by the caller. At most max columns of equal length from lo to hi;
 * with few intervals a column is an interval. Counts are added up, so none is lost.
 */
int gd_heat_fill(struct gd_heat *h, const struct gd_report *r, size_t series, size_t max,
		 double lo, double hi, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
