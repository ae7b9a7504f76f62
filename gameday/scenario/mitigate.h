/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `mitigate` of a stage: actions of the scenario's runbook that are tried against its
 * faults. Only what the runbook says is done: the scenario names it.
 */
#pragma once

#include "gameday/scenario/check.h"

/* One action is tried on at most so many roles. */
enum { GD_MOST_ROLES = 16 };

/* A name, {action: NAME, on: ROLE, after: TIME}, or a list of these, into stage->mitigate. */
void gd_mitigate_decode(const struct gd_node *node, struct gd_stage *stage,
			struct gd_diags *diags) GD_NONNULL;
void gd_mitigate_fini(struct gd_list *list) GD_NONNULL;
/* Is each action in the runbook, with all that trying it needs? */
void gd_mitigate_check(const struct gd_scenario *s, struct gd_diags *diags) GD_NONNULL;
/* Is something tried on that role in the stage, or looked at by a step of the runbook? */
bool gd_mitigate_uses(const struct gd_scenario *s, const struct gd_stage *stage,
		      const char *role) GD_NONNULL;
/*
 * The roles that an action is tried on, at most GD_MOST_ROLES; borrowed. Its own `on`, else
 * those under applies_to that the scenario has, else those that have a fault in the stage.
 */
size_t gd_mitigate_roles(const struct gd_scenario *s, const struct gd_stage *stage,
			 const struct gd_mitigate_use *use, const struct gd_mitigation *m,
			 const char *ret[GD_MOST_ROLES]) GD_NONNULL;
