/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/policy/retry.h"

#include "gameday/load/policy/random.h"

enum { TOKEN_PPB = 1000000000 };

static const struct gd_retry_policy once = {.attempts = 1};

void gd_retry_init(struct gd_retry *r, const struct gd_retry_policy *policy,
		   uint64_t seed)
{
	*r = (struct gd_retry){
		.policy = policy ? *policy : once,
		.tokens_ppb = GD_RETRY_INITIAL_TOKENS * (int64_t)TOKEN_PPB,
		.random = seed,
	};
}

void gd_retry_request(struct gd_retry *r)
{
	int64_t full = GD_RETRY_MAX_TOKENS * (int64_t)TOKEN_PPB;
	int64_t share = r->policy.budget.ppb;

	r->tokens_ppb = share > full - r->tokens_ppb ? full : r->tokens_ppb + share;
}

/* The outcomes that a second attempt may mend, and after which it does no harm. */
static bool is_retried(enum gd_outcome outcome)
{
	switch (outcome) {
	case GD_OUTCOME_TIMEOUT:
	case GD_OUTCOME_REFUSED:
	case GD_OUTCOME_UNREACHABLE:
	case GD_OUTCOME_CONNECT:
	case GD_OUTCOME_RESET:
	case GD_OUTCOME_STATUS_5XX:
	case GD_OUTCOME_TLS:
		return true;
	case GD_OUTCOME_OK:
	case GD_OUTCOME_PROTOCOL:
	case GD_OUTCOME_STATUS_4XX:
	case GD_OUTCOME_STATUS_OTHER:
	case GD_OUTCOME_LOCAL:
	case GD_OUTCOME_UNFINISHED:
	case GD_OUTCOME_WRONG:
	case GD_OUTCOME_SHED:
	case GD_OUTCOME_CANCELLED:
	case GD_OUTCOME_DEADLINE:
	case GD_N_OUTCOMES:
		break;
	}
	return false;
}

static int64_t nominal_pause(const struct gd_retry_policy *p, uint32_t n_attempts)
{
	int64_t pause = p->backoff.min.ns;

	for (uint32_t i = 1; i < n_attempts && pause < p->backoff.max.ns; i++)
		pause *= 2;
	return pause < p->backoff.max.ns ? pause : p->backoff.max.ns;
}

static int64_t jittered(struct gd_retry *r, int64_t pause)
{
	if (r->policy.jitter == GD_JITTER_NONE)
		return pause;
	if (r->policy.jitter == GD_JITTER_EQUAL)
		return pause / 2 + gd_random_upto(&r->random, pause - pause / 2);
	return gd_random_upto(&r->random, pause);
}

enum gd_retry_verdict gd_retry_decide(struct gd_retry *r, uint32_t n_attempts,
				      enum gd_outcome outcome, int64_t *ret_pause_ns)
{
	if (!is_retried(outcome) || n_attempts >= (uint64_t)r->policy.attempts)
		return GD_RETRY_NO;
	if (r->policy.budget.ppb > 0) {
		if (r->tokens_ppb < TOKEN_PPB)
			return GD_RETRY_DENIED;
		r->tokens_ppb -= TOKEN_PPB;
	}
	*ret_pause_ns = jittered(r, nominal_pause(&r->policy, n_attempts));
	return GD_RETRY_YES;
}

int64_t gd_retry_max_pause(const struct gd_retry_policy *policy)
{
	int64_t sum = 0;

	for (uint32_t n = 1; n < (uint64_t)policy->attempts; n++)
		sum += nominal_pause(policy, n);
	return sum;
}
