/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a runbook was last used in earnest: computed from the runs, never written down by
 * hand. Times count from when clients were first hurt, else from the first injection.
 */
#pragma once

#include "gameday/report/model.h"

enum gd_exercised_by { GD_BY_NOBODY, GD_BY_PEOPLE, GD_BY_RUNBOOK };

struct gd_exercised {
	size_t runs;      /* that used this runbook and injected something; 0: never */
	char run[128];    /* the newest of them */
	char started[32]; /* its date, UTC */
	char verdict[16];
	/* By a note of the people, else by a detection that fired; NAN: never. */
	double detect_s;
	/* By a note, else by the first mitigation that a stage tried; NAN: never. */
	double mitigate_s;
	enum gd_exercised_by detected_by, mitigated_by;
};

/* Of one run; runs is 1, or 0 when nothing was injected in it. */
void gd_exercised_in(const struct gd_report *r, struct gd_exercised *ret) GD_NONNULL;
/*
 * The newest run in runs_dir whose scenario names this runbook. Runs that can't be read are
 * passed over; no directory is no run.
 */
int gd_exercised_find(const char *runs_dir, const char *runbook, struct gd_exercised *ret,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* "2026-11-28T05:10:00Z, run ... (held): detected after 4.1 s by ..., ..." or "never". */
void gd_exercised_say(const struct gd_exercised *e, struct gd_strbuf *out) GD_NONNULL;
