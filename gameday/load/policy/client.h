/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a client of a load treats its requests: the policies, as decoded from YAML. What each
 * does is said where it is done, in the file of its name.
 */
#pragma once

#include "gameday/load/part.h"
#include "gameday/shape/field.h"

struct gd_retry_policy {
	int64_t attempts;             /* in all, the first included */
	struct gd_span_range backoff; /* first and greatest pause */
	int jitter;                   /* enum gd_jitter */
	struct gd_ratio budget;       /* retries allowed per request, as a token bucket;
					0: no limit */
	struct gd_list on;            /* struct gd_outcome_spec; empty: failures that a
					 second attempt may mend */
	struct gd_span retry_after;   /* longest Retry-After that is obeyed; 0: none is */
};

enum gd_jitter {
	GD_JITTER_FULL,
	GD_JITTER_EQUAL,
	GD_JITTER_NONE,
	GD_JITTER_DECORRELATED,
};

/* One outcome in a list of them. */
struct gd_outcome_spec {
	int outcome; /* enum gd_outcome */
};

/* How long a client waits for what; 0: no limit of its own. */
struct gd_timeouts_spec {
	struct gd_span connect;    /* from the first packet to the connection */
	struct gd_span first_byte; /* from the request's sending to the answer's begin */
	struct gd_span whole;      /* one attempt; 0: the load's timeout */
};

enum gd_balance_kind {
	GD_BALANCE_ROUND_ROBIN,
	GD_BALANCE_LEAST_OUTSTANDING,
	GD_BALANCE_P2C,
	GD_BALANCE_RANDOM,
};

struct gd_hedge_policy {
	char *after; /* "50ms", "p95" */
	int64_t max;
	struct gd_ratio budget; /* per request, as a token bucket; 0: no limit */
};

struct gd_backup_policy {
	char *after;
	struct gd_ratio budget;
};

struct gd_tied_policy {
	struct gd_span after;
};

struct gd_breaker_policy {
	char *window; /* "100" calls, or "10s" */
	struct gd_ratio errors, slow;
	struct gd_span slow_after; /* 0: no call is slow */
	struct gd_span open;
	int64_t min, probes;
};

struct gd_bulkhead_policy {
	int64_t max, queue;
	struct gd_span wait; /* in the queue */
};

struct gd_limit_policy {
	struct gd_freq rate;
	int64_t burst;
};

struct gd_pool_policy {
	int64_t max, max_idle, max_requests; /* 0: no limit of its own */
	struct gd_span idle, lifetime;       /* 0: no limit */
};

struct gd_eject_policy {
	int64_t consecutive;    /* 0: not looked at */
	struct gd_ratio errors; /* 0: not looked at */
	int64_t min;
	struct gd_span window, base;
	struct gd_ratio max;
};

struct gd_health_policy {
	char *path;
	struct gd_span every, timeout;
	int64_t healthy, unhealthy;
};

struct gd_client_spec {
	char *name;                        /* MAP key */
	struct gd_retry_policy *retry;     /* NULL: no retries */
	struct gd_timeouts_spec *timeouts; /* NULL: only the load's timeout */
	struct gd_span deadline;       /* of a request, all attempts together; 0: none */
	struct gd_hedge_policy *hedge; /* at most one of these three */
	struct gd_backup_policy *backup;
	struct gd_tied_policy *tied;
	struct gd_breaker_policy *breaker;
	struct gd_bulkhead_policy *bulkhead;
	struct gd_limit_policy *limit;
	struct gd_pool_policy *pool;
	struct gd_eject_policy *eject;
	struct gd_health_policy *health;
	int balance; /* enum gd_balance_kind */
	const struct gd_node *node;
};

extern const struct gd_shape gd_client_shape;

/*
 * The limits that count for the whole client, as one of its parts has them: rate and burst,
 * max and queue of the bulkhead, the pool's connections. Those of policies that the client
 * lacks are 0.
 */
struct gd_client_limits {
	struct gd_limit_policy limit;
	struct gd_bulkhead_policy bulkhead;
	struct gd_pool_policy pool;
};
void gd_client_divide(const struct gd_client_spec *client, struct gd_part part,
		      struct gd_client_limits *ret) GD_NONNULL;

/*
 * The longest that a request of the client can take, pauses included, when the load gives an
 * attempt so much time. client NULL: one without policies.
 */
struct gd_span gd_client_spec_longest(const struct gd_client_spec *client,
				      struct gd_span timeout);
/* What the rows can't say of one client. The error does not name it. */
int gd_client_spec_check(const struct gd_client_spec *client,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
