/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers of one thread: any number, any instants, set and cleared in O(log n) without
 * allocation. A timer is a member of what it belongs to. Pure: time is passed in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"

struct gd_timer;
/* Called from gd_timers_fire; the timer is not set any more. May set and clear any. */
typedef void gd_timer_fn(struct gd_timer *t, int64_t now);

struct gd_timer {
	gd_timer_fn *fire;
	uint32_t place; /* in the heap, from 1; 0: not set */
};

struct gd_timer_entry {
	int64_t when;
	struct gd_timer *timer;
};

struct gd_timers {
	struct gd_timer_entry *heap; /* owned */
	uint32_t n, room;
};

/* The struct that holds timer `t` as its member. */
#define GD_TIMER_OWNER(t, type, member)                                                  \
	((type *)(void *)((char *)(t)-offsetof(type, member)))

void gd_timers_fini(struct gd_timers *ts) GD_NONNULL;
/* Room for so many more timers at once, set or not; -1 when out of memory. */
int gd_timers_reserve(struct gd_timers *ts, size_t n_more) GD_NONNULL GD_MUST_CHECK;
/* Sets, or moves to another instant. Not more timers than were reserved. */
void gd_timers_set(struct gd_timers *ts, struct gd_timer *t, int64_t when) GD_NONNULL;
/* Clears; one that is not set stays so. */
void gd_timers_clear(struct gd_timers *ts, struct gd_timer *t) GD_NONNULL;
/* Fires all that are due at `now`, in order of their instants. */
void gd_timers_fire(struct gd_timers *ts, int64_t now) GD_NONNULL;

static inline bool gd_timer_is_set(const struct gd_timer *t)
{
	return t->place > 0;
}

/* The first instant; INT64_MAX: none is set. */
static inline int64_t gd_timers_next(const struct gd_timers *ts)
{
	return ts->n > 0 ? ts->heap[0].when : INT64_MAX;
}
