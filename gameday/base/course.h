/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rate that may change with time, in legs: "200/s", "100/s..1000/s over 60s", "100/s for
 * 30s, 500/s". What the last leg ends with goes on for ever. All zero: no rate.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/units.h"

enum { GD_COURSE_MAX_LEGS = 16, GD_COURSE_TEXT_MAX = 2048 };

struct gd_course_leg {
	double from, to; /* per second; linear in between */
	struct gd_span length;
};

struct gd_course {
	struct gd_course_leg
		legs[GD_COURSE_MAX_LEGS]; /* the last one's length may be 0 */
	size_t n;
};

/*
 * Parses the whole of s. Rates are not negative and only the last leg may lack a length; the
 * error names the leg and the form that is wanted.
 */
int gd_course_parse(const char *s, struct gd_course *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Text that parses back to the same course, in buf; returns buf. */
const char *gd_course_format(const struct gd_course *c,
			     char buf[GD_COURSE_TEXT_MAX]) GD_NONNULL;
/* The highest and the lowest rate; 0 when there is none. */
double gd_course_peak(const struct gd_course *c) GD_NONNULL;
double gd_course_least(const struct gd_course *c) GD_NONNULL;
