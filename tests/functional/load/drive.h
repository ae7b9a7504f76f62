/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a load to its end and adds up what each of its clients saw. */
#pragma once

#include "tests/unit/cmocka_all.h"

#include "gameday/base/attr.h"
#include "gameday/load/interval.h"

enum { DRIVE_MAX_CLIENTS = 4 };

struct driven {
	struct gd_interval
		sums[DRIVE_MAX_CLIENTS]; /* in the order they were first seen */
	size_t n;
	int64_t start_ns; /* of the load, CLOCK_MONOTONIC */
};

/* What must be so in every run: nothing is lost and nothing counted twice. */
void check_sums(const struct gd_interval *s) GD_NONNULL;
/*
 * spec is the JSON of a load with printf's parameters, so that ports can be put in. Fails the
 * test when something does not add up: requests by outcome, attempts by outcome, histograms.
 * The caller calls driven_fini.
 */
void drive(struct driven *ret, int64_t duration_ms, const char *spec, ...)
	GD_PRINTF(3, 4) GD_NONNULL;
/* The sum of a client by its name; fails the test when there is none. */
const struct gd_interval *driven_client(const struct driven *d,
					const char *name) GD_NONNULL;
void driven_fini(struct driven *d) GD_NONNULL;

/*
 * Runs each test in a process of its own, up to three times: a machine that is busy with other
 * things can break any bound on times, a mistake breaks it each time. Returns how many failed.
 */
int run_patiently(const struct CMUnitTest *tests, size_t n) GD_NONNULL;
