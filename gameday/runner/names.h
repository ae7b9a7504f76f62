/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names among a plan's parameters, resolved once: on the host where the fault will be,
 * for only there they mean what the fault needs. What was found stays with the plan, and goes
 * along with every request that uses it.
 */
#pragma once

#include "gameday/runner/fleet.h"
#include "gameday/scenario/plan.h"

/*
 * {name: [address...]} of the names, a list, as m's host resolves them; *ret is owned by the
 * caller. -1 with the host's error, or GD_E_REMOTE when the answer is none.
 */
int gd_names_of(struct gd_fleet *f, struct gd_member *m, const cJSON *names, cJSON **ret,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Asks m's host once for all names of the plan's faults on it that are not known yet, and
 * fills in gd_plan_fault.names. 1: something was asked; 0: nothing to ask.
 */
int gd_names_of_host(struct gd_fleet *f, struct gd_member *m, struct gd_plan *p,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The same on all hosts that have such faults, over connections of its own. */
int gd_names_of_plan(struct gd_plan *p, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
