/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes, by argument vector: no shell in between. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"

/* What gd_proc_run saw; out is owned by the caller (free), never NULL on success. */
struct gd_proc_result {
	int status; /* exit status, or 128 + signal */
	char *out;  /* standard output and standard error as they came, NUL-terminated */
	size_t out_size;
};

/*
 * Runs argv[0] (found on PATH) with standard input from /dev/null, waits for it and gives
 * what it printed (at most 1 MiB; the rest is read and dropped). Kills it after limit:
 * that is GD_E_TIMEOUT. A status other than 0 is not an error here.
 */
int gd_proc_run(const char *const argv[], struct gd_span limit,
		struct gd_proc_result *ret,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* gd_proc_run for commands that must succeed: the error carries what they printed. */
int gd_proc_must(const char *const argv[], struct gd_span limit,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * Starts argv[0] with its standard input and output on the two returned descriptors
 * (close-on-exec, owned by the caller) and standard error on err_fd (-1: inherited).
 */
int gd_proc_spawn(const char *const argv[], int err_fd, pid_t *ret_pid, int *ret_in,
		  int *ret_out, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Waits for pid at most limit, then kills it; the exit status as in gd_proc_result. */
int gd_proc_wait(pid_t pid, struct gd_span limit, int *ret_status,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * Closes all descriptors from `first` on but these n (GD_PROC_KEEP_MOST at most; those below
 * first are none, so -1 is). For a child right after fork().
 */
enum { GD_PROC_KEEP_MOST = 8 };
void gd_proc_keep_only(int first, const int *fds, size_t n) GD_NONNULL;
