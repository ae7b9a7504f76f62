/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `gameday load --compare FILE`: this result against an earlier one, of --json. Whether a
 * difference is more than noise is asked of the intervals: each client's figure in each
 * interval, then and now, by the test of Mann and Whitney (gameday/load/ranks.h).
 */
#pragma once

#include "gameday/cli/load_result.h"

enum gd_load_verdict {
	GD_LOAD_UNKNOWN, /* too few intervals */
	GD_LOAD_NOISE,   /* no more than intervals differ among themselves */
	GD_LOAD_SMALL,   /* more than that, but below 5 % */
	GD_LOAD_BETTER,
	GD_LOAD_WORSE,
};

enum { GD_LOAD_N_FIGURES = GD_LOAD_N_COLUMNS + 1 }; /* success, and the latencies */

struct gd_load_change {
	double then, now; /* of the whole results; NAN: not known */
	double p;         /* of the test; NAN: too few intervals */
	enum gd_load_verdict verdict;
};

struct gd_load_client_changes {
	char client[64];
	size_t n_then, n_now; /* intervals */
	struct gd_load_change figures[GD_LOAD_N_FIGURES];
};

struct gd_load_comparison {
	const char *path; /* borrowed */
	struct gd_load_client_changes clients[GD_LOAD_MAX_CLIENTS];
	size_t n_clients; /* that are in both */
	bool worse;       /* any figure is */
};

/* Reads the file at path; an error when it is no such result, or has no client of this one. */
int gd_load_compare(const struct gd_load_result *now, const char *path,
		    struct gd_load_comparison *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_load_comparison_print(const struct gd_load_comparison *c) GD_NONNULL;
/* Becomes "comparison" of root. */
int gd_load_comparison_to_json(const struct gd_load_comparison *c, cJSON *root,
			       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
