/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's own rate limit: a token bucket of `burst` tokens that fills at `rate`; an
 * attempt without a token is refused. Kept as the virtual schedule of ITU-T I.371 (GCRA):
 * one instant instead of a level, so nothing has to be refilled. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/load/policy/client.h"

struct gd_limit {
	double gap_ns;      /* between two tokens; 0: no limit */
	double slack_ns;    /* how far ahead of the schedule a burst may be */
	double schedule_ns; /* when the next token is due at the rate alone */
};

/* policy NULL: no limit. */
static inline struct gd_limit gd_limit_make(const struct gd_limit_policy *policy)
{
	double gap = policy ? (double)GD_NS_PER_S / policy->rate.per_s : 0;

	return (struct gd_limit){
		.gap_ns = gap,
		.slack_ns = policy ? gap * (double)(policy->burst - 1) : 0,
	};
}

/* Takes a token; false when there is none. */
static inline bool gd_limit_take(struct gd_limit *l, int64_t now)
{
	double at = (double)now;

	if (l->gap_ns <= 0)
		return true;
	if (l->schedule_ns < at)
		l->schedule_ns = at;
	if (l->schedule_ns - at > l->slack_ns)
		return false;
	l->schedule_ns += l->gap_ns;
	return true;
}
