/* SPDX-License-Identifier: Apache-2.0 */
/* Files of one JSON object per line, as a crash, a full disk or a stranger left them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/json.h"

/* What was wrong with a file, for the report. */
struct gd_lines {
	size_t n_lines;   /* that are not blank */
	size_t n_bad;     /* of them: no JSON object, too long, or refused by fn */
	size_t first_bad; /* line number from 1 */
	char first_why[200];
	bool cut;     /* the last line has no end: it was cut short */
	bool missing; /* no such file */
};

/*
 * Takes one line (owned by the callee when it returns 0; else it is freed for it). -1 with
 * GD_E_INPUT marks the line as bad; any other error ends the reading.
 */
typedef int gd_line_fn(void *ctx, cJSON *line, struct gd_error *err);

/*
 * Reads path line by line, each at most 4 MiB. Bytes that are not UTF-8 become '?'. A
 * missing file is no error: see ret->missing.
 */
int gd_lines_read(const char *path, gd_line_fn *fn, void *ctx, struct gd_lines *ret,
		  struct gd_error *err) GD_NONNULL_ARGS(1, 2, 4, 5) GD_MUST_CHECK;
/* The same over text in memory, for tests and fuzzing. */
int gd_lines_parse(const char *text, size_t size, gd_line_fn *fn, void *ctx,
		   struct gd_lines *ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 3, 5, 6) GD_MUST_CHECK;
