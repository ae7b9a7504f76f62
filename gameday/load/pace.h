/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schedule of an open loop: when requests are meant to start, whatever happened to the
 * ones before. Start i lies where the area below the rate reaches a number that belongs to i
 * alone: i itself when arrivals are even; the sum of i + 1 exponential gaps of mean 1 when
 * they are a Poisson process (of changing rate by change of time: D. R. Cox and
 * V. Isham, "Point Processes", 1980, section 4.2). So nothing adds up but that sum, and there
 * is no drift. Bursts: so many starts at each of these instants, which are as much rarer.
 *
 * Several generators share a schedule: each takes every n-th start, and knows which. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/course.h"

struct gd_pace_config {
	struct gd_course rate; /* of starts, bursts counted fully; its peak is not 0 */
	int64_t burst;         /* starts at once; 0 or 1: none */
	bool poisson;
	uint64_t seed;          /* of a Poisson process: equal seeds, equal arrivals */
	uint32_t share, of_all; /* starts i with i mod of_all = share; 0, 1: all */
};

struct gd_pace {
	struct gd_pace_config cfg;
	int64_t start_ns, end_ns; /* no start at or after end */
	int64_t next_ns;          /* INT64_MAX: none */
	uint64_t index;           /* of the next start, of all */
	uint64_t event;           /* the instant it belongs to */
	double area;              /* where that instant lies */
	uint64_t random;
	/* The leg of the rate that holds it: its number, begin and area before it. */
	size_t leg;
	double leg_begin_ns, leg_area;
};

void gd_pace_init(struct gd_pace *p, const struct gd_pace_config *cfg, int64_t start_ns,
		  int64_t end_ns) GD_NONNULL;
/* The next intended start; INT64_MAX when there is none any more. */
int64_t gd_pace_next(const struct gd_pace *p) GD_NONNULL;
/*
 * Takes the next start if it is due: true, with its time, and its number among all starts of
 * the schedule, from 0.
 */
bool gd_pace_take(struct gd_pace *p, int64_t now_ns, int64_t *ret_intended,
		  uint64_t *ret_index) GD_NONNULL;
/* Takes all starts at or after `end` away; an end later than before changes nothing. */
void gd_pace_cut(struct gd_pace *p, int64_t end_ns) GD_NONNULL;
