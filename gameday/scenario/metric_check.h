/* SPDX-License-Identifier: Apache-2.0 */
/* Is there a producer for what a condition names, and does its value fit the metric? */
#pragma once

#include "gameday/scenario/check.h"

/* Against one scenario: loads, clients, roles, watches and stages must be there. */
void gd_condition_check(const struct gd_condition *c, const struct gd_scenario *s,
			const struct gd_kinds *kinds, struct gd_diags *diags) GD_NONNULL;
/* For a runbook's `when`: names are free, the metric must be one that something produces. */
void gd_condition_check_free(const struct gd_condition *c, const struct gd_kinds *kinds,
			     struct gd_diags *diags) GD_NONNULL;
