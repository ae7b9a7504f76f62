/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a lab to be of use. */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "gameday/lab/control.h"
#include "gameday/lab/kernel.h"
#include "gameday/lab/state.h"

/*
 * Waits until every sshd has shown its banner through its forwarded port, to a connection made after
 * the keys were in force, and until every probe of one health report is fine; `say` hears of each,
 * in the order in which they come. An error names what is missing after `limit`. Outcome
 * GD_LAB_SILENT after `silence` without one word from the guest.
 */
enum { GD_LAB_SILENT = 1 };
int gd_lab_ready_await(struct gd_lab_control *c, const struct gd_lab_state *s,
		       struct gd_span silence, struct gd_span limit, gd_lab_say_fn *say,
		       void *ctx, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 5, 7) GD_MUST_CHECK;
