/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A percentile of the recent past, for a policy to act on: two windows of 5 s, of which the
 * older is dropped when the newer is full, so it looks 5 to 10 s back. Steps are 1/32 of a
 * power of two, so a value is at most 3.2 % too large. Pure: time is passed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"

enum { GD_QUANTILE_STEPS = 32, GD_QUANTILE_BUCKETS = 41 * GD_QUANTILE_STEPS };

/* Fewer values than these have no percentile worth acting on. */
enum { GD_QUANTILE_MIN_COUNT = 20 };

struct gd_quantile {
	double fraction; /* 0.95 for p95 */
	int64_t window_end_ns, next_look_ns, value_ns;
	uint32_t n[2];                           /* in each window */
	uint32_t counts[2][GD_QUANTILE_BUCKETS]; /* [0] is the newer */
};

void gd_quantile_init(struct gd_quantile *q, double fraction) GD_NONNULL;
void gd_quantile_add(struct gd_quantile *q, int64_t value_ns, int64_t now) GD_NONNULL;
/* The value that `fraction` of the recent ones do not exceed; -1: too few of them. */
int64_t gd_quantile_get(struct gd_quantile *q, int64_t now) GD_NONNULL;
