/* SPDX-License-Identifier: Apache-2.0 */
/* The injectors and watches of this build, as the scenario layer wants to know them. */
#pragma once

#include "gameday/scenario/check.h"

/* Rows borrow from the generated tables; the caller frees the row arrays with fini. */
int gd_cli_kinds(struct gd_kinds *ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_cli_kinds_fini(struct gd_kinds *kinds) GD_NONNULL;
