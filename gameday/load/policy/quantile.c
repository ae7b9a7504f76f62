/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets are those of HdrHistogram with 32 steps; the sum is made 20 times a second. */
#include "gameday/load/policy/quantile.h"

#include <string.h>

#include "gameday/base/clock.h"

#define WINDOW_NS (5 * GD_NS_PER_S)
#define LOOK_NS (50 * GD_NS_PER_MS)

/* Values below 32 * 2^9 ns, that is 16 us, have their steps of 512 ns. */
enum { UNIT_BITS = 9, STEP_BITS = 5 };

static uint32_t bucket_of(int64_t value_ns)
{
	uint64_t v = value_ns > 0 ? (uint64_t)value_ns >> UNIT_BITS : 0;
	uint32_t shift, bucket;

	if (v < GD_QUANTILE_STEPS)
		return (uint32_t)v;
	shift = 63 - (uint32_t)__builtin_clzll(v) - STEP_BITS;
	bucket = (shift + 1) * GD_QUANTILE_STEPS + (uint32_t)(v >> shift) -
		 GD_QUANTILE_STEPS;
	return bucket < GD_QUANTILE_BUCKETS ? bucket : GD_QUANTILE_BUCKETS - 1;
}

/* The upper end of a bucket. */
static int64_t value_of(uint32_t bucket)
{
	uint32_t shift = bucket < GD_QUANTILE_STEPS ? 0 : bucket / GD_QUANTILE_STEPS - 1;
	uint64_t step = bucket < GD_QUANTILE_STEPS
				? bucket
				: bucket % GD_QUANTILE_STEPS + GD_QUANTILE_STEPS;

	return (int64_t)(((step + 1) << shift << UNIT_BITS) - 1);
}

void gd_quantile_init(struct gd_quantile *q, double fraction)
{
	memset(q, 0, sizeof(*q));
	q->fraction = fraction;
	q->value_ns = -1;
}

static void turn_windows(struct gd_quantile *q, int64_t now)
{
	bool long_ago = now >= q->window_end_ns + WINDOW_NS;

	if (now < q->window_end_ns)
		return;
	memcpy(q->counts[1], q->counts[0], sizeof(q->counts[1]));
	q->n[1] = q->n[0];
	memset(q->counts[0], 0, sizeof(q->counts[0]));
	q->n[0] = 0;
	if (long_ago) {
		memset(q->counts[1], 0, sizeof(q->counts[1]));
		q->n[1] = 0;
	}
	q->window_end_ns = now + WINDOW_NS;
}

void gd_quantile_add(struct gd_quantile *q, int64_t value_ns, int64_t now)
{
	turn_windows(q, now);
	q->counts[0][bucket_of(value_ns)]++;
	q->n[0]++;
}

static int64_t look(const struct gd_quantile *q)
{
	uint64_t n = (uint64_t)q->n[0] + q->n[1], seen = 0;
	double want = q->fraction * (double)n;

	if (n < GD_QUANTILE_MIN_COUNT)
		return -1;
	for (uint32_t i = 0; i < GD_QUANTILE_BUCKETS; i++) {
		seen += (uint64_t)q->counts[0][i] + q->counts[1][i];
		if ((double)seen >= want)
			return value_of(i);
	}
	return value_of(GD_QUANTILE_BUCKETS - 1);
}

int64_t gd_quantile_get(struct gd_quantile *q, int64_t now)
{
	turn_windows(q, now);
	if (now >= q->next_look_ns) {
		q->value_ns = look(q);
		q->next_look_ns = now + LOOK_NS;
	}
	return q->value_ns;
}
