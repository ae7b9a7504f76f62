/* SPDX-License-Identifier: Apache-2.0 */
/* One run that is disturbed at one step, and how the host looked afterwards. */
#pragma once

#include "gameday/torture/bed.h"

/* When: told by the run's own journal, or by the host's journal of faults. */
enum gd_when { GD_WHEN_BASELINE, GD_WHEN_HOST_LINE, GD_WHEN_HELD, GD_WHEN_RECOVERY };

struct gd_step {
	enum gd_when when;
	int line;         /* HOST_LINE: which line of this run, from 1 */
	const char *word; /* HOST_LINE: the step it tells: "open" */
	char name[64];    /* "open netem" */
};

enum gd_victim {
	GD_VICTIM_RUNNER, /* SIGKILL */
	GD_VICTIM_AGENT,
	GD_VICTIM_GUARDIAN,
	GD_VICTIM_BOTH,    /* agent and guardian */
	GD_VICTIM_ALL,     /* these and the runner: `gameday revert` has to undo */
	GD_VICTIM_SESSION, /* the sshd process that carries the agent */
	GD_N_VICTIMS,
};

const char *gd_victim_name(enum gd_victim v);

enum gd_outcome {
	GD_OUTCOME_NONE,   /* not tried */
	GD_OUTCOME_SAME,   /* as before, in time */
	GD_OUTCOME_DIFF,   /* something stayed behind */
	GD_OUTCOME_MISSED, /* the step did not come: nothing is proved */
	GD_OUTCOME_HUNG,   /* the runner did not end */
};

struct gd_cell {
	enum gd_outcome outcome;
	int64_t took_ms; /* from the strike until the host looked as before */
	int status;      /* the runner's exit status */
	char *why; /* owned: the lines that differ, or what was missed; may be NULL */
};

/* -1 only when nothing more can be tried. Caller frees ret->why. */
int gd_trial_run(struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
		 struct gd_cell *ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Everybody dies while the faults are held, and a human types the lines kept by the run. */
int gd_trial_manual(struct gd_bed *b, struct gd_cell *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
