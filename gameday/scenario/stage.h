/* SPDX-License-Identifier: Apache-2.0 */
/* The items of a scenario that are named by their single key: stages, faults, watches. */
#pragma once

#include "gameday/scenario/scenario.h"

/* `- nic: {on: ROLE, ...}`. -1 with diags when it is no such thing; *ret is then empty. */
int gd_watch_decode(const struct gd_node *node, struct gd_watch_use *ret,
		    struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
/* All stages with their faults, their order checked. What could be read is in *ret. */
void gd_stages_decode(const struct gd_node *node, struct gd_list *ret,
		      struct gd_diags *diags) GD_NONNULL;
void gd_watches_fini(struct gd_list *watches) GD_NONNULL;
void gd_stages_fini(struct gd_list *stages) GD_NONNULL;
