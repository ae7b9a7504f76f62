/* SPDX-License-Identifier: Apache-2.0 */
/* What struct gd_results is made of; for the files of this folder only. */
#pragma once

#include "gameday/results/results.h"

enum {
	MAX_STAGES = 64,
	MAX_SERIES = 64,
	MAX_INTERVALS = 100000,
	MAX_WATCHES = 256,
	MAX_COLUMNS = 64,
	MAX_SAMPLES = 200000,
	MAX_FAULTS = 1024,
	MAX_CHANGES = 1000,
};

/* The numbers of one load series over one stage, kept until the stage's window changes. */
struct tally {
	bool valid;
	bool any;                   /* at least one interval counts */
	struct gd_load_stats stats; /* sums only; ratios and percentiles come on demand */
	struct gd_hist *latency, *attempt_latency; /* owned; NULL until needed */
	struct gd_hist *connect, *handshake; /* owned; NULL: no connection was made */
	struct gd_load_stats finished;       /* what was last answered ... */
	uint64_t finished_at;                /* ... when so much was fed; 0: never */
};

struct stage {
	char name[GD_RESULTS_NAME_MAX];
	char kind[16];
	int64_t begin_ns, measured_ns, end_ns;
	int64_t cut_ns; /* a revert, abort or signal came before the end; 0: none */
};

struct point {
	struct gd_interval iv;         /* its histograms are NULL, but for the newest */
	struct gd_load_stats stats;    /* finished: ratios and percentiles included */
	struct gd_hist_pack *latency;  /* owned */
	struct gd_hist_pack *attempts; /* owned; NULL: the same as latency */
	struct gd_hist_pack *connect,
		*handshake; /* owned; NULL: no connection was made */
	char *encoded;      /* owned: latency as text; NULL: until somebody asks for it */
	uint32_t n_parts;   /* of how many vantage points it is the sum so far */
};

struct series {
	char load[64], client[64];
	char vantage[64];         /* of one of several vantage points; "": the whole */
	uint32_t n_of;            /* vantage points that there should be; 0: no parts */
	struct series **vantages; /* owned: what each of them saw */
	size_t n_vantages;
	struct point *points; /* owned; in order of start */
	size_t n_points, cap_points;
	struct tally tallies[MAX_STAGES];
};

struct column {
	char name[GD_RESULTS_NAME_MAX];
	enum { MEANING_GUESSED, MEANING_COUNTER, MEANING_GAUGE } meaning;
	enum gd_metric_unit unit;
	bool has_unit;
};

struct sample {
	int64_t wall_ns;
	size_t n; /* columns known when it was taken; the later ones are not in it */
	double *values; /* owned */
};

struct watch {
	char role[GD_RESULTS_NAME_MAX], host[GD_RESULTS_NAME_MAX],
		watch[GD_RESULTS_NAME_MAX];
	struct column columns[MAX_COLUMNS];
	size_t n_columns;
	struct sample *samples; /* owned; in order of time */
	size_t n_samples, cap_samples;
};

/* What is known of a watch's numbers before or beside its samples. */
struct watch_info {
	char watch[GD_RESULTS_NAME_MAX];
	struct column columns[MAX_COLUMNS];
	size_t n_columns;
};

struct fault {
	char *ref, *stage, *role, *host, *kind, *describe, *manual,
		*args;                                          /* owned or NULL */
	char *before, *after, *effect, *reason, *error, *drift; /* owned or NULL */
	int64_t injecting_ns, injected_ns, reverted_ns, drift_ns;
	double inject_ms, revert_ms;
	bool has_effect, effect_seen, has_revert, equal;
	int64_t times;             /* that it was in */
	struct gd_change *changes; /* owned */
	size_t n_changes;
};

struct ledger {
	struct fault *faults; /* owned */
	size_t n, cap;
	bool preflight_failed, steady_failed, way_back_lost, not_run, aborted;
	char detail[360]; /* the first thing that went wrong outside a fault */
	char last_event[160];
	int64_t last_wall_ns;
};

/*
 * Questions don't change what was fed, but fill the tallies: struct gd_results holds the
 * series behind a pointer, so that a const results can cache.
 */
struct gd_results {
	struct stage stages[MAX_STAGES];
	size_t n_stages;
	struct series *series[MAX_SERIES]; /* owned */
	size_t n_series;
	struct watch *watches[MAX_WATCHES]; /* owned */
	size_t n_watches;
	struct watch_info *infos[MAX_WATCHES]; /* owned */
	size_t n_infos;
	struct ledger ledger;
	uint64_t
		n_fed; /* intervals and events so far, from 1: answers are good until then */
	int64_t latest_ns; /* the end of the latest interval, sample or event */
};

/* A span of time whose figures count; end INT64_MAX while it is open. */
struct window {
	int64_t from_ns, to_ns;
};

/* Index of the stage, or MAX_STAGES. */
size_t gd_res_stage_find(const struct gd_results *r, const char *name);
/* False when nothing counts in that stage (yet). */
bool gd_res_stage_window(const struct stage *s, struct window *ret);
/* The first cut counts; earlier ones win. No effect on a stage that is not open at `at`. */
void gd_res_stages_cut(struct gd_results *r, int64_t at);
/* Something was seen at that time. */
void gd_res_saw(struct gd_results *r, int64_t wall_ns);
/* A wall time from a record: digits as number or text; 0 when it is none. */
int64_t gd_res_record_time(const cJSON *record, const char *key);

/*
 * gd_results_add_load, which takes what it keeps of iv's histograms out of it (they may be
 * NULL after). encoded: the text that its latency was decoded from; NULL: not known.
 * one_each: its attempts are counted as its requests are.
 */
struct as_read {
	const char *encoded;
	bool one_each;
};
int gd_res_add_load(struct gd_results *r, struct gd_interval *iv,
		    const struct as_read *read, struct gd_error *err);

void gd_res_series_free(struct series *s);
void gd_res_series_invalidate(struct gd_results *r, size_t stage);
/* The series of exactly these names, or NULL. */
struct series *gd_res_series_find(const struct gd_results *r, const char *load,
				  const char *client);
/* The up-to-date tally, or NULL when nothing counts or memory ran out. */
struct tally *gd_res_series_tally(const struct gd_results *r, struct series *s,
				  size_t stage);
/*
 * Has every vantage point told its part of that interval? One that is late by three
 * intervals is not waited for: it may be cut off, and abort conditions must not wait.
 */
bool gd_res_point_is_whole(const struct series *s, size_t i);
/*
 * The figures of a series in a stage, all of them; NULL when nothing counts or memory ran out.
 * Borrowed, good until the next thing is fed.
 */
const struct gd_load_stats *gd_res_series_stats(const struct gd_results *r,
						struct series *s, size_t stage);

void gd_res_watch_free(struct watch *w);
bool gd_res_column_is_gauge(const struct column *c);
/*
 * The watch column a metric name means: exactly that name, or for a gauge NAME_max,
 * NAME_min. False when there is none.
 */
enum watch_part { PART_VALUE, PART_MAX, PART_MIN };
bool gd_res_watch_column(const struct watch *w, const char *metric, size_t *ret_column,
			 enum watch_part *ret_part);
/* The value over a window; false when too few samples are inside. */
bool gd_res_watch_value(const struct watch *w, size_t column, enum watch_part part,
			struct window win, double *ret);

/* The steps of a column inside the window, counters summed up; room for n_samples. */
struct step;
size_t gd_res_watch_steps(const struct watch *w, size_t column, struct window win,
			  struct step *steps);

void gd_res_ledger_fini(struct ledger *l);
/* Takes what a journal line tells of faults and of the run's fate. */
int gd_res_ledger_add(struct gd_results *r, const char *event, const cJSON *line,
		      struct gd_error *err);

/* --- metric.c: names to numbers ------------------------------------------------------- */

/* The row of gd_load_stats a name means, or NULL. */
struct load_metric;
const struct load_metric *gd_res_load_metric_find(const char *name);

/* One thing a condition can be about: a load series, or a watch on one host. */
struct source {
	const struct series *series; /* or */
	const struct watch *watch;
	size_t column;
	enum watch_part part;
	const struct load_metric *metric;
};
enum { MAX_SOURCES = MAX_SERIES + MAX_WATCHES };
/* All that matches; "*" is any. part NULL: the only client (with subject "*": any client). */
size_t gd_res_sources_find(const struct gd_results *r, const char *subject,
			   const char *part, const char *metric,
			   struct source ret[MAX_SOURCES]);
const char *gd_res_source_subject(const struct source *s);
const char *gd_res_source_part(const struct source *s);
bool gd_res_source_is_count(const struct source *s);

/* One step of a source in time: what was measured from begin to end, NAN for nothing. */
struct step {
	int64_t begin_ns, end_ns;
	double value;
};
/* The steps inside the window, counts summed up from its start. Caller frees *ret. */
int gd_res_source_steps(const struct source *s, struct window win, struct step **ret,
			size_t *ret_n, struct gd_error *err);
