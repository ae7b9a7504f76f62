/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/timing.h"

#include <stdint.h>

/* Between 0 and most: FNV-1a over name and number, which is even enough for a delay. */
static int64_t late(const struct gd_fault_use *f, int64_t n)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	if (f->spread.ns <= 0)
		return 0;
	for (const char *c = f->ref; *c; c++)
		hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	for (int i = 0; i < 8; i++)
		hash = (hash ^ ((uint64_t)n >> (8 * i) & 0xff)) * UINT64_C(0x100000001b3);
	hash ^= hash >> 32;
	return (int64_t)(hash % ((uint64_t)f->spread.ns + 1));
}

bool gd_cycle_is_timed(const struct gd_fault_use *f)
{
	return f->hold.ns > 0;
}

bool gd_cycle_at(const struct gd_fault_use *f, struct gd_span length, int64_t n,
		 struct gd_cycle *ret)
{
	struct gd_cycle c;

	if (n < 0 || n > GD_MAX_CYCLES || (n > 0 && f->every.ns <= 0) ||
	    (f->count > 0 && n >= f->count))
		return false;
	c.in.ns = f->after.ns + n * f->every.ns + late(f, n);
	if (c.in.ns >= length.ns)
		return false;
	c.out.ns = f->hold.ns > 0 ? c.in.ns + f->hold.ns : length.ns;
	if (c.out.ns > length.ns)
		c.out = length;
	*ret = c;
	return true;
}

int64_t gd_cycle_count(const struct gd_fault_use *f, struct gd_span length)
{
	struct gd_cycle c;
	int64_t n = 0;

	while (n <= GD_MAX_CYCLES && gd_cycle_at(f, length, n, &c))
		n++;
	return n;
}

int gd_cycle_check(const struct gd_fault_use *f, struct gd_span length,
		   const char **ret_key, struct gd_error *err)
{
	const struct {
		bool wrong;
		const char *key, *text;
	} rows[] = {
		{length.ns > 0 && f->after.ns >= length.ns, "after",
		 "after is not within the stage, which is shorter"},
		{f->every.ns == 0 && (f->count > 0 || f->spread.ns > 0),
		 f->count > 0 ? "count" : "spread",
		 "without every it comes once: give every and hold, as in every: 35s, "
		 "hold: 5s"},
		{f->every.ns > 0 && f->hold.ns == 0, "every",
		 "every needs hold, which says how long it stays, as in every: 35s, "
		 "hold: 5s"},
		{f->every.ns > 0 && f->hold.ns + f->spread.ns >= f->every.ns, "hold",
		 "hold and spread together must be shorter than every: else it would "
		 "never be away"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(rows); i++)
		if (rows[i].wrong) {
			*ret_key = rows[i].key;
			return gd_raise(err, GD_E_INPUT, "%s", rows[i].text);
		}
	if (gd_cycle_count(f, length) <= GD_MAX_CYCLES)
		return 0;
	*ret_key = "every";
	return gd_raise(err, GD_E_INPUT,
			"it would come more than %d times in this stage: make every "
			"longer, or give a count",
			(int)GD_MAX_CYCLES);
}
