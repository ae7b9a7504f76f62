/* SPDX-License-Identifier: Apache-2.0 */
/* One game day: from a scenario file to a verdict, with everything put back in between. */
#pragma once

#include <stdbool.h>

#include "gameday/base/error.h"
#include "gameday/scenario/check.h"

struct gd_run_options {
	const char *scenario;  /* path */
	const char *inventory; /* path */
	const char *runbook;   /* path, or NULL: the scenario names none that was found */
	const char *out;       /* parent of the run directory: "runs" */
	double stage_scale;    /* every stage's length times this; 1 = as written */
	bool blind; /* hide from the view what is injected until it is revealed */
	const char *dashboard; /* ADDRESS:PORT of the page with the view, or NULL */
	bool dashboard_public; /* that may be an address others reach */
	const struct gd_crew
		*crew; /* who plays which role, before the scenario's; or NULL */
	const char *version;
	const char *argv; /* the command line, for the record */
	const struct gd_kinds *kinds;
	/* Asked once, before anything is connected; false ends the run. NULL: go. */
	bool (*confirm)(void *ctx, const char *plan_text);
	void *confirm_ctx;
};

/*
 * Returns the exit status (enum gd_exit). Mistakes in the files are printed to standard
 * error. -1 with *err only when there is no run directory to report into.
 */
int gd_run(const struct gd_run_options *opt,
	   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
