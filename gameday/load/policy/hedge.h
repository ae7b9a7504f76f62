/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More attempts of one request at once, of which the first good answer counts (Dean and
 * Barroso, "The Tail at Scale", CACM 2013). Pure: time is passed in.
 *
 * hedge: one more when the answer is late, by a fixed delay or by a percentile of the
 * client's own attempts, as the paper has it (p95: 5 % more load). backup: the same, to
 * another target. tied: two at once to two targets; as soon as one begins to answer the
 * other is cancelled.
 */
#pragma once

#include "gameday/load/policy/budget.h"
#include "gameday/load/policy/client.h"
#include "gameday/load/policy/quantile.h"

struct gd_hedge {
	uint8_t max;       /* more attempts; 0: none */
	bool other_target; /* than those that are under way */
	bool tied;
	double fraction;  /* of the percentile; 0: the delay is fixed */
	int64_t after_ns; /* the fixed delay */
	struct gd_budget budget;
};

/* Takes hedge, backup or tied of the client; -1 when `after` is neither of its forms. */
int gd_hedge_init(struct gd_hedge *h, const struct gd_client_spec *client,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * How long after an attempt the next one is sent; -1: none, or too little is known yet. q is
 * the client's percentile, which may be NULL with a fixed delay.
 */
int64_t gd_hedge_delay(const struct gd_hedge *h, struct gd_quantile *q, int64_t now)
	GD_NONNULL_ARGS(1);
