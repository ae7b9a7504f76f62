/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `run` operation: a runbook's commands that only look, each in a process of its own
 * with a limit on its time and its output. They are nobody's wait: undoing goes on beside
 * them, and they are killed when anything ends.
 */
#pragma once

#include "gameday/base/json.h"
#include "gameday/base/loop.h"
#include "injectors/agent/samplers.h"

struct gd_commands;

enum {
	GD_COMMAND_MAX_MS = 60 * 1000,
	GD_COMMAND_MAX_OUTPUT = 64 * 1024,
	GD_COMMAND_MAX_TEXT = 64 * 1024,
	GD_COMMAND_MAX_RUNNING = 4,
};

struct gd_commands *gd_commands_new(struct gd_loop *loop, gd_emit_fn *emit, void *ctx)
	GD_NONNULL_ARGS(1, 2) GD_MUST_CHECK;
/* Kills what still runs, without waiting for it. Accepts NULL. */
void gd_commands_free(struct gd_commands *c);
/* Starts one; the event `ran` follows in every case. */
int gd_commands_start(struct gd_commands *c, const cJSON *request,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Kills one, or all (ref NULL); `ran` follows with what there is. */
void gd_commands_stop(struct gd_commands *c, const char *ref) GD_NONNULL_ARGS(1);
