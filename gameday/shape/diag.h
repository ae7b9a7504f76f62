/* SPDX-License-Identifier: Apache-2.0 */
/* All that is wrong with a file, gathered, so that one go shows every mistake. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"

struct gd_diag {
	struct gd_pos pos;
	bool warning;
	char *text; /* owned */
};

struct gd_diags {
	struct gd_diag *items; /* owned, in the order found */
	size_t n, cap;
	size_t n_errors;  /* those that are not warnings */
	size_t n_dropped; /* beyond the limit of 200, or out of memory */
};

#define GD_DIAGS_INIT                                                                    \
	{                                                                                \
		0                                                                        \
	}
#define GD_AUTO_DIAGS(name)                                                              \
	__attribute__((cleanup(gd_diags_fini))) struct gd_diags name = GD_DIAGS_INIT

void gd_diags_fini(struct gd_diags *d) GD_NONNULL;
void gd_diag_error(struct gd_diags *d, struct gd_pos pos, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL_ARGS(1, 3);
void gd_diag_warning(struct gd_diags *d, struct gd_pos pos, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL_ARGS(1, 3);
/* Moves err into the list; its pos if set, else fallback. */
void gd_diag_take(struct gd_diags *d, const struct gd_error *err,
		  struct gd_pos fallback) GD_NONNULL;
/* Sorts by file, line, column (stable). */
void gd_diags_sort(struct gd_diags *d) GD_NONNULL;
/*
 * Renders FILE:LINE:COL: error: text, then the offending line with a caret under the
 * column (source = whole text of that file, NULL: no line). Control characters of the
 * source are shown as '?', long lines are cut around the caret.
 */
void gd_diags_render(const struct gd_diags *d, const char *source, size_t source_size,
		     struct gd_strbuf *out) GD_NONNULL_ARGS(1, 4);
/* The first error as a gd_error (returns -1), or 0 when there is none. */
int gd_diags_to_error(const struct gd_diags *d,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * The candidate nearest to word, if near enough to be a slip (Damerau-Levenshtein distance
 * <= 2 and less than half the word), else NULL.
 */
const char *gd_suggest(const char *word, const char *const candidates[], size_t n)
	GD_NONNULL_ARGS(1);
