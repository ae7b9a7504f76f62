/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long connections are kept for reuse, as the pools of HTTP clients and databases have it
 * (Go's http.Transport: MaxConnsPerHost, MaxIdleConnsPerHost, IdleConnTimeout; HikariCP:
 * maxLifetime). A connection is closed only while no attempt is on it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/load/policy/client.h"

struct gd_pool {
	bool on;
	int64_t max_idle, max_requests; /* 0: no limit */
	int64_t idle_ns, lifetime_ns;   /* 0: no limit */
};

/* policy NULL: connections are kept. */
static inline struct gd_pool gd_pool_make(const struct gd_pool_policy *policy)
{
	if (!policy)
		return (struct gd_pool){0};
	return (struct gd_pool){
		.on = true,
		.max_idle = policy->max_idle,
		.max_requests = policy->max_requests,
		.idle_ns = policy->idle.ns,
		.lifetime_ns = policy->lifetime.ns,
	};
}

/* Has it carried all that it may? Nothing more is sent on it then. */
static inline bool gd_pool_is_spent(const struct gd_pool *p, int64_t n_requests)
{
	return p->max_requests > 0 && n_requests >= p->max_requests;
}

/*
 * Until when a connection may stay that has nothing to do since `now`, beside n_idle others;
 * INT64_MAX: for ever; now or earlier: it is closed.
 */
static inline int64_t gd_pool_until(const struct gd_pool *p, int64_t opened_ns,
				    int64_t n_requests, int64_t n_idle, int64_t now)
{
	int64_t until = INT64_MAX;

	if (gd_pool_is_spent(p, n_requests) || (p->max_idle > 0 && n_idle >= p->max_idle))
		return now;
	if (p->idle_ns > 0)
		until = now + p->idle_ns;
	if (p->lifetime_ns > 0 && opened_ns + p->lifetime_ns < until)
		until = opened_ns + p->lifetime_ns;
	return until;
}
