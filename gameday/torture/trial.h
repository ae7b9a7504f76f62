/* SPDX-License-Identifier: Apache-2.0 */
/* One run that is disturbed at one step, and how the host looked afterwards. */
#pragma once

#include <stdbool.h>

#include "gameday/torture/bed.h"

/* When: told by the run's own journal, or by the host's journal of faults. */
enum gd_when {
	GD_WHEN_CLAIMED, /* no step: agent and guardian are there */
	GD_WHEN_READY,   /* claimed, every fault was found possible */
	GD_WHEN_ASKED,   /* the faults were asked for: the host captures what is before */
	GD_WHEN_HOST_LINE, /* a line of the host's journal is on disk */
	GD_WHEN_HELD,      /* all are in and kept */
	GD_WHEN_UNDOING,   /* their end was asked for */
	GD_WHEN_RECOVERY,  /* all are out, the host is still claimed */
};

struct gd_step {
	enum gd_when when;
	int line;         /* HOST_LINE: which line of this run, from 1 */
	const char *word; /* HOST_LINE: the step it tells: "open" */
	char name[64];    /* "open-netem" */
};

enum { GD_MAX_STEPS = 5 + 3 * GD_BED_MAX_FAULTS };

/* All steps of a run of this scenario, in the order it takes them; returns how many. */
size_t gd_steps_list(const struct gd_bed *b, struct gd_step ret[GD_MAX_STEPS]) GD_NONNULL;

enum gd_victim {
	GD_VICTIM_RUNNER, /* SIGKILL */
	GD_VICTIM_STOPPED, /* the runner, SIGSTOP for longer than the lease, then SIGCONT */
	GD_VICTIM_AGENT,
	GD_VICTIM_GUARDIAN,
	GD_VICTIM_BOTH,    /* agent and guardian: the runner has to come back */
	GD_VICTIM_ALL,     /* these and the runner: `gameday revert` has to undo */
	GD_VICTIM_SESSION, /* the sshd process that carries the agent */
	GD_VICTIM_LINK,    /* between runner and host, longer than the lease */
	GD_VICTIM_CLOCK, /* the host's jumps two hours, on or back, and returns after 5 s */
	GD_N_VICTIMS,
};

const char *gd_victim_name(enum gd_victim v);

enum gd_outcome {
	GD_OUTCOME_NONE,   /* not tried */
	GD_OUTCOME_SAME,   /* as before, in time */
	GD_OUTCOME_DIFF,   /* something stayed behind, or the run says so */
	GD_OUTCOME_MISSED, /* the step did not come: nothing is proved */
	GD_OUTCOME_HUNG,   /* the runner did not end */
};

struct gd_cell {
	enum gd_outcome outcome;
	int64_t took_ms; /* from the strike until the host was seen as before */
	int status;      /* the runner's exit status */
	char *why; /* owned: the lines that differ, or what was missed; may be NULL */
};

/*
 * A trial whose step was missed is tried again, twice. -1 only when nothing more can be
 * tried. Caller frees ret->why.
 */
int gd_trial_run(struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
		 struct gd_cell *ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Everybody dies while the faults are held, a human types the lines of the run's undo.md,
 * and `gameday revert` and `status` find nothing left to do.
 */
int gd_trial_manual(struct gd_bed *b, struct gd_cell *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* `gameday revert` of the host: 0, or 1 when it failed, and `why` says how. */
int gd_trial_revert(const struct gd_bed *b, struct gd_strbuf *why,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
