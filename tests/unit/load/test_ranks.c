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

/* Of the 20 ways to deal 1 to 6 into threes, two are as far apart as can be. */
static void test_exact(void **state GD_UNUSED)
{
	static const double a[] = {1, 2, 3}, b[] = {4, 5, 6}, tied[] = {3, 3, 3};

	assert_true(fabs(gd_ranks_p_exact(a, 3, b, 3) - 0.1) < 1e-12);
	assert_true(fabs(gd_ranks_least_p(3, 3) - 0.1) < 1e-12);
	assert_true(fabs(gd_ranks_p_exact(low, 5, low + 5, 5) - 2.0 / 252) < 1e-12);
	assert_true(fabs(gd_ranks_least_p(5, 5) - 2.0 / 252) < 1e-12);
	assert_true(gd_ranks_p_exact(tied, 3, tied, 3) > 0.999);
	/* 1 2 4 of 6: the sum 7 is 3.5 from the mean, as are 7 or less (2 of 20) and 14 or more. */
	assert_true(fabs(gd_ranks_p_exact((const double[]){1, 2, 4}, 3,
					  (const double[]){3, 5, 6}, 3) -
			 0.2) < 1e-12);
	assert_true(isnan(gd_ranks_p_exact(a, 1, b, 3)));
	assert_true(isnan(gd_ranks_p_exact(low, 10, low, 11)));
}

static double next_random(uint32_t *state)
{
	double sum = 0;

	/* Twelve uniform numbers: near enough to a normal distribution. */
	for (int i = 0; i < 12; i++) {
		*state = *state * 1664525U + 1013904223U;
		sum += (double)(*state >> 8) / (1 << 24);
	}
	return sum - 6;
}

/* n values, each with `kept` of the one before. */
static void wander(uint32_t *seed, double kept, size_t n, double *ret)
{
	double v = next_random(seed);

	for (size_t i = 0; i < n; i++) {
		ret[i] = v;
		v = kept * v + sqrt(1 - kept * kept) * next_random(seed);
	}
}

enum { TRIALS = 2000, VALUES = 60 };

/* Of pairs that do not differ, about one in a hundred may look as if. */
static void test_series(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	int n_plain = 0, n_series = 0, n_found = 0;
	double a[VALUES], b[VALUES], p;
	uint32_t seed = 1;

	for (int i = 0; i < TRIALS; i++) {
		wander(&seed, 0.5, VALUES, a);
		wander(&seed, 0.5, VALUES, b);
		assert_int_equal(gd_ranks_p(a, VALUES, b, VALUES, &p, &err), 0);
		n_plain += p < 0.01;
		assert_int_equal(gd_ranks_p_series(a, VALUES, b, VALUES, &p, &err), 0);
		n_series += p < 0.01;
		for (int k = 0; k < VALUES; k++)
			b[k] += 2;
		assert_int_equal(gd_ranks_p_series(a, VALUES, b, VALUES, &p, &err), 0);
		n_found += p < 0.01;
	}
	assert_true(n_plain > TRIALS / 20);
	assert_true(n_series < TRIALS / 50);
	assert_true(n_found > TRIALS - TRIALS / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apart), cmocka_unit_test(test_same),
		cmocka_unit_test(test_ties),  cmocka_unit_test(test_too_few),
		cmocka_unit_test(test_exact), cmocka_unit_test(test_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
