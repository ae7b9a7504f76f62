/* SPDX-License-Identifier: Apache-2.0 */
/* What guardian.c and guardian_link.c need of each other. */
#pragma once

#include "injectors/agent/guardian.h"

/* The agent's end of a guardian just started; takes *fd. Waits for its first word. */
int gd_guardian_link(int *fd, pid_t pid, struct gd_guardian **ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
