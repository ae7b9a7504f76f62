/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "gameday/load/policy/hedge.h"

#define MS GD_NS_PER_MS

/* --- the percentile -------------------------------------------------------------------- */

/* 1..1000 ms, evenly: p95 is 950 ms, and at most 3.2 % too large. */
static void test_quantile(void **state GD_UNUSED)
{
	static struct gd_quantile q;
	int64_t p;

	gd_quantile_init(&q, 0.95);
	for (int64_t i = 1; i <= 1000; i++)
		gd_quantile_add(&q, i * MS, GD_NS_PER_S);
	p = gd_quantile_get(&q, GD_NS_PER_S);
	assert_in_range(p, 950 * MS, 981 * MS);
}

/* All magnitudes have steps as fine: 1 us to an hour. */
static void test_quantile_steps(void **state GD_UNUSED)
{
	static struct gd_quantile q;

	for (int64_t v = 20000; v < 3600 * GD_NS_PER_S; v = v * 5 / 4) {
		int64_t p;

		gd_quantile_init(&q, 0.5);
		for (int i = 0; i < 20; i++)
			gd_quantile_add(&q, v, 1);
		p = gd_quantile_get(&q, 1);
		assert_true(p >= v && p <= v + v * 32 / 1000);
	}
	gd_quantile_init(&q, 0.5);
	for (int i = 0; i < 30; i++)
		gd_quantile_add(&q, i % 2 ? -5 : INT64_MAX, 1);
	assert_true(gd_quantile_get(&q, 1) >= 0);
}

static void test_quantile_needs_values(void **state GD_UNUSED)
{
	static struct gd_quantile q;

	gd_quantile_init(&q, 0.9);
	for (int i = 0; i < GD_QUANTILE_MIN_COUNT - 1; i++)
		gd_quantile_add(&q, MS, 1);
	assert_int_equal(gd_quantile_get(&q, 1), -1);
	gd_quantile_add(&q, MS, 1);
	assert_true(gd_quantile_get(&q, 1 + 50 * MS) >= MS);
}

/* What is older than two windows is forgotten; what is one window old still counts. */
static void test_quantile_slides(void **state GD_UNUSED)
{
	static struct gd_quantile q;
	int64_t now = 1;

	gd_quantile_init(&q, 0.5);
	for (int i = 0; i < 100; i++)
		gd_quantile_add(&q, 100 * MS, now);
	now += 6 * GD_NS_PER_S;
	for (int i = 0; i < 40; i++)
		gd_quantile_add(&q, MS, now);
	assert_true(gd_quantile_get(&q, now) >= 100 * MS);
	now += 5 * GD_NS_PER_S;
	gd_quantile_add(&q, MS, now);
	assert_true(gd_quantile_get(&q, now) < 2 * MS);
	now += 60 * GD_NS_PER_S;
	assert_int_equal(gd_quantile_get(&q, now), -1);
}

/* --- the policies ---------------------------------------------------------------------- */

static struct gd_hedge make(const struct gd_client_spec *c)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_hedge h;

	if (gd_hedge_init(&h, c, &err) < 0)
		fail_msg("%s", err.text);
	return h;
}

static void test_delays(void **state GD_UNUSED)
{
	static struct gd_quantile q;
	char fixed[] = "50ms", percentile[] = "p90";
	struct gd_hedge_policy p = {.after = fixed, .max = 2};
	struct gd_backup_policy b = {.after = percentile};
	struct gd_tied_policy t = {{3 * MS}};
	struct gd_hedge h = make(&(struct gd_client_spec){0});

	assert_int_equal(gd_hedge_delay(&h, NULL, 1), -1);
	h = make(&(struct gd_client_spec){.hedge = &p});
	assert_int_equal(gd_hedge_delay(&h, NULL, 1), 50 * MS);
	assert_int_equal(h.max, 2);
	assert_false(h.other_target || h.tied);
	h = make(&(struct gd_client_spec){.backup = &b});
	assert_true(h.other_target && !h.tied);
	gd_quantile_init(&q, h.fraction);
	assert_int_equal(gd_hedge_delay(&h, &q, 1), -1);
	for (int i = 0; i < 100; i++)
		gd_quantile_add(&q, i < 90 ? 10 * MS : 900 * MS, 60 * MS);
	assert_in_range(gd_hedge_delay(&h, &q, 60 * MS), 10 * MS, 11 * MS);
	h = make(&(struct gd_client_spec){.tied = &t});
	assert_true(h.other_target && h.tied);
	assert_int_equal(gd_hedge_delay(&h, NULL, 1), 3 * MS);
}

static void test_forms_of_after(void **state GD_UNUSED)
{
	static const struct {
		const char *text;
		bool ok;
	} cases[] = {
		{"p95", true},   {"p99.5", true}, {"50ms", true},  {"0s", true},
		{"p49", false},  {"p100", false}, {"p", false},    {"p9x", false},
		{"99", false},   {"61s", false},  {"-1ms", false}, {"", false},
		{"pinf", false}, {"p95%", false},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		char text[16];
		struct gd_backup_policy b = {.after = text};
		struct gd_error err = GD_ERROR_INIT;
		struct gd_hedge h;

		(void)memcpy(text, cases[i].text, strlen(cases[i].text) + 1);
		if ((gd_hedge_init(&h, &(struct gd_client_spec){.backup = &b}, &err) ==
		     0) != cases[i].ok)
			fail_msg("'%s'", cases[i].text);
	}
}

static void test_exclude_each_other(void **state GD_UNUSED)
{
	char after[] = "p95";
	struct gd_hedge_policy h = {.after = after, .max = 1};
	struct gd_tied_policy t = {{0}};
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(
		gd_client_spec_check(&(struct gd_client_spec){.hedge = &h}, &err), 0);
	assert_int_equal(gd_client_spec_check(
				 &(struct gd_client_spec){.hedge = &h, .tied = &t}, &err),
			 -1);
	assert_non_null(strstr(err.text, "exclude"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantile),
		cmocka_unit_test(test_quantile_steps),
		cmocka_unit_test(test_quantile_needs_values),
		cmocka_unit_test(test_quantile_slides),
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_forms_of_after),
		cmocka_unit_test(test_exclude_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
