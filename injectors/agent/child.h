/* SPDX-License-Identifier: Apache-2.0 */
/* What every child of the agent does first, right after fork(). */
#pragma once

/*
 * Standard input and output become /dev/null; of the rest only standard error (the agent's
 * log) and these two descriptors stay open, so that no child holds the agent's claim.
 */
void gd_child_close_others(int keep, int keep_too);
/* The agent's loop takes its signals through a descriptor; here they act as usual. */
void gd_child_reset_signals(void);
