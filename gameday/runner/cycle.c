/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults coming, changing and going within a stage. Times count from the moment the stage
 * is measured. A fault that is slow to come still stays for its whole `hold`; a cycle whose
 * time has passed when the fault before it is undone is left out, never made up for. A
 * fault's levels count from the moment it is in, or measured when it was in before that;
 * each has its own time, so that none is late because the one before it was, and one whose
 * time has passed when the next is due is left out.
 */
#include "gameday/runner/session.h"

#include <stdlib.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/timing.h"

const struct gd_level *gd_cycle_level(const struct gd_live_fault *f)
{
	return GD_AT(&f->plan->levels, const struct gd_level, f->level);
}

static bool is_away(const struct gd_live_fault *f)
{
	return f->phase == GD_FAULT_IDLE || f->phase == GD_FAULT_UNDONE;
}

/* Faults, or mitigations, that are away and whose cycle begins by `at`. */
static size_t due(const struct gd_run *r, const struct gd_stage *st, struct gd_span at,
		  bool mitigations, size_t *which)
{
	struct gd_cycle c;
	size_t n = 0;

	for (size_t i = 0; i < r->plan.n_faults; i++) {
		const struct gd_live_fault *f = &r->faults[i];

		if (f->plan->stage == st && !f->plan->remedy == !mitigations &&
		    is_away(f) && gd_cycle_at(f->plan->use, st->length, f->cycle, &c) &&
		    c.in.ns <= at.ns)
			which[n++] = i;
	}
	return n;
}

/*
 * Puts in what is due by `at`, together: faults, or, when all of these are in, mitigations,
 * which are tried against a fault that is there.
 */
static int come(struct gd_run *r, const struct gd_stage *st, struct gd_span at,
		struct gd_error *err)
{
	GD_AUTO_FREE size_t *which = calloc(r->plan.n_faults + 1, sizeof(*which));
	struct gd_instant in;
	size_t n;

	if (!which)
		return gd_raise_nomem(err);
	n = due(r, st, at, false, which);
	if (n == 0)
		n = due(r, st, at, true, which);
	if (n == 0)
		return 0;
	if (gd_stage_inject(r, which, n, err) < 0)
		return -1;
	in = gd_now();
	for (size_t i = 0; i < n; i++) {
		struct gd_live_fault *f = &r->faults[which[i]];

		f->in = in;
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

/* Changes the faults for which another level is due, together. */
static int move(struct gd_run *r, const struct gd_stage *st, struct gd_error *err)
{
	GD_AUTO_FREE size_t *which = calloc(r->plan.n_faults + 1, sizeof(*which));
	struct gd_instant now = gd_now();
	size_t n = 0;

	if (!which)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < r->plan.n_faults; i++) {
		struct gd_live_fault *f = &r->faults[i];
		size_t due = gd_level_at(&f->plan->levels, gd_between(f->in, now));

		if (f->plan->stage != st || f->phase != GD_FAULT_IN || due <= f->level)
			continue;
		f->level = due;
		which[n++] = i;
	}
	return n ? gd_stage_change(r, which, n, err) : 0;
}

/* When a fault that is in goes or changes; `else_at` when neither comes before. */
static struct gd_instant next_of(const struct gd_live_fault *f, struct gd_instant else_at)
{
	struct gd_instant at = else_at;

	if (f->out.ns && f->out.ns < at.ns)
		at = f->out;
	if (f->level + 1 < f->plan->levels.n) {
		struct gd_instant level = gd_after(
			f->in,
			GD_AT(&f->plan->levels, struct gd_level, f->level + 1)->at);

		at = level.ns < at.ns ? level : at;
	}
	return at;
}

/* When the next fault comes, changes or goes; the stage's end when none does before. */
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
		if (f->phase == GD_FAULT_IN)
			at = next_of(f, next);
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
	if (come(r, st, (struct gd_span){0}, err) < 0)
		return -1;
	return st->mitigate.n > 0 ? come(r, st, (struct gd_span){0}, err) : 0;
}

int gd_cycle_pass(struct gd_run *r, const struct gd_stage *st, struct gd_error *err)
{
	struct gd_instant start = gd_now();

	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (r->faults[i].plan->stage == st)
			r->faults[i].in = start;
	for (;;) {
		struct gd_instant next = next_event(r, st, start);
		int stopped = gd_fleet_sleep(&r->fleet, next, err);

		if (stopped != 0)
			return stopped;
		if (gd_now().ns >= r->stage_until.ns)
			return 0;
		if (go(r, st, start, err) < 0 || move(r, st, err) < 0)
			return r->fleet.stop != GD_STOP_NONE ? 1 : -1;
		if (come(r, st, gd_between(start, gd_now()), err) < 0)
			return r->fleet.stop != GD_STOP_NONE ? 1 : -1;
	}
}
