/* SPDX-License-Identifier: Apache-2.0 */
/* Where runs are. */
#pragma once

#include <stddef.h>

#include "gameday/base/auto.h"
#include "gameday/base/error.h"

/* The directory runs are under, unless a path says otherwise. */
#define GD_RUNS_DIR "runs"

/*
 * RUN of a command line to its directory: a path, the name of a directory under runs/, or
 * "latest" (the newest there). Caller frees *ret. What is not a run's directory (it has no
 * journal.jsonl) is GD_E_INPUT, and the error says what was looked for.
 */
int gd_rundir_find(const char *run, char **ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

struct gd_rundirs {
	char **names; /* owned; newest first */
	size_t n;
};
/* Up to 10,000 runs under parent; a missing parent has none. */
int gd_rundirs_list(const char *parent, struct gd_rundirs *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_rundirs_fini(struct gd_rundirs *r) GD_NONNULL;
