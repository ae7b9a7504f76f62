/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run saw, in memory: load intervals, watch samples and stage spans, and the answer
 * to "what is METRIC in STAGE". The runner feeds it live (steady state, abort), the report
 * feeds it from metrics.jsonl and journal.jsonl: one code for both, so they can't differ.
 *
 * Times are wall-clock nanoseconds of the runner's clock; whoever feeds a sample from a
 * target has already taken that host's clock offset off.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/json.h"
#include "gameday/load/interval.h"
#include "gameday/scenario/condition.h"

struct gd_results;

int gd_results_new(struct gd_results **ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_results_free(struct gd_results *r); /* accepts NULL */
GD_DEFINE_AUTO(gd_results, gd_results_free);

/* --- feeding ------------------------------------------------------------------------- */

/* kind "baseline", "fault", "recovery". Order of calls is the stages' order. */
int gd_results_stage_begin(struct gd_results *r, const char *name, const char *kind,
			   int64_t wall_ns, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The transition is over (faults verified, carrier back): figures count from here. */
void gd_results_stage_measured(struct gd_results *r, const char *name, int64_t wall_ns)
	GD_NONNULL;
void gd_results_stage_end(struct gd_results *r, const char *name, int64_t wall_ns) GD_NONNULL;
/* Copies what it needs. An interval belongs to the stage that contains all of it. */
int gd_results_add_load(struct gd_results *r, const struct gd_interval *iv,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_results_add_watch(struct gd_results *r, const char *role, const char *host,
			 const char *watch, int64_t wall_ns, const cJSON *values,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* One line of metrics.jsonl / journal.jsonl; unknown types and events are ignored. */
int gd_results_add_metrics_line(struct gd_results *r, const cJSON *line, struct gd_error *err)
	GD_NONNULL GD_MUST_CHECK;
int gd_results_add_journal_line(struct gd_results *r, const cJSON *line, struct gd_error *err)
	GD_NONNULL GD_MUST_CHECK;

/* --- asking -------------------------------------------------------------------------- */

/* Sums over a window, one load and client. Histograms are merged, never percentiles. */
struct gd_load_stats {
	uint64_t requests, ok, errors;   /* requests finished, by outcome */
	uint64_t attempts, retries;
	uint64_t error_kinds[GD_N_OUTCOMES];
	double seconds;                  /* measured time */
	double rate, success;            /* per second; fraction (NAN when no request) */
	double attempts_per_request;
	double p50, p90, p99, p999, max, min, mean; /* ns; NAN when empty */
	uint64_t late_intervals, intervals; /* the generator itself fell behind in so many */
	double attempt_p50, attempt_p99;    /* ns, per attempt */
};
/* 0, or 1 when there is no such load, client or stage, or nothing was measured in it. */
int gd_results_load_stats(const struct gd_results *r, const char *load, const char *client,
			  const char *stage, struct gd_load_stats *ret) GD_NONNULL GD_MUST_CHECK;

enum gd_found {
	GD_FOUND = 0,
	GD_FOUND_NO_DATA = 1,    /* known metric, nothing measured there */
	GD_FOUND_UNKNOWN = 2,    /* no such load, client, watch, metric or stage */
};
/* part may be NULL: the only client of the load. Watch counters: increase over the stage. */
enum gd_found gd_results_metric(const struct gd_results *r, const char *subject,
				const char *part, const char *metric, const char *stage,
				double *ret, enum gd_metric_unit *ret_unit)
	GD_NONNULL_ARGS(1, 2, 4, 5, 6, 7);

/* The outcome of one condition: what was measured, and whether it holds. */
struct gd_verdict_item {
	enum { GD_COND_HOLDS, GD_COND_FAILS, GD_COND_NO_DATA } outcome;
	double measured, limit;       /* limit = value, or factor x reference */
	enum gd_metric_unit unit;
	char text[160];               /* "312 ms, wanted > 2x baseline (48.2 ms): 6.5x" */
	int64_t first_wall_ns;        /* with `for`/when: when it first held; 0: never */
};
/* default_stage: used when the condition has no `in`. */
int gd_results_evaluate(const struct gd_results *r, const struct gd_condition *c,
			const char *default_stage, struct gd_verdict_item *ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * For abort and detection: has c held without a break for c->hold within (from, now]?
 * Evaluated interval by interval. *ret_since = wall time at which it began to hold, so that
 * time to detection is since + hold. Returns 1 when it holds, 0 when not, -1 on error.
 */
int gd_results_holds_for(const struct gd_results *r, const struct gd_condition *c,
			 int64_t from_wall_ns, int64_t now_wall_ns, int64_t *ret_since,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Walking what is there, for tables and charts. Names are borrowed. */
size_t gd_results_n_series(const struct gd_results *r) GD_NONNULL; /* load x client */
void gd_results_series(const struct gd_results *r, size_t i, const char **load,
		       const char **client) GD_NONNULL;
size_t gd_results_n_intervals(const struct gd_results *r, size_t series) GD_NONNULL;
const struct gd_interval *gd_results_interval(const struct gd_results *r, size_t series,
					      size_t i) GD_NONNULL;
size_t gd_results_n_stages(const struct gd_results *r) GD_NONNULL;
struct gd_stage_span {
	const char *name, *kind;
	int64_t begin_ns, measured_ns, end_ns; /* wall; 0 = not reached */
};
struct gd_stage_span gd_results_stage(const struct gd_results *r, size_t i) GD_NONNULL;
