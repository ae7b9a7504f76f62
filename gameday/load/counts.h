/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What client policies did in an interval, beyond outcomes. One row per number: it becomes a
 * member of struct gd_counts, of an interval's JSON, a metric of conditions
 * (LOAD.CLIENT.NAME) and a column of reports.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/shape/metric.h"

/* X(name, unit, largest, help): of two intervals the larger holds, not the sum. */
#define GD_COUNTS(X)                                                                     \
	X(hedges, COUNT, false, "attempts sent beside a slow one (hedge, backup, tied)") \
	X(hedge_wins, COUNT, false, "requests of which such an attempt answered first")  \
	X(hedges_denied, COUNT, false, "such attempts that the budget did not allow")    \
	X(cancelled, COUNT, false, "attempts cancelled because another one was first")   \
	X(cancelled_time, DURATION, false,                                               \
	  "time of such attempts until they were cancelled, together")                   \
	X(breaker_opens, COUNT, false, "times the circuit breaker opened")               \
	X(rejected_breaker, COUNT, false, "attempts that the circuit breaker refused")   \
	X(rejected_limit, COUNT, false, "attempts beyond the client's own rate limit")   \
	X(rejected_bulkhead, COUNT, false, "requests that the bulkhead refused")         \
	X(queued, COUNT, false, "requests that waited in the bulkhead's line")           \
	X(ejections, COUNT, false, "times a URL was left out because it failed")         \
	X(sick, COUNT, false, "times health checks found a URL sick")                    \
	X(pool_closed, COUNT, false, "connections closed by the pool's limits")

#define GD_COUNT_MEMBER(name, unit, largest, help) uint64_t name;

/* Durations are in ns. */
struct gd_counts {
	GD_COUNTS(GD_COUNT_MEMBER)
};

struct gd_count_row {
	const char *name, *help;
	enum gd_metric_unit unit;
	size_t offset; /* of a uint64_t in struct gd_counts */
	bool largest;
};

/* Ends with a NULL name. */
extern const struct gd_count_row gd_count_rows[];

static inline uint64_t *gd_count_of(struct gd_counts *c, const struct gd_count_row *row)
{
	return (uint64_t *)(void *)((char *)c + row->offset);
}

static inline uint64_t gd_count_get(const struct gd_counts *c,
				    const struct gd_count_row *row)
{
	return *(const uint64_t *)(const void *)((const char *)c + row->offset);
}

/* Sums stop at the top instead of wrapping: they may come from other machines. */
void gd_counts_add(struct gd_counts *into, const struct gd_counts *from) GD_NONNULL;
