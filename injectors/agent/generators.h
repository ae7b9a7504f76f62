/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations `load`, `load_got`, `load_stop` and `load_attach`. Each load runs in a process
 * without privileges (generator_child.h), so that whatever happens to a program that talks to
 * strangers, the agent's faults are not in it; and that it can outlive a session that is lost.
 */
#pragma once

#include "gameday/base/json.h"
#include "gameday/base/loop.h"
#include "injectors/agent/samplers.h"

struct gd_generators;

/* state_dir is borrowed for its life. */
struct gd_generators *gd_generators_new(struct gd_loop *loop, const char *state_dir,
					gd_emit_fn *emit, void *ctx)
	GD_NONNULL_ARGS(1, 2, 3) GD_MUST_CHECK;
/* Kills the processes that still run, but for those that gd_generators_leave left. */
void gd_generators_free(struct gd_generators *g);
/* Of which run those are that are started or attached from now on. */
void gd_generators_name(struct gd_generators *g, const char *run) GD_NONNULL;
/* Starts one (at most 16); events `load` and, at its end, `load_end` follow. */
int gd_generators_start(struct gd_generators *g, const cJSON *request,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Takes over one that an earlier session of this run started: the same events follow, from
 * the number that the request names. GD_E_REFUSED when there is none.
 */
int gd_generators_attach(struct gd_generators *g, const cJSON *request,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The runner has all events up to a number: they need not be kept for it any longer. */
int gd_generators_confirm(struct gd_generators *g, const cJSON *request,
			  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Asks one to end, now or at an instant; `load_end` follows. Or ends it, and what it has not
 * told is dropped.
 */
int gd_generators_stop(struct gd_generators *g, const cJSON *request,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * The session is lost, not over: whoever attaches within that time, or as long as its runner
 * said that it can be of use, gets what was measured.
 */
void gd_generators_leave(struct gd_generators *g, struct gd_span alone) GD_NONNULL;
/* No more events for now (they are kept), or again. */
void gd_generators_hold(struct gd_generators *g, bool hold) GD_NONNULL;
/* There are some that tell this session of what they measure. */
bool gd_generators_told_here(const struct gd_generators *g) GD_NONNULL;
/* There were some, and all that are left tell another session. */
bool gd_generators_taken_over(const struct gd_generators *g) GD_NONNULL;
