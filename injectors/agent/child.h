/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of the agent's own that does one job: two pipes, the frames it sends, and its
 * end. What the job is, its owner hands in.
 */
#pragma once

#include <sys/types.h>

#include "gameday/base/attr.h"
#include "gameday/base/json.h"
#include "gameday/base/loop.h"
#include "gameday/wire/frame.h"

/*
 * The job, in the child right after fork(); what it returns is the exit status. Standard
 * input and output are /dev/null; of the agent's descriptors only standard error (its log),
 * these two and kept_fd are open, so that no child holds the agent's claim. Signals act as usual,
 * but SIGPIPE is ignored. When the agent tells the job to end, or is gone, control_fd is at
 * its end. Frames go to out_fd.
 */
typedef int gd_child_job_fn(const void *job, int control_fd, int out_fd);

/* What the owner hears of it, from gd_loop_step. */
struct gd_child_owner {
	/* One frame; the callee owns it. */
	void (*message)(void *ctx, cJSON *msg);
	/*
	 * It has ended and has been waited for; the last that is heard of it, so it may be
	 * freed. status as waitpid tells it. trouble: NULL, or why its stream could not be
	 * read, for which it was killed.
	 */
	void (*ended)(void *ctx, const char *trouble, int status);
	void *ctx;
};

struct gd_child {
	pid_t pid;        /* 0: not started, or waited for */
	int control_fd;   /* owned; -1: told to end */
	int in_fd;        /* owned */
	int kept_fd;      /* borrowed: one more that the job has; -1: none */
	struct gd_io *io; /* owned */
	struct gd_frame_reader reader;
	struct gd_child_owner owner;
};

void gd_child_init(struct gd_child *c, const struct gd_child_owner *owner) GD_NONNULL;
/*
 * Starts the job; `ended` follows in every case. job is read in the child only, and may be
 * NULL if run takes that. After -1 there is no child; gd_child_fini is due in either case.
 */
int gd_child_start(struct gd_child *c, struct gd_loop *loop, gd_child_job_fn *run,
		   const void *job, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 3, 5) GD_MUST_CHECK;
/* Kills it, if there is one, and waits for it; `ended` does not follow. */
void gd_child_kill(struct gd_child *c) GD_NONNULL;
/* Closes the pipes, by which a child that still runs is told to end; waits for nothing. */
void gd_child_fini(struct gd_child *c) GD_NONNULL;
