/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that a live view shows, at one moment. Terminal and dashboard both draw this and
 * nothing else, so they can't disagree, and what is hidden here is hidden in both.
 *
 * There are no pointers in it: it is handed to the process that draws the terminal as it
 * lies in memory. All text in it is clean: UTF-8, one line, nothing that moves a cursor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/clock.h"
#include "gameday/base/json.h"
#include "gameday/results/results.h"
#include "gameday/scenario/scenario.h"

enum {
	GD_SNAP_NAME = 96,
	GD_SNAP_TEXT = 240,
	GD_SNAP_STAGES = 32,
	GD_SNAP_SERIES = 24,
	GD_SNAP_HISTORY = 90, /* intervals: the last one and a half minutes */
	GD_SNAP_FAULTS = 24,
	GD_SNAP_EXPECTS = 40,
	GD_SNAP_WATCHES = 24,
	GD_SNAP_WARNINGS = 6,
	GD_SNAP_EVENTS = 40,
};

enum gd_tone { GD_TONE_PLAIN, GD_TONE_GOOD, GD_TONE_BAD, GD_TONE_FAULT };

struct gd_snap_stage {
	char name[GD_SNAP_NAME];
	enum gd_snap_when { GD_SNAP_TO_COME, GD_SNAP_NOW, GD_SNAP_PAST } when;
	bool fault;
	double seconds; /* its length */
};

/* One client of one load. Figures are of its newest interval; NAN: none. */
struct gd_snap_series {
	char load[GD_SNAP_NAME], client[GD_SNAP_NAME];
	double rate, success, p50, p99; /* per second, fraction, ns, ns */
	double attempts_per_request;
	uint64_t requests, errors, retries;
	bool behind; /* the generator itself was late */
	struct gd_snap_point {
		float rate, success, p99;
		bool fault; /* a fault was in */
	} history[GD_SNAP_HISTORY];
	size_t n_history;
	size_t taken; /* intervals that are in it, or have gone already */
};

struct gd_snap_fault {
	char host[GD_SNAP_NAME], what[GD_SNAP_TEXT];
	char effect[GD_SNAP_TEXT]; /* what it did so far; "": not known */
	bool coming;               /* asked for, not verified yet */
	double seconds;            /* since it came */
};

enum gd_snap_met {
	GD_SNAP_WAITING, /* nothing measured yet */
	GD_SNAP_HOLDS,   /* so far */
	GD_SNAP_FAILS,   /* so far */
	GD_SNAP_MET,     /* for good: its stage is over */
	GD_SNAP_MISSED,
};

struct gd_snap_expect {
	char condition[GD_SNAP_TEXT], measured[GD_SNAP_NAME];
	enum gd_snap_met met;
};

struct gd_snap_watch {
	char name[2 * GD_SNAP_NAME + 8], value[40];
	bool expected; /* a condition of the scenario names it */
};

struct gd_snap_event {
	double seconds; /* since the run began */
	enum gd_tone tone;
	char text[GD_SNAP_TEXT];
};

struct gd_snapshot {
	int64_t wall_ns;
	char title[GD_SNAP_TEXT], run[GD_SNAP_NAME];
	char doing[GD_SNAP_TEXT]; /* "lossy", or what is done between stages */
	bool in_stage, in_fault_stage, undoing;
	double stage_seconds, stage_left; /* of the stage that goes on */
	double elapsed, left;             /* of the run; left: of its stages */
	struct gd_snap_stage stages[GD_SNAP_STAGES];
	struct gd_snap_series series[GD_SNAP_SERIES];
	struct gd_snap_fault faults[GD_SNAP_FAULTS];
	struct gd_snap_expect expects[GD_SNAP_EXPECTS];
	struct gd_snap_watch watches[GD_SNAP_WATCHES];
	char warnings[GD_SNAP_WARNINGS][GD_SNAP_TEXT];
	struct gd_snap_event events[GD_SNAP_EVENTS]; /* oldest first */
	size_t n_stages, n_series, n_faults, n_expects, n_watches, n_warnings, n_events;
	size_t more_watches; /* values that would be in watches, had it room */
	bool no_load;        /* there is no client, and there won't be one */
	bool blind;          /* what was injected is hidden */
	bool over;           /* the run has ended: verdict and reason stand */
	char verdict[GD_SNAP_NAME], reason[GD_SNAP_TEXT];
	char url[GD_SNAP_NAME]; /* of the dashboard; "": none */
};

/* What a run knows that its results do not tell. Borrowed, for one call. */
struct gd_shown_fault {
	const char *host, *what;
	const char *effect; /* what it did so far; NULL: not known */
	bool coming;
	int64_t since_wall_ns;
};
struct gd_shown_clock {
	const char *host;
	int64_t offset_ns; /* its wall clock minus ours */
};
struct gd_shown_run {
	const char *title, *run;
	const struct gd_results *results;
	const struct gd_scenario *scenario;
	const struct gd_stage *stage; /* that goes on; NULL: none */
	struct gd_instant stage_until;
	const char *doing; /* between stages: "connecting" */
	bool undoing;
	const struct gd_shown_fault *faults;
	size_t n_faults;
	const struct gd_shown_clock *clocks;
	size_t n_clocks;
};

/*
 * Brings *s up to date. It holds the history, so the same one is given again each time, zero
 * at first. Events, elapsed, url and the end are left alone: they are the view's.
 */
void gd_snapshot_take(struct gd_snapshot *s, const struct gd_shown_run *run,
		      struct gd_instant now, struct gd_wall wall) GD_NONNULL;
/* Adds an event; the oldest goes when there are too many. */
void gd_snapshot_event(struct gd_snapshot *s, double seconds, enum gd_tone tone,
		       const char *text) GD_NONNULL;
/*
 * Takes out of a copy what would tell what was injected, where and when: title, stages,
 * faults, expectations, watches and the marks in the history.
 */
void gd_snapshot_hide(struct gd_snapshot *s) GD_NONNULL;
/* Copies text into dst, made clean, cut between characters when it is too long. */
void gd_snapshot_text(char *dst, size_t size, const char *text) GD_NONNULL;
/* The snapshot as the dashboard's page takes it; the caller owns *ret. */
int gd_snapshot_to_json(const struct gd_snapshot *s, cJSON **ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
