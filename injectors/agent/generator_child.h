/* SPDX-License-Identifier: Apache-2.0 */
/* The load generator's process. */
#pragma once

#include "gameday/load/load.h"

struct gd_generator_job {
	const struct gd_load_spec *spec;
	struct gd_load_options options;
};

/*
 * A gd_child_job_fn of a struct gd_generator_job; gives up privileges first. From control_fd
 * it takes a struct gd_instant: stop then; or its end: stop. To out_fd it sends
 * {"interval": {...}}, last {"end": true, "error": ...}.
 */
int gd_generator_run(const void *arg, int control_fd, int out_fd) GD_NONNULL;
