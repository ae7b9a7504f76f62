/* SPDX-License-Identifier: Apache-2.0 */
/* What people wrote for a shell: a runbook's commands. Programs of our own: see proc.h. */
#pragma once

#include "gameday/base/attr.h"

/*
 * Turns this process into /bin/sh -c command, with an environment that is the same on every
 * host and for every agent: PATH, LC_ALL, HOME and one variable more ("NAME=VALUE"; NULL:
 * none). Descriptors, signals and folder are the caller's. Returns only when it failed, with
 * errno. Between fork and exec it is safe in a threaded process too.
 */
void gd_shell_exec(const char *command, char *variable) GD_NONNULL_ARGS(1);
