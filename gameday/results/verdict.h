/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run proves, from a handful of facts. Pure: the runner takes its exit status from
 * it and the report renders it, so the two can't disagree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"

/* In order of precedence, the strongest last. */
enum gd_verdict_kind {
	GD_VERDICT_HELD,    /* every expectation was met */
	GD_VERDICT_REFUTED, /* an expectation was measured and not met */
	GD_VERDICT_INVALID, /* a fault without verified effect, or an expectation without data */
	GD_VERDICT_ABORTED, /* stopped on the way; everything undone */
	GD_VERDICT_NOT_RUN, /* preflight, steady state or way back failed; nothing stayed in */
	GD_VERDICT_LEFT_BEHIND, /* something is not as it was: a human must look */
};

/* Stable name: "held", "refuted", "invalid", "aborted", "not-run", "left-behind". */
const char *gd_verdict_name(enum gd_verdict_kind v);
/* The reverse; -1 for any other text. */
int gd_verdict_from_name(const char *name) GD_NONNULL;
/* The exit status that says so (enum gd_exit). */
int gd_verdict_exit(enum gd_verdict_kind v);

struct gd_verdict_facts {
	size_t n_faults;         /* injections begun */
	size_t n_left_behind;    /* reverted, and not equal to what was before */
	size_t n_unwitnessed;    /* injection begun, no record of a revert */
	size_t n_without_effect; /* injected, and nothing shows that it did anything */
	size_t n_expect, n_failed, n_no_data;
	bool preflight_failed, steady_failed;
	bool not_run;       /* ended before anything was injected, for another reason */
	bool way_back_lost; /* with not_run: faults were in on trial only, and undone */
	bool aborted;       /* abort condition, signal, lost host, failed injection */
	bool over;          /* the run ended by itself; false: the journal just stops */
	const char *detail; /* of the strongest fact, for the reason; "" when none */
	const char *last_event; /* for a journal that just stops: the last thing in it */
};

struct gd_verdict {
	enum gd_verdict_kind kind;
	int exit;         /* enum gd_exit */
	char reason[400]; /* one sentence, no full stop */
};

/*
 * left-behind > not-run > aborted > invalid > refuted > held. Not-run means that nothing
 * was injected, or on trial only. A journal that just stops is aborted, and its unwitnessed faults are named
 * as such; in a run that ended by itself they are left behind.
 */
void gd_verdict_decide(const struct gd_verdict_facts *facts,
		       struct gd_verdict *ret) GD_NONNULL;
