/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a fault is in. A fault of a stage is in from `after` to the stage's end; with `hold`
 * only for that long; with `every` it comes again. Cycle n (from 0) begins at
 * after + n * every, later by a part of `spread` that depends on the fault's name and n
 * alone, so that a plan, a run and its repetition have the same times.
 */
#pragma once

#include "gameday/scenario/scenario.h"

enum { GD_MAX_CYCLES = 1000 };

/* Times from the stage's start. */
struct gd_cycle {
	struct gd_span in, out;
};

/*
 * Cycle n of a fault in a stage of that length. false: there is none, because count is
 * reached or it would begin after the stage. out is at most the stage's length.
 */
bool gd_cycle_at(const struct gd_fault_use *f, struct gd_span length, int64_t n,
		 struct gd_cycle *ret) GD_NONNULL;
/*
 * Do the times go together, in a stage of that length (0: not known)? Else -1 with
 * GD_E_INPUT, and the key that is wrong.
 */
int gd_cycle_check(const struct gd_fault_use *f, struct gd_span length,
		   const char **ret_key, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The number of cycles; stops counting at GD_MAX_CYCLES + 1. */
int64_t gd_cycle_count(const struct gd_fault_use *f, struct gd_span length) GD_NONNULL;
/* Does it go away before the stage ends, or come more than once? */
bool gd_cycle_is_timed(const struct gd_fault_use *f) GD_NONNULL;
