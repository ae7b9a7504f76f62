/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "gameday/load/policy/breaker.h"
#include "gameday/load/policy/bulkhead.h"
#include "gameday/load/policy/limit.h"

#define MS GD_NS_PER_MS
#define S GD_NS_PER_S

/* --- the breaker ------------------------------------------------------------------------ */

static void make(struct gd_breaker *b, const char *window, int64_t min)
{
	char text[32];
	struct gd_breaker_policy p = {
		.window = text,
		.errors = {INT64_C(500000000)},
		.slow = {INT64_C(800000000)},
		.slow_after = {100 * MS},
		.open = {5 * S},
		.min = min,
		.probes = 3,
	};
	struct gd_error err = GD_ERROR_INIT;

	memcpy(text, window, strlen(window) + 1);
	assert_int_equal(gd_breaker_init(b, &p, &err), 0);
}

/* One call from begin to end; true when it was let through. */
static bool call(struct gd_breaker *b, bool failed, int64_t took_ns, int64_t now)
{
	uint32_t epoch = gd_breaker_enter(b, now);

	if (epoch != 0)
		(void)gd_breaker_leave(b, epoch, failed, took_ns, now);
	return epoch != 0;
}

static void calls(struct gd_breaker *b, int n, bool failed, int64_t now)
{
	for (int i = 0; i < n; i++)
		assert_true(call(b, failed, MS, now));
}

static void test_no_policy(void **state GD_UNUSED)
{
	static struct gd_breaker b;
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_breaker_init(&b, NULL, &err), 0);
	calls(&b, 5000, true, 1);
}

/* Half of at least 10: the tenth decides, and not before. */
static void test_opens_by_errors(void **state GD_UNUSED)
{
	static struct gd_breaker b;

	make(&b, "20", 10);
	calls(&b, 5, false, 1);
	calls(&b, 4, true, 1);
	assert_int_equal(b.state, GD_BREAKER_CLOSED);
	calls(&b, 1, true, 1);
	assert_int_equal(b.state, GD_BREAKER_OPEN);
	assert_false(call(&b, false, MS, 2));
	/* 9 of 20 never are half. */
	make(&b, "20", 10);
	for (int i = 0; i < 200; i++)
		calls(&b, 1, i % 20 >= 11, 1);
	assert_int_equal(b.state, GD_BREAKER_CLOSED);
}

/* What left the window is forgotten: 10 good ones, then it holds only the last 20. */
static void test_window_of_calls_slides(void **state GD_UNUSED)
{
	static struct gd_breaker b;

	make(&b, "20", 10);
	calls(&b, 1000, false, 1);
	calls(&b, 9, true, 1);
	assert_int_equal(b.state, GD_BREAKER_CLOSED);
	calls(&b, 20, false, 1);
	calls(&b, 9, true, 1);
	assert_int_equal(b.state, GD_BREAKER_CLOSED);
	calls(&b, 1, true, 1);
	assert_int_equal(b.state, GD_BREAKER_OPEN);
}

/* A window of 10 s: failures of 10 s ago don't count, those of 8 do. */
static void test_window_of_time_slides(void **state GD_UNUSED)
{
	static struct gd_breaker b;

	make(&b, "10s", 10);
	calls(&b, 9, true, 100 * S);
	calls(&b, 1, true, 111 * S);
	assert_int_equal(b.state, GD_BREAKER_CLOSED);
	assert_int_equal(b.sum.n, 1);
	make(&b, "10s", 10);
	calls(&b, 9, true, 100 * S);
	calls(&b, 1, true, 108 * S);
	assert_int_equal(b.state, GD_BREAKER_OPEN);
}

/* Slow calls alone open it as well, whether they succeed or not. */
static void test_opens_by_slowness(void **state GD_UNUSED)
{
	static struct gd_breaker b;

	make(&b, "10", 10);
	for (int i = 0; i < 10; i++)
		(void)call(&b, false, i < 7 ? 101 * MS : 100 * MS, 1);
	assert_int_equal(b.state, GD_BREAKER_CLOSED);
	(void)call(&b, false, 200 * MS, 1);
	assert_int_equal(b.state, GD_BREAKER_CLOSED); /* a slow one left the window */
	make(&b, "10", 10);
	for (int i = 0; i < 10; i++)
		(void)call(&b, false, i < 8 ? 101 * MS : 100 * MS, 1);
	assert_int_equal(b.state, GD_BREAKER_OPEN);
}

static void open_it(struct gd_breaker *b, int64_t now)
{
	make(b, "10", 10);
	calls(b, 10, true, now);
	assert_int_equal(b->state, GD_BREAKER_OPEN);
}

/* After 5 s three probes go through, no more; by them it closes. */
static void test_half_open(void **state GD_UNUSED)
{
	static struct gd_breaker b;
	uint32_t probes[3];

	open_it(&b, 1 * S);
	assert_int_equal(gd_breaker_enter(&b, 6 * S - 1), 0);
	for (int i = 0; i < 3; i++) {
		probes[i] = gd_breaker_enter(&b, 6 * S);
		assert_int_not_equal(probes[i], 0);
	}
	assert_int_equal(gd_breaker_enter(&b, 6 * S), 0);
	assert_false(gd_breaker_leave(&b, probes[0], true, MS, 6 * S));
	assert_false(gd_breaker_leave(&b, probes[1], false, MS, 6 * S));
	assert_int_equal(b.state, GD_BREAKER_HALF_OPEN);
	assert_false(gd_breaker_leave(&b, probes[2], false, MS, 6 * S));
	assert_int_equal(b.state, GD_BREAKER_CLOSED);
	/* It begins anew: nothing of the past counts. */
	calls(&b, 9, true, 7 * S);
	assert_int_equal(b.state, GD_BREAKER_CLOSED);
}

static void test_probes_fail(void **state GD_UNUSED)
{
	static struct gd_breaker b;

	open_it(&b, 1 * S);
	assert_true(call(&b, true, MS, 6 * S));
	assert_true(call(&b, true, MS, 6 * S));
	assert_true(call(&b, false, MS, 6 * S));
	assert_int_equal(b.state, GD_BREAKER_OPEN);
	assert_int_equal(gd_breaker_enter(&b, 11 * S - 1), 0);
	assert_int_not_equal(gd_breaker_enter(&b, 11 * S), 0);
}

/* A probe that was given up makes room for another one; stragglers judge nothing. */
static void test_forgotten_and_late(void **state GD_UNUSED)
{
	static struct gd_breaker b;
	uint32_t old, probe = 0;

	make(&b, "10", 10);
	old = gd_breaker_enter(&b, 1 * S);
	calls(&b, 10, true, 1 * S);
	for (int i = 0; i < 3; i++)
		probe = gd_breaker_enter(&b, 6 * S);
	assert_int_equal(gd_breaker_enter(&b, 6 * S), 0);
	gd_breaker_forget(&b, probe);
	assert_int_not_equal(gd_breaker_enter(&b, 6 * S), 0);
	for (int i = 0; i < 5; i++)
		assert_false(gd_breaker_leave(&b, old, true, MS, 6 * S));
	gd_breaker_forget(&b, old);
	assert_int_equal(gd_breaker_enter(&b, 6 * S), 0);
	assert_int_equal(b.sum.n, 0);
}

static void test_windows(void **state GD_UNUSED)
{
	static const char *const bad[] = {"0", "1001", "-5", "99ms", "11m", "x", "5%"};

	for (size_t i = 0; i < GD_N_ELEMS(bad); i++) {
		static struct gd_breaker b;
		char text[16];
		struct gd_breaker_policy p = {.window = text, .probes = 1, .min = 1};
		struct gd_error err = GD_ERROR_INIT;

		memcpy(text, bad[i], strlen(bad[i]) + 1);
		if (gd_breaker_init(&b, &p, &err) == 0)
			fail_msg("'%s'", bad[i]);
	}
}

/* --- the bulkhead ----------------------------------------------------------------------- */

static void test_bulkhead(void **state GD_UNUSED)
{
	struct gd_bulkhead_policy p = {.max = 2, .queue = 1};
	struct gd_bulkhead b = gd_bulkhead_make(&p);

	assert_int_equal(gd_bulkhead_enter(&b), GD_BULKHEAD_GO);
	assert_int_equal(gd_bulkhead_enter(&b), GD_BULKHEAD_GO);
	assert_false(gd_bulkhead_next(&b));
	assert_int_equal(gd_bulkhead_enter(&b), GD_BULKHEAD_WAIT);
	assert_int_equal(gd_bulkhead_enter(&b), GD_BULKHEAD_FULL);
	assert_false(gd_bulkhead_next(&b));
	gd_bulkhead_leave(&b);
	/* There is room, but one is in line already. */
	assert_int_equal(gd_bulkhead_enter(&b), GD_BULKHEAD_FULL);
	assert_true(gd_bulkhead_next(&b));
	assert_int_equal(gd_bulkhead_enter(&b), GD_BULKHEAD_WAIT);
	gd_bulkhead_give_up(&b);
	gd_bulkhead_leave(&b);
	assert_int_equal(gd_bulkhead_enter(&b), GD_BULKHEAD_GO);
	b = gd_bulkhead_make(NULL);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(gd_bulkhead_enter(&b), GD_BULKHEAD_GO);
}

/* --- the rate limit --------------------------------------------------------------------- */

static int take_all(struct gd_limit *l, int64_t now)
{
	int n = 0;

	while (gd_limit_take(l, now))
		n++;
	return n;
}

/* 10/s, 4 at once: 4 at first, then one each 100 ms, and no more than 4 after any rest. */
static void test_limit(void **state GD_UNUSED)
{
	struct gd_limit_policy p = {.rate = {10}, .burst = 4};
	struct gd_limit l = gd_limit_make(&p);

	assert_int_equal(take_all(&l, 50 * S), 4);
	assert_int_equal(take_all(&l, 50 * S + 99 * MS), 0);
	assert_int_equal(take_all(&l, 50 * S + 100 * MS), 1);
	assert_int_equal(take_all(&l, 50 * S + 300 * MS), 2);
	assert_int_equal(take_all(&l, 90 * S), 4);
	p.burst = 1;
	l = gd_limit_make(&p);
	for (int64_t ms = 0; ms < 1000; ms++)
		assert_int_equal(take_all(&l, S + ms * MS), ms % 100 == 0);
	l = gd_limit_make(NULL);
	for (int i = 0; i < 1000; i++)
		assert_true(gd_limit_take(&l, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_policy),
		cmocka_unit_test(test_opens_by_errors),
		cmocka_unit_test(test_window_of_calls_slides),
		cmocka_unit_test(test_window_of_time_slides),
		cmocka_unit_test(test_opens_by_slowness),
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_probes_fail),
		cmocka_unit_test(test_forgotten_and_late),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_bulkhead),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
