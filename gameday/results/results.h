/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run saw, in memory: load intervals, watch samples and stage spans, and the answer
 * to "what is METRIC in STAGE". The runner feeds it live (steady state, abort), the report
 * feeds it from metrics.jsonl and journal.jsonl: one code for both, so they can't differ.
 *
 * Times are wall-clock nanoseconds of the runner's clock; whoever feeds a sample from a
 * target has already taken that host's clock offset off.
 *
 * What counts for a stage: load intervals wholly inside [measured, end], and watch samples
 * inside it. A baseline without `stage_measured` counts from its begin, any other stage
 * without it counts nothing. A stage ends for the figures at the first of: its stage_end,
 * the start of the first revert of one of its faults, an abort, a lost host or a signal;
 * until one of them came it is open. Everything else is transition: counted nowhere, but
 * how many requests that was is known.
 *
 * Bounds: 64 stages, 64 load series of 100,000 intervals, 256 watches of 64 numbers and
 * 200,000 samples, 1,024 faults. Beyond them feeding is GD_E_INPUT, and nothing is lost of
 * what was there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/json.h"
#include "gameday/load/interval.h"
#include "gameday/results/verdict.h"
#include "gameday/scenario/condition.h"
#include "gameday/shape/field.h"

struct gd_results;

int gd_results_new(struct gd_results **ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_results_free(struct gd_results *r); /* accepts NULL */
GD_DEFINE_AUTO(gd_results, gd_results_free);

/* --- feeding ------------------------------------------------------------------------- */

/* The longest name of a stage, role, watch or metric that is taken, with its NUL. */
enum { GD_RESULTS_NAME_MAX = 96 };

/*
 * kind "baseline", "fault", "recovery". Order of calls is the stages' order. A name that
 * began before, is empty or too long, and a time that is no time, are GD_E_INPUT.
 */
int gd_results_stage_begin(struct gd_results *r, const char *name, const char *kind,
			   int64_t wall_ns,
			   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The transition is over (faults verified, carrier back): figures count from here. */
void gd_results_stage_measured(struct gd_results *r, const char *name,
			       int64_t wall_ns) GD_NONNULL;
void gd_results_stage_end(struct gd_results *r, const char *name,
			  int64_t wall_ns) GD_NONNULL;
/*
 * Copies what it needs: the histograms are kept packed, so an hour of intervals stays in
 * memory easily. The same load, client and start again replaces nothing: GD_E_INPUT.
 */
int gd_results_add_load(struct gd_results *r, const struct gd_interval *iv,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* values: an object of numbers; anything else, NULL included, is GD_E_INPUT. */
int gd_results_add_watch(struct gd_results *r, const char *role, const char *host,
			 const char *watch, int64_t wall_ns, const cJSON *values,
			 struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 3, 4, 7) GD_MUST_CHECK;
/*
 * What the numbers of a watch mean, by watch name: gauges (list of names; the others are
 * counters) and units ({name: "duration"}); either may be NULL. Before anything is known of
 * a watch, a number is a gauge when its name ends in one of _ms _us _ns _seconds _percent
 * _ratio _now _current _depth _state _up _max _min _avg _p50 _p99, else a counter.
 */
int gd_results_add_watch_info(struct gd_results *r, const char *watch,
			      const cJSON *gauges, const cJSON *units,
			      struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 5) GD_MUST_CHECK;
/*
 * The line {"type":"watch_info","watch","gauges","units"} the runner writes to
 * metrics.jsonl before the first sample of a watch, from that watch's own table (gauges
 * ends with NULL and may be NULL). Caller owns *ret.
 */
int gd_results_watch_info_line(const char *watch, const struct gd_metric_row *metrics,
			       const char *const *gauges, cJSON **ret,
			       struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 4, 5) GD_MUST_CHECK;
/*
 * One line of metrics.jsonl / journal.jsonl; unknown types and events are ignored. A runner
 * that feeds each journal line as it writes it needs none of the stage calls above.
 */
int gd_results_add_metrics_line(struct gd_results *r, const cJSON *line,
				struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_results_add_journal_line(struct gd_results *r, const cJSON *line,
				struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* --- asking -------------------------------------------------------------------------- */

/* Sums over a window, one load and client. Histograms are merged, never percentiles. */
struct gd_load_stats {
	uint64_t requests, ok, errors; /* requests finished, by outcome */
	uint64_t unfinished; /* stopped with the load: neither ok nor an error */
	uint64_t attempts, retries, budget_denied;
	uint64_t error_kinds[GD_N_OUTCOMES]; /* by final outcome, OK included */
	double seconds;                      /* measured time */
	double rate, success; /* per second; fraction (NAN when no request) */
	double attempts_per_request;
	double goodput;          /* requests that succeeded, per second */
	double wasted;           /* attempts without an answer that was used, of all */
	struct gd_counts counts; /* what policies did, and more of the traffic */
	double rtt;              /* ns, mean of the samples of TCP_INFO; NAN: none */
	double drained; /* ns from the end of the last fault before the stage until the queue
			   was as short as in the baseline; 0: no fault; NAN: never */
	double p50, p90, p99, p999, max, min, mean; /* ns; NAN when empty */
	uint64_t intervals;
	uint64_t late_intervals;         /* the generator itself fell behind in so many */
	uint64_t late;                   /* requests it started more than 10 ms late */
	double late_max;                 /* ns, the worst of them */
	double attempt_p50, attempt_p99; /* ns, per attempt */
	/* ns, of the connections made: TCP, and TLS on it; NAN: none was. */
	double connect_p50, connect_p99, handshake_p50, handshake_p99;
	char problem
		[GD_INTERVAL_PROBLEM]; /* the first that outcomes do not tell; "": none */
};
/* 0, or 1 when there is no such load, client or stage, or nothing was measured in it. */
int gd_results_load_stats(const struct gd_results *r, const char *load,
			  const char *client, const char *stage,
			  struct gd_load_stats *ret) GD_NONNULL GD_MUST_CHECK;

/*
 * A series that several vantage points measured, and what each of them saw. Its own
 * intervals are their sum: those with the same number are of the same time. n: 0 when all
 * came from one place.
 */
size_t gd_results_n_vantages(const struct gd_results *r, size_t series) GD_NONNULL;
/* "runner", or the host's name; in the order in which they were first heard. */
const char *gd_results_vantage(const struct gd_results *r, size_t series,
			       size_t vantage) GD_NONNULL;
/* As gd_results_load_stats. */
int gd_results_vantage_stats(const struct gd_results *r, size_t series, size_t vantage,
			     const char *stage,
			     struct gd_load_stats *ret) GD_NONNULL GD_MUST_CHECK;
/* Intervals of the series that lack what this vantage point saw in them. */
size_t gd_results_vantage_lacks(const struct gd_results *r, size_t series,
				size_t vantage) GD_NONNULL;

enum gd_found {
	GD_FOUND = 0,
	GD_FOUND_NO_DATA = 1, /* known metric, nothing measured there */
	GD_FOUND_UNKNOWN = 2, /* no such load, client, watch, metric or stage */
};
/*
 * part may be NULL: the only client of the load. Watch counters: increase over the stage,
 * summed over the hosts of the role (a counter that fell was reset and counts from 0).
 * Watch gauges: the median of the samples, NAME_max and NAME_min their extremes; with
 * several hosts the host whose median is largest.
 */
enum gd_found gd_results_metric(const struct gd_results *r, const char *subject,
				const char *part, const char *metric, const char *stage,
				double *ret, enum gd_metric_unit *ret_unit)
	GD_NONNULL_ARGS(1, 2, 4, 5, 6, 7);

/* The outcome of one condition: what was measured, and whether it holds. */
struct gd_verdict_item {
	enum gd_cond_outcome { GD_COND_HOLDS, GD_COND_FAILS, GD_COND_NO_DATA } outcome;
	double measured, limit; /* limit = value, or factor x reference; NAN: unknown */
	enum gd_metric_unit unit;
	char text[256];        /* "312 ms, wanted > 2x baseline (48.2 ms): 6.5x" */
	int64_t first_wall_ns; /* when it could first be known to hold; 0: never */
	/* What it was found on: differs from the condition when that has wildcards. */
	char subject[GD_RESULTS_NAME_MAX], part[GD_RESULTS_NAME_MAX],
		stage[GD_RESULTS_NAME_MAX];
};
/*
 * default_stage: used when the condition has no `in`; "*" in either is any fault stage.
 * `*` as subject or part is any; then it is the combination that held first, else the first
 * that failed. A relative condition on a count (drops, retries, ...) compares with the
 * reference's count per second times this stage's length, as stages differ in length.
 * With `for`, it holds when it held that long without a break anywhere in the stage.
 */
int gd_results_evaluate(const struct gd_results *r, const struct gd_condition *c,
			const char *default_stage, struct gd_verdict_item *ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * For abort and detection: has c held without a break for c->hold within (from, now]?
 * Evaluated interval by interval; counts (errors, drops, ...) grow from `from` on. An
 * interval without any request neither proves nor breaks. *ret_since + hold is the end of
 * the interval or the sample with which it was known, so that is the time of detection.
 * Returns 1 when it holds, 0 when not, -1 on error. `*` as in gd_results_evaluate.
 */
int gd_results_holds_for(const struct gd_results *r, const struct gd_condition *c,
			 int64_t from_wall_ns, int64_t now_wall_ns, int64_t *ret_since,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * The verdict on what was fed so far. Conditions: GD list of struct gd_condition, the
 * scenario's `expect`. over: the run has ended by itself; false when the journal just stops
 * (a dead runner): then an unreverted fault is "not witnessed" rather than left behind.
 */
int gd_results_verdict(const struct gd_results *r, const struct gd_list *expect,
		       bool over, struct gd_verdict *ret,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Walking what is there, for tables and charts. Names are borrowed. */
size_t gd_results_n_series(const struct gd_results *r) GD_NONNULL; /* load x client */
void gd_results_series(const struct gd_results *r, size_t i, const char **load,
		       const char **client) GD_NONNULL;
size_t gd_results_n_intervals(const struct gd_results *r, size_t series) GD_NONNULL;
/*
 * In order of start. Only the newest keeps its histograms, in the others they are NULL: see
 * gd_results_point for figures. Borrowed, good until the next interval is fed.
 */
const struct gd_interval *gd_results_interval(const struct gd_results *r, size_t series,
					      size_t i) GD_NONNULL;
/* The figures of one interval alone, for charts; all of gd_load_stats. Borrowed as above. */
const struct gd_load_stats *gd_results_point(const struct gd_results *r, size_t series,
					     size_t i) GD_NONNULL;
/* Its request latencies; the caller frees. NULL: out of memory. */
struct gd_hist *gd_results_latency(const struct gd_results *r, size_t series,
				   size_t i) GD_NONNULL GD_MUST_CHECK;
/*
 * The same as HdrHistogram V2 text: as it was read, or as gd_hist_encode makes it. Borrowed.
 */
int gd_results_encoded(const struct gd_results *r, size_t series, size_t i,
		       const char **ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * The merged request latencies of one series over a stage, for distributions. 0, or 1 when
 * nothing was measured there; borrowed, good until the next thing is fed.
 */
int gd_results_hist(const struct gd_results *r, size_t series, const char *stage,
		    const struct gd_hist **ret) GD_NONNULL GD_MUST_CHECK;
/* Requests of one series that count for no stage: before, between and across stages. */
uint64_t gd_results_transition(const struct gd_results *r, size_t series) GD_NONNULL;
size_t gd_results_n_stages(const struct gd_results *r) GD_NONNULL;
struct gd_stage_span {
	const char *name, *kind;
	int64_t begin_ns, measured_ns, end_ns; /* wall; 0 = not reached */
	int64_t figures_end_ns;                /* where the figures end; 0 = open */
};
struct gd_stage_span gd_results_stage(const struct gd_results *r, size_t i) GD_NONNULL;

/* One watch on one host. Columns are its numbers, in the order they were first seen. */
struct gd_watch_view {
	const char *role, *host, *watch;
	size_t n_columns, n_samples;
};
size_t gd_results_n_watches(const struct gd_results *r) GD_NONNULL;
struct gd_watch_view gd_results_watch(const struct gd_results *r, size_t i) GD_NONNULL;
const char *gd_results_column(const struct gd_results *r, size_t watch, size_t column,
			      bool *ret_gauge, enum gd_metric_unit *ret_unit) GD_NONNULL;
/* As gd_results_metric, for one number of one watch on one host. */
enum gd_found gd_results_host_metric(const struct gd_results *r, size_t watch,
				     size_t column, const char *stage, double *ret,
				     enum gd_metric_unit *ret_unit) GD_NONNULL;
/* value NAN: that number was not in that sample. */
void gd_results_sample(const struct gd_results *r, size_t watch, size_t sample,
		       size_t column, int64_t *ret_wall_ns, double *ret_value) GD_NONNULL;

struct gd_change {
	int64_t wall_ns;
	char *text; /* owned by the results */
};

/* What the journal told of one fault. Strings are borrowed, never NULL ("" = not told). */
struct gd_fault_view {
	const char *ref, *stage, *role, *host, *kind, *describe, *manual;
	const char *before, *after, *effect, *reason, *error;
	const char *args;                               /* as JSON text */
	int64_t injecting_ns, injected_ns, reverted_ns; /* wall; 0 = never */
	double inject_ms, revert_ms; /* how long each took; NAN = not told */
	bool has_effect, effect_seen;
	bool has_revert,
		equal; /* equal: put back, and witnessed; the last time it was in */
	int64_t times; /* that it was in */
	/* Somebody else took it out before its time: when first, and how. */
	int64_t drift_ns; /* wall; 0: no */
	const char *drift;
	/* Its changes in place, in order, at most 1,000: "loss 4%" at each wall time. */
	const struct gd_change *changes;
	size_t n_changes;
};
size_t gd_results_n_faults(const struct gd_results *r) GD_NONNULL;
struct gd_fault_view gd_results_fault(const struct gd_results *r, size_t i) GD_NONNULL;
