/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fault whose parameters change while it is in. Instead of one value, a number of a fault
 * takes a way to go,
 *
 *   loss: {from: 0%, to: 10%, over: 30s, steps: 6}    0 2 4 6 8 10 %, 5 s each
 *   loss: [1% for 10s, 5% for 10s, 2%]
 *
 * and stays at its last value until the fault goes. Several may move at once, each at its
 * own times. What a fault's parameters are from one such time to the next is a level.
 */
#pragma once

#include "gameday/scenario/check.h"

/* Of one number, and of a whole fault; no two levels are nearer than GD_LEVEL_MIN_MS. */
enum { GD_MAX_STEPS = 100, GD_MAX_LEVELS = 200, GD_LEVEL_MIN_MS = 100 };

struct gd_level {
	struct gd_span at;    /* from the moment the fault is in; the first: 0 */
	struct gd_node *node; /* owned: all parameters, as they are from then on */
	void *args;           /* owned: the same, decoded by the kind's shape */
	char *text;           /* owned: what is set then: "loss 2%, delay 40ms" */
};

/*
 * The levels of a fault, in order, at least one, into *ret (struct gd_level; the caller
 * frees with gd_levels_fini). Every mistake goes to diags with its place: parameters that do
 * not fit the kind, a kind or parameter that can't change, a way to go that takes longer
 * than the fault is in. `length` is the stage's, 0 when it is not known.
 */
int gd_levels_make(const struct gd_kind_row *kind, const struct gd_fault_use *use,
		   struct gd_span length, struct gd_list *ret,
		   struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
void gd_levels_fini(const struct gd_kind_row *kind, struct gd_list *levels) GD_NONNULL;
/* The last level that begins by `in`, counted from the moment the fault is in. */
size_t gd_level_at(const struct gd_list *levels, struct gd_span in) GD_NONNULL;
