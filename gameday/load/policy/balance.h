/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of several targets an attempt goes to. Pure: chance comes from the seed.
 *
 * round-robin: each in turn. least-outstanding: the one with the fewest attempts under way,
 * in turn among equals. p2c: the better of two drawn by chance, which avoids that all clients
 * run to the same best one (Mitzenmacher, "The Power of Two Choices in Randomized Load
 * Balancing", IEEE TPDS 2001). random: drawn by chance.
 */
#pragma once

#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/load/spec.h"

struct gd_balance {
	int kind; /* enum gd_balance_kind */
	uint32_t n_targets, turn;
	uint64_t random;
	uint32_t n_live[GD_LOAD_MAX_TARGETS]; /* attempts under way */
};

void gd_balance_init(struct gd_balance *b, int kind, size_t n_targets,
		     uint64_t seed) GD_NONNULL;
/*
 * The target of the next attempt, as an index. Bits of avoid are targets not to take, unless
 * all are avoided: then any will do.
 */
uint8_t gd_balance_pick(struct gd_balance *b, uint32_t avoid) GD_NONNULL;
/* An attempt to the target begins, and ends: what least-outstanding and p2c look at. */
static inline void gd_balance_begin(struct gd_balance *b, uint8_t target)
{
	b->n_live[target]++;
}
static inline void gd_balance_end(struct gd_balance *b, uint8_t target)
{
	b->n_live[target]--;
}
