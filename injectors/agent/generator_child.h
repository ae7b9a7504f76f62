/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator's process. It outlives the agent that started it, for a while: a session
 * that is lost, as when a fault cuts its path, must not take with it what clients feel meanwhile.
 * Whoever connects to its socket may ask, or take over: listen from then on, and get all that was
 * not confirmed.
 *
 * Frames to it:   {"who": true}     answered with {"ref", "run", "alone", "left_ms"}
 *                 {"after": N}      takes over: all up to N has arrived, send the rest
 *                 {"got": N}        so has all up to N
 *                 {"stop": true, "at_boot_ns"?}
 *                 {"alone_ms": N}   how long it may go on when the listener is gone
 *                 {"quit": true}    at once
 * Frames from it: {"seq": N, "interval": {...}}, last {"seq": N, "end": true, "error"?}
 *
 * It ends when all of that is confirmed (status 0), or when it was alone for too long.
 */
#pragma once

#include "gameday/load/load.h"
#include "injectors/agent/generator_socket.h"

/*
 * Without a listener it goes on for so long: enough for a runner that is alive to log in again,
 * and less than the lease that a fault outlives its runner by.
 */
enum { GD_GENERATOR_ALONE_MS = 7 * 1000 };

struct gd_generator_job {
	const struct gd_load_spec *spec;
	struct gd_load_options options;
	int listen_fd; /* of name */
	struct gd_generator_name name;
};

/*
 * A gd_child_job_fn of a struct gd_generator_job, which has listen_fd as its kept_fd; gives up
 * privileges first. It uses neither of the two pipes.
 */
int gd_generator_run(const void *arg, int control_fd, int out_fd) GD_NONNULL;
