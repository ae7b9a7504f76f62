/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/policy/balance.h"

#include "gameday/load/policy/random.h"

void gd_balance_init(struct gd_balance *b, int kind, size_t n_targets, uint64_t seed)
{
	*b = (struct gd_balance){
		.kind = kind,
		.n_targets = (uint32_t)n_targets,
		.random = seed,
	};
}

/* The indexes that are not avoided; all when none is left. */
static uint32_t candidates(const struct gd_balance *b, uint32_t avoid,
			   uint8_t ret[GD_LOAD_MAX_TARGETS])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n_targets; i++) {
		if (!(avoid >> i & 1))
			ret[n++] = (uint8_t)i;
	}
	return n > 0 ? n : candidates(b, 0, ret);
}

static uint8_t least(const struct gd_balance *b, const uint8_t *of, uint32_t n,
		     uint32_t turn)
{
	uint8_t best = of[turn % n];

	for (uint32_t i = 1; i < n; i++) {
		uint8_t t = of[(turn + i) % n];

		if (b->n_live[t] < b->n_live[best])
			best = t;
	}
	return best;
}

static uint8_t draw(struct gd_balance *b, const uint8_t *of, uint32_t n)
{
	return of[gd_random_next(&b->random) % n];
}

static uint8_t better_of_two(struct gd_balance *b, const uint8_t *of, uint32_t n)
{
	uint32_t first = (uint32_t)(gd_random_next(&b->random) % n);
	uint32_t gap = n > 1 ? 1 + (uint32_t)(gd_random_next(&b->random) % (n - 1)) : 0;
	uint8_t one = of[first], other = of[(first + gap) % n];

	return b->n_live[other] < b->n_live[one] ? other : one;
}

uint8_t gd_balance_pick(struct gd_balance *b, uint32_t avoid)
{
	uint8_t of[GD_LOAD_MAX_TARGETS];
	uint32_t n;

	if (b->n_targets == 1)
		return 0;
	n = candidates(b, avoid, of);
	switch ((enum gd_balance_kind)b->kind) {
	case GD_BALANCE_LEAST_OUTSTANDING:
		return least(b, of, n, b->turn++);
	case GD_BALANCE_P2C:
		return better_of_two(b, of, n);
	case GD_BALANCE_RANDOM:
		return draw(b, of, n);
	case GD_BALANCE_ROUND_ROBIN:
		break;
	}
	return of[b->turn++ % n];
}
