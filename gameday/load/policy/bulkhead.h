/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bulkhead (Nygard, "Release It!", 2nd ed. 2018, 5.3): so many requests of the client are
 * under way at most, as many may wait in line as the queue is long, the rest is refused at
 * once. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/load/policy/client.h"

struct gd_bulkhead {
	int64_t max, queue; /* max 0: no limit */
	int64_t n_live, n_queued;
};

enum gd_bulkhead_verdict { GD_BULKHEAD_GO, GD_BULKHEAD_WAIT, GD_BULKHEAD_FULL };

/* policy NULL: no limit. */
static inline struct gd_bulkhead gd_bulkhead_make(const struct gd_bulkhead_policy *policy)
{
	return (struct gd_bulkhead){
		.max = policy ? policy->max : 0,
		.queue = policy ? policy->queue : 0,
	};
}

/* A request begins; none overtakes those in line. */
static inline enum gd_bulkhead_verdict gd_bulkhead_enter(struct gd_bulkhead *b)
{
	if (b->max == 0 || (b->n_live < b->max && b->n_queued == 0)) {
		b->n_live++;
		return GD_BULKHEAD_GO;
	}
	if (b->n_queued >= b->queue)
		return GD_BULKHEAD_FULL;
	b->n_queued++;
	return GD_BULKHEAD_WAIT;
}

/* One that went ended. */
static inline void gd_bulkhead_leave(struct gd_bulkhead *b)
{
	b->n_live--;
}

/* May the first in line go? Then it does. */
static inline bool gd_bulkhead_next(struct gd_bulkhead *b)
{
	if (b->n_queued == 0 || b->n_live >= b->max)
		return false;
	b->n_queued--;
	b->n_live++;
	return true;
}

/* One in line gave up. */
static inline void gd_bulkhead_give_up(struct gd_bulkhead *b)
{
	b->n_queued--;
}
