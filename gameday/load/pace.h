/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schedule of an open loop: request i is meant to start at start + i / rate, whatever
 * happened to the ones before. Each time is computed from the start, so rounding errors do
 * not add up. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"

struct gd_pace {
	int64_t start_ns, end_ns; /* no start at or after end */
	double gap_ns;            /* between two starts */
	uint64_t n_started;
};

void gd_pace_init(struct gd_pace *p, int64_t start_ns, int64_t end_ns,
		  double per_s) GD_NONNULL;
/* The next intended start; INT64_MAX when there is none any more. */
int64_t gd_pace_next(const struct gd_pace *p) GD_NONNULL;
/* Takes the next start if it is due: true, with its time. */
bool gd_pace_take(struct gd_pace *p, int64_t now_ns, int64_t *ret_intended) GD_NONNULL;
