/* SPDX-License-Identifier: Apache-2.0 */
/* The tables by which the files are decoded, for what describes the files. */
#pragma once

#include "gameday/shape/field.h"

extern const struct gd_shape gd_scenario_shape; /* the top of a scenario */
extern const struct gd_shape gd_role_shape;     /* under hosts, in the long form */
extern const struct gd_shape gd_stage_shape; /* under stages, behind the stage's name */
extern const struct gd_shape gd_use_shape;   /* keys that go with every fault */
extern const struct gd_shape
	gd_ramp_shape; /* a number that changes while a fault is in */
extern const struct gd_shape gd_inventory_shape;
extern const struct gd_shape gd_runbook_shape;
