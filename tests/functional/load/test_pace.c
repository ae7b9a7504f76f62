/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules of real requests, several threads, and what a server's pauses look like. */
#include "tests/unit/cmocka_all.h"

#include "gameday/base/clock.h"
#include "tests/functional/load/drive.h"
#include "tests/functional/load/server.h"

#define OK(iv) ((iv)->outcomes[GD_OUTCOME_OK])

/* Arrivals are those of the load, however many threads make them. */
static void test_threads_share_arrivals(void **state GD_UNUSED)
{
	static const int threads[] = {1, 3};
	uint64_t intended[2];

	for (size_t i = 0; i < 2; i++) {
		struct server *s = server_start(&(struct server_config){0});
		struct driven d;

		drive(&d, 700,
		      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", "
		      "\"rate\": \"200/s..800/s over 500ms\", \"arrivals\": \"poisson\", "
		      "\"threads\": %d}",
		      server_port(s), threads[i]);
		intended[i] = d.sums[0].intended;
		assert_in_range(intended[i], 300, 520); /* 410 and its chance */
		assert_int_equal(OK(&d.sums[0]), intended[i]);
		assert_int_equal(gd_hist_count(d.sums[0].lateness), intended[i]);
		assert_int_equal(d.sums[0].length_ns, 700 * GD_NS_PER_MS);
		assert_int_equal(server_requests(s), intended[i]);
		driven_fini(&d);
		server_stop(s);
	}
	assert_int_equal(intended[0], intended[1]);
}

static void test_clients_share_a_rate(void **state GD_UNUSED)
{
	struct server *s = server_start(&(struct server_config){0});
	struct driven d;

	drive(&d, 500,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"burst\": 20, "
	      "\"every\": \"50ms\", \"share\": true, \"threads\": 2, "
	      "\"clients\": {\"a\": {}, \"b\": {}}}",
	      server_port(s));
	assert_int_equal(OK(driven_client(&d, "a")), 100);
	assert_int_equal(OK(driven_client(&d, "b")), 100);
	assert_int_equal(server_requests(s), 200);
	driven_fini(&d);
	server_stop(s);
}

/* A closed loop of 6 over 3 threads on a server that takes 20 ms: 50 a second each. */
static void test_closed_loop_threads(void **state GD_UNUSED)
{
	struct server *s =
		server_start(&(struct server_config){.delay_ns = 20 * GD_NS_PER_MS});
	struct driven d;

	drive(&d, 600,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", "
	      "\"concurrency\": 6, \"threads\": 3}",
	      server_port(s));
	assert_in_range(d.sums[0].intended, 60, 186);
	assert_true(server_connections(s) <= 6);
	assert_null(d.sums[0].lateness);
	driven_fini(&d);
	server_stop(s);
}

static int64_t p99(const struct gd_hist *h)
{
	return gd_hist_percentile(h, 99);
}

/*
 * The server stands still for 100 ms of each 500. In open loop a fifth of all requests waits,
 * evenly up to 100 ms: p99, the last twentieth of that fifth, is 95 ms. A closed loop sends
 * one request per worker into a pause: its p99 knows nothing, until it is corrected.
 */
static void test_pauses(void **state GD_UNUSED)
{
	struct server_config cfg = {.pause_at_ns = 250 * GD_NS_PER_MS,
				    .pause_ns = 100 * GD_NS_PER_MS,
				    .pause_every_ns = 500 * GD_NS_PER_MS};
	struct gd_hist *corrected = gd_hist_new();
	struct server *s = server_start(&cfg);
	struct driven d;

	drive(&d, 2000,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"1000/s\"}",
	      server_port(s));
	assert_int_equal(OK(&d.sums[0]), 2000);
	assert_in_range(p99(d.sums[0].latency), 90 * GD_NS_PER_MS, 160 * GD_NS_PER_MS);
	driven_fini(&d);
	server_stop(s);

	s = server_start(&cfg);
	drive(&d, 2000,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"concurrency\": 2}",
	      server_port(s));
	gd_hist_add_corrected(corrected, d.sums[0].latency,
			      gd_hist_percentile(d.sums[0].latency, 50));
	assert_true(p99(d.sums[0].latency) < 50 * GD_NS_PER_MS);
	assert_in_range(p99(corrected), 80 * GD_NS_PER_MS, 180 * GD_NS_PER_MS);
	gd_hist_free(corrected);
	driven_fini(&d);
	server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_share_arrivals),
		cmocka_unit_test(test_clients_share_a_rate),
		cmocka_unit_test(test_closed_loop_threads),
		cmocka_unit_test(test_pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
