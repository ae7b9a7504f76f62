/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a host's clocks are from ours, by Cristian's method (F. Cristian, "Probabilistic
 * clock synchronization", 1989): its answer was written between our question and its
 * arrival, so the middle of the two is wrong by half the round trip at most. Of several
 * answers the one with the shortest round trip counts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

struct gd_fleet;

struct gd_clock_fit {
	bool known;
	int64_t wall_offset_ns; /* its CLOCK_REALTIME minus ours */
	int64_t boot_offset_ns; /* its CLOCK_BOOTTIME minus ours */
	int64_t error_ns;       /* either is wrong by so much at most */
};

/* One question and its answer: our CLOCK_BOOTTIME, and what is on theirs. */
struct gd_clock_sample {
	int64_t sent_ns, answered_ns;
	int64_t wall_minus_boot_ns; /* our wall clock minus our CLOCK_BOOTTIME */
	int64_t their_wall_ns, their_boot_ns;
};

/* Takes it if it is better than what is known. Pure. */
void gd_clock_fit_add(struct gd_clock_fit *fit,
		      const struct gd_clock_sample *s) GD_NONNULL;
/* Asks every host that is ready several times, all at once. */
int gd_clocks_measure(struct gd_fleet *f, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
