/* SPDX-License-Identifier: Apache-2.0 */
/* The load generators of a host, whichever session started them. */
#pragma once

#include "gameday/base/json.h"

/*
 * Adds each to list: {"ref", "run", "alone": no session hears it, "left_ms": then it ends by
 * itself unless one comes}. One that does not answer within half a second is left out.
 */
int gd_generators_look(const char *state_dir, cJSON *list,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Ends those that are alone, but for those of the run `besides`; adds them to list. */
int gd_generators_end_alone(const char *state_dir, const char *besides, cJSON *list,
			    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
