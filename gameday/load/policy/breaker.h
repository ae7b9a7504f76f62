/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A circuit breaker (Nygard, "Release It!", 2nd ed. 2018, 5.2), with the rules of
 * resilience4j: closed, it watches the last calls (a number of them, or those of a span of
 * time) and opens when of at least `min` the share of failures or of slow calls reaches its
 * limit; open, it refuses all for a while; half-open, it lets a few probes through, and by
 * the same limits closes or opens again. Different from it, a call counts only in the state
 * in which it began, so that stragglers of a storm don't judge the probes. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/load/policy/client.h"

enum { GD_BREAKER_MAX_CALLS = 1000, GD_BREAKER_SLICES = 10 };

enum gd_breaker_state { GD_BREAKER_CLOSED, GD_BREAKER_OPEN, GD_BREAKER_HALF_OPEN };

struct gd_breaker_tally {
	uint32_t n, failed, slow;
};

struct gd_breaker {
	bool on;
	double errors, slow; /* shares at which it opens */
	int64_t slow_ns, open_ns, slice_ns;
	uint32_t min, probes;
	enum gd_breaker_state state;
	uint32_t epoch; /* counts states, from 1 */
	int64_t open_until_ns;
	uint32_t n_probes; /* let through in this half-open state */
	struct gd_breaker_tally sum;

	/* A window of calls: the oldest is at `at` once it is full. */
	uint32_t n_calls, at;
	uint8_t calls[GD_BREAKER_MAX_CALLS];
	/* A window of time: slice s holds the calls of the slice_ns-th number in `of`. */
	struct gd_breaker_tally slices[GD_BREAKER_SLICES];
	int64_t of[GD_BREAKER_SLICES];
};

/* policy NULL: never refuses. -1 when its window is neither of the two forms. */
int gd_breaker_init(struct gd_breaker *b, const struct gd_breaker_policy *policy,
		    struct gd_error *err) GD_NONNULL_ARGS(1, 3) GD_MUST_CHECK;
/* May a call begin? Its epoch, to be given to the other two; 0: no. */
uint32_t gd_breaker_enter(struct gd_breaker *b, int64_t now) GD_NONNULL GD_MUST_CHECK;
/* A call of that epoch ended after took_ns; true when the breaker opens by it. */
bool gd_breaker_leave(struct gd_breaker *b, uint32_t epoch, bool failed, int64_t took_ns,
		      int64_t now) GD_NONNULL;
/* A call of that epoch was given up and says nothing. */
void gd_breaker_forget(struct gd_breaker *b, uint32_t epoch) GD_NONNULL;
