/* SPDX-License-Identifier: Apache-2.0 */
/* `gameday run` as a child, and what it tells while it runs. */
#pragma once

#include "gameday/torture/trial.h"

struct gd_trial_child {
	pid_t pid;   /* 0: ended */
	int in, out; /* its standard input and output */
	int status;  /* once it ended */
	char *runs;  /* owned: the folder that gets its run's directory, and no other's */
};

void gd_trial_child_fini(struct gd_trial_child *c) GD_NONNULL;
#define GD_AUTO_TRIAL_CHILD(name)                                                        \
	__attribute__((cleanup(gd_trial_child_fini))) struct gd_trial_child name = {     \
		.in = -1, .out = -1, .status = -1}

/* What it complains about goes into a file beside its runs. The caller calls fini. */
int gd_trial_child_start(const struct gd_bed *b, const char *name,
			 struct gd_trial_child *ret,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
bool gd_trial_child_ended(const struct gd_trial_child *c) GD_NONNULL;
/* 0, or 1 when it had to be killed. */
int gd_trial_child_wait(struct gd_trial_child *c, struct gd_span limit,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Waits for the moment; false: the run ended, or the time passed, before it. */
bool gd_trial_child_await(const struct gd_trial_child *c, enum gd_when when) GD_NONNULL;
/* The text of a file in its run's directory; NULL: there is none. The caller frees. */
char *gd_trial_child_file(const struct gd_trial_child *c, const char *name) GD_NONNULL;

/* When nobody can be waited for any longer, GD_OUTCOME_*; struck: when it began. */
void gd_trial_judge(struct gd_bed *b, struct gd_cell *c, enum gd_outcome o,
		    struct gd_instant struck, struct gd_strbuf *why) GD_NONNULL;
/* A run up to the step, and the strike: 0, or 1 when it was missed (ret is filled). */
int gd_trial_strike(struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
		    struct gd_trial_child *run, struct gd_cell *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
