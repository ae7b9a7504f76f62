/* SPDX-License-Identifier: Apache-2.0 */
/* The golden run of tests/unit/report, fed up to a second, and what a run knows of itself. */
#pragma once

#include "gameday/live/snapshot.h"

struct recorded {
	struct gd_results *results;
	struct gd_scenario scenario;
	struct gd_shown_fault fault;
	struct gd_shown_clock clock;
	struct gd_shown_run run;
	struct gd_instant now;
	struct gd_wall wall;
};

/* Until so many seconds after its first event. */
void recorded_init(struct recorded *r, double seconds);
void recorded_fini(struct recorded *r);
