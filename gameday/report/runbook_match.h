/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which runbook a run's evidence points to. Each detection with a `when:` that could be
 * judged speaks for or against its runbook: by 2 when it looks at a host signal, by 1 when
 * it looks at what clients felt, since most failures raise latency. One that was true in the
 * baseline already proves nothing and counts as not fired.
 *
 *   score = 100 x (weight that fired) / (weight that could be judged + 1)
 *
 * The 1 keeps a runbook with one lucky detection behind one with three of three.
 */
#pragma once

#include "gameday/report/model.h"

struct gd_match_item {
	struct gd_detected detected;
	int weight;       /* 0: not judged */
	bool in_baseline; /* fired, but was true before any fault */
};

struct gd_match {
	char *name; /* owned: file name without .yaml */
	struct gd_runbook runbook;
	struct gd_match_item *items; /* owned; one per detection */
	double score;                /* 0..100 */
	size_t n_fired, n_judged;
	bool own; /* the one the run's scenario names */
};

struct gd_matches {
	struct gd_match *items; /* owned; best first */
	size_t n;
	size_t n_unreadable; /* files that are no valid runbook */
	char first_unreadable[200];
};

/* Ranks all *.yaml and *.yml runbooks in dir (at most 500). */
int gd_runbook_match(const struct gd_report *r, const char *dir, struct gd_matches *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_matches_fini(struct gd_matches *m) GD_NONNULL;

/* The runbook files of a directory, by name. */
struct gd_runbook_files {
	char **paths, **names; /* owned */
	size_t n;
};
int gd_runbook_files(const char *dir, struct gd_runbook_files *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_runbook_files_fini(struct gd_runbook_files *f) GD_NONNULL;
