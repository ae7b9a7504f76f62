/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule and the intervals that its requests are counted in: both pure. */
#include "tests/unit/cmocka_all.h"

#include "gameday/base/clock.h"
#include "gameday/load/pace.h"
#include "gameday/load/tally.h"

static void test_starts(void **state GD_UNUSED)
{
	struct gd_pace p;
	int64_t at = -1;

	gd_pace_init(&p, 1000, 1000 + GD_NS_PER_S, 4);
	assert_int_equal(gd_pace_next(&p), 1000);
	assert_false(gd_pace_take(&p, 999, &at));
	assert_true(gd_pace_take(&p, 1000, &at));
	assert_int_equal(at, 1000);
	assert_false(gd_pace_take(&p, 1000, &at));
	assert_int_equal(gd_pace_next(&p), 1000 + GD_NS_PER_S / 4);
	/* Far too late: all that is due can be taken, each with its own time. */
	for (int i = 1; i < 4; i++) {
		assert_true(gd_pace_take(&p, INT64_MAX - 1, &at));
		assert_int_equal(at, 1000 + i * GD_NS_PER_S / 4);
	}
	assert_false(gd_pace_take(&p, INT64_MAX - 1, &at));
	assert_int_equal(gd_pace_next(&p), INT64_MAX);
}

/* A rate whose gap is no whole number of ns: the count after an hour is still exact. */
static void test_does_not_drift(void **state GD_UNUSED)
{
	struct gd_pace p;

	gd_pace_init(&p, 0, INT64_MAX, 333.3);
	p.n_started = 333 * 3600 + 1080; /* 333.3 x 3600 */
	assert_in_range(gd_pace_next(&p), 3600 * GD_NS_PER_S - 1, 3600 * GD_NS_PER_S + 1);
}

static void test_count_is_rate_times_time(void **state GD_UNUSED)
{
	static const double rates[] = {0.5, 1, 7, 333.3, 1000, 99999};

	for (size_t i = 0; i < GD_N_ELEMS(rates); i++) {
		struct gd_pace p;
		uint64_t n = 0;
		int64_t at;

		gd_pace_init(&p, 5, 5 + 10 * GD_NS_PER_S, rates[i]);
		while (gd_pace_take(&p, INT64_MAX - 1, &at))
			n++;
		assert_int_equal(n, (uint64_t)(rates[i] * 10));
	}
}

static void test_no_end(void **state GD_UNUSED)
{
	struct gd_pace p;

	gd_pace_init(&p, 1000, INT64_MAX, 0.001);
	p.n_started = UINT64_MAX / 2;
	assert_int_equal(gd_pace_next(&p), INT64_MAX);
}

static struct gd_tally new_tally(void)
{
	return (struct gd_tally){.load = "l",
				 .client = "c",
				 .start_ns = 1000,
				 .length_ns = 100,
				 .wall_offset_ns = 5000};
}

static void test_tally_order(void **state GD_UNUSED)
{
	struct gd_tally t = new_tally();
	struct gd_tally_slot *a = gd_tally_at(&t, 1000);
	struct gd_tally_slot *c = gd_tally_at(&t, 1299);
	struct gd_tally_slot *b = gd_tally_at(&t, 1100);
	struct gd_interval iv;

	assert_ptr_equal(gd_tally_at(&t, 1099), a);
	assert_int_equal(a->iv.index, 0);
	assert_int_equal(b->iv.index, 1);
	assert_int_equal(c->iv.index, 2);
	a->n_open = 1;
	/* The first is still open, so the others wait: they come in order. */
	assert_false(gd_tally_take(&t, 5000, &iv));
	a->n_open = 0;
	assert_false(gd_tally_take(&t, 1099, &iv));
	for (uint64_t i = 0; i < 3; i++) {
		assert_true(gd_tally_take(&t, 1300, &iv));
		assert_int_equal(iv.index, i);
		assert_int_equal(iv.start_wall_ns, 6000 + 100 * (int64_t)i);
		assert_int_equal(iv.length_ns, 100);
		gd_interval_fini(&iv);
	}
	assert_false(gd_tally_take(&t, 5000, &iv));
	assert_int_equal(gd_tally_at(&t, 1300)->iv.index, 3);
	gd_tally_fini(&t);
}

static void test_tally_cut(void **state GD_UNUSED)
{
	struct gd_tally t = new_tally();
	struct gd_interval iv;

	assert_non_null(gd_tally_at(&t, 1150));
	gd_tally_cut(&t, 1130);
	assert_true(gd_tally_take(&t, 1130, &iv));
	assert_int_equal(iv.length_ns, 100);
	gd_interval_fini(&iv);
	assert_true(gd_tally_take(&t, 1130, &iv));
	assert_int_equal(iv.length_ns, 30);
	gd_interval_fini(&iv);
	gd_tally_fini(&t);
}

static void test_behind(void **state GD_UNUSED)
{
	static const struct {
		uint64_t intended, late;
		bool behind;
	} cases[] = {{0, 0, false}, {1000, 9, false}, {1000, 10, true}, {3, 1, true}};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_tally t = new_tally();
		struct gd_tally_slot *s = gd_tally_at(&t, 1000);
		struct gd_interval iv;

		s->iv.intended = cases[i].intended;
		s->iv.late = cases[i].late;
		assert_true(gd_tally_take(&t, 1100, &iv));
		assert_int_equal(iv.behind, cases[i].behind);
		gd_interval_fini(&iv);
		gd_tally_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts),
		cmocka_unit_test(test_does_not_drift),
		cmocka_unit_test(test_count_is_rate_times_time),
		cmocka_unit_test(test_no_end),
		cmocka_unit_test(test_tally_order),
		cmocka_unit_test(test_tally_cut),
		cmocka_unit_test(test_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
