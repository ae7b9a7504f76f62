/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults coming and going within a stage. Times count from the moment the stage is
 * measured. A fault that is slow to come still stays for its whole `hold`; a cycle whose
 * time has passed when the fault before it is undone is left out, never made up for.
 */
#include "gameday/runner/session.h"

#include <stdlib.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/timing.h"

static bool is_away(const struct gd_live_fault *f)
{
	return f->phase == GD_FAULT_IDLE || f->phase == GD_FAULT_UNDONE;
}

/* Puts in the faults that are away and whose cycle begins by `at`, together. */
static int come(struct gd_run *r, const struct gd_stage *st, struct gd_span at,
		struct gd_error *err)
{
	GD_AUTO_FREE size_t *which = calloc(r->plan.n_faults + 1, sizeof(*which));
	struct gd_instant in;
	struct gd_cycle c;
	size_t n = 0;

	if (!which)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < r->plan.n_faults; i++) {
		const struct gd_live_fault *f = &r->faults[i];

		if (f->plan->stage == st && is_away(f) &&
		    gd_cycle_at(f->plan->use, st->length, f->cycle, &c) &&
		    c.in.ns <= at.ns)
			which[n++] = i;
	}
	if (n == 0)
		return 0;
	if (gd_stage_inject(r, which, n, err) < 0)
		return -1;
	in = gd_now();
	for (size_t i = 0; i < n; i++) {
		struct gd_live_fault *f = &r->faults[which[i]];

		f->out.ns = f->plan->use->hold.ns > 0
				    ? gd_after(in, f->plan->use->hold).ns
				    : 0;
	}
	return 0;
}

/* The next cycle that is still to come at `at`. */
static void next_cycle(struct gd_live_fault *f, const struct gd_stage *st,
		       struct gd_span at)
{
	struct gd_cycle c;

	do
		f->cycle++;
	while (gd_cycle_at(f->plan->use, st->length, f->cycle, &c) && c.in.ns < at.ns);
}

/* Undoes the faults whose time is over by now, the last one first. */
static int go(struct gd_run *r, const struct gd_stage *st, struct gd_instant start,
	      struct gd_error *err)
{
	for (size_t i = r->plan.n_faults; i-- > 0;) {
		struct gd_live_fault *f = &r->faults[i];

		if (f->plan->stage != st || f->phase != GD_FAULT_IN || !f->out.ns ||
		    f->out.ns > gd_now().ns)
			continue;
		if (gd_stage_rest(r, f, err) < 0)
			return -1;
		next_cycle(f, st, gd_between(start, gd_now()));
	}
	return 0;
}

/* When the next fault comes or goes; the stage's end when none does before. */
static struct gd_instant next_event(const struct gd_run *r, const struct gd_stage *st,
				    struct gd_instant start)
{
	struct gd_instant next = r->stage_until;

	for (size_t i = 0; i < r->plan.n_faults; i++) {
		const struct gd_live_fault *f = &r->faults[i];
		struct gd_instant at = next;
		struct gd_cycle c;

		if (f->plan->stage != st)
			continue;
		if (f->phase == GD_FAULT_IN && f->out.ns)
			at = f->out;
		else if (is_away(f) &&
			 gd_cycle_at(f->plan->use, st->length, f->cycle, &c))
			at = gd_after(start, c.in);
		if (at.ns < next.ns)
			next = at;
	}
	return next;
}

int gd_cycle_begin(struct gd_run *r, const struct gd_stage *st, struct gd_error *err)
{
	return come(r, st, (struct gd_span){0}, err);
}

int gd_cycle_pass(struct gd_run *r, const struct gd_stage *st, struct gd_error *err)
{
	struct gd_instant start = gd_now();

	for (;;) {
		struct gd_instant next = next_event(r, st, start);
		int stopped = gd_fleet_sleep(&r->fleet, next, err);

		if (stopped != 0)
			return stopped;
		if (gd_now().ns >= r->stage_until.ns)
			return 0;
		if (go(r, st, start, err) < 0)
			return r->fleet.stop != GD_STOP_NONE ? 1 : -1;
		if (come(r, st, gd_between(start, gd_now()), err) < 0)
			return r->fleet.stop != GD_STOP_NONE ? 1 : -1;
	}
}
