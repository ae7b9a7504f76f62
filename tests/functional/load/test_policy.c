/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each client policy does to real requests on loopback, and how it is counted. Counts are
 * exact where arithmetic says so; else bounds hold on a busy machine.
 */
#include <string.h>

#include "gameday/base/clock.h"
#include "tests/functional/load/drive.h"
#include "tests/functional/load/server.h"

#define OK(iv) ((iv)->outcomes[GD_OUTCOME_OK])

/* --- balance -------------------------------------------------------------------------- */

/*
 * Two servers, one 60 ms slow. In turn: half of the attempts each, so half wait 60 ms. With
 * the fewest under way the slow one gets a request only while the fast one is busy.
 */
static void test_balance(void **state GD_UNUSED)
{
	struct server *fast = server_start(&(struct server_config){0});
	struct server *slow =
		server_start(&(struct server_config){.delay_ns = 60 * GD_NS_PER_MS});
	const struct gd_interval *turn, *least, *p2c;
	struct driven d;

	drive(&d, 1000,
	      "{\"name\": \"t\", \"http\": [\"http://127.0.0.1:%u/\", "
	      "\"http://127.0.0.1:%u/\"], \"rate\": \"200/s\", \"clients\": {"
	      "\"turn\": {}, \"least\": {\"balance\": \"least-outstanding\"}, "
	      "\"p2c\": {\"balance\": \"p2c\"}}}",
	      server_port(fast), server_port(slow));
	turn = driven_client(&d, "turn");
	least = driven_client(&d, "least");
	p2c = driven_client(&d, "p2c");
	assert_int_equal(OK(turn) + OK(least) + OK(p2c), 600);
	assert_int_equal(turn->n_targets, 2);
	assert_int_equal(turn->targets[0].attempts, 100);
	assert_int_equal(turn->targets[1].attempts, 100);
	assert_int_equal(turn->targets[1].ok, 100);
	/* 60 ms apart: 17 in a second; more when a busy machine lets requests pile up. */
	assert_in_range(least->targets[1].attempts, 1, 95);
	assert_in_range(p2c->targets[1].attempts, 1, 95);
	assert_int_equal(least->targets[0].attempts + least->targets[1].attempts, 200);
	assert_int_equal(server_requests(slow), turn->targets[1].attempts +
							least->targets[1].attempts +
							p2c->targets[1].attempts);
	assert_true(gd_hist_percentile(turn->latency, 60) >= 60 * GD_NS_PER_MS);
	assert_true(gd_hist_percentile(least->latency, 60) < 60 * GD_NS_PER_MS);
	driven_fini(&d);
	server_stop(fast);
	server_stop(slow);
}

/* --- limits and retries ---------------------------------------------------------------- */

/*
 * A server that never answers. 100 ms per attempt, 3 attempts without pauses are 300 ms; a
 * deadline of 250 ends the third one.
 */
static void test_deadline(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.mode = SERVER_SILENT});
	const struct gd_interval *tight, *first;
	struct driven d;

	drive(&d, 300,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"50/s\", "
	      "\"timeout\": \"100ms\", \"clients\": {"
	      "\"tight\": {\"deadline\": \"250ms\", \"retry\": {\"backoff\": \"0s..0s\"}}, "
	      "\"first\": {\"timeouts\": {\"first_byte\": \"40ms\", \"whole\": \"5s\"}}}}",
	      server_port(s));
	tight = driven_client(&d, "tight");
	first = driven_client(&d, "first");
	assert_int_equal(tight->outcomes[GD_OUTCOME_DEADLINE], 15);
	assert_int_equal(tight->attempt_outcomes[GD_OUTCOME_DEADLINE], 15);
	/* 30, but for a few whose second attempt began late on a busy machine. */
	assert_in_range(tight->attempt_outcomes[GD_OUTCOME_TIMEOUT], 15, 30);
	assert_true(gd_hist_min(tight->latency) >= 250 * GD_NS_PER_MS);
	assert_int_equal(first->outcomes[GD_OUTCOME_TIMEOUT], 15);
	assert_in_range(gd_hist_min(first->latency), 40 * GD_NS_PER_MS, GD_NS_PER_S);
	driven_fini(&d);
	server_stop(s);
}

/* An answer that has begun may take its time: only the whole counts then. */
static void test_first_byte_is_only_the_first(void **state GD_UNUSED)
{
	struct server *s =
		server_start(&(struct server_config){.mode = SERVER_PARTIAL_STALL});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 200,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"50/s\", "
	      "\"clients\": {\"a\": {\"timeouts\": {\"first_byte\": \"150ms\", "
	      "\"whole\": \"400ms\"}}}}",
	      server_port(s));
	iv = driven_client(&d, "a");
	assert_int_equal(iv->outcomes[GD_OUTCOME_TIMEOUT], 10);
	assert_true(gd_hist_min(iv->latency) >= 400 * GD_NS_PER_MS);
	driven_fini(&d);
	server_stop(s);
}

static void test_connect_limit(void **state GD_UNUSED)
{
	struct server *s =
		server_start(&(struct server_config){.mode = SERVER_NO_ACCEPT});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 200,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"50/s\", "
	      "\"timeout\": \"600ms\", \"clients\": {\"a\": {\"timeouts\": {"
	      "\"connect\": \"60ms\"}}}}",
	      server_port(s));
	iv = driven_client(&d, "a");
	/* The accept queue takes the first ones: these are connected, and time out. */
	assert_true(iv->outcomes[GD_OUTCOME_CONNECT] > 0);
	assert_int_equal(
		iv->outcomes[GD_OUTCOME_CONNECT] + iv->outcomes[GD_OUTCOME_TIMEOUT], 10);
	assert_true(gd_hist_min(iv->latency) < 600 * GD_NS_PER_MS);
	assert_true(gd_hist_min(iv->latency) >= 60 * GD_NS_PER_MS);
	driven_fini(&d);
	server_stop(s);
}

/* All answers are 500: retried by the one that lists it, not by the one that lists resets. */
static void test_retry_on(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.fail_every = 1});
	struct driven d;

	drive(&d, 200,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"50/s\", "
	      "\"clients\": {\"all\": {\"retry\": {\"on\": [\"reset\", \"status-5xx\"], "
	      "\"backoff\": \"1ms..9ms\", \"jitter\": \"decorrelated\"}}, "
	      "\"resets\": {\"retry\": {\"on\": \"reset\"}}}}",
	      server_port(s));
	assert_int_equal(driven_client(&d, "all")->attempts, 30);
	assert_int_equal(driven_client(&d, "resets")->attempts, 10);
	driven_fini(&d);
	server_stop(s);
}

/*
 * The server asks to wait a second. Who obeys up to 2 s does; to whom that is too long does
 * not try again; who does not care tries at once.
 */
static void test_retry_after(void **state GD_UNUSED)
{
	struct server *s = server_start(
		&(struct server_config){.fail_every = 1, .retry_after_s = 1});
	struct driven d;

	drive(&d, 100,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"50/s\", "
	      "\"clients\": {"
	      "\"obeys\": {\"retry\": {\"attempts\": 2, \"backoff\": \"0s..0s\", "
	      "\"retry_after\": \"2s\"}}, "
	      "\"hurries\": {\"retry\": {\"attempts\": 2, \"backoff\": \"0s..0s\", "
	      "\"retry_after\": \"500ms\"}}, "
	      "\"ignores\": {\"retry\": {\"attempts\": 2, \"backoff\": \"0s..0s\"}}}}",
	      server_port(s));
	assert_int_equal(driven_client(&d, "obeys")->attempts, 10);
	assert_true(gd_hist_min(driven_client(&d, "obeys")->latency) >= GD_NS_PER_S);
	assert_int_equal(driven_client(&d, "hurries")->attempts, 5);
	assert_int_equal(driven_client(&d, "ignores")->attempts, 10);
	assert_true(gd_hist_min(driven_client(&d, "ignores")->latency) < GD_NS_PER_S);
	driven_fini(&d);
	server_stop(s);
}

/* --- several attempts at once ----------------------------------------------------------- */

/*
 * Each 10th request that arrives is answered after 500 ms. Without hedging a tenth of the
 * requests take that long; with one more attempt after 60 ms none does, unless its second
 * attempt is a 10th as well. Each request has one good answer, so what was sent beside it is
 * cancelled.
 */
static void test_hedge(void **state GD_UNUSED)
{
	struct server_config cfg = {.delay_ns = 500 * GD_NS_PER_MS, .delay_every = 10};
	struct server *a = server_start(&cfg), *b = server_start(&cfg);
	const struct gd_interval *iv;
	struct driven plain, hedged;

	drive(&plain, 1000,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"100/s\"}",
	      server_port(a));
	drive(&hedged, 1000,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"100/s\", "
	      "\"clients\": {\"h\": {\"hedge\": {\"after\": \"60ms\", \"budget\": \"50%%\"}}}}",
	      server_port(b));
	iv = &plain.sums[0];
	assert_int_equal(iv->counts.hedges, 0);
	assert_true(gd_hist_percentile(iv->latency, 92) >= 500 * GD_NS_PER_MS);
	iv = driven_client(&hedged, "h");
	assert_int_equal(OK(iv), 100);
	assert_true(gd_hist_percentile(iv->latency, 92) < 500 * GD_NS_PER_MS);
	/* 100 requests and h hedges are 100 + h arrivals, of which a tenth is slow: h >= 11. */
	assert_true(iv->counts.hedges >= 11);
	assert_int_equal(iv->attempts, 100 + iv->counts.hedges);
	assert_int_equal(server_requests(b), iv->attempts);
	assert_int_equal(iv->counts.cancelled, iv->counts.hedges);
	assert_int_equal(iv->attempt_outcomes[GD_OUTCOME_CANCELLED], iv->counts.hedges);
	assert_true(iv->counts.hedge_wins >= 9);
	assert_true(iv->counts.cancelled_time >=
		    iv->counts.hedge_wins * 60 * GD_NS_PER_MS);
	assert_int_equal(iv->retries, 0);
	driven_fini(&plain);
	driven_fini(&hedged);
	server_stop(a);
	server_stop(b);
}

/* All are slow. 10 tokens at first and 100 x 5 % on the way: 15 hedges, the rest denied. */
static void test_hedge_budget(void **state GD_UNUSED)
{
	struct server *s =
		server_start(&(struct server_config){.delay_ns = 150 * GD_NS_PER_MS});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 500,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"200/s\", "
	      "\"clients\": {\"h\": {\"hedge\": {\"after\": \"20ms\", \"budget\": \"5%%\"}}}}",
	      server_port(s));
	iv = driven_client(&d, "h");
	assert_in_range(iv->counts.hedges, 12, 15);
	/* On a busy machine the answer of a few comes before their hedge is due. */
	assert_in_range(iv->counts.hedges + iv->counts.hedges_denied, 80, 100);
	driven_fini(&d);
	server_stop(s);
}

/*
 * After 20 answers p90 is known and is that of the fast ones; each 20th arrival takes 400 ms
 * and is overtaken.
 */
static void test_hedge_percentile(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){
		.delay_ns = 400 * GD_NS_PER_MS, .delay_every = 20});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 1500,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"100/s\", "
	      "\"clients\": {\"h\": {\"hedge\": {\"after\": \"p90\", \"budget\": \"100%%\"}}}}",
	      server_port(s));
	iv = driven_client(&d, "h");
	assert_int_equal(OK(iv), 150);
	assert_true(iv->counts.hedge_wins >= 4);
	/* Its second attempt may be one of the slow, too: one in 20 of one in 20. */
	assert_true(gd_hist_percentile(iv->latency, 97) < 400 * GD_NS_PER_MS);
	driven_fini(&d);
	server_stop(s);
}

/* One of two servers is slow: what was sent there first is answered by the other. */
static void test_backup(void **state GD_UNUSED)
{
	struct server *slow =
		server_start(&(struct server_config){.delay_ns = 700 * GD_NS_PER_MS});
	struct server *fast = server_start(&(struct server_config){0});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 500,
	      "{\"name\": \"t\", \"http\": [\"http://127.0.0.1:%u/\", "
	      "\"http://127.0.0.1:%u/\"], \"rate\": \"100/s\", \"clients\": {\"b\": {"
	      "\"backup\": {\"after\": \"50ms\", \"budget\": \"0%%\"}}}}",
	      server_port(slow), server_port(fast));
	iv = driven_client(&d, "b");
	assert_int_equal(OK(iv), 50);
	assert_int_equal(server_requests(slow) + server_requests(fast), iv->attempts);
	assert_true(iv->counts.hedge_wins >= 15);
	assert_true(gd_hist_max(iv->latency) >= 50 * GD_NS_PER_MS);
	assert_true(gd_hist_max(iv->latency) < 700 * GD_NS_PER_MS);
	driven_fini(&d);
	server_stop(slow);
	server_stop(fast);
}

/* Each request goes to both servers at once; the one that begins to answer cancels the other. */
static void test_tied(void **state GD_UNUSED)
{
	struct server *slow =
		server_start(&(struct server_config){.delay_ns = 300 * GD_NS_PER_MS});
	struct server *fast = server_start(&(struct server_config){0});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 400,
	      "{\"name\": \"t\", \"http\": [\"http://127.0.0.1:%u/\", "
	      "\"http://127.0.0.1:%u/\"], \"rate\": \"50/s\", \"clients\": {\"t\": {"
	      "\"tied\": {}}}}",
	      server_port(slow), server_port(fast));
	iv = driven_client(&d, "t");
	assert_int_equal(OK(iv), 20);
	assert_int_equal(iv->attempts, 40);
	assert_int_equal(iv->counts.hedges, 20);
	assert_int_equal(iv->counts.cancelled, 20);
	assert_int_equal(iv->attempt_outcomes[GD_OUTCOME_OK], 20);
	assert_int_equal(server_requests(fast), 20);
	assert_true(gd_hist_max(iv->latency) < 300 * GD_NS_PER_MS);
	driven_fini(&d);
	server_stop(slow);
	server_stop(fast);
}

/* An answer that begins and then stalls keeps a tied request from its other attempt. */
static void test_tied_is_chosen_by_the_first_byte(void **state GD_UNUSED)
{
	struct server *stalls =
		server_start(&(struct server_config){.mode = SERVER_PARTIAL_STALL});
	struct server *slow =
		server_start(&(struct server_config){.delay_ns = 100 * GD_NS_PER_MS});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 200,
	      "{\"name\": \"t\", \"http\": [\"http://127.0.0.1:%u/\", "
	      "\"http://127.0.0.1:%u/\"], \"rate\": \"50/s\", \"timeout\": \"300ms\", "
	      "\"clients\": {\"t\": {\"tied\": {}}}}",
	      server_port(stalls), server_port(slow));
	iv = driven_client(&d, "t");
	assert_int_equal(iv->outcomes[GD_OUTCOME_TIMEOUT] + OK(iv), 10);
	assert_true(iv->outcomes[GD_OUTCOME_TIMEOUT] >= 8);
	assert_int_equal(iv->counts.cancelled, 10);
	driven_fini(&d);
	server_stop(stalls);
	server_stop(slow);
}

/*
 * Hedges and retries together, in a closed loop, against a server that resets, fails and is
 * slow: whatever happens, sums hold (drive checks them) and each worker goes on.
 */
static void test_all_at_once(void **state GD_UNUSED)
{
	struct server *s =
		server_start(&(struct server_config){.fail_every = 7,
						     .reset_every = 5,
						     .delay_ns = 30 * GD_NS_PER_MS,
						     .delay_every = 3});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 700,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"concurrency\": 8, "
	      "\"connections\": 12, \"timeout\": \"60ms\", \"clients\": {\"x\": {"
	      "\"hedge\": {\"after\": \"10ms\", \"max\": 2, \"budget\": \"0%%\"}, "
	      "\"retry\": {\"attempts\": 4, \"backoff\": \"0s..5ms\"}}}}",
	      server_port(s));
	iv = driven_client(&d, "x");
	assert_true(iv->intended > 100);
	assert_true(iv->retries > 0 && iv->counts.hedges > 0 && iv->counts.cancelled > 0);
	assert_true(OK(iv) > iv->intended * 9 / 10);
	driven_fini(&d);
	server_stop(s);
}

/* --- refusing ---------------------------------------------------------------------------- */

/*
 * All answers are 500. After 10 the breaker opens for 300 ms, then lets 2 probes through, and
 * so on: of 1 s at 100/s about 10 + 3 x 2 get through. The others are refused at once, and the
 * server is left in peace.
 */
static void test_breaker(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.fail_every = 1});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 1000,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"100/s\", "
	      "\"clients\": {\"b\": {\"breaker\": {\"window\": \"20\", \"min\": 10, "
	      "\"open\": \"300ms\", \"probes\": 2}}}}",
	      server_port(s));
	iv = driven_client(&d, "b");
	assert_in_range(iv->counts.breaker_opens, 1, 4);
	/* And what was under way each time when it opened. */
	assert_in_range(iv->attempts, 12, 50);
	assert_int_equal(iv->outcomes[GD_OUTCOME_STATUS_5XX], iv->attempts);
	assert_int_equal(iv->outcomes[GD_OUTCOME_SHED], 100 - iv->attempts);
	assert_int_equal(iv->counts.rejected_breaker, 100 - iv->attempts);
	assert_int_equal(server_requests(s), iv->attempts);
	driven_fini(&d);
	server_stop(s);
}

/* A server that becomes well: it stands still for its first half second, then answers. */
static void test_breaker_closes_again(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){
		.pause_at_ns = 50 * GD_NS_PER_MS, .pause_ns = 600 * GD_NS_PER_MS});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 2000,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"100/s\", "
	      "\"timeout\": \"100ms\", \"clients\": {\"b\": {\"breaker\": {"
	      "\"window\": \"1s\", \"min\": 10, \"open\": \"200ms\", \"probes\": 2}}}}",
	      server_port(s));
	iv = driven_client(&d, "b");
	assert_true(iv->counts.breaker_opens >= 1);
	assert_true(iv->counts.rejected_breaker >= 10);
	assert_true(iv->outcomes[GD_OUTCOME_TIMEOUT] >= 5);
	/* More than half of the time it is closed and all is well. */
	assert_true(OK(iv) >= 80);
	assert_int_equal(OK(iv) + iv->outcomes[GD_OUTCOME_TIMEOUT] +
				 iv->outcomes[GD_OUTCOME_SHED],
			 200);
	driven_fini(&d);
	server_stop(s);
}

/* A retry that the breaker refuses leaves the failure before it as the outcome. */
static void test_breaker_and_retry(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.fail_every = 1});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 200,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"50/s\", "
	      "\"clients\": {\"b\": {\"retry\": {\"attempts\": 20, \"backoff\": \"1ms..1ms\"}, "
	      "\"breaker\": {\"window\": \"5\", \"min\": 5, \"open\": \"60s\"}}}}",
	      server_port(s));
	iv = driven_client(&d, "b");
	/* 5, and those under way when it opened. */
	assert_in_range(iv->attempts, 5, 14);
	assert_true(iv->counts.rejected_breaker >= 10);
	assert_int_equal(iv->counts.breaker_opens, 1);
	assert_true(iv->outcomes[GD_OUTCOME_STATUS_5XX] >= 1);
	assert_int_equal(
		iv->outcomes[GD_OUTCOME_STATUS_5XX] + iv->outcomes[GD_OUTCOME_SHED], 10);
	driven_fini(&d);
	server_stop(s);
}

/*
 * 100 ms each, 3 at a time, 2 in line, 100/s for half a second: 30/s are served, so 15 and
 * what is left in line; the others are refused at once. The server never has more than 3.
 */
static void test_bulkhead(void **state GD_UNUSED)
{
	struct server *s =
		server_start(&(struct server_config){.delay_ns = 100 * GD_NS_PER_MS});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 500,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"100/s\", "
	      "\"clients\": {\"b\": {\"bulkhead\": {\"max\": 3, \"queue\": 2}}}}",
	      server_port(s));
	iv = driven_client(&d, "b");
	assert_int_equal(server_connections(s), 3);
	assert_in_range(OK(iv), 10, 20);
	assert_int_equal(OK(iv) + iv->outcomes[GD_OUTCOME_SHED], 50);
	assert_int_equal(iv->counts.rejected_bulkhead, iv->outcomes[GD_OUTCOME_SHED]);
	assert_true(iv->counts.queued >= 5);
	assert_true(gd_hist_max(iv->latency) >= 130 * GD_NS_PER_MS);
	driven_fini(&d);
	server_stop(s);
}

/* In line for at most 50 ms before a server that is silent: all but the first give up. */
static void test_bulkhead_wait(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){.mode = SERVER_SILENT});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 200,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"50/s\", "
	      "\"timeout\": \"2s\", \"clients\": {\"b\": {\"bulkhead\": {\"max\": 1, "
	      "\"queue\": 100, \"wait\": \"50ms\"}}}}",
	      server_port(s));
	iv = driven_client(&d, "b");
	assert_int_equal(iv->counts.queued, 9);
	assert_int_equal(iv->counts.rejected_bulkhead, 9);
	assert_int_equal(iv->outcomes[GD_OUTCOME_TIMEOUT], 1);
	assert_int_equal(iv->attempts, 1);
	driven_fini(&d);
	server_stop(s);
}

/* 50/s of 200/s, 5 at once: 5 and 25 in half a second, or a bit more. */
static void test_limit(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){0});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 500,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"200/s\", "
	      "\"clients\": {\"l\": {\"limit\": {\"rate\": \"50/s\", \"burst\": 5}}}}",
	      server_port(s));
	iv = driven_client(&d, "l");
	assert_in_range(OK(iv), 15, 60);
	assert_int_equal(iv->counts.rejected_limit, 100 - OK(iv));
	assert_int_equal(iv->outcomes[GD_OUTCOME_SHED], 100 - OK(iv));
	assert_int_equal(server_requests(s), OK(iv));
	driven_fini(&d);
	server_stop(s);
}

/* 100/s and nobody answers for 250 ms: after the first 200 ms 20 requests are under way. */
static void test_open_requests_are_noted(void **state GD_UNUSED)
{
	struct server *silent =
		server_start(&(struct server_config){.mode = SERVER_SILENT});
	struct server *fast = server_start(&(struct server_config){0});
	struct driven d;

	drive(&d, 400,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"100/s\", "
	      "\"timeout\": \"250ms\"}",
	      server_port(silent));
	assert_in_range(d.sums[0].counts.open, 20, 30);
	driven_fini(&d);
	drive(&d, 400,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"100/s\"}",
	      server_port(fast));
	assert_in_range(d.sums[0].counts.open, 0, 15);
	driven_fini(&d);
	server_stop(silent);
	server_stop(fast);
}

/* --- connections ------------------------------------------------------------------------- */

/* Drives one client with this pool at 50/s; returns how many connections the server saw. */
static uint64_t connections_with(const char *pool, int64_t rate, int64_t delay_ms,
				 struct gd_counts *ret_counts)
{
	struct server *s = server_start(
		&(struct server_config){.delay_ns = delay_ms * GD_NS_PER_MS});
	uint64_t n;
	struct driven d;

	drive(&d, 500,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"%d/s\", "
	      "\"timeout\": \"5s\", \"clients\": {\"p\": {\"pool\": {%s}}}}",
	      server_port(s), (int)rate, pool);
	assert_int_equal(OK(driven_client(&d, "p")), rate / 2);
	*ret_counts = driven_client(&d, "p")->counts;
	driven_fini(&d);
	n = server_connections(s);
	server_stop(s);
	return n;
}

static void test_pool(void **state GD_UNUSED)
{
	struct gd_counts counts;
	uint64_t n;

	/* 20 requests, 4 on each; some more when the machine lets two overlap. */
	n = connections_with("\"max_requests\": 4", 40, 0, &counts);
	assert_in_range(n, 5, 19);
	assert_in_range(counts.pool_closed, 4, n);
	/* 100 ms apart, kept for 20: a new one each time. */
	n = connections_with("\"idle\": \"20ms\"", 10, 0, &counts);
	assert_in_range(n, 3, 5);
	assert_in_range(counts.pool_closed, 2, n);
	/* 500 ms, 100 each. */
	n = connections_with("\"lifetime\": \"100ms\"", 100, 0, &counts);
	assert_true(n >= 3);
	assert_true(counts.pool_closed >= 2);
	/* 40 ms of work each 10 ms need 4; two are kept without work. */
	n = connections_with("\"max_idle\": 1", 100, 40, &counts);
	assert_true(n >= 4);
	assert_true(counts.pool_closed >= 1);
	/* Two at most: 25 requests of 30 ms wait for each other. */
	n = connections_with("\"max\": 2", 50, 30, &counts);
	assert_int_equal(n, 2);
	assert_int_equal(counts.pool_closed, 0);
}

/* Loopback has a round-trip time, and two samples at least: one a second, one at the close. */
static void test_tcp_is_sampled(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){0});
	const struct gd_counts *c;
	struct driven d;

	drive(&d, 600,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"50/s\", "
	      "\"clients\": {\"c\": {\"pool\": {\"max_requests\": 10}}}}",
	      server_port(s));
	c = &driven_client(&d, "c")->counts;
	assert_int_equal(c->connects, server_connections(s));
	assert_true(c->connect_max > 0 && c->connect_max < 2 * GD_NS_PER_S);
	assert_true(c->rtt_samples >= 4);
	assert_true(c->rtt_max > 0 && c->rtt_max < GD_NS_PER_S);
	assert_true(c->rtt_sum >= c->rtt_max);
	assert_true(c->rtt_sum <= c->rtt_samples * c->rtt_max);
	assert_int_equal(c->retransmits, 0);
	driven_fini(&d);
	server_stop(s);
}

/* --- ejection ----------------------------------------------------------------------------- */

/* One of two fails always: after 3 failures in a row it gets nothing any more. */
static void test_eject(void **state GD_UNUSED)
{
	struct server *bad = server_start(&(struct server_config){.fail_every = 1});
	struct server *good = server_start(&(struct server_config){0});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 1000,
	      "{\"name\": \"t\", \"http\": [\"http://127.0.0.1:%u/\", "
	      "\"http://127.0.0.1:%u/\"], \"rate\": \"100/s\", \"clients\": {\"e\": {"
	      "\"eject\": {\"consecutive\": 3, \"base\": \"60s\"}}}}",
	      server_port(bad), server_port(good));
	iv = driven_client(&d, "e");
	assert_int_equal(iv->counts.ejections, 1);
	/* And those that were under way by then. */
	assert_in_range(server_requests(bad), 3, 20);
	assert_int_equal(iv->targets[0].attempts, server_requests(bad));
	assert_int_equal(OK(iv), server_requests(good));
	assert_int_equal(OK(iv), 100 - server_requests(bad));
	driven_fini(&d);
	server_stop(bad);
	server_stop(good);
}

/*
 * One of two answers nothing. Checks find it after 2 x 60 ms, so it gets requests only until
 * then; and the checks themselves are not counted as requests of the load.
 */
static void test_health(void **state GD_UNUSED)
{
	struct server *dead =
		server_start(&(struct server_config){.mode = SERVER_SILENT});
	struct server *well = server_start(&(struct server_config){0});
	const struct gd_interval *iv;
	struct driven d;

	drive(&d, 1000,
	      "{\"name\": \"t\", \"http\": [\"http://127.0.0.1:%u/x\", "
	      "\"http://127.0.0.1:%u/x\"], \"rate\": \"100/s\", \"timeout\": \"400ms\", "
	      "\"clients\": {\"h\": {\"health\": {\"path\": \"/healthz\", \"every\": \"60ms\", "
	      "\"timeout\": \"50ms\", \"unhealthy\": 2}}}}",
	      server_port(dead), server_port(well));
	iv = driven_client(&d, "h");
	assert_int_equal(iv->counts.sick, 1);
	assert_int_equal(iv->intended, 100);
	assert_int_equal(iv->attempts, 100);
	assert_in_range(iv->targets[0].attempts, 1, 35);
	assert_int_equal(OK(iv), iv->targets[1].attempts);
	assert_true(server_requests(well) >= OK(iv) + 5);
	driven_fini(&d);
	server_stop(dead);
	server_stop(well);
}

/*
 * Three threads, each with a sixth of 600/s for either of two servers. One of these is sick
 * from its 5th to its 16th check: it is out from the 7th on, the third bad one in a row, and
 * back at the 18th, the second good one. In between, and a period is left for what was under
 * way, a thread that did not know would send it 54 requests. One thread checks, so there are
 * no more checks than periods.
 */
static void test_health_of_threads(void **state GD_UNUSED)
{
	enum { EVERY_MS = 60, LONG_MS = 2000 };
	struct server *ill =
		server_start(&(struct server_config){.sick_from = 5, .sick_to = 17});
	struct server *well =
		server_start(&(struct server_config){.sick_from = 1, .sick_to = 1});
	const struct gd_interval *iv;
	uint64_t out, n_ill, n_well;
	struct driven d;

	drive(&d, LONG_MS,
	      "{\"name\": \"t\", \"http\": [\"http://127.0.0.1:%u/x\", "
	      "\"http://127.0.0.1:%u/x\"], \"rate\": \"600/s\", \"threads\": 3, "
	      "\"clients\": {\"h\": {\"health\": {\"path\": \"/healthz\", \"every\": \"%dms\", "
	      "\"timeout\": \"50ms\", \"unhealthy\": 3, \"healthy\": 2}}}}",
	      server_port(ill), server_port(well), EVERY_MS);
	iv = driven_client(&d, "h");
	assert_int_equal(iv->counts.sick, 1);
	assert_int_equal(OK(iv), 1200);
	assert_in_range(server_checks(ill), 19, LONG_MS / EVERY_MS + 1);
	assert_in_range(server_checks(well), 19, LONG_MS / EVERY_MS + 1);
	n_ill = server_requests(ill) - server_checks(ill);
	n_well = server_requests(well) - server_checks(well);
	assert_int_equal(iv->targets[0].attempts, n_ill);
	assert_int_equal(iv->targets[1].attempts, n_well);
	/* Half before; as good as nothing while it is out; nearly half again afterwards. */
	assert_true(server_before_check(ill, 6) * 4 >= server_before_check(well, 6) * 3);
	out = server_before_check(ill, 18) - server_before_check(ill, 9);
	assert_in_range(out, 0, 12);
	n_ill -= server_before_check(ill, 19);
	n_well -= server_before_check(well, 19);
	assert_true(n_ill > 0 && n_ill * 4 >= n_well * 3);
	driven_fini(&d);
	server_stop(ill);
	server_stop(well);
}

/*
 * A server that is well but for its checks gets next to nothing from the client that checks,
 * and its half from the one beside it in the same threads, which are busy all the time.
 */
static void test_health_is_a_clients_own(void **state GD_UNUSED)
{
	struct server *ill = server_start(&(struct server_config){
		.sick_from = 1, .sick_to = 1000, .delay_ns = 5 * GD_NS_PER_MS});
	struct server *well = server_start(&(struct server_config){
		.sick_from = 1, .sick_to = 1, .delay_ns = 5 * GD_NS_PER_MS});
	const struct gd_interval *checks, *plain;
	struct driven d;

	drive(&d, 700,
	      "{\"name\": \"t\", \"http\": [\"http://127.0.0.1:%u/x\", "
	      "\"http://127.0.0.1:%u/x\"], \"concurrency\": 4, \"threads\": 4, "
	      "\"clients\": {\"plain\": {}, \"checks\": {\"health\": {"
	      "\"path\": \"/healthz\", \"every\": \"100ms\", \"timeout\": \"100ms\", "
	      "\"unhealthy\": 1}}}}",
	      server_port(ill), server_port(well));
	checks = driven_client(&d, "checks");
	plain = driven_client(&d, "plain");
	assert_int_equal(checks->counts.sick, 1);
	assert_int_equal(plain->counts.sick, 0);
	assert_in_range(server_checks(ill), 1, 8);
	assert_true(checks->targets[0].attempts * 5 < checks->targets[1].attempts);
	/* In turn, and each thread begins with the first. */
	assert_in_range(plain->targets[0].attempts - plain->targets[1].attempts, 0, 4);
	assert_int_equal(server_requests(ill) - server_checks(ill),
			 plain->targets[0].attempts + checks->targets[0].attempts);
	driven_fini(&d);
	server_stop(ill);
	server_stop(well);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_balance),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_first_byte_is_only_the_first),
		cmocka_unit_test(test_connect_limit),
		cmocka_unit_test(test_retry_on),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_hedge),
		cmocka_unit_test(test_hedge_budget),
		cmocka_unit_test(test_hedge_percentile),
		cmocka_unit_test(test_backup),
		cmocka_unit_test(test_tied),
		cmocka_unit_test(test_tied_is_chosen_by_the_first_byte),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_breaker),
		cmocka_unit_test(test_breaker_closes_again),
		cmocka_unit_test(test_breaker_and_retry),
		cmocka_unit_test(test_bulkhead),
		cmocka_unit_test(test_bulkhead_wait),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_open_requests_are_noted),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_tcp_is_sampled),
		cmocka_unit_test(test_eject),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_health_of_threads),
		cmocka_unit_test(test_health_is_a_clients_own),
	};

	return run_patiently(tests, GD_N_ELEMS(tests));
}
