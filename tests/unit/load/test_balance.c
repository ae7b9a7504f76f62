/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include "gameday/load/policy/balance.h"

enum { N = 3000 };

/* Picks N times while n_live stays as given; counts by target. */
static void count(int kind, const uint32_t live[3], uint32_t avoid, int ret[3])
{
	struct gd_balance b;

	gd_balance_init(&b, kind, 3, 7);
	ret[0] = ret[1] = ret[2] = 0;
	for (int t = 0; t < 3; t++) {
		for (uint32_t i = 0; i < live[t]; i++)
			gd_balance_begin(&b, (uint8_t)t);
	}
	for (int i = 0; i < N; i++)
		ret[gd_balance_pick(&b, avoid)]++;
}

static void test_round_robin(void **state GD_UNUSED)
{
	int n[3];

	count(GD_BALANCE_ROUND_ROBIN, (uint32_t[]){9, 0, 0}, 0, n);
	assert_int_equal(n[0], N / 3);
	assert_int_equal(n[1], N / 3);
	count(GD_BALANCE_ROUND_ROBIN, (uint32_t[]){0, 0, 0}, 1 << 1, n);
	assert_int_equal(n[0], N / 2);
	assert_int_equal(n[1], 0);
	/* All avoided: as if none were. */
	count(GD_BALANCE_ROUND_ROBIN, (uint32_t[]){0, 0, 0}, 7, n);
	assert_int_equal(n[2], N / 3);
}

static void test_least_outstanding(void **state GD_UNUSED)
{
	int n[3];

	count(GD_BALANCE_LEAST_OUTSTANDING, (uint32_t[]){2, 1, 3}, 0, n);
	assert_int_equal(n[1], N);
	/* Equals take turns. */
	count(GD_BALANCE_LEAST_OUTSTANDING, (uint32_t[]){4, 4, 4}, 0, n);
	assert_int_equal(n[0], N / 3);
	count(GD_BALANCE_LEAST_OUTSTANDING, (uint32_t[]){2, 1, 3}, 1 << 1, n);
	assert_int_equal(n[0], N);
}

/*
 * Of three the worst is taken only if drawn with itself, which can't be: two different ones
 * are drawn. The best wins 2 of 3 draws, the middle one the third.
 */
static void test_p2c(void **state GD_UNUSED)
{
	int n[3];

	count(GD_BALANCE_P2C, (uint32_t[]){2, 1, 3}, 0, n);
	assert_int_equal(n[2], 0);
	assert_in_range(n[1], N * 62 / 100, N * 71 / 100);
	count(GD_BALANCE_P2C, (uint32_t[]){2, 1, 3}, 1 << 0 | 1 << 1, n);
	assert_int_equal(n[2], N);
}

static void test_random(void **state GD_UNUSED)
{
	int n[3];

	count(GD_BALANCE_RANDOM, (uint32_t[]){2, 1, 3}, 0, n);
	for (int i = 0; i < 3; i++)
		assert_in_range(n[i], N * 30 / 100, N * 37 / 100);
}

/* What begins and ends leaves nothing behind. */
static void test_counts(void **state GD_UNUSED)
{
	struct gd_balance b;

	gd_balance_init(&b, GD_BALANCE_LEAST_OUTSTANDING, 2, 1);
	gd_balance_begin(&b, 0);
	assert_int_equal(gd_balance_pick(&b, 0), 1);
	gd_balance_end(&b, 0);
	gd_balance_begin(&b, 1);
	assert_int_equal(gd_balance_pick(&b, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_robin),
		cmocka_unit_test(test_least_outstanding),
		cmocka_unit_test(test_p2c),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
