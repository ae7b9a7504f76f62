/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread that takes jobs in turn, so that a fault that needs seconds (a card that
 * resets) does not keep the agent's loop from renewing its lease. What comes out, by
 * finished jobs or on the way, is fetched by the loop's thread.
 */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/json.h"

struct gd_worker;

/* Runs on the thread. job is the worker's; messages go out by gd_worker_say. */
typedef void gd_job_fn(void *ctx, const cJSON *job);

int gd_worker_new(gd_job_fn *fn, void *ctx, struct gd_worker **ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
/* Ends the thread after the job it is at; drops the rest. Accepts NULL. */
void gd_worker_free(struct gd_worker *w);
/* Takes job in every case; false when there are too many (1,000) or no memory. */
bool gd_worker_post(struct gd_worker *w, cJSON *job) GD_NONNULL_ARGS(1) GD_MUST_CHECK;
/* A message for the loop; takes it. Any thread. */
void gd_worker_say(struct gd_worker *w, cJSON *message) GD_NONNULL_ARGS(1);
/* Readable when there is a message or a job was finished. */
int gd_worker_fd(const struct gd_worker *w) GD_NONNULL;
/* The next message (caller owns it), or NULL when there is none. */
cJSON *gd_worker_fetch(struct gd_worker *w) GD_NONNULL;
/* No job waits or runs. */
bool gd_worker_idle(struct gd_worker *w) GD_NONNULL;
