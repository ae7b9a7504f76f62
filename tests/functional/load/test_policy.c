/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each client policy does to real requests on loopback, and how it is counted. Counts are
 * exact where arithmetic says so; else bounds hold on a busy machine.
 */
#include "tests/unit/cmocka_all.h"

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
	/* 60 ms apart: 17 in a second; more when the machine lets requests pile up. */
	assert_in_range(least->targets[1].attempts, 1, 70);
	assert_in_range(p2c->targets[1].attempts, 1, 70);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_balance),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_first_byte_is_only_the_first),
		cmocka_unit_test(test_connect_limit),
		cmocka_unit_test(test_retry_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
