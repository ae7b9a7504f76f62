/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generator against a real server on loopback. Bounds on times are wide enough for a
 * busy machine, and one-sided where only one side is a promise; counts are exact.
 */
#include "tests/unit/cmocka_all.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/load/load.h"
#include "tests/functional/load/drive.h"
#include "tests/functional/load/reactor_kind.h"
#include "tests/functional/load/server.h"

enum { MAX_SEEN = 64 };

/* All intervals of one client, added up. */
struct total {
	struct gd_interval sum;
	size_t n_intervals, n_behind;
	uint64_t last_index;
	uint64_t intended[MAX_SEEN];
};

/* What a test asks for; what is 0 gets a default. */
struct ask {
	const char *yaml_retry; /* JSON of a retry policy for the client "retrying" */
	bool with_plain;        /* beside it, a client "plain" */
	double rate;
	int64_t concurrency, connections, timeout_ms, duration_ms, interval_ms;
	int64_t start_ago_ms, stop_after_ms;
	const char *method, *host;
};

static void make_spec(const struct ask *ask, uint16_t port, struct gd_load_spec *ret)
{
	GD_AUTO_FREE char *text = NULL;
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_error err = GD_ERROR_INIT;

	assert_true(
		asprintf(
			&text,
			"{\"name\": \"test\", \"http\": \"http://%s:%u/x?y=1\", "
			"\"method\": \"%s\", \"rate\": \"%g/s\", \"concurrency\": %d, "
			"\"connections\": %d, \"timeout\": \"%dms\", \"clients\": {%s%s%s%s}}",
			ask->host ? ask->host : "127.0.0.1", port,
			ask->method ? ask->method : "GET", ask->rate,
			(int)ask->concurrency, (int)ask->connections,
			ask->timeout_ms ? (int)ask->timeout_ms : 2000,
			ask->with_plain ? "\"plain\": {}, " : "",
			ask->yaml_retry ? "\"retrying\": {\"retry\": " : "\"only\": {",
			ask->yaml_retry ? ask->yaml_retry : "", "}") > 0);
	json = cJSON_Parse(text);
	assert_non_null(json);
	if (gd_shape_from_json(&gd_load_shape, json, ret, &err) < 0)
		fail_msg("%s", err.text);
}

static void add(struct total *t, const struct gd_interval *iv)
{
	if (t->n_intervals == 0) {
		t->sum.latency = gd_hist_new();
		t->sum.attempt_latency = gd_hist_new();
		memcpy(t->sum.client, iv->client, sizeof(t->sum.client));
		assert_int_equal(iv->index, 0);
	} else {
		assert_int_equal(iv->index, t->last_index + 1);
	}
	t->last_index = iv->index;
	if (t->n_intervals < MAX_SEEN)
		t->intended[t->n_intervals] = iv->intended;
	t->n_intervals++;
	t->n_behind += iv->behind;
	gd_interval_add(&t->sum, iv);
}

static void wait_readable(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&pfd, 1, 20000), 1);
}

static void take_all(struct gd_load *load, struct total totals[2])
{
	struct gd_interval iv;
	int got;

	for (;;) {
		wait_readable(gd_load_fd(load));
		got = gd_load_take(load, &iv);
		if (got == 2)
			return;
		if (got == 0)
			continue;
		add(&totals[totals[0].n_intervals > 0 &&
			    strcmp(totals[0].sum.client, iv.client) != 0],
		    &iv);
		gd_interval_fini(&iv);
	}
}

/* Runs to the end; totals[1] is of the second client, when there are two. */
static void run_load(const struct ask *ask, uint16_t port, struct total totals[2])
{
	struct gd_load_spec spec = {0};
	struct gd_load_options opt = {
		.interval = gd_span_ms(ask->interval_ms ? ask->interval_ms : 250),
		.reactor = reactor_kind(),
		.duration = gd_span_ms(ask->duration_ms),
	};
	GD_AUTO(gd_load) struct gd_load *load = NULL;
	struct gd_error err = GD_ERROR_INIT;

	if (ask->start_ago_ms > 0)
		opt.start.ns = gd_now().ns - ask->start_ago_ms * GD_NS_PER_MS;
	make_spec(ask, port, &spec);
	memset(totals, 0, 2 * sizeof(*totals));
	if (gd_load_start(&spec, &opt, &load, &err) < 0)
		fail_msg("%s", err.text);
	gd_shape_fini(&gd_load_shape, &spec);
	if (ask->stop_after_ms > 0) {
		gd_sleep(gd_span_ms(ask->stop_after_ms));
		gd_load_stop(load);
	}
	take_all(load, totals);
	assert_int_equal(gd_load_status(load, &err), 0);
	for (size_t i = 0; i < 2 && totals[i].n_intervals > 0; i++)
		check_sums(&totals[i].sum);
}

static void fini_totals(struct total totals[2])
{
	gd_interval_fini(&totals[0].sum);
	gd_interval_fini(&totals[1].sum);
}

/* One server, one load, one client: the sum, which the caller gives to gd_interval_fini. */
static struct gd_interval run_one(const struct server_config *cfg, const struct ask *ask,
				  uint64_t *ret_requests, uint64_t *ret_connections)
{
	struct server *s = server_start(cfg);
	struct total totals[2];

	run_load(ask, server_port(s), totals);
	assert_int_equal(totals[1].n_intervals, 0);
	if (ret_requests)
		*ret_requests = server_requests(s);
	if (ret_connections)
		*ret_connections = server_connections(s);
	server_stop(s);
	return totals[0].sum;
}

/* --- pace ---------------------------------------------------------------------------- */

/* The rate as the server saw it: 2,999 gaps between the first arrival and the last. */
static double rate_seen(void)
{
	struct server *s = server_start(&(struct server_config){.mode = SERVER_NORMAL});
	struct total t[2];
	double rate;

	run_load(&(struct ask){.rate = 1000, .duration_ms = 3000, .interval_ms = 1000},
		 server_port(s), t);
	assert_int_equal(t[0].n_intervals, 3);
	assert_int_equal(t[0].intended[0], 1000);
	assert_int_equal(t[0].intended[1], 1000);
	assert_int_equal(t[0].intended[2], 1000);
	assert_int_equal(t[0].sum.outcomes[GD_OUTCOME_OK], 3000);
	assert_int_equal(gd_hist_count(t[0].sum.lateness), 3000);
	assert_int_equal(gd_hist_max(t[0].sum.lateness), t[0].sum.late_max_ns);
	assert_in_range(t[0].sum.sent, 2700, 3000);
	assert_int_equal(server_requests(s), 3000);
	assert_true(server_connections(s) <= 50);
	rate = 2999.0 / ((double)server_span_ns(s) / 1e9);
	fini_totals(t);
	server_stop(s);
	return rate;
}

/*
 * Counts are exact each time. The rate may be off when the machine holds up the very first
 * or last request, so it gets three tries; a pace that is wrong is wrong in all of them.
 */
static void test_keeps_the_rate(void **state GD_UNUSED)
{
	double rate = 0;

	for (int i = 0; i < 3 && (rate < 995 || rate > 1005); i++)
		rate = rate_seen();
	assert_true(rate >= 995 && rate <= 1005);
}

/*
 * The server stands still for 1 s of 4. Each request meant for that second waits until its
 * end: a quarter of all have latencies spread evenly over 0..1 s. So the longest is 1 s, p99
 * (the last 0.04 s of them) is 0.96 s, p87.5 is 0.5 s, and the median knows nothing of it.
 */
static void test_pause_does_not_hide(void **state GD_UNUSED)
{
	struct gd_interval sum =
		run_one(&(struct server_config){.pause_at_ns = 1500 * GD_NS_PER_MS,
						.pause_ns = GD_NS_PER_S},
			&(struct ask){.rate = 500,
				      .duration_ms = 4000,
				      .timeout_ms = 5000,
				      .connections = 50},
			NULL, NULL);

	assert_int_equal(sum.outcomes[GD_OUTCOME_OK], 2000);
	assert_in_range(gd_hist_max(sum.latency), 970 * GD_NS_PER_MS,
			1300 * GD_NS_PER_MS);
	assert_in_range(gd_hist_percentile(sum.latency, 99), 920 * GD_NS_PER_MS,
			1250 * GD_NS_PER_MS);
	assert_in_range(gd_hist_percentile(sum.latency, 87.5), 420 * GD_NS_PER_MS,
			750 * GD_NS_PER_MS);
	assert_in_range(gd_hist_percentile(sum.latency, 50), 0, 50 * GD_NS_PER_MS);
	/* What is slow here is not TCP, and must not be taken for it. */
	assert_true(sum.counts.slow >= 50);
	assert_int_equal(sum.counts.slow_retransmitted, 0);
	gd_interval_fini(&sum);
}

static void test_clients_share_the_schedule(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.mode = SERVER_NORMAL});
	struct total t[2];

	run_load(&(struct ask){.rate = 333,
			       .duration_ms = 1100,
			       .with_plain = true,
			       .yaml_retry = "{}"},
		 server_port(s), t);
	assert_int_equal(t[0].n_intervals, 5);
	assert_int_equal(t[1].n_intervals, 5);
	assert_memory_equal(t[0].intended, t[1].intended, sizeof(t[0].intended));
	assert_int_equal(t[0].sum.intended, 367);
	assert_int_equal(t[0].sum.length_ns, 1100 * GD_NS_PER_MS);
	assert_int_equal(server_requests(s), 2 * 367);
	fini_totals(t);
	server_stop(s);
}

/* Intervals without a request exist too: a rate of 0 is a measurement. */
static void test_slow_rate_has_all_intervals(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.mode = SERVER_NORMAL});
	struct total t[2];

	run_load(&(struct ask){.rate = 4, .duration_ms = 500, .interval_ms = 50},
		 server_port(s), t);
	assert_int_equal(t[0].n_intervals, 10);
	assert_int_equal(t[0].sum.intended, 2);
	assert_int_equal(t[0].intended[0], 1);
	assert_int_equal(t[0].intended[5], 1);
	fini_totals(t);
	server_stop(s);
}

/*
 * A start 9 s ago: 9,000 requests are due at once. More than the pool holds (1,024) can't be
 * open while the server is silent: the rest is our own failure and says so.
 */
static void test_own_lateness_is_told(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.mode = SERVER_SILENT});
	struct total t[2];

	run_load(&(struct ask){.rate = 1000,
			       .duration_ms = 9000,
			       .timeout_ms = 300,
			       .start_ago_ms = 9000,
			       .interval_ms = 1000},
		 server_port(s), t);
	assert_int_equal(t[0].n_intervals, 9);
	assert_int_equal(t[0].sum.intended, 9000);
	assert_true(t[0].n_behind >= 8);
	assert_true(t[0].sum.late > 8000);
	assert_true(t[0].sum.late_max_ns >= 9 * GD_NS_PER_S);
	assert_true(t[0].sum.outcomes[GD_OUTCOME_LOCAL] > 0);
	assert_true(t[0].sum.outcomes[GD_OUTCOME_TIMEOUT] >= 1024);
	fini_totals(t);
	server_stop(s);
}

static void test_closed_loop(void **state GD_UNUSED)
{
	uint64_t requests = 0, connections = 0;
	struct gd_interval sum =
		run_one(&(struct server_config){.delay_ns = 20 * GD_NS_PER_MS},
			&(struct ask){.concurrency = 8, .duration_ms = 500}, &requests,
			&connections);

	assert_int_equal(sum.outcomes[GD_OUTCOME_OK], sum.intended);
	assert_int_equal(requests, sum.intended);
	assert_int_equal(connections, 8);
	/* 8 at a time, 20 ms each: 200 in half a second at most, and not far below. */
	assert_in_range(sum.intended, 100, 208);
	assert_true(gd_hist_min(sum.latency) >= 20 * GD_NS_PER_MS);
	gd_interval_fini(&sum);
}

/* More than a ring of the kernel's holds entries are made before the first wait. */
static void test_many_connections_at_once(void **state GD_UNUSED)
{
	uint64_t connections = 0;
	struct gd_interval sum = run_one(
		&(struct server_config){.delay_ns = 100 * GD_NS_PER_MS},
		&(struct ask){
			.concurrency = 700, .duration_ms = 300, .timeout_ms = 10000},
		NULL, &connections);

	assert_int_equal(sum.outcomes[GD_OUTCOME_OK], sum.intended);
	assert_int_equal(connections, 700);
	gd_interval_fini(&sum);
}

/*
 * Two connections, 20 ms each: 100 requests take a second, though they start in half of it.
 * The wait in line is the client's own and counts as latency, not as the generator's delay.
 */
static void test_pool_is_the_clients_limit(void **state GD_UNUSED)
{
	uint64_t connections = 0;
	struct gd_interval sum =
		run_one(&(struct server_config){.delay_ns = 20 * GD_NS_PER_MS},
			&(struct ask){.rate = 200,
				      .duration_ms = 500,
				      .connections = 2,
				      .timeout_ms = 10000},
			NULL, &connections);

	assert_int_equal(sum.outcomes[GD_OUTCOME_OK], 100);
	assert_int_equal(connections, 2);
	assert_true(gd_hist_max(sum.latency) >= 490 * GD_NS_PER_MS);
	assert_true(sum.late < 20);
	gd_interval_fini(&sum);
}

/* --- retries -------------------------------------------------------------------------- */

/*
 * Each 4th request that arrives fails, and one worker sends them in turn: of A attempts A/4
 * fail and each is followed by one that succeeds, so A = R + A/4: 4/3 attempts per request.
 */
static void test_amplification(void **state GD_UNUSED)
{
	uint64_t requests = 0;
	struct gd_interval sum = run_one(
		&(struct server_config){.fail_every = 4},
		&(struct ask){.concurrency = 1,
			      .duration_ms = 700,
			      .yaml_retry =
				      "{\"attempts\": 3, \"backoff\": \"0ms..1ms\"}"},
		&requests, NULL);
	double factor = (double)sum.attempts / (double)sum.intended;

	assert_true(sum.intended > 100);
	assert_int_equal(sum.outcomes[GD_OUTCOME_OK], sum.intended);
	assert_int_equal(requests, sum.attempts);
	assert_int_equal(sum.attempt_outcomes[GD_OUTCOME_STATUS_5XX], requests / 4);
	assert_int_equal(sum.retries, sum.attempts - sum.intended);
	assert_true(factor > 1.31 && factor < 1.34);
	gd_interval_fini(&sum);
}

/* All fail. 400 requests at 10 %: 10 + 40 tokens, each retry takes one, none is left. */
static void test_budget(void **state GD_UNUSED)
{
	struct gd_interval sum = run_one(
		&(struct server_config){.fail_every = 1},
		&(struct ask){.rate = 800,
			      .duration_ms = 500,
			      .yaml_retry =
				      "{\"attempts\": 3, \"backoff\": \"1ms..2ms\", "
				      "\"budget\": \"10%\"}"},
		NULL, NULL);

	assert_int_equal(sum.outcomes[GD_OUTCOME_STATUS_5XX], 400);
	assert_in_range(sum.retries, 49, 50);
	assert_int_equal(sum.attempts, 400 + sum.retries);
	assert_true(sum.budget_denied >= 400 - sum.retries);
	gd_interval_fini(&sum);
}

static void test_backoff_is_waited(void **state GD_UNUSED)
{
	struct gd_interval sum = run_one(
		&(struct server_config){.fail_every = 1},
		&(struct ask){.rate = 20,
			      .duration_ms = 500,
			      .yaml_retry =
				      "{\"attempts\": 3, \"backoff\": \"40ms..60ms\", "
				      "\"jitter\": \"none\"}"},
		NULL, NULL);

	assert_int_equal(sum.attempts, 30);
	/* 40 ms, then 80 limited to 60. */
	assert_true(gd_hist_min(sum.latency) >= 100 * GD_NS_PER_MS);
	gd_interval_fini(&sum);
}

/* --- failures of transport ----------------------------------------------------------- */

static void test_refused(void **state GD_UNUSED)
{
	struct total t[2];

	run_load(&(struct ask){.rate = 100,
			       .duration_ms = 500,
			       .yaml_retry =
				       "{\"attempts\": 2, \"backoff\": \"1ms..1ms\"}"},
		 server_free_port(), t);
	assert_int_equal(t[0].sum.outcomes[GD_OUTCOME_REFUSED], 50);
	assert_int_equal(t[0].sum.attempts, 100);
	fini_totals(t);
	/* A closed loop does not spin on it: 10 ms between two tries of a worker. */
	run_load(&(struct ask){.concurrency = 4, .duration_ms = 500}, server_free_port(),
		 t);
	assert_int_equal(t[0].sum.outcomes[GD_OUTCOME_REFUSED], t[0].sum.intended);
	assert_in_range(t[0].sum.intended, 40, 204);
	fini_totals(t);
}

/* The accept queue of a server that is stuck fills up; then the kernel drops SYNs. */
static void test_connect_timeout(void **state GD_UNUSED)
{
	struct gd_interval sum =
		run_one(&(struct server_config){.mode = SERVER_NO_ACCEPT},
			&(struct ask){.rate = 40, .duration_ms = 500, .timeout_ms = 200},
			NULL, NULL);

	assert_true(sum.outcomes[GD_OUTCOME_CONNECT] > 0);
	assert_int_equal(
		sum.outcomes[GD_OUTCOME_CONNECT] + sum.outcomes[GD_OUTCOME_TIMEOUT], 20);
	gd_interval_fini(&sum);
}

static void test_reset(void **state GD_UNUSED)
{
	uint64_t requests = 0;
	struct gd_interval sum =
		run_one(&(struct server_config){.reset_every = 5},
			&(struct ask){.rate = 200, .duration_ms = 500}, &requests, NULL);

	assert_int_equal(requests, 100);
	assert_int_equal(sum.outcomes[GD_OUTCOME_RESET], 20);
	assert_int_equal(sum.outcomes[GD_OUTCOME_OK], 80);
	gd_interval_fini(&sum);
}

/* Every mode of a server, and how all its requests must be counted. */
static void test_modes(void **state GD_UNUSED)
{
	static const struct {
		enum server_mode mode;
		const char *method;
		enum gd_outcome want;
		bool one_connection_each;
	} cases[] = {
		{SERVER_NORMAL, "HEAD", GD_OUTCOME_OK, false},
		{SERVER_NORMAL, "POST", GD_OUTCOME_OK, false},
		{SERVER_CHUNKED, "GET", GD_OUTCOME_OK, false},
		{SERVER_CHUNKED, "HEAD", GD_OUTCOME_OK, false},
		{SERVER_TRICKLE, "GET", GD_OUTCOME_OK, false},
		{SERVER_LARGE, "GET", GD_OUTCOME_OK, false},
		{SERVER_UNTIL_CLOSE, "GET", GD_OUTCOME_OK, true},
		{SERVER_SAYS_CLOSE, "GET", GD_OUTCOME_OK, true},
		{SERVER_CLOSES_SILENT, "GET", GD_OUTCOME_OK, true},
		{SERVER_PARTIAL_STALL, "GET", GD_OUTCOME_TIMEOUT, true},
		{SERVER_PARTIAL_CLOSE, "GET", GD_OUTCOME_RESET, true},
		{SERVER_SHORT_BODY, "GET", GD_OUTCOME_RESET, true},
		{SERVER_HUGE_HEADER, "GET", GD_OUTCOME_PROTOCOL, true},
		{SERVER_GARBAGE, "GET", GD_OUTCOME_PROTOCOL, true},
		{SERVER_SILENT, "GET", GD_OUTCOME_TIMEOUT, true},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		uint64_t requests = 0, connections = 0;
		struct gd_interval sum =
			run_one(&(struct server_config){.mode = cases[i].mode},
				&(struct ask){.rate = 100,
					      .duration_ms = 200,
					      .timeout_ms = 150,
					      .method = cases[i].method},
				&requests, &connections);

		if (sum.outcomes[cases[i].want] != 20)
			fail_msg("case %zu: %d of 20 are %s", i,
				 (int)sum.outcomes[cases[i].want],
				 gd_outcome_name(cases[i].want));
		assert_int_equal(requests, 20);
		if (cases[i].one_connection_each)
			assert_int_equal(connections, 20);
		else
			assert_true(connections < 20);
		gd_interval_fini(&sum);
	}
}

static void test_ipv6(void **state GD_UNUSED)
{
	struct gd_interval sum;

	if (access("/proc/net/if_inet6", R_OK) < 0)
		skip();
	sum = run_one(&(struct server_config){.ipv6 = true},
		      &(struct ask){.rate = 100, .duration_ms = 200, .host = "[::1]"},
		      NULL, NULL);
	assert_int_equal(sum.outcomes[GD_OUTCOME_OK], 20);
	gd_interval_fini(&sum);
}

/* "localhost" may have two addresses, of which only one answers. */
static void test_name(void **state GD_UNUSED)
{
	struct gd_interval sum = run_one(
		&(struct server_config){.mode = SERVER_NORMAL},
		&(struct ask){.rate = 100, .duration_ms = 200, .host = "localhost"}, NULL,
		NULL);

	assert_int_equal(sum.outcomes[GD_OUTCOME_OK], 20);
	gd_interval_fini(&sum);
}

/* --- ends ---------------------------------------------------------------------------- */

static void test_stop(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.mode = SERVER_NORMAL});
	struct total t[2];

	run_load(&(struct ask){.rate = 200, .duration_ms = 60000, .stop_after_ms = 600},
		 server_port(s), t);
	assert_in_range(t[0].sum.intended, 115, 200);
	assert_in_range(t[0].sum.length_ns, 590 * GD_NS_PER_MS, 1000 * GD_NS_PER_MS);
	assert_int_equal(t[0].sum.outcomes[GD_OUTCOME_OK], t[0].sum.intended);
	fini_totals(t);
	server_stop(s);
}

/* Stopped while requests back off for longer than a timeout: these stay unfinished. */
static void test_stop_leaves_unfinished(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.fail_every = 1});
	struct total t[2];

	run_load(
		&(struct ask){
			.rate = 50,
			.duration_ms = 60000,
			.stop_after_ms = 300,
			.timeout_ms = 100,
			.yaml_retry =
				"{\"backoff\": \"50s..50s\", \"jitter\": \"none\"}"},
		server_port(s), t);
	assert_true(t[0].sum.intended > 10);
	assert_int_equal(t[0].sum.outcomes[GD_OUTCOME_UNFINISHED], t[0].sum.intended);
	assert_int_equal(t[0].sum.attempts, t[0].sum.intended);
	fini_totals(t);
	server_stop(s);
}

static void test_free_without_taking(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.mode = SERVER_SILENT});
	struct gd_load_options opt = {
		.interval = gd_span_ms(20),
		.reactor = reactor_kind(),
	};
	struct gd_load_spec spec = {0};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_load *load = NULL;

	make_spec(&(struct ask){.rate = 500}, server_port(s), &spec);
	assert_int_equal(gd_load_start(&spec, &opt, &load, &err), 0);
	gd_shape_fini(&gd_load_shape, &spec);
	gd_sleep(gd_span_ms(150));
	gd_load_free(load);
	server_stop(s);
}

static void refuse(const struct ask *ask, const char *want)
{
	struct gd_load_options opt = {.duration = gd_span_ms(100)};
	struct gd_load_spec spec = {0};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_load *load = NULL;

	make_spec(ask, 80, &spec);
	assert_int_equal(gd_load_start(&spec, &opt, &load, &err), -1);
	assert_null(load);
	if (!strstr(err.text, want))
		fail_msg("no '%s' in: %s", want, err.text);
	gd_shape_fini(&gd_load_shape, &spec);
}

static void test_refuses(void **state GD_UNUSED)
{
	refuse(&(struct ask){.rate = 1, .concurrency = 1}, "not both");
	refuse(&(struct ask){0}, "either rate");
	refuse(&(struct ask){.rate = 1, .host = "name.invalid"}, "name.invalid");
	refuse(&(struct ask){.rate = 1, .host = "{server}"}, "role");
	refuse(&(struct ask){.rate = 1, .method = "GET\\r\\n"}, "method");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_the_rate),
		cmocka_unit_test(test_pause_does_not_hide),
		cmocka_unit_test(test_clients_share_the_schedule),
		cmocka_unit_test(test_slow_rate_has_all_intervals),
		cmocka_unit_test(test_own_lateness_is_told),
		cmocka_unit_test(test_closed_loop),
		cmocka_unit_test(test_many_connections_at_once),
		cmocka_unit_test(test_pool_is_the_clients_limit),
		cmocka_unit_test(test_amplification),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_backoff_is_waited),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_connect_timeout),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_leaves_unfinished),
		cmocka_unit_test(test_free_without_taking),
		cmocka_unit_test(test_refuses),
	};

	return run_patiently(tests, GD_N_ELEMS(tests));
}
