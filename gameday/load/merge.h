/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several threads run one load; each measures its part of every interval. Here the parts become
 * whole again: counts and histograms are added, so the sum is exactly what one thread would
 * have counted. Pure; the caller locks.
 */
#pragma once

#include "gameday/load/interval.h"

struct gd_merge_slot;

struct gd_merge {
	size_t n_parts;             /* of an interval */
	struct gd_merge_slot *head; /* owned: intervals that lack parts, oldest first */
};

void gd_merge_fini(struct gd_merge *m) GD_NONNULL;
/*
 * Adds a part; *iv is taken over. 1: *ret is an interval that is whole, the caller's; 0: parts
 * are missing; -1: out of memory. The intervals of a client become whole in order if its
 * parts come in order from each thread.
 */
int gd_merge_add(struct gd_merge *m, struct gd_interval *iv,
		 struct gd_interval *ret) GD_NONNULL GD_MUST_CHECK;
/* After the end: takes out an interval of which parts never came, oldest first; or false. */
bool gd_merge_flush(struct gd_merge *m, struct gd_interval *ret) GD_NONNULL GD_MUST_CHECK;
