/* SPDX-License-Identifier: Apache-2.0 */
/* What `gameday load` measured: gathered from intervals, printed as text or JSON. */
#pragma once

#include "gameday/load/interval.h"
#include "gameday/load/spec.h"

/* The latencies that are told: p50, p90, p99, p99.9, the maximum. */
enum { GD_LOAD_N_COLUMNS = 5 };

struct gd_load_column {
	const char *title, *key; /* "p99.9", "p999_ns" */
	double percentile;
};
extern const struct gd_load_column gd_load_columns[GD_LOAD_N_COLUMNS];

/* One interval, without its histograms. */
struct gd_load_point {
	int64_t start_wall_ns, length_ns;
	uint64_t requests, ok;             /* that are over */
	double latency[GD_LOAD_N_COLUMNS]; /* ns; NAN: no request */
};

/* One client's intervals, added up. */
struct gd_load_summary {
	struct gd_interval sum;       /* owned */
	struct gd_load_point *points; /* owned: all of them, in order */
	size_t n_points, room, n_behind;
};

struct gd_load_result {
	struct gd_load_summary clients[GD_LOAD_MAX_CLIENTS];
	size_t n_clients;
	const char *url; /* borrowed */
	bool stopped;    /* before its time */
};

void gd_load_result_fini(struct gd_load_result *r) GD_NONNULL;
/* Adds an interval, which stays the caller's. */
int gd_load_result_add(struct gd_load_result *r, const struct gd_interval *iv,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The caller owns *ret. */
int gd_load_result_to_json(const struct gd_load_result *r, cJSON **ret,
			   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* To standard output, and one interval as it comes to standard error. */
void gd_load_result_print(const struct gd_load_result *r) GD_NONNULL;
void gd_load_result_print_live(const struct gd_interval *iv) GD_NONNULL;

/* What a closed loop could not measure: while it waits it sends nothing. */
struct gd_load_omission {
	int64_t expected_ns; /* the usual time from request to request of a worker: p50 */
	uint64_t missed;     /* requests that would have been sent meanwhile, by it */
	struct gd_hist
		*corrected; /* owned: latencies with them; NULL: nothing to correct */
};

/* Of a client's sum; nothing in an open loop. The caller frees ret->corrected. */
int gd_load_omission(const struct gd_interval *iv, struct gd_load_omission *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* --- figures of a sum; NAN where there is nothing to divide by ------------------------ */

/* Requests that were not cut off by the end. */
uint64_t gd_load_finished(const struct gd_interval *iv) GD_NONNULL;
double gd_load_seconds(const struct gd_interval *iv) GD_NONNULL;
double gd_load_success(const struct gd_interval *iv) GD_NONNULL;
double gd_load_percentile(const struct gd_interval *iv, double p) GD_NONNULL;
double gd_load_hist_percentile(const struct gd_hist *h, double p) GD_NONNULL;
/* Starts within their time over starts asked for. */
double gd_load_achieved(const struct gd_interval *iv) GD_NONNULL;
/* of / whole */
double gd_load_share(uint64_t of, uint64_t whole);
