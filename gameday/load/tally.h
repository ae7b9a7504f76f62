/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The open intervals of one client, oldest first. A request is counted in the interval of
 * its intended start; an interval is taken out when its time is over and its last request
 * too, in order. Pure: time is passed in.
 */
#pragma once

#include "gameday/load/interval.h"
#include "gameday/load/proto/proto.h"

struct gd_tally_slot {
	struct gd_interval iv;
	int64_t begin_ns, end_ns;
	uint64_t n_open;            /* requests that are not over */
	struct gd_tally_slot *next; /* the interval after it */
};

struct gd_tally {
	const char *load, *client;       /* borrowed */
	const struct gd_target *targets; /* borrowed: for their names */
	size_t n_targets;                /* 0: they are not counted */
	bool open_loop;                  /* starts have a time to be late for */
	/* Borrowed: requests under way, noted when an interval ends; NULL: they are not. */
	const size_t *n_open;
	int64_t start_ns, length_ns;
	int64_t wall_offset_ns;            /* wall time = instant + offset */
	uint64_t n_slots;                  /* made so far */
	struct gd_tally_slot *head, *tail; /* owned */
};

/* Frees what is still open. */
void gd_tally_fini(struct gd_tally *t) GD_NONNULL;
/*
 * The interval that holds instant `at`, made with all those before it; at is not before
 * the start, nor in an interval that was taken already. NULL when out of memory.
 */
struct gd_tally_slot *gd_tally_at(struct gd_tally *t,
				  int64_t at) GD_NONNULL GD_MUST_CHECK;
/* Nothing starts at or after `end`: the interval that holds it is cut there. */
void gd_tally_cut(struct gd_tally *t, int64_t end) GD_NONNULL;
/* Takes the oldest interval if it is over: true, and the caller owns *ret. */
bool gd_tally_take(struct gd_tally *t, int64_t now,
		   struct gd_interval *ret) GD_NONNULL GD_MUST_CHECK;
