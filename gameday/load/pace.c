/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/pace.h"

#include <math.h>

#include "gameday/base/clock.h"

void gd_pace_init(struct gd_pace *p, int64_t start_ns, int64_t end_ns, double per_s)
{
	*p = (struct gd_pace){.start_ns = start_ns,
			      .end_ns = end_ns,
			      .gap_ns = (double)GD_NS_PER_S / per_s};
}

int64_t gd_pace_next(const struct gd_pace *p)
{
	double after = floor((double)p->n_started * p->gap_ns);

	/* Compared as doubles: beyond 2^63 the conversion would be undefined. */
	if (after >= (double)(p->end_ns - p->start_ns))
		return INT64_MAX;
	return p->start_ns + (int64_t)after;
}

bool gd_pace_take(struct gd_pace *p, int64_t now_ns, int64_t *ret_intended)
{
	int64_t next = gd_pace_next(p);

	if (next == INT64_MAX || next > now_ns)
		return false;
	p->n_started++;
	*ret_intended = next;
	return true;
}
