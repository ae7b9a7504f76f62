/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `load` operation. Each load runs in a child process without privileges, so that
 * whatever happens to a program that talks to strangers, the agent's faults are not in it.
 */
#pragma once

#include "gameday/base/json.h"
#include "gameday/base/loop.h"
#include "injectors/agent/samplers.h"

struct gd_generators;

struct gd_generators *gd_generators_new(struct gd_loop *loop, gd_emit_fn *emit, void *ctx)
	GD_NONNULL_ARGS(1, 2) GD_MUST_CHECK;
/* Kills the children that still run. Accepts NULL. */
void gd_generators_free(struct gd_generators *g);
/* Starts one (at most 16); events `load` and, at its end, `load_end` follow. */
int gd_generators_start(struct gd_generators *g, const cJSON *request,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Asks one to end, now or at an instant; `load_end` follows. */
int gd_generators_stop(struct gd_generators *g, const cJSON *request,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Children that have not ended yet. */
size_t gd_generators_running(const struct gd_generators *g) GD_NONNULL;
