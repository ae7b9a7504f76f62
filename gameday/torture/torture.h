/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof on the rehearsal lab that nothing stays behind: scenarios are run again and again,
 * and at each of their steps somebody is killed, the link is cut, or the clock stepped. Afterwards
 * the target must look exactly as before. Everything is done from outside, by this program's own
 * commands as child processes and by scripts over SSH: the agent has no part in it.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

struct gd_torture_options {
	bool quick; /* each victim and each scenario once instead of all pairs */
	bool json;  /* the matrix as JSON on `out`; progress goes to standard error */
	/* A pattern as the shell's: only these "STEP/VICTIM", or of one host "HOST:STEP/VICTIM";
	 * NULL: all. Borrowed */
	const char *only;
};

/*
 * Needs a lab that is up and idle. Prints to `out` (borrowed). Returns the exit status: HELD when
 * every trial ended as it began, LEFT_BEHIND when one did not, INVALID when a trial did not
 * come to its step; or -1.
 */
int gd_torture(const struct gd_torture_options *o, FILE *out,
	       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
