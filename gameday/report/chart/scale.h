/* SPDX-License-Identifier: Apache-2.0 */
/* From values to places on the paper, and the round values an axis names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/shape/metric.h"

struct gd_scale {
	bool log;
	double lo, hi;   /* values; lo < hi, and lo > 0 when log */
	double from, to; /* where they are drawn */
};

enum { GD_SCALE_MAX_TICKS = 16 };

/*
 * A scale for values from lo to hi, widened to round values: a linear one begins at 0, a
 * logarithmic one at 1, 2 or 5 times a power of ten and has at least a decade. Values that
 * make no sense (NAN, none above 0 when log) give a scale nonetheless.
 */
struct gd_scale gd_scale_nice(bool log, double lo, double hi);
/* Clamped to the ends; NAN stays NAN. */
double gd_scale_at(const struct gd_scale *s, double v) GD_NONNULL;
/* Round values inside, ascending, about as many as wanted; returns how many. */
size_t gd_scale_ticks(const struct gd_scale *s, size_t wanted,
		      double ret[GD_SCALE_MAX_TICKS]) GD_NONNULL;
/* The round span of seconds (1, 2, 5, 10, 15, 30, 60, ...) that is at least this long. */
double gd_scale_time_step(double least);
/* As gd_metric_format without needless zeros, and with k and M: "1 ms", "40 k /s". */
const char *gd_scale_label(double v, enum gd_metric_unit unit, char buf[32]) GD_NONNULL;
/* Seconds as an axis of that length names them: "20 s", "1:30", "1:02:30"; returns buf. */
const char *gd_scale_time_label(double s, double length, char buf[32]) GD_NONNULL;
