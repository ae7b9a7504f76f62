/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions that may stop a run: the steady state before it, the abort ones during it. */
#pragma once

#include "gameday/base/strbuf.h"
#include "gameday/results/results.h"
#include "gameday/runner/record.h"
#include "gameday/scenario/scenario.h"

/*
 * Evaluates every `steady` condition over the stage `baseline`, records each, and lists in
 * why those that do not hold. 1: all hold; 0: not; -1: error.
 */
int gd_guard_steady(const struct gd_scenario *s, const char *baseline,
		    const struct gd_results *results, struct gd_record *rec,
		    struct gd_strbuf *why, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Has one of the `abort` conditions held for its time since from_wall_ns? 1: yes, why says
 * which; 0: no; -1: error.
 */
int gd_guard_abort(const struct gd_scenario *s, const struct gd_results *results,
		   int64_t from_wall_ns, struct gd_strbuf *why,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
