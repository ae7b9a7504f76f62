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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_balance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
