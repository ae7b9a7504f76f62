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

static double paired(const double *a, const double *b, size_t n)
{
	struct gd_error err = GD_ERROR_INIT;
	double p = -1, back = -1;

	assert_int_equal(gd_ranks_p_paired(a, b, n, &p, &err), 0);
	assert_int_equal(gd_ranks_p_paired(b, a, n, &back, &err), 0);
	assert_true(isnan(p) ? isnan(back) : fabs(p - back) < 1e-12);
	return p;
}

/*
 * Wilcoxon's own example (1945, table II; the heights of maize that Darwin measured): differences
 * of 15 pairs, rank sum 24 of those below 0. Of 2^15 ways to give signs, 1,262 add up to 24 or
 * less: scipy.stats.wilcoxon says 0.041260 for these, too.
 */
static void test_paired(void **state GD_UNUSED)
{
	static const double none[20] = {0};
	static const double maize[] = {49, -67, 8,  16, 6,  23, 28, 41,
				       14, 29,  56, 24, 75, 60, -48};

	assert_true(fabs(paired(none, maize, 15) - 0.041260) < 1e-6);
	/* The least that n pairs can say is 2 of 2^n; equal ones say nothing. */
	assert_true(fabs(paired(low, low + 1, 5) - 2.0 / 32) < 1e-12);
	assert_true(fabs(paired(low, low + 1, 9) - 2.0 / 512) < 1e-12);
	assert_true(paired(none, none, 20) > 0.999);
	assert_true(isnan(paired(low, low + 1, 4)));
	/* Ranks 1.5 1.5 3 4 5 with one of the 1.5 against the rest: 1.5 or less has three ways. */
	assert_true(fabs(paired(none, (const double[]){-1, 1, 2, 3, 4}, 5) - 6.0 / 32) <
		    1e-12);
}

enum { TRIALS = 2000, PAIR_TRIALS = 500, VALUES = 60 };

/* The same with more than are tried out one by one; and what is common to both drops out. */
static void test_many_pairs(void **state GD_UNUSED)
{
	double common[VALUES], a[VALUES], b[VALUES];
	int n_same = 0, n_found = 0;
	uint32_t seed = 7;

	for (int i = 0; i < PAIR_TRIALS; i++) {
		for (int n = 40; n <= VALUES; n += VALUES - 40) {
			wander(&seed, 0.9, (size_t)n, common);
			for (int k = 0; k < n; k++) {
				a[k] = 5 * common[k] + next_random(&seed);
				b[k] = 5 * common[k] + next_random(&seed);
			}
			n_same += paired(a, b, (size_t)n) < 0.01;
			for (int k = 0; k < n; k++)
				b[k] += 1.2;
			n_found += paired(a, b, (size_t)n) < 0.01;
		}
	}
	/* Ten of a thousand, give or take. */
	assert_in_range(n_same, 1, 25);
	assert_true(n_found > 2 * PAIR_TRIALS - 2 * PAIR_TRIALS / 20);
}

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
		cmocka_unit_test(test_apart),  cmocka_unit_test(test_same),
		cmocka_unit_test(test_ties),   cmocka_unit_test(test_too_few),
		cmocka_unit_test(test_exact),  cmocka_unit_test(test_series),
		cmocka_unit_test(test_paired), cmocka_unit_test(test_many_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
