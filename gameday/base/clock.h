/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time as types that can't be mixed up. An instant is a reading of CLOCK_BOOTTIME (it
 * goes on through suspend), a wall is UTC since 1970; a span is a difference.
 */
#pragma once

#include <stdint.h>

#include "gameday/base/attr.h"

struct gd_span {
	int64_t ns;
};
struct gd_instant {
	int64_t ns;
};
struct gd_wall {
	int64_t ns;
};

#define GD_NS_PER_US INT64_C(1000)
#define GD_NS_PER_MS INT64_C(1000000)
#define GD_NS_PER_S INT64_C(1000000000)

struct gd_instant gd_now(void);
struct gd_wall gd_wall_now(void);

static inline struct gd_span gd_span_ms(int64_t ms)
{
	return (struct gd_span){ms * GD_NS_PER_MS};
}

static inline struct gd_span gd_span_s(int64_t s)
{
	return (struct gd_span){s * GD_NS_PER_S};
}

static inline struct gd_instant gd_after(struct gd_instant t, struct gd_span d)
{
	return (struct gd_instant){t.ns + d.ns};
}

/* later - earlier */
static inline struct gd_span gd_between(struct gd_instant earlier,
					struct gd_instant later)
{
	return (struct gd_span){later.ns - earlier.ns};
}

/* "2026-11-23T14:05:09.123Z" into buf (at least 32 bytes); returns buf. */
const char *gd_wall_format(struct gd_wall t, char buf[32]) GD_NONNULL;
/* "20261123T140509Z" for file names; returns buf. */
const char *gd_wall_compact(struct gd_wall t, char buf[32]) GD_NONNULL;
/* Sleeps for the whole span, through signals. For tests and child processes only. */
void gd_sleep(struct gd_span d);
