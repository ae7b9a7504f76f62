/* SPDX-License-Identifier: Apache-2.0 */
/* The load generator's process. */
#pragma once

#include "gameday/load/load.h"

struct gd_generator_job {
	const struct gd_load_spec *spec;
	struct gd_load_options options;
	int control_fd; /* a struct gd_instant: stop then; or its end: stop */
	int out_fd; /* frames: {"interval": {...}}, last {"end": true, "error": ...} */
};

/* Runs in the child right after fork(); gives up privileges first. */
void gd_generator_run(const struct gd_generator_job *job) GD_NORETURN;
