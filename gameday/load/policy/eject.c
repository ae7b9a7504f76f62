/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/policy/eject.h"

static uint32_t at_most(const struct gd_eject_policy *p, size_t n_targets)
{
	uint32_t n = (uint32_t)((double)n_targets * (double)p->max.ppb / 1e9);

	n = n < 1 ? 1 : n;
	return n < n_targets ? n : (uint32_t)n_targets - 1;
}

void gd_eject_init(struct gd_eject *e, const struct gd_eject_policy *policy,
		   const struct gd_sick *sick, size_t n_targets)
{
	*e = (struct gd_eject){.n_targets = (uint32_t)n_targets, .sick = sick};
	if (policy) {
		e->on = true;
		e->in_row = (uint32_t)policy->consecutive;
		e->errors = (double)policy->errors.ppb / 1e9;
		e->min = (uint32_t)policy->min;
		e->window_ns = policy->window.ns;
		e->base_ns = policy->base.ns;
		e->max_ejected = at_most(policy, n_targets);
	}
}

static uint32_t n_ejected(const struct gd_eject *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->n_targets; i++)
		n += e->targets[i].ejected;
	return n;
}

static void start_stretch(struct gd_eject_target *t, int64_t now, int64_t window_ns)
{
	t->n_calls = t->n_failed = 0;
	t->stretch_end_ns = now + window_ns;
}

/* Lets it back when its time is over; forgives one ejection per stretch without one. */
static void look(struct gd_eject *e, struct gd_eject_target *t, int64_t now)
{
	if (t->ejected && now >= t->until_ns) {
		t->ejected = false;
		t->n_in_row = 0;
		start_stretch(t, now, e->window_ns);
	}
	while (!t->ejected && t->n_times > 0 && now >= t->until_ns + e->base_ns) {
		t->until_ns += e->base_ns;
		t->n_times--;
	}
}

uint32_t gd_eject_mask(struct gd_eject *e, int64_t now)
{
	uint32_t mask = e->sick ? gd_sick_bits(e->sick) : 0;

	for (uint32_t i = 0; e->on && i < e->n_targets; i++) {
		struct gd_eject_target *t = &e->targets[i];

		look(e, t, now);
		if (t->ejected)
			mask |= 1U << i;
	}
	return mask;
}

static bool is_outlier(const struct gd_eject *e, const struct gd_eject_target *t)
{
	if (e->in_row > 0 && t->n_in_row >= e->in_row)
		return true;
	return e->errors > 0 && t->n_calls >= e->min &&
	       (double)t->n_failed >= e->errors * (double)t->n_calls;
}

bool gd_eject_call(struct gd_eject *e, uint8_t target, bool failed, int64_t now)
{
	struct gd_eject_target *t = &e->targets[target];

	if (!e->on)
		return false;
	look(e, t, now);
	/* What was sent before it was ejected says nothing new. */
	if (t->ejected)
		return false;
	if (now >= t->stretch_end_ns)
		start_stretch(t, now, e->window_ns);
	t->n_calls++;
	t->n_failed += failed;
	t->n_in_row = failed ? t->n_in_row + 1 : 0;
	if (!failed || !is_outlier(e, t) || n_ejected(e) >= e->max_ejected)
		return false;
	t->ejected = true;
	t->n_times++;
	t->until_ns = now + e->base_ns * t->n_times;
	return true;
}
