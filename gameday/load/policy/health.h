/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client's active health checks find: so many failed ones in a row and a target is
 * sick, so many good ones and it is well again, as HAProxy's fall and rise have it. One thread
 * makes the checks and judges; all that share the load's client leave out what it found, each
 * at its next choice of a target (eject.h). No allocation, no clock.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gameday/load/policy/client.h"

/*
 * The targets found sick, as bits. One thread writes, any may read: the bits stand for nothing
 * but themselves, so no order with other memory is asked for.
 */
struct gd_sick {
	_Atomic uint32_t bits;
};

struct gd_health {
	uint32_t healthy, unhealthy; /* checks in a row that change the mind */
	struct gd_sick *sick;        /* borrowed */
	uint32_t n_in_row[16];       /* checks that contradict it, by target */
};

static inline uint32_t gd_sick_bits(const struct gd_sick *s)
{
	return atomic_load_explicit(&s->bits, memory_order_relaxed);
}

/* sick is borrowed, and written by this one alone. */
struct gd_health gd_health_make(const struct gd_health_policy *policy,
				struct gd_sick *sick) GD_NONNULL;
/* A health check of the target ended; true when it is found sick by it. */
bool gd_health_check(struct gd_health *h, uint8_t target, bool ok) GD_NONNULL;
