/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include "gameday/load/policy/eject.h"
#include "gameday/load/policy/pool.h"

#define S GD_NS_PER_S

static struct gd_eject_policy policy(int64_t in_row, int64_t errors_percent)
{
	return (struct gd_eject_policy){
		.consecutive = in_row,
		.errors = {errors_percent * INT64_C(10000000)},
		.min = 10,
		.window = {10 * S},
		.base = {30 * S},
		.max = {INT64_C(500000000)},
	};
}

static struct gd_eject make(struct gd_eject_policy p, size_t n_targets)
{
	struct gd_eject e;

	gd_eject_init(&e, &p, NULL, n_targets);
	return e;
}

/* --- ejection --------------------------------------------------------------------------- */

static void test_no_policy(void **state GD_UNUSED)
{
	struct gd_eject e;

	gd_eject_init(&e, NULL, NULL, 3);
	for (int i = 0; i < 100; i++)
		assert_false(gd_eject_call(&e, 1, true, S));
	assert_int_equal(gd_eject_mask(&e, S), 0);
}

/* The fifth failure in a row ejects; a success in between begins anew. */
static void test_in_a_row(void **state GD_UNUSED)
{
	struct gd_eject e = make(policy(5, 0), 3);

	for (int i = 0; i < 4; i++)
		assert_false(gd_eject_call(&e, 1, true, S));
	assert_false(gd_eject_call(&e, 1, false, S));
	for (int i = 0; i < 4; i++)
		assert_false(gd_eject_call(&e, 1, true, S));
	assert_int_equal(gd_eject_mask(&e, S), 0);
	assert_true(gd_eject_call(&e, 1, true, S));
	assert_int_equal(gd_eject_mask(&e, S), 1 << 1);
	/* What was under way says nothing more. */
	assert_false(gd_eject_call(&e, 1, true, S));
}

/* 40 % of at least 10 within the window; failures of the window before don't count. */
static void test_by_share(void **state GD_UNUSED)
{
	struct gd_eject e = make(policy(0, 40), 2);

	for (int i = 0; i < 5; i++)
		assert_false(gd_eject_call(&e, 0, true, 1 * S));
	for (int i = 0; i < 9; i++)
		assert_false(gd_eject_call(&e, 0, i < 3, 20 * S));
	assert_true(gd_eject_call(&e, 0, true, 20 * S));
}

/* 30 s, then 60, then 90: one more each time in a row; each calm stretch takes one off. */
static void test_times(void **state GD_UNUSED)
{
	struct gd_eject e = make(policy(1, 0), 2);
	int64_t now = S;

	for (int64_t n = 1; n <= 3; n++) {
		assert_true(gd_eject_call(&e, 0, true, now));
		assert_int_equal(gd_eject_mask(&e, now + n * 30 * S - 1), 1);
		now += n * 30 * S;
		assert_int_equal(gd_eject_mask(&e, now), 0);
	}
	/* Back since now; after 60 s two are forgiven: the next is the second. */
	assert_true(gd_eject_call(&e, 0, true, now + 60 * S));
	assert_int_equal(gd_eject_mask(&e, now + 119 * S), 1);
	assert_int_equal(gd_eject_mask(&e, now + 120 * S), 0);
}

/* Half of 4 at most; the only one, never; one of two or three. */
static void test_not_too_many(void **state GD_UNUSED)
{
	static const struct {
		size_t n_targets;
		int want;
	} cases[] = {{1, 0}, {2, 1}, {3, 1}, {4, 2}, {16, 8}};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_eject e = make(policy(1, 0), cases[i].n_targets);
		int n = 0;

		for (size_t t = 0; t < cases[i].n_targets; t++)
			n += gd_eject_call(&e, (uint8_t)t, true, S);
		assert_int_equal(n, cases[i].want);
	}
}

/* --- health checks ---------------------------------------------------------------------- */

static void test_checks(void **state GD_UNUSED)
{
	struct gd_health_policy p = {.healthy = 2, .unhealthy = 3};
	struct gd_sick sick = {0};
	struct gd_health h = gd_health_make(&p, &sick);
	struct gd_eject e;

	gd_eject_init(&e, NULL, &sick, 2);
	assert_false(gd_health_check(&h, 1, false));
	assert_false(gd_health_check(&h, 1, false));
	assert_false(gd_health_check(&h, 1, true));
	assert_false(gd_health_check(&h, 1, false));
	assert_false(gd_health_check(&h, 1, false));
	assert_int_equal(gd_eject_mask(&e, S), 0);
	assert_true(gd_health_check(&h, 1, false));
	assert_int_equal(gd_eject_mask(&e, S), 1 << 1);
	assert_false(gd_health_check(&h, 1, true));
	assert_false(gd_health_check(&h, 1, false));
	assert_false(gd_health_check(&h, 1, true));
	assert_int_equal(gd_eject_mask(&e, S), 1 << 1);
	assert_false(gd_health_check(&h, 1, true));
	assert_int_equal(gd_eject_mask(&e, S), 0);
}

/* Each target has its own row of checks. */
static void test_checks_of_several(void **state GD_UNUSED)
{
	struct gd_health_policy p = {.healthy = 1, .unhealthy = 2};
	struct gd_sick sick = {0};
	struct gd_health h = gd_health_make(&p, &sick);

	assert_false(gd_health_check(&h, 0, false));
	assert_false(gd_health_check(&h, 15, false));
	assert_int_equal(gd_sick_bits(&sick), 0);
	assert_true(gd_health_check(&h, 15, false));
	assert_true(gd_health_check(&h, 0, false));
	assert_int_equal(gd_sick_bits(&sick), 1 << 15 | 1);
	/* Sick already: it is counted once. */
	assert_false(gd_health_check(&h, 0, false));
	assert_false(gd_health_check(&h, 15, true));
	assert_int_equal(gd_sick_bits(&sick), 1);
}

/*
 * Two threads' share of one client: each ejects by calls of its own, both leave out what the
 * checks found. The share that may be ejected at once does not count the sick.
 */
static void test_checks_are_shared(void **state GD_UNUSED)
{
	struct gd_health_policy p = {.healthy = 1, .unhealthy = 1};
	struct gd_eject_policy by_calls = policy(1, 0);
	struct gd_sick sick = {0};
	struct gd_health h = gd_health_make(&p, &sick);
	struct gd_eject one, other;

	gd_eject_init(&one, &by_calls, &sick, 4);
	gd_eject_init(&other, &by_calls, &sick, 4);
	assert_true(gd_eject_call(&one, 0, true, S));
	assert_true(gd_health_check(&h, 1, false));
	assert_true(gd_health_check(&h, 2, false));
	assert_int_equal(gd_eject_mask(&one, S), 1 << 0 | 1 << 1 | 1 << 2);
	assert_int_equal(gd_eject_mask(&other, S), 1 << 1 | 1 << 2);
	assert_true(gd_eject_call(&one, 3, true, S));
	assert_int_equal(gd_eject_mask(&one, S), 0xf);
	assert_false(gd_health_check(&h, 1, true));
	assert_int_equal(gd_eject_mask(&one, S), 1 << 0 | 1 << 2 | 1 << 3);
	assert_int_equal(gd_eject_mask(&other, S), 1 << 2);
	/* Well again by a check, but still ejected by calls; and back in time. */
	assert_true(gd_health_check(&h, 0, false));
	assert_false(gd_health_check(&h, 0, true));
	assert_int_equal(gd_eject_mask(&one, S) & 1, 1);
	assert_int_equal(gd_eject_mask(&one, 31 * S), 1 << 2);
}

/* --- the pool --------------------------------------------------------------------------- */

static void test_pool(void **state GD_UNUSED)
{
	struct gd_pool_policy all = {
		.max_idle = 2, .max_requests = 10, .idle = {5 * S}, .lifetime = {60 * S}};
	struct gd_pool p = gd_pool_make(&all), none = gd_pool_make(NULL);

	assert_int_equal(gd_pool_until(&p, 100 * S, 9, 1, 101 * S), 106 * S);
	assert_int_equal(gd_pool_until(&p, 100 * S, 9, 1, 158 * S), 160 * S);
	assert_true(gd_pool_until(&p, 100 * S, 9, 1, 160 * S) <= 160 * S);
	assert_int_equal(gd_pool_until(&p, 100 * S, 10, 1, 101 * S), 101 * S);
	assert_int_equal(gd_pool_until(&p, 100 * S, 9, 2, 101 * S), 101 * S);
	assert_true(gd_pool_is_spent(&p, 10));
	assert_false(gd_pool_is_spent(&p, 9));
	assert_int_equal(gd_pool_until(&none, 1, 1000000, 1000, 900 * S), INT64_MAX);
	assert_false(none.on);
	assert_false(gd_pool_is_spent(&none, 1000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_policy),
		cmocka_unit_test(test_in_a_row),
		cmocka_unit_test(test_by_share),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_not_too_many),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_checks_of_several),
		cmocka_unit_test(test_checks_are_shared),
		cmocka_unit_test(test_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
