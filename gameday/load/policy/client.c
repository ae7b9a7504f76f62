/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/policy/client.h"

#include "gameday/load/interval.h"
#include "gameday/load/policy/breaker.h"
#include "gameday/load/policy/hedge.h"

static const struct gd_choice jitters[] = {
	{"full", "uniform between 0 and the pause", GD_JITTER_FULL},
	{"equal", "half the pause plus uniform up to the other half", GD_JITTER_EQUAL},
	{"none", "the pause itself", GD_JITTER_NONE},
	{"decorrelated", "uniform between the first pause and three times the last one",
	 GD_JITTER_DECORRELATED},
	{0},
};

static const struct gd_choice outcomes[] = {
	{"timeout", "no whole reply in time", GD_OUTCOME_TIMEOUT},
	{"refused", "connection refused", GD_OUTCOME_REFUSED},
	{"unreachable", "no route, host or network unreachable", GD_OUTCOME_UNREACHABLE},
	{"connect", "no connection otherwise, or not in time", GD_OUTCOME_CONNECT},
	{"reset", "connection lost before the whole reply", GD_OUTCOME_RESET},
	{"protocol", "a reply that is not in the protocol's form", GD_OUTCOME_PROTOCOL},
	{"status-4xx", "HTTP status 4xx", GD_OUTCOME_STATUS_4XX},
	{"status-5xx", "HTTP status 5xx", GD_OUTCOME_STATUS_5XX},
	{"tls", "TLS handshake or record failed", GD_OUTCOME_TLS},
	{"wrong", "not the reply that was expected", GD_OUTCOME_WRONG},
	{0},
};

static const struct gd_field outcome_fields[] = {
	{.name = "outcome",
	 .kind = GD_KIND_ENUM,
	 GD_MEMBER(struct gd_outcome_spec, outcome),
	 .choices = outcomes},
};

static const struct gd_shape outcome_shape = {
	.name = "outcome",
	.fields = outcome_fields,
	.n_fields = GD_N_ELEMS(outcome_fields),
	.size = sizeof(struct gd_outcome_spec),
	.key_offset = GD_NO_OFFSET,
	.node_offset = GD_NO_OFFSET,
	.given_offset = GD_NO_OFFSET,
	.scalar = true,
};

static const struct gd_field retry_fields[] = {
	{.name = "attempts",
	 .help = "attempts of one request in all, the first included",
	 .dflt = "3",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_retry_policy, attempts),
	 .min = 1,
	 .max = 20},
	{.name = "backoff",
	 .help = "first and greatest pause before a retry; it doubles each time",
	 .dflt = "20ms..500ms",
	 .kind = GD_KIND_SPAN_RANGE,
	 GD_MEMBER(struct gd_retry_policy, backoff),
	 .min = 0,
	 .max = 60 * GD_NS_PER_S},
	{.name = "jitter",
	 .help = "how the pause is spread",
	 .dflt = "full",
	 .kind = GD_KIND_ENUM,
	 GD_MEMBER(struct gd_retry_policy, jitter),
	 .choices = jitters},
	{.name = "budget",
	 .help = "retries allowed per request on average, as a token bucket; 0%: no limit",
	 .dflt = "0%",
	 .kind = GD_KIND_RATIO,
	 GD_MEMBER(struct gd_retry_policy, budget),
	 .min = 0,
	 .max = INT64_C(10000000000)},
	{.name = "on",
	 .help = "outcomes that are retried; none given: timeout, refused, unreachable, connect, reset, status-5xx, tls",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_retry_policy, on),
	 .shape = &outcome_shape},
	{.name = "retry_after",
	 .help = "obey a server's Retry-After up to this; a longer one is not retried; 0: ignore it",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_retry_policy, retry_after),
	 .min = 0,
	 .max = 600 * GD_NS_PER_S},
};

static const struct gd_shape retry_shape =
	GD_SHAPE("retry", retry_fields, struct gd_retry_policy);

static const struct gd_field timeouts_fields[] = {
	{.name = "connect",
	 .help = "from opening a connection until it stands; 0: no limit of its own",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_timeouts_spec, connect),
	 .min = 0,
	 .max = 600 * GD_NS_PER_S},
	{.name = "first_byte",
	 .help = "from sending an attempt until its answer begins; 0: no limit of its own",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_timeouts_spec, first_byte),
	 .min = 0,
	 .max = 600 * GD_NS_PER_S},
	{.name = "whole",
	 .help = "one attempt from its start to the whole reply; 0: the load's timeout",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_timeouts_spec, whole),
	 .min = 0,
	 .max = 600 * GD_NS_PER_S},
};

static const struct gd_shape timeouts_shape =
	GD_SHAPE("timeouts", timeouts_fields, struct gd_timeouts_spec);

static const struct gd_choice balances[] = {
	{"round-robin", "each in turn", GD_BALANCE_ROUND_ROBIN},
	{"least-outstanding", "the one with the fewest attempts under way",
	 GD_BALANCE_LEAST_OUTSTANDING},
	{"p2c", "the one with fewer attempts under way, of two drawn by chance",
	 GD_BALANCE_P2C},
	{"random", "drawn by chance", GD_BALANCE_RANDOM},
	{0},
};

static const struct gd_field hedge_fields[] = {
	{.name = "after",
	 .help = "send one more attempt when an answer takes longer: a duration, or a percentile of the client's own attempts of the last seconds, as p95",
	 .dflt = "p95",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_hedge_policy, after),
	 .min = 2,
	 .max = 31},
	{.name = "max",
	 .help = "more attempts at once, each so much after the one before",
	 .dflt = "1",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_hedge_policy, max),
	 .min = 1,
	 .max = 2},
	{.name = "budget",
	 .help = "more attempts allowed per request on average, as a token bucket; 0%: no limit",
	 .dflt = "10%",
	 .kind = GD_KIND_RATIO,
	 GD_MEMBER(struct gd_hedge_policy, budget),
	 .min = 0,
	 .max = INT64_C(2000000000)},
};

static const struct gd_shape hedge_shape =
	GD_SHAPE("hedge", hedge_fields, struct gd_hedge_policy);

static const struct gd_field backup_fields[] = {
	{.name = "after",
	 .help = "send a second attempt to another URL when an answer takes longer: a duration, or a percentile as p95",
	 .dflt = "p95",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_backup_policy, after),
	 .min = 2,
	 .max = 31},
	{.name = "budget",
	 .help = "second attempts allowed per request on average; 0%: no limit",
	 .dflt = "10%",
	 .kind = GD_KIND_RATIO,
	 GD_MEMBER(struct gd_backup_policy, budget),
	 .min = 0,
	 .max = INT64_C(1000000000)},
};

static const struct gd_shape backup_shape =
	GD_SHAPE("backup", backup_fields, struct gd_backup_policy);

static const struct gd_field tied_fields[] = {
	{.name = "after",
	 .help = "from the first attempt to the second, to another URL; the one that is not first to answer is cancelled when the other begins to",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_tied_policy, after),
	 .min = 0,
	 .max = 60 * GD_NS_PER_S},
};

static const struct gd_shape tied_shape =
	GD_SHAPE("tied", tied_fields, struct gd_tied_policy);

static const struct gd_field breaker_fields[] = {
	{.name = "window",
	 .help = "the attempts it looks at: the last so many, or those of a duration",
	 .dflt = "100",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_breaker_policy, window),
	 .min = 1,
	 .max = 31},
	{.name = "errors",
	 .help = "share of failures at which it opens",
	 .dflt = "50%",
	 .kind = GD_KIND_RATIO,
	 GD_MEMBER(struct gd_breaker_policy, errors),
	 .min = INT64_C(1000000),
	 .max = INT64_C(1000000000)},
	{.name = "slow",
	 .help = "share of slow attempts at which it opens",
	 .dflt = "100%",
	 .kind = GD_KIND_RATIO,
	 GD_MEMBER(struct gd_breaker_policy, slow),
	 .min = INT64_C(1000000),
	 .max = INT64_C(1000000000)},
	{.name = "slow_after",
	 .help = "an attempt that takes longer is slow, however it ends; 0: none is",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_breaker_policy, slow_after),
	 .min = 0,
	 .max = 600 * GD_NS_PER_S},
	{.name = "min",
	 .help = "attempts it has to have seen before it opens",
	 .dflt = "20",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_breaker_policy, min),
	 .min = 1,
	 .max = 1000},
	{.name = "open",
	 .help = "how long it refuses all attempts",
	 .dflt = "5s",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_breaker_policy, open),
	 .min = GD_NS_PER_MS,
	 .max = 3600 * GD_NS_PER_S},
	{.name = "probes",
	 .help = "attempts let through afterwards, by which it closes or opens again",
	 .dflt = "5",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_breaker_policy, probes),
	 .min = 1,
	 .max = 1000},
};

static const struct gd_shape breaker_shape =
	GD_SHAPE("breaker", breaker_fields, struct gd_breaker_policy);

static const struct gd_field bulkhead_fields[] = {
	{.name = "max",
	 .help = "requests under way at once, pauses between attempts included",
	 .kind = GD_KIND_INT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct gd_bulkhead_policy, max),
	 .min = 1,
	 .max = 100000},
	{.name = "queue",
	 .help = "requests that wait in line when it is full; the rest is refused",
	 .dflt = "0",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_bulkhead_policy, queue),
	 .min = 0,
	 .max = 100000},
	{.name = "wait",
	 .help = "time in line after which a request is refused",
	 .dflt = "1s",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_bulkhead_policy, wait),
	 .min = GD_NS_PER_MS,
	 .max = 600 * GD_NS_PER_S},
};

static const struct gd_shape bulkhead_shape =
	GD_SHAPE("bulkhead", bulkhead_fields, struct gd_bulkhead_policy);

static const struct gd_field limit_fields[] = {
	{.name = "rate",
	 .help = "attempts per second; those beyond it are refused",
	 .kind = GD_KIND_FREQ,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct gd_limit_policy, rate),
	 .min = 1,
	 .max = INT64_C(1000000000)},
	{.name = "burst",
	 .help = "attempts that may come at once",
	 .dflt = "1",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_limit_policy, burst),
	 .min = 1,
	 .max = 1000000},
};

static const struct gd_shape limit_shape =
	GD_SHAPE("limit", limit_fields, struct gd_limit_policy);

static const struct gd_field pool_fields[] = {
	{.name = "max",
	 .help = "connections at most; 0: the load's connections",
	 .dflt = "0",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_pool_policy, max),
	 .min = 0,
	 .max = 20000},
	{.name = "max_idle",
	 .help = "connections that are kept without work; 0: no limit",
	 .dflt = "0",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_pool_policy, max_idle),
	 .min = 0,
	 .max = 20000},
	{.name = "max_requests",
	 .help = "attempts on one connection, then it is closed; 0: no limit",
	 .dflt = "0",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_pool_policy, max_requests),
	 .min = 0,
	 .max = 1000000000},
	{.name = "idle",
	 .help = "how long one is kept without work; 0: no limit",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_pool_policy, idle),
	 .min = 0,
	 .max = 3600 * GD_NS_PER_S},
	{.name = "lifetime",
	 .help = "age at which one is closed as soon as it has no work; 0: no limit",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_pool_policy, lifetime),
	 .min = 0,
	 .max = 24 * 3600 * GD_NS_PER_S},
};

static const struct gd_shape pool_shape =
	GD_SHAPE("pool", pool_fields, struct gd_pool_policy);

static const struct gd_field eject_fields[] = {
	{.name = "consecutive",
	 .help = "failures in a row after which a URL is left out for a while; 0: not looked at",
	 .dflt = "5",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_eject_policy, consecutive),
	 .min = 0,
	 .max = 10000},
	{.name = "errors",
	 .help = "share of failures within the window after which it is left out; 0%: not looked at",
	 .dflt = "0%",
	 .kind = GD_KIND_RATIO,
	 GD_MEMBER(struct gd_eject_policy, errors),
	 .min = 0,
	 .max = INT64_C(1000000000)},
	{.name = "min",
	 .help = "attempts within the window without which the share says nothing",
	 .dflt = "20",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_eject_policy, min),
	 .min = 1,
	 .max = 1000000},
	{.name = "window",
	 .help = "the time of which the share is taken; it starts anew when it is over",
	 .dflt = "10s",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_eject_policy, window),
	 .min = 100 * GD_NS_PER_MS,
	 .max = 600 * GD_NS_PER_S},
	{.name = "base",
	 .help = "how long it is left out; n times that the n-th time in a row",
	 .dflt = "30s",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_eject_policy, base),
	 .min = GD_NS_PER_MS,
	 .max = 3600 * GD_NS_PER_S},
	{.name = "max",
	 .help = "share of the URLs left out at once at most; one may always be, when there are two",
	 .dflt = "50%",
	 .kind = GD_KIND_RATIO,
	 GD_MEMBER(struct gd_eject_policy, max),
	 .min = 0,
	 .max = INT64_C(1000000000)},
};

static const struct gd_shape eject_shape =
	GD_SHAPE("eject", eject_fields, struct gd_eject_policy);

static const struct gd_field health_fields[] = {
	{.name = "path",
	 .help = "what is asked of each URL's host with GET; 2xx is healthy",
	 .dflt = "/",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_health_policy, path),
	 .min = 1,
	 .max = 1024},
	{.name = "every",
	 .help = "from one check to the next",
	 .dflt = "1s",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_health_policy, every),
	 .min = 10 * GD_NS_PER_MS,
	 .max = 600 * GD_NS_PER_S},
	{.name = "timeout",
	 .help = "a check that takes longer has failed; at most as long as every",
	 .dflt = "500ms",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_health_policy, timeout),
	 .min = GD_NS_PER_MS,
	 .max = 600 * GD_NS_PER_S},
	{.name = "healthy",
	 .help = "good checks in a row that bring a URL back",
	 .dflt = "2",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_health_policy, healthy),
	 .min = 1,
	 .max = 1000},
	{.name = "unhealthy",
	 .help = "failed checks in a row that take it out",
	 .dflt = "3",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_health_policy, unhealthy),
	 .min = 1,
	 .max = 1000},
};

static const struct gd_shape health_shape =
	GD_SHAPE("health", health_fields, struct gd_health_policy);

static const struct gd_field client_fields[] = {
	{.name = "retry",
	 .help = "retry failed attempts; without it one attempt per request",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, retry),
	 .shape = &retry_shape},
	{.name = "timeouts",
	 .help = "limits of one attempt, besides the load's timeout",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, timeouts),
	 .shape = &timeouts_shape},
	{.name = "deadline",
	 .help = "limit of a request, all its attempts and pauses together; 0: none",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_client_spec, deadline),
	 .min = 0,
	 .max = 3600 * GD_NS_PER_S},
	{.name = "hedge",
	 .help = "a second attempt beside a slow one; the first answer counts",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, hedge),
	 .shape = &hedge_shape},
	{.name = "backup",
	 .help = "as hedge, but to another URL",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, backup),
	 .shape = &backup_shape},
	{.name = "tied",
	 .help = "each request to two URLs at once",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, tied),
	 .shape = &tied_shape},
	{.name = "breaker",
	 .help = "circuit breaker over attempts: stops asking a target that fails or is slow",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, breaker),
	 .shape = &breaker_shape},
	{.name = "bulkhead",
	 .help = "limit of requests under way at once",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, bulkhead),
	 .shape = &bulkhead_shape},
	{.name = "limit",
	 .help = "limit of attempts per second, the client's own",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, limit),
	 .shape = &limit_shape},
	{.name = "pool",
	 .help = "limits of connections, and of their lives",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, pool),
	 .shape = &pool_shape},
	{.name = "eject",
	 .help = "leave out a URL that fails, for a while",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, eject),
	 .shape = &eject_shape},
	{.name = "health",
	 .help = "ask each URL's host whether it is well, and leave it out while it is not",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_client_spec, health),
	 .shape = &health_shape},
	{.name = "balance",
	 .help = "which of several URLs an attempt goes to",
	 .dflt = "round-robin",
	 .kind = GD_KIND_ENUM,
	 GD_MEMBER(struct gd_client_spec, balance),
	 .choices = balances},
};

const struct gd_shape gd_client_shape = {
	.name = "client",
	.fields = client_fields,
	.n_fields = GD_N_ELEMS(client_fields),
	.size = sizeof(struct gd_client_spec),
	.key_offset = offsetof(struct gd_client_spec, name),
	.node_offset = offsetof(struct gd_client_spec, node),
	.given_offset = GD_NO_OFFSET,
};

struct gd_span gd_client_spec_longest(const struct gd_client_spec *client,
				      struct gd_span timeout)
{
	const struct gd_retry_policy *r = client ? client->retry : NULL;
	int64_t longest = timeout.ns;

	if (client && client->timeouts && client->timeouts->whole.ns > 0)
		longest = client->timeouts->whole.ns;
	if (r) {
		int64_t pause = r->backoff.max.ns > r->retry_after.ns ? r->backoff.max.ns
								      : r->retry_after.ns;

		longest = r->attempts * longest + (r->attempts - 1) * pause;
	}
	if (client && client->bulkhead && client->bulkhead->queue > 0)
		longest += client->bulkhead->wait.ns;
	if (client && client->deadline.ns > 0 && client->deadline.ns < longest)
		longest = client->deadline.ns;
	return (struct gd_span){longest};
}

int gd_client_spec_check(const struct gd_client_spec *client, struct gd_error *err)
{
	struct gd_hedge hedge;
	struct gd_breaker breaker;

	if ((client->hedge != NULL) + (client->backup != NULL) + (client->tied != NULL) >
	    1)
		return gd_raise(err, GD_E_INPUT,
				"hedge, backup and tied exclude each other: give one");
	if (client->health && client->health->path[0] != '/')
		return gd_raise(err, GD_E_INPUT,
				"health: path '%.100s' does not begin with /",
				client->health->path);
	if (client->health && client->health->timeout.ns > client->health->every.ns)
		return gd_raise(err, GD_E_INPUT,
				"health: timeout is longer than every: a check would "
				"overtake the one before");
	if (gd_hedge_init(&hedge, client, err) < 0)
		return -1;
	return gd_breaker_init(&breaker, client->breaker, err);
}

void gd_client_divide(const struct gd_client_spec *client, struct gd_part part,
		      struct gd_client_limits *ret)
{
	*ret = (struct gd_client_limits){0};
	if (client->limit) {
		ret->limit = *client->limit;
		ret->limit.rate.per_s /= part.of > 1 ? part.of : 1;
		ret->limit.burst = gd_part_of(client->limit->burst, part);
	}
	if (client->bulkhead) {
		ret->bulkhead = *client->bulkhead;
		ret->bulkhead.max = gd_part_of(client->bulkhead->max, part);
		ret->bulkhead.queue = gd_part_of(client->bulkhead->queue, part);
	}
	if (client->pool) {
		ret->pool = *client->pool;
		ret->pool.max = gd_part_of(client->pool->max, part);
		ret->pool.max_idle = gd_part_of(client->pool->max_idle, part);
	}
}
