/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers of one thread: any number, any instants, without allocation. A timer is a member of
 * what it belongs to. Pure: time is passed in.
 *
 * Nearly all are timeouts: set, cleared soon after, and set again for later. So to clear one,
 * or to put it off, is only noted in it; its entry stays in the heap until its old instant
 * comes. To set one that has no entry, or for earlier, is O(log n).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"

struct gd_timer;
/* Called from gd_timers_fire; the timer is not set any more. May set and clear any. */
typedef void gd_timer_fn(struct gd_timer *t, int64_t now);

/* Zeroed but for fire; while its entry is in the heap, its memory stays. */
struct gd_timer {
	gd_timer_fn *fire;
	int64_t when;   /* if set */
	int64_t due;    /* when its entry comes up: at `when` or before */
	uint32_t place; /* of the entry in the heap, from 1; 0: it has none */
	bool set;
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
/* Puts the entry of t, which it may have or not, to t->when: part of gd_timers_set. */
void gd_timers_enter(struct gd_timers *ts, struct gd_timer *t) GD_NONNULL;
/* Fires all that are due at `now`, in order of their instants. */
void gd_timers_fire(struct gd_timers *ts, int64_t now) GD_NONNULL;

/* Sets, or moves to another instant. Not more timers than were reserved. */
static inline void gd_timers_set(struct gd_timers *ts, struct gd_timer *t, int64_t when)
{
	t->when = when;
	t->set = true;
	if (t->place == 0 || when < t->due)
		gd_timers_enter(ts, t);
}

/* Clears; one that is not set stays so. */
static inline void gd_timer_clear(struct gd_timer *t)
{
	t->set = false;
}

static inline bool gd_timer_is_set(const struct gd_timer *t)
{
	return t->set;
}

/*
 * No timer is due before; INT64_MAX: none is set. It may come too early, once per timer that
 * was cleared or put off: after gd_timers_fire it lies behind the instant given there.
 */
static inline int64_t gd_timers_next(const struct gd_timers *ts)
{
	return ts->n > 0 ? ts->heap[0].when : INT64_MAX;
}
