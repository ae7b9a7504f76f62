/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heap with four children per node: half as deep as a binary one, and the four lie in one
 * cache line. Entries are never behind the instant of their timer, so the first one is a bound
 * for all; whether it is still true is looked at when it is due.
 */
#include "gameday/load/timers.h"

#include <stdlib.h>

#include "gameday/base/error.h"

enum { WAYS = 4 };

void gd_timers_fini(struct gd_timers *ts)
{
	free(ts->heap);
	*ts = (struct gd_timers){0};
}

int gd_timers_reserve(struct gd_timers *ts, size_t n_more)
{
	struct gd_timer_entry *heap;

	if (n_more > UINT32_MAX - ts->room)
		return -1;
	heap = realloc(ts->heap, (ts->room + n_more) * sizeof(*heap));
	if (!heap)
		return -1;
	ts->heap = heap;
	ts->room += (uint32_t)n_more;
	return 0;
}

static void put(struct gd_timers *ts, uint32_t i, struct gd_timer_entry entry)
{
	ts->heap[i] = entry;
	entry.timer->place = i + 1;
}

static void sift_up(struct gd_timers *ts, uint32_t i, struct gd_timer_entry entry)
{
	while (i > 0 && ts->heap[(i - 1) / WAYS].when > entry.when) {
		put(ts, i, ts->heap[(i - 1) / WAYS]);
		i = (i - 1) / WAYS;
	}
	put(ts, i, entry);
}

static uint32_t earliest_child(const struct gd_timers *ts, uint32_t first)
{
	uint32_t end = ts->n - first < WAYS ? ts->n : first + WAYS;
	uint32_t best = first;

	for (uint32_t i = first + 1; i < end; i++) {
		if (ts->heap[i].when < ts->heap[best].when)
			best = i;
	}
	return best;
}

static void sift_down(struct gd_timers *ts, uint32_t i, struct gd_timer_entry entry)
{
	for (;;) {
		uint64_t first = (uint64_t)i * WAYS + 1;
		uint32_t child;

		if (first >= ts->n)
			break;
		child = earliest_child(ts, (uint32_t)first);
		if (ts->heap[child].when >= entry.when)
			break;
		put(ts, i, ts->heap[child]);
		i = child;
	}
	put(ts, i, entry);
}

void gd_timers_enter(struct gd_timers *ts, struct gd_timer *t)
{
	struct gd_timer_entry entry = {t->when, t};

	t->due = t->when;
	if (t->place > 0) {
		sift_up(ts, t->place - 1, entry);
		return;
	}
	gd_assert(ts->n < ts->room);
	sift_up(ts, ts->n++, entry);
}

static void remove_first(struct gd_timers *ts)
{
	ts->heap[0].timer->place = 0;
	ts->n--;
	if (ts->n > 0)
		sift_down(ts, 0, ts->heap[ts->n]);
}

void gd_timers_fire(struct gd_timers *ts, int64_t now)
{
	while (ts->n > 0 && ts->heap[0].when <= now) {
		struct gd_timer *t = ts->heap[0].timer;

		if (t->set && t->when > t->due) {
			t->due = t->when;
			sift_down(ts, 0, (struct gd_timer_entry){t->when, t});
			continue;
		}
		remove_first(ts);
		if (!t->set)
			continue;
		t->set = false;
		t->fire(t, now);
	}
}
