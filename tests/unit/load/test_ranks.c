/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <math.h>

#include "gameday/load/ranks.h"

static double p_of(const double *a, size_t n_a, const double *b, size_t n_b)
{
	struct gd_error err = GD_ERROR_INIT;
	double p = -1, back = -1;

	assert_int_equal(gd_ranks_p(a, n_a, b, n_b, &p, &err), 0);
	assert_int_equal(gd_ranks_p(b, n_b, a, n_a, &back, &err), 0);
	assert_true(isnan(p) ? isnan(back) : fabs(p - back) < 1e-12);
	return p;
}

static const double low[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

/* U = 0 of 100: z = (50 - 0.5) / sqrt(175), p by the normal distribution's tails. */
static void test_apart(void **state GD_UNUSED)
{
	static const double high[] = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
	double p = p_of(low, 10, high, 10);

	assert_true(fabs(p - 0.000182672) < 1e-8);
}

static void test_same(void **state GD_UNUSED)
{
	static const double equal[] = {3, 3, 3, 3, 3};

	assert_true(p_of(low, 10, low, 10) > 0.999);
	assert_true(p_of(equal, 5, equal, 5) > 0.999);
}

/*
 * With ties: ranks of b are 4.5 4.5 7.5 9 10, U = 35.5 - 15 = 20.5; ties 2^3 - 2 + 4^3 - 4 +
 * 2^3 - 2 = 72, variance 25 / 12 (11 - 72 / 90) = 21.25.
 */
static void test_ties(void **state GD_UNUSED)
{
	static const double a[] = {1, 1, 2, 2, 3}, b[] = {2, 2, 3, 4, 5};
	double z = (20.5 - 12.5 - 0.5) / sqrt(21.25);

	assert_true(fabs(p_of(a, 5, b, 5) - erfc(z / sqrt(2))) < 1e-9);
}

static void test_too_few(void **state GD_UNUSED)
{
	assert_true(isnan(p_of(low, 4, low, 10)));
	assert_true(isnan(p_of(low, 0, low, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_too_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
