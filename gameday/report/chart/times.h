/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every chart over time shows beside its values: the run's span, its stages, when each
 * fault was in, and the events a reader should see. Seconds since the run's start.
 */
#pragma once

#include "gameday/report/model.h"

enum {
	GD_TIMES_STAGES = 64,
	GD_TIMES_FAULTS = 12,
	GD_TIMES_SPANS = 200,
	GD_TIMES_MARKS = 24,
};

struct gd_time_stage {
	const char *name; /* foreign */
	bool fault;
	double begin, end;             /* end: the run's, when it has none */
	double counts_from, counts_to; /* NAN: nothing counted */
};

struct gd_time_span {
	double from, to;
	bool open; /* nobody saw its end */
};

/* One fault of the scenario on however many hosts. */
struct gd_time_fault {
	char letter;                /* 'A' for the first */
	const char *describe;       /* foreign */
	char ref[96];               /* without the host */
	char hosts[160];            /* "api-1, api-2" */
	struct gd_time_span *spans; /* owned; in order, they don't overlap */
	size_t n_spans;
};

enum gd_mark_kind {
	GD_MARK_GOOD,  /* steady state held, ... */
	GD_MARK_BAD,   /* harm, abort, a host lost */
	GD_MARK_HUMAN, /* a note, a detection */
};

struct gd_time_mark {
	double at;
	enum gd_mark_kind kind;
	char text[220]; /* foreign */
};

struct gd_times {
	double lo, hi;      /* of what was measured; lo < hi */
	int64_t started_ns; /* wall; 0: not known */
	struct gd_time_stage stages[GD_TIMES_STAGES];
	size_t n_stages;
	struct gd_time_fault faults[GD_TIMES_FAULTS];
	size_t n_faults, more_faults;
	struct gd_time_mark marks[GD_TIMES_MARKS];
	size_t n_marks, more_marks; /* in order of time */
};

/* 0, or -1 when out of memory. Caller calls fini. */
int gd_times_init(struct gd_times *t, const struct gd_report *r) GD_NONNULL GD_MUST_CHECK;
void gd_times_fini(struct gd_times *t) GD_NONNULL;
