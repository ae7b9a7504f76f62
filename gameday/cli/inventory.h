/* SPDX-License-Identifier: Apache-2.0 */
/* Which inventory a command uses. */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/scenario/scenario.h"

/*
 * The path for -i: "lab" is the running lab's; NULL means $GAMEDAY_INVENTORY, then
 * ./inventory.yaml. The caller frees. The error says what can be given.
 */
int gd_cli_inventory_path(const char *given, char **ret, struct gd_error *err)
	GD_NONNULL_ARGS(2, 3) GD_MUST_CHECK;
/* Finds and loads it; prints every mistake in it. The caller calls gd_inventory_fini. */
int gd_cli_inventory_load(const char *given, struct gd_inventory *ret,
			  struct gd_error *err) GD_NONNULL_ARGS(2, 3) GD_MUST_CHECK;
