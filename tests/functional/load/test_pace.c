/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules of real requests, several threads, and what a server's pauses look like. */
#include "tests/unit/cmocka_all.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/load/load.h"
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

/* --- pauses -------------------------------------------------------------------------- */

enum { N_PACED = 3000, MAX_PAUSES = 16 };

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * What arithmetic says of N_PACED requests, one per millisecond from start on, and a server
 * that stood still at these times: a request meant for a pause waits for its end, or, `lag`
 * at worst, until all that had come was answered; one that was sent late into it, too.
 */
static void arithmetic(const struct server_pause *pauses, size_t n, int64_t start,
		       int64_t lag, int64_t *ret)
{
	for (int64_t i = 0; i < N_PACED; i++) {
		int64_t at = start + i * GD_NS_PER_MS;

		ret[i] = lag;
		for (size_t k = 0; k < n; k++) {
			const struct server_pause *p = &pauses[k];
			int64_t end = lag > 0 ? p->drained_ns + lag : p->end_ns;

			if (at >= p->begin_ns - lag && at < end && end - at > ret[i])
				ret[i] = end - at;
		}
	}
	qsort(ret, N_PACED, sizeof(*ret), by_value);
}

/* The highest of the share p of v, as a histogram has it. */
static int64_t percentile(const int64_t *v, double p)
{
	return v[(size_t)ceil(p / 100 * N_PACED) - 1];
}

/*
 * The server stands still for 100 ms of each 500: a fifth of all requests waits, evenly up to
 * that, and no pause hides any. Nothing can be below arithmetic, and above only by what the
 * server took to answer what had gathered and by what the generator owns to have been late.
 */
static void test_pauses_are_seen(void **state GD_UNUSED)
{
	static const double percentiles[] = {85, 90, 95, 99, 99.9, 100};
	static int64_t least[N_PACED], most[N_PACED];
	struct server *s = server_start(
		&(struct server_config){.pause_at_ns = 250 * GD_NS_PER_MS,
					.pause_ns = 100 * GD_NS_PER_MS,
					.pause_every_ns = 500 * GD_NS_PER_MS});
	struct server_pause pauses[MAX_PAUSES];
	const struct gd_interval *iv;
	struct driven d;
	size_t n;

	drive(&d, N_PACED,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": "
	      "\"1000/s\", \"connections\": 200, \"timeout\": \"5s\"}",
	      server_port(s));
	iv = &d.sums[0];
	n = server_pauses(s, pauses, MAX_PAUSES);
	assert_in_range(n, 5, 6);
	assert_int_equal(OK(iv), N_PACED);
	arithmetic(pauses, n, d.start_ns, 0, least);
	arithmetic(pauses, n, d.start_ns, iv->late_max_ns + GD_NS_PER_MS, most);
	assert_true(percentile(least, 100) >= 95 * GD_NS_PER_MS);
	for (size_t i = 0; i < GD_N_ELEMS(percentiles); i++) {
		double p = percentiles[i];
		int64_t seen = gd_hist_percentile(iv->latency, p);
		int64_t low = percentile(least, p), high = percentile(most, p);

		if (seen < low - low / 100 || seen > high + high / 100)
			fail_msg("p%g is %.3f ms, arithmetic says %.3f to %.3f", p,
				 (double)seen / 1e6, (double)low / 1e6,
				 (double)high / 1e6);
	}
	/* Half of the requests know nothing of it. */
	assert_true(gd_hist_percentile(iv->latency, 50) < percentile(least, 85));
	driven_fini(&d);
	server_stop(s);
}

/*
 * A closed loop sends one request per worker into a pause: its p99 knows nothing of it, until
 * it is corrected by what it left out.
 */
static void test_closed_loop_omits_pauses(void **state GD_UNUSED)
{
	struct server *s = server_start(
		&(struct server_config){.pause_at_ns = 250 * GD_NS_PER_MS,
					.pause_ns = 100 * GD_NS_PER_MS,
					.pause_every_ns = 500 * GD_NS_PER_MS});
	struct gd_hist *corrected = gd_hist_new();
	const struct gd_hist *h;
	struct driven d;

	drive(&d, 2000,
	      "{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"concurrency\": 2}",
	      server_port(s));
	h = d.sums[0].latency;
	gd_hist_add_corrected(corrected, h, gd_hist_percentile(h, 50));
	assert_true(gd_hist_percentile(h, 99) < 50 * GD_NS_PER_MS);
	assert_true(gd_hist_max(h) >= 95 * GD_NS_PER_MS);
	assert_in_range(gd_hist_percentile(corrected, 99), 80 * GD_NS_PER_MS,
			180 * GD_NS_PER_MS);
	gd_hist_free(corrected);
	driven_fini(&d);
	server_stop(s);
}

enum { N_POINTS = 3 };

static void start_points(struct gd_load *points[N_POINTS], const char *text)
{
	struct gd_instant start = gd_after(gd_now(), gd_span_ms(50));

	for (uint32_t i = 0; i < N_POINTS; i++) {
		struct gd_load_options opt = {.interval = gd_span_ms(200),
					      .duration = gd_span_ms(600),
					      .start = start,
					      .vantage = i,
					      .n_vantages = N_POINTS};
		struct gd_load_spec spec = {0};
		GD_AUTO(cJSON) cJSON *json = NULL;
		struct gd_error err = GD_ERROR_INIT;

		json = cJSON_Parse(text);
		assert_non_null(json);
		if (gd_shape_from_json(&gd_load_shape, json, &spec, &err) < 0 ||
		    gd_load_start(&spec, &opt, &points[i], &err) < 0)
			fail_msg("%s", err.text);
		gd_shape_fini(&gd_load_shape, &spec);
	}
}

/* Adds what a point saw to its intervals; all of the same start when they fit together. */
static void take_point(struct gd_load *load, struct gd_interval sums[3])
{
	struct pollfd pfd = {.fd = gd_load_fd(load), .events = POLLIN};
	struct gd_interval iv;
	int got = 0;

	while (got != 2) {
		assert_int_equal(poll(&pfd, 1, 20000), 1);
		got = gd_load_take(load, &iv);
		if (got != 1)
			continue;
		assert_in_range(iv.index, 0, 2);
		if (!sums[iv.index].latency) {
			sums[iv.index] = iv;
			continue;
		}
		assert_in_range(llabs(iv.start_wall_ns - sums[iv.index].start_wall_ns), 0,
				20 * GD_NS_PER_MS);
		gd_interval_join(&sums[iv.index], &iv);
		gd_interval_fini(&iv);
	}
	gd_load_free(load);
}

/* Three vantage points of two threads are, interval by interval, one generator. */
static void test_vantage_points_share_arrivals(void **state GD_UNUSED)
{
#define SPEC                                                                             \
	"{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", \"rate\": \"300/s\", "    \
	"\"arrivals\": \"poisson\", \"threads\": 2, \"clients\": {\"a\": "               \
	"{\"limit\": {\"rate\": \"120/s\", \"burst\": 12}}}}"
	struct server *s = server_start(&(struct server_config){0});
	struct gd_load *points[N_POINTS];
	GD_AUTO_FREE char *text = NULL;
	struct gd_interval sums[3] = {0};
	uint64_t intended = 0, ok = 0;
	struct driven d;

	text = gd_strf(SPEC, server_port(s));
	assert_non_null(text);
	start_points(points, text);
	for (size_t i = 0; i < N_POINTS; i++)
		take_point(points[i], sums);
	for (size_t i = 0; i < 3; i++) {
		intended += sums[i].intended;
		ok += OK(&sums[i]);
		assert_int_equal(sums[i].length_ns, 200 * GD_NS_PER_MS);
		gd_interval_fini(&sums[i]);
	}
	drive(&d, 600, SPEC, server_port(s));
	assert_int_equal(intended, d.sums[0].intended);
	/* The client's limit is that of all together: 72 and a burst of 12. */
	assert_in_range(ok, 60, 85);
	assert_in_range(OK(&d.sums[0]), 60, 85);
	driven_fini(&d);
	server_stop(s);
#undef SPEC
}

/*
 * Each vantage point checks health for itself, and once, though it has two threads: three
 * times in 600 ms, 6 or 7 times each 100 ms. All find the server sick.
 */
static void test_vantage_points_check_health(void **state GD_UNUSED)
{
	struct server *s =
		server_start(&(struct server_config){.sick_from = 1, .sick_to = 1000});
	struct gd_load *points[N_POINTS];
	GD_AUTO_FREE char *text = NULL;
	struct gd_interval sums[3] = {0};
	uint64_t sick = 0;

	text = gd_strf("{\"name\": \"t\", \"http\": \"http://127.0.0.1:%u/\", "
		       "\"rate\": \"60/s\", \"threads\": 2, \"clients\": {\"a\": "
		       "{\"health\": {\"path\": \"/healthz\", \"every\": \"100ms\", "
		       "\"timeout\": \"100ms\", \"unhealthy\": 1}}}}",
		       server_port(s));
	assert_non_null(text);
	start_points(points, text);
	for (size_t i = 0; i < N_POINTS; i++)
		take_point(points[i], sums);
	for (size_t i = 0; i < 3; i++) {
		sick += sums[i].counts.sick;
		gd_interval_fini(&sums[i]);
	}
	assert_int_equal(sick, N_POINTS);
	assert_in_range(server_checks(s), N_POINTS * 5, N_POINTS * 7);
	server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_share_arrivals),
		cmocka_unit_test(test_clients_share_a_rate),
		cmocka_unit_test(test_closed_loop_threads),
		cmocka_unit_test(test_pauses_are_seen),
		cmocka_unit_test(test_closed_loop_omits_pauses),
		cmocka_unit_test(test_vantage_points_share_arrivals),
		cmocka_unit_test(test_vantage_points_check_health),
	};

	return run_patiently(tests, GD_N_ELEMS(tests));
}
