/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a client tries again. Pure: time and chance come from the caller.
 *
 * Backoff: before retry n the pause is min(greatest, first x 2^(n-1)); full jitter takes a
 * uniform part of it, equal jitter at least half, decorrelated jitter a uniform pause from
 * the first to three times the one before (Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015).
 *
 * Budget: gameday/load/policy/budget.h.
 *
 * Retry-After (RFC 9110, 10.2.3): a pause that the server asks for replaces a shorter one of
 * the policy; a request that would have to wait longer than the policy's limit is given up.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/load/interval.h"
#include "gameday/load/policy/budget.h"
#include "gameday/load/policy/client.h"

struct gd_retry {
	struct gd_retry_policy policy; /* attempts 1: never retries; without its list */
	uint32_t on;                   /* bit per outcome that is retried */
	struct gd_budget budget;
	uint64_t random;
};

/* What is known of a request when one of its attempts failed. */
struct gd_retry_case {
	uint32_t n_attempts; /* begun so far */
	enum gd_outcome outcome;
	int64_t last_pause_ns;  /* before this attempt; 0: it was the first */
	int64_t retry_after_ns; /* what the server asked for; -1: nothing */
	int64_t left_ns;        /* until the request's deadline */
};

/* policy NULL: one attempt. It is copied. */
void gd_retry_init(struct gd_retry *r, const struct gd_retry_policy *policy,
		   uint64_t seed) GD_NONNULL_ARGS(1);
/* A request begins: its share goes into the budget. */
void gd_retry_request(struct gd_retry *r) GD_NONNULL;

/* Is it a failure that another attempt may mend, and after which it does no harm? */
bool gd_retry_is_mendable(enum gd_outcome o) GD_MUST_CHECK;

enum gd_retry_verdict {
	GD_RETRY_NO,     /* not a failure that is retried, no attempts left, or no time */
	GD_RETRY_YES,    /* after *ret_pause_ns; a token is taken */
	GD_RETRY_DENIED, /* wanted, but the budget is empty */
};
enum gd_retry_verdict gd_retry_decide(struct gd_retry *r, const struct gd_retry_case *c,
				      int64_t *ret_pause_ns) GD_NONNULL GD_MUST_CHECK;
