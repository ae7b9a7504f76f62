/* SPDX-License-Identifier: Apache-2.0 */
/* The `watch` operation: host signals sampled at intervals, until the session ends. */
#pragma once

#include "gameday/base/json.h"
#include "gameday/base/loop.h"

struct gd_samplers;

/* Takes event. */
typedef void gd_emit_fn(void *ctx, cJSON *event);

struct gd_samplers *gd_samplers_new(struct gd_loop *loop, gd_emit_fn *emit, void *ctx)
	GD_NONNULL_ARGS(1, 2) GD_MUST_CHECK;
void gd_samplers_free(struct gd_samplers *s); /* accepts NULL */
/* Starts one (at most 32; 100 ms to 1 h); events `watch` follow, the first at once. */
int gd_samplers_start(struct gd_samplers *s, const cJSON *request,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
