/* SPDX-License-Identifier: Apache-2.0 */
/* What is known about a lab that is up, or was: state.json in the state folder. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "gameday/lab/topology.h"

struct gd_lab_state {
	pid_t pid;           /* QEMU's */
	int64_t start_ticks; /* its start time: a pid alone may have become another process */
	uint16_t ports[GD_LAB_N_HOSTS];
	bool kvm;
	bool restored; /* from a snapshot */
	struct gd_wall since;
};

enum { GD_LAB_STATE_NONE = 1 };

/* Outcome GD_LAB_STATE_NONE: there is no lab. A damaged file is an error. */
int gd_lab_state_load(const char *state, struct gd_lab_state *ret,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_lab_state_save(const char *state, const struct gd_lab_state *s,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Start time of a process in clock ticks since boot; -1 when it is gone or a zombie. */
int64_t gd_lab_process_start(pid_t pid);
/* From the text of /proc/PID/stat. */
int64_t gd_lab_process_start_parse(const char *stat) GD_NONNULL;
/* Is the recorded process still that process? */
bool gd_lab_state_alive(const struct gd_lab_state *s) GD_NONNULL;
/* Ends that process and waits; nothing to do is fine. */
int gd_lab_state_stop(const struct gd_lab_state *s,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
