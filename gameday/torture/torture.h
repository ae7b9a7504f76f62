/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof on the rehearsal lab that nothing stays behind: a scenario is run again and again, and
 * at each of its steps somebody is killed. Afterwards the
 * target must look exactly as before. Everything is done from outside, by this program's own
 * commands as child processes and by scripts over SSH: the agent has no part in it.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

struct gd_torture_options {
	bool quick; /* a few telling pairs instead of all */
	bool json;  /* the matrix as JSON on `out`; progress goes to standard error */
	const char *only; /* "STEP/VICTIM" instead of all; NULL: all. Borrowed */
};

/*
 * Needs a lab that is up and idle. Prints to `out` (borrowed). Returns the exit status: HELD when
 * every trial ended as it began, LEFT_BEHIND when one did not, INVALID when a trial did not
 * come to its step; or -1.
 */
int gd_torture(const struct gd_torture_options *o, FILE *out,
	       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
