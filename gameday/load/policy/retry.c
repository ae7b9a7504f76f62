/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/policy/retry.h"

#include "gameday/load/policy/random.h"

static const struct gd_retry_policy once = {.attempts = 1};

/* The outcomes that a second attempt may mend, and after which it does no harm. */
static const uint32_t usual = 1U << GD_OUTCOME_TIMEOUT | 1U << GD_OUTCOME_REFUSED |
			      1U << GD_OUTCOME_UNREACHABLE | 1U << GD_OUTCOME_CONNECT |
			      1U << GD_OUTCOME_RESET | 1U << GD_OUTCOME_STATUS_5XX |
			      1U << GD_OUTCOME_TLS;

bool gd_retry_is_mendable(enum gd_outcome o)
{
	return usual >> o & 1;
}

static uint32_t listed(const struct gd_retry_policy *p)
{
	uint32_t on = 0;

	for (size_t i = 0; i < p->on.n; i++)
		on |= 1U << GD_AT(&p->on, const struct gd_outcome_spec, i)->outcome;
	return on ? on : usual;
}

void gd_retry_init(struct gd_retry *r, const struct gd_retry_policy *policy,
		   uint64_t seed)
{
	*r = (struct gd_retry){
		.policy = policy ? *policy : once,
		.on = policy ? listed(policy) : 0,
		.budget = gd_budget_make(policy ? policy->budget : (struct gd_ratio){0}),
		.random = seed,
	};
	r->policy.on = (struct gd_list){0};
}

void gd_retry_request(struct gd_retry *r)
{
	gd_budget_request(&r->budget);
}

static int64_t nominal_pause(const struct gd_retry_policy *p, uint32_t n_attempts)
{
	int64_t pause = p->backoff.min.ns;

	for (uint32_t i = 1; i < n_attempts && pause < p->backoff.max.ns; i++)
		pause *= 2;
	return pause < p->backoff.max.ns ? pause : p->backoff.max.ns;
}

static int64_t decorrelated(struct gd_retry *r, int64_t last)
{
	int64_t first = r->policy.backoff.min.ns, most = r->policy.backoff.max.ns;
	int64_t upto = last > 0 ? 3 * last : 3 * first;
	int64_t pause;

	pause = upto > first ? first + gd_random_upto(&r->random, upto - first) : first;
	return pause < most ? pause : most;
}

static int64_t pause_of(struct gd_retry *r, const struct gd_retry_case *c)
{
	int64_t pause = nominal_pause(&r->policy, c->n_attempts);

	switch ((enum gd_jitter)r->policy.jitter) {
	case GD_JITTER_NONE:
		return pause;
	case GD_JITTER_EQUAL:
		return pause / 2 + gd_random_upto(&r->random, pause - pause / 2);
	case GD_JITTER_DECORRELATED:
		return decorrelated(r, c->last_pause_ns);
	case GD_JITTER_FULL:
		break;
	}
	return gd_random_upto(&r->random, pause);
}

enum gd_retry_verdict gd_retry_decide(struct gd_retry *r, const struct gd_retry_case *c,
				      int64_t *ret_pause_ns)
{
	bool told = r->policy.retry_after.ns > 0 && c->retry_after_ns >= 0;
	int64_t pause;

	if (!(r->on >> c->outcome & 1) || c->n_attempts >= (uint64_t)r->policy.attempts)
		return GD_RETRY_NO;
	if (told && c->retry_after_ns > r->policy.retry_after.ns)
		return GD_RETRY_NO;
	pause = pause_of(r, c);
	if (told && c->retry_after_ns > pause)
		pause = c->retry_after_ns;
	if (pause >= c->left_ns)
		return GD_RETRY_NO;
	if (!gd_budget_take(&r->budget))
		return GD_RETRY_DENIED;
	*ret_pause_ns = pause;
	return GD_RETRY_YES;
}
