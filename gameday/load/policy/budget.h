/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A budget of extra attempts: a token bucket, as in Finagle's RetryBudget and gRPC's retry
 * throttling (gRFC A6). Each request puts in its share, each extra attempt takes one token
 * out. It begins with 10, so that a quiet client may do it at all, and holds 100 at most, so
 * that a long calm does not save up for a storm. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/units.h"
#include "gameday/load/part.h"

enum { GD_BUDGET_INITIAL_TOKENS = 10, GD_BUDGET_MAX_TOKENS = 100 };

#define GD_BUDGET_TOKEN_PPB INT64_C(1000000000)

struct gd_budget {
	int64_t share_ppb; /* per request; 0: no limit */
	int64_t tokens_ppb, full_ppb;
};

static inline struct gd_budget gd_budget_make(struct gd_ratio share)
{
	return (struct gd_budget){
		.share_ppb = share.ppb,
		.tokens_ppb = GD_BUDGET_INITIAL_TOKENS * GD_BUDGET_TOKEN_PPB,
		.full_ppb = GD_BUDGET_MAX_TOKENS * GD_BUDGET_TOKEN_PPB,
	};
}

/* Of a client whose requests are divided: all parts begin with, and hold, what one would. */
static inline void gd_budget_divide(struct gd_budget *b, struct gd_part part)
{
	b->tokens_ppb = gd_part_of(b->tokens_ppb, part);
	b->full_ppb = gd_part_of(b->full_ppb, part);
}

/* A request begins. */
static inline void gd_budget_request(struct gd_budget *b)
{
	b->tokens_ppb = b->share_ppb > b->full_ppb - b->tokens_ppb
				? b->full_ppb
				: b->tokens_ppb + b->share_ppb;
}

/* Takes a token; false when there is none. */
static inline bool gd_budget_take(struct gd_budget *b)
{
	if (b->share_ppb == 0)
		return true;
	if (b->tokens_ppb < GD_BUDGET_TOKEN_PPB)
		return false;
	b->tokens_ppb -= GD_BUDGET_TOKEN_PPB;
	return true;
}
