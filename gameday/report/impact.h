/* SPDX-License-Identifier: Apache-2.0 */
/* What a run did to its clients: who was hit hardest, when it began, when it was over. */
#pragma once

#include "gameday/report/model.h"

/* One client before and under a fault; the hit is how much worse it got. */
struct gd_impact {
	const char *load, *client, *stage; /* borrowed */
	struct gd_load_stats before, under;
	double hit;
	bool any;      /* something was measured under a fault */
	bool compared; /* before holds the baseline's figures */
};
/*
 * The client and fault stage that were hit hardest: the p99's factor, and requests that no
 * longer succeed weigh more than any slowness.
 */
struct gd_impact gd_impact_worst(const struct gd_report *r) GD_NONNULL GD_MUST_CHECK;
/* The client and fault stage with the most attempts per request; its hit is that. */
struct gd_impact
gd_impact_most_attempts(const struct gd_report *r) GD_NONNULL GD_MUST_CHECK;
/* The first stage of a kind ("baseline", "fault", "recovery"); NULL: none. Borrowed. */
const char *gd_impact_stage(const struct gd_report *r,
			    const char *kind) GD_NONNULL GD_MUST_CHECK;
/*
 * Sets in r
 * - harm_ns, harm: the first interval of any client after the first injection in which more
 *   requests failed than in any interval of the baseline, or whose p99 or p50 was above twice
 *   the baseline's and above that of every single baseline interval;
 * - faults_out_ns: when the last fault was undone, 0 when one was left behind or nobody knows;
 * - healed_ns: when, after that, the last client was well again: from there to the end of
 *   the figures no interval was as above; 0 when that is not known;
 * - still_hurt: a client never was, within what was measured;
 * - recovered_ns: the same as healed_ns but after harm_ns, so it can be before faults_out_ns
 *   when something other than the undo helped; 0 also without harm.
 */
void gd_impact_find_harm(struct gd_report *r) GD_NONNULL;
