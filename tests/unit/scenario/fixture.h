/* SPDX-License-Identifier: Apache-2.0 */
/* Files from text, and fault and watch kinds that exist only here. */
#pragma once

#include "../cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/scenario/check.h"
#include "gameday/scenario/plan.h"

/* Faults "slow" and, which can't change, "fixed" {device, delay, loss, peer}; a watch "nic" {device};
 * mitigations are tried by "remedy". */
extern const struct gd_kinds test_kinds;
/* A scenario without a mistake, and an inventory it fits. */
extern const char good_scenario[], good_inventory[];

/* A readable path with this text behind it; close *ret_fd when done. */
void text_file(const char *text, int *ret_fd, char ret_path[64]);
/* text with the first `from` replaced by `to`; fails when there is none. Caller frees. */
char *replaced(const char *text, const char *from, const char *to);
/*
 * Fails unless some error stands at line:column of the file and its text holds `said`; in
 * the message, `name` tells the case.
 */
void expect_error(const struct gd_diags *diags, const char *name, int line, int column,
		  const char *said);
