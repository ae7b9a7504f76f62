/* SPDX-License-Identifier: Apache-2.0 */
/* The agent: one session with one runner, over two descriptors. */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "injectors/ports.h"

struct gd_agent_options {
	int in_fd, out_fd;            /* borrowed */
	const char *state_dir;        /* borrowed */
	const char *version;          /* borrowed */
	const struct gd_ports *ports; /* borrowed */
	bool leave_cgroup;
	int crash_at; /* tests: see undo.h */
};

/*
 * Serves until the runner hangs up, breaks the protocol, or SIGTERM, SIGHUP or SIGINT
 * comes; then undoes everything. Returns 0 when nothing is left behind.
 */
int gd_agent_serve(const struct gd_agent_options *opt,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
