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

/*
 * X(name, unit, largest, group, help). largest: of two intervals the larger holds, not the
 * sum. group: POLICY, what a policy did; TRAFFIC, what is counted of every client.
 */
#define GD_COUNTS(X)                                                                     \
	X(hedges, COUNT, false, POLICY,                                                  \
	  "attempts sent beside a slow one (hedge, backup, tied)")                       \
	X(hedge_wins, COUNT, false, POLICY,                                              \
	  "requests of which such an attempt answered first")                            \
	X(hedges_denied, COUNT, false, POLICY,                                           \
	  "such attempts that the budget did not allow")                                 \
	X(cancelled, COUNT, false, POLICY,                                               \
	  "attempts cancelled because another one was first")                            \
	X(cancelled_time, DURATION, false, POLICY,                                       \
	  "time of such attempts until they were cancelled, together")                   \
	X(breaker_opens, COUNT, false, POLICY, "times the circuit breaker opened")       \
	X(rejected_breaker, COUNT, false, POLICY,                                        \
	  "attempts that the circuit breaker refused")                                   \
	X(rejected_limit, COUNT, false, POLICY,                                          \
	  "attempts beyond the client's own rate limit")                                 \
	X(rejected_bulkhead, COUNT, false, POLICY, "requests that the bulkhead refused") \
	X(queued, COUNT, false, POLICY, "requests that waited in the bulkhead's line")   \
	X(ejections, COUNT, false, POLICY, "times a URL was left out because it failed") \
	X(sick, COUNT, false, POLICY, "times health checks found a URL sick")            \
	X(pool_closed, COUNT, false, POLICY, "connections closed by the pool's limits")  \
	X(open, COUNT, true, TRAFFIC,                                                    \
	  "requests under way at the end of an interval, at most")                       \
	X(connects, COUNT, false, TRAFFIC, "connections made")                           \
	X(connect_max, DURATION, true, TRAFFIC,                                          \
	  "longest time to make a connection, TLS included")                             \
	X(bytes_sent, BYTES, false, TRAFFIC,                                             \
	  "bytes of requests, headers included, TLS and TCP not")                        \
	X(bytes_received, BYTES, false, TRAFFIC, "bytes of replies, counted alike")      \
	X(retransmits, COUNT, false, TRAFFIC,                                            \
	  "TCP segments sent again by this side (TCP_INFO)")                             \
	X(rtt_max, DURATION, true, TRAFFIC, "TCP's smoothed round-trip time, at most")   \
	X(rtt_sum, DURATION, false, TRAFFIC, "the same of all samples, together")        \
	X(rtt_samples, COUNT, false, TRAFFIC, "samples of TCP_INFO")                     \
	X(unacked_max, COUNT, true, TRAFFIC,                                             \
	  "TCP segments sent and not acknowledged, at most")                             \
	X(slow, COUNT, false, TRAFFIC, "attempts over TCP that took 150 ms or more")     \
	X(slow_retransmitted, COUNT, false, TRAFFIC,                                     \
	  "such attempts on connections that sent segments again meanwhile")

#define GD_COUNT_MEMBER(name, unit, largest, group, help) uint64_t name;

/* Durations are in ns. */
struct gd_counts {
	GD_COUNTS(GD_COUNT_MEMBER)
};

enum gd_count_group { GD_COUNT_POLICY, GD_COUNT_TRAFFIC };

struct gd_count_row {
	const char *name, *help;
	enum gd_metric_unit unit;
	size_t offset; /* of a uint64_t in struct gd_counts */
	bool largest;
	enum gd_count_group group;
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
