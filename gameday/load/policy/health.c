/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/policy/health.h"

struct gd_health gd_health_make(const struct gd_health_policy *policy,
				struct gd_sick *sick)
{
	return (struct gd_health){
		.healthy = (uint32_t)policy->healthy,
		.unhealthy = (uint32_t)policy->unhealthy,
		.sick = sick,
	};
}

bool gd_health_check(struct gd_health *h, uint8_t target, bool ok)
{
	uint32_t bits = gd_sick_bits(h->sick), bit = 1U << target;
	bool sick = bits & bit;

	if (ok != sick) {
		h->n_in_row[target] = 0;
		return false;
	}
	h->n_in_row[target]++;
	if (h->n_in_row[target] < (sick ? h->healthy : h->unhealthy))
		return false;
	h->n_in_row[target] = 0;
	atomic_store_explicit(&h->sick->bits, bits ^ bit, memory_order_relaxed);
	return !sick;
}
