/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/pace.h"

#include <math.h>

#include "gameday/base/clock.h"
#include "gameday/load/policy/random.h"

/* Exponential of mean 1: -ln of a uniform number in (0, 1], of 53 bits. */
static double exponential(uint64_t *random)
{
	double u = (double)((gd_random_next(random) >> 11) + 1) * 0x1p-53;

	return -log(u);
}

/* Moves on to the leg that reaches `area`; false when none does. */
static bool find_leg(struct gd_pace *p, double area)
{
	const struct gd_course *rate = &p->cfg.rate;

	for (; p->leg < rate->n; p->leg++) {
		const struct gd_course_leg *leg = &rate->legs[p->leg];
		double holds = (leg->from + leg->to) / 2 * (double)leg->length.ns /
			       (double)GD_NS_PER_S;

		if (leg->length.ns == 0)
			return leg->from > 0;
		if (area < p->leg_area + holds)
			return true;
		p->leg_area += holds;
		p->leg_begin_ns += (double)leg->length.ns;
	}
	return rate->legs[rate->n - 1].to > 0; /* which goes on */
}

/* From the begin of the leg until the area below a rate from a to b reaches y, in ns. */
static double inverse(const struct gd_course *rate, size_t i, double y)
{
	double a, b, length;

	if (i >= rate->n)
		return y * ((double)GD_NS_PER_S / rate->legs[rate->n - 1].to);
	a = rate->legs[i].from / (double)GD_NS_PER_S;
	b = rate->legs[i].to / (double)GD_NS_PER_S;
	length = (double)rate->legs[i].length.ns;
	if (rate->legs[i].length.ns == 0 || (a <= b && a >= b))
		return y * ((double)GD_NS_PER_S / rate->legs[i].from);
	/* y = a t + (b - a) t^2 / 2 length, solved so that nothing cancels out */
	return 2 * y / (a + sqrt(fmax(0, a * a + 2 * (b - a) / length * y)));
}

/* When the instant at p->area is; INT64_MAX when it is never, or not before the end. */
static int64_t instant_of(struct gd_pace *p)
{
	double after;

	if (!find_leg(p, p->area))
		return INT64_MAX;
	after = floor(p->leg_begin_ns +
		      inverse(&p->cfg.rate, p->leg, p->area - p->leg_area));
	/* Compared as doubles: beyond 2^63 the conversion would be undefined. */
	if (!(after < (double)(p->end_ns - p->start_ns)))
		return INT64_MAX;
	return p->start_ns + (int64_t)after;
}

/* Makes p->index, which has grown, the next start. */
static void reach(struct gd_pace *p)
{
	uint64_t burst = (uint64_t)p->cfg.burst, event = p->index / burst;

	if (p->cfg.poisson) {
		for (; p->event < event; p->event++)
			p->area += exponential(&p->random) * (double)burst;
	} else {
		p->event = event;
		p->area = (double)event * (double)burst;
	}
	p->next_ns = instant_of(p);
}

void gd_pace_init(struct gd_pace *p, const struct gd_pace_config *cfg, int64_t start_ns,
		  int64_t end_ns)
{
	*p = (struct gd_pace){.cfg = *cfg,
			      .start_ns = start_ns,
			      .end_ns = end_ns,
			      .random = cfg->seed,
			      .index = cfg->share};
	p->cfg.burst = cfg->burst > 1 ? cfg->burst : 1;
	p->cfg.of_all = cfg->of_all > 1 ? cfg->of_all : 1;
	if (cfg->poisson)
		p->area = exponential(&p->random) * (double)p->cfg.burst;
	reach(p);
}

int64_t gd_pace_next(const struct gd_pace *p)
{
	return p->next_ns;
}

bool gd_pace_take(struct gd_pace *p, int64_t now_ns, int64_t *ret_intended,
		  uint64_t *ret_index)
{
	if (p->next_ns == INT64_MAX || p->next_ns > now_ns)
		return false;
	*ret_intended = p->next_ns;
	*ret_index = p->index;
	p->index += p->cfg.of_all;
	if (p->index / (uint64_t)p->cfg.burst != p->event)
		reach(p);
	return true;
}

void gd_pace_cut(struct gd_pace *p, int64_t end_ns)
{
	if (end_ns >= p->end_ns)
		return;
	p->end_ns = end_ns;
	if (p->next_ns >= end_ns)
		p->next_ns = INT64_MAX;
}
