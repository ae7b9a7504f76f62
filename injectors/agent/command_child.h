/* SPDX-License-Identifier: Apache-2.0 */
/* The process that runs one command, watches it, and leaves nothing of it behind. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"

struct gd_command_job {
	const char *command; /* for /bin/sh -c */
	struct gd_span limit;
	size_t max_output; /* bytes that are kept */
	bool as_root;
};

/*
 * A gd_child_job_fn of a struct gd_command_job. The command gets no input, a session and group
 * of its own, and what gd_confine leaves it. When it ends, the time is over or control_fd is at
 * its end, every process it started is killed, also those that left its group. That is a bug
 * or a hostile command's business to prevent; a second is spent on it at most. One frame goes
 * to out_fd: the event `ran` without its name and ref.
 */
int gd_command_run(const void *arg, int control_fd, int out_fd) GD_NONNULL;
