/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many may do something at once. sshd drops connections at random when too many are
 * not logged in (MaxStartups 10:30:100), and the slowest of many parallel handshakes takes
 * as long as all of them: so they queue here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"

typedef void gd_turn_fn(void *ctx);

/* One place in a limiter; embedded in its user, who leaves before freeing it. */
struct gd_turn {
	struct gd_turn *next;
	gd_turn_fn *fn;
	void *ctx;
	bool waiting, running;
};

struct gd_limiter {
	size_t max, n_running;
	struct gd_turn *first, *last;
};

void gd_limiter_init(struct gd_limiter *l, size_t max) GD_NONNULL;
/* fn is called at once, or from a later gd_limiter_leave; l NULL: at once. */
void gd_limiter_enter(struct gd_limiter *l, struct gd_turn *turn, gd_turn_fn *fn,
		      void *ctx) GD_NONNULL_ARGS(2, 3);
/* Ends the turn, or gives up the wait; does nothing when there is neither. */
void gd_limiter_leave(struct gd_limiter *l, struct gd_turn *turn) GD_NONNULL_ARGS(2);
