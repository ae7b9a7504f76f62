/* SPDX-License-Identifier: Apache-2.0 */
/* Samples come from a generator of our own, so that every seed means the same anywhere. */
#include "tests/unit/cmocka_all.h"

#include <math.h>

#include "gameday/load/modes.h"

enum { MS = 1000000 };

static void assert_near(double is, double wanted, double by)
{
	if (!(fabs(is - wanted) <= by))
		fail_msg("%g is not %g +- %g", is, wanted, by);
}

/* xorshift64*, in (0, 1). */
static double uniform(uint64_t *s)
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return ((double)(*s * UINT64_C(2685821657736338717) >> 11) + 0.5) /
	       9007199254740992.0;
}

/* Box and Muller. */
static double normal(uint64_t *s)
{
	double r = sqrt(-2 * log(uniform(s)));

	return r * cos(2 * M_PI * uniform(s));
}

typedef double draw_fn(uint64_t *s);

static double draw_lognormal(uint64_t *s)
{
	return 12 * exp(0.5 * normal(s));
}

static double draw_wide_lognormal(uint64_t *s)
{
	return 12 * exp(1.5 * normal(s));
}

static double draw_normal(uint64_t *s)
{
	return 50 + 10 * normal(s);
}

static double draw_exponential(uint64_t *s)
{
	return -12 * log(uniform(s));
}

static double draw_uniform(uint64_t *s)
{
	return 5 + 100 * uniform(s);
}

static double draw_constant(uint64_t *s GD_UNUSED)
{
	return 12;
}

static double draw_pareto(uint64_t *s)
{
	return 5 * pow(uniform(s), -1 / 1.5);
}

/* In the histogram's widest steps: a few of them take all the values. */
static double draw_tiny(uint64_t *s)
{
	return 0.0006 + 0.0040 * uniform(s);
}

/* Values that only multiples of a clock's tick can have. */
static double draw_ticks(uint64_t *s)
{
	return ceil(10 * exp(0.3 * normal(s)));
}

static const struct {
	const char *name;
	draw_fn *draw;
} one_mode[] = {
	{"lognormal", draw_lognormal}, {"wide lognormal", draw_wide_lognormal},
	{"normal", draw_normal},       {"exponential", draw_exponential},
	{"uniform", draw_uniform},     {"constant", draw_constant},
	{"pareto", draw_pareto},       {"tiny", draw_tiny},
	{"ticks of 1 ms", draw_ticks},
};

static struct gd_modes modes_of(draw_fn *draw, int n, uint64_t seed)
{
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
	uint64_t s = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	struct gd_modes m;

	assert_non_null(h);
	for (int i = 0; i < n; i++)
		gd_hist_record(h, (int64_t)(draw(&s) * MS));
	gd_modes_find(h, &m);
	return m;
}

static void expect_one(size_t i, int n, int seeds)
{
	int wrong = 0;

	for (int seed = 0; seed < seeds; seed++)
		wrong += modes_of(one_mode[i].draw, n, (uint64_t)seed).n != 1;
	if (wrong > 0)
		fail_msg("%s, %d values: %d of %d seeds have not 1 mode",
			 one_mode[i].name, n, wrong, seeds);
}

static void one_speed_is_one_mode(void **state GD_UNUSED)
{
	for (size_t i = 0; i < GD_N_ELEMS(one_mode); i++) {
		expect_one(i, 200, 500);
		expect_one(i, 2000, 200);
		expect_one(i, 20000, 20);
	}
	expect_one(0, 1000000, 1);
}

/* n values: fast ones around 12 ms, and the given share of slow ones around 1.02 s. */
static struct gd_modes two_speeds(int n, double share, uint64_t seed)
{
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
	uint64_t s = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	struct gd_modes m;

	assert_non_null(h);
	for (int i = 0; i < n; i++) {
		double ms = i < share * n ? 1020 + 15 * normal(&s)
					  : 12 * exp(0.3 * normal(&s));

		gd_hist_record(h, (int64_t)(ms * MS));
	}
	gd_modes_find(h, &m);
	return m;
}

static void expect_two(int n, double share, int seeds)
{
	for (int seed = 0; seed < seeds; seed++) {
		struct gd_modes m = two_speeds(n, share, (uint64_t)seed);

		if (m.n != 2)
			fail_msg("%d values, %g slow, seed %d: %zu modes", n, share, seed,
				 m.n);
		assert_near((double)m.at[0].centre_ns, 12.0 * MS, 4.0 * MS);
		assert_near((double)m.at[1].centre_ns, 1020.0 * MS, 25.0 * MS);
		assert_near(m.at[0].share, 1 - share, 0.001);
		assert_near(m.at[1].share, share, 0.001);
		assert_true(m.at[0].high_ns == m.at[1].low_ns);
		assert_in_range(m.at[0].high_ns, 30 * MS, 900 * MS);
	}
}

static void two_speeds_are_two_modes(void **state GD_UNUSED)
{
	static const double shares[] = {0.01, 0.05, 0.3, 0.5, 0.9};

	for (size_t i = 0; i < GD_N_ELEMS(shares); i++) {
		if (shares[i] > 0.01) /* that would be two requests */
			expect_two(200, shares[i], 100);
		expect_two(2000, shares[i], 50);
		expect_two(100000, shares[i], 3);
	}
	expect_two(1000, 0.01, 50);
	expect_two(1000000, 0.01, 1);
}

static void three_speeds_are_three_modes(void **state GD_UNUSED)
{
	static const double centre[] = {12, 212, 1020};

	for (uint64_t seed = 0; seed < 50; seed++) {
		GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
		uint64_t s = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
		struct gd_modes m;

		assert_non_null(h);
		for (int i = 0; i < 3000; i++) {
			double c = centre[i % 10 == 0 ? 2 : i % 10 < 3];

			gd_hist_record(h, (int64_t)(c * exp(0.1 * normal(&s)) * MS));
		}
		gd_modes_find(h, &m);
		assert_int_equal(m.n, 3);
		for (size_t i = 0; i < 3; i++)
			assert_near((double)m.at[i].centre_ns, centre[i] * MS,
				    0.05 * centre[i] * MS);
		assert_near(m.at[1].share, 0.2, 0.002);
		assert_near(m.at[2].share, 0.1, 0.002);
	}
}

/* A handful of stragglers is a tail, however far away it is. */
static void stragglers_are_no_mode(void **state GD_UNUSED)
{
	struct gd_modes m = two_speeds(2000, 0.002, 7);

	assert_int_equal(m.n, 1);
	assert_near((double)m.at[0].centre_ns, 12.0 * MS, 1.0 * MS);
	assert_near(m.at[0].share, 1, 1e-9);
}

static void too_few_say_nothing(void **state GD_UNUSED)
{
	assert_int_equal(modes_of(draw_lognormal, GD_MODES_FEWEST - 1, 1).n, 0);
	assert_int_equal(modes_of(draw_lognormal, 0, 1).n, 0);
	assert_int_equal(modes_of(draw_constant, GD_MODES_FEWEST, 1).n, 1);
}

/* More speeds than fit: the strongest are kept, and nothing is lost. */
static void shares_add_up_at_the_bounds(void **state GD_UNUSED)
{
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
	struct gd_modes m;
	double sum = 0;

	assert_non_null(h);
	for (int i = 0; i < 12000; i++)
		gd_hist_record(h, (int64_t)(1000 * pow(6, i % 12)));
	for (int i = 0; i < 100; i++) {
		gd_hist_record(h, 0);
		gd_hist_record(h, INT64_MAX);
	}
	gd_modes_find(h, &m);
	assert_int_equal(m.n, GD_MODES_MAX);
	for (size_t i = 0; i < m.n; i++)
		sum += m.at[i].share;
	assert_near(sum, 1, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_speed_is_one_mode),
		cmocka_unit_test(two_speeds_are_two_modes),
		cmocka_unit_test(three_speeds_are_three_modes),
		cmocka_unit_test(stragglers_are_no_mode),
		cmocka_unit_test(too_few_say_nothing),
		cmocka_unit_test(shares_add_up_at_the_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
