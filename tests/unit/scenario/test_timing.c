/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "gameday/scenario/timing.h"

static const struct gd_span STAGE = {40 * GD_NS_PER_S};

static void expect_cycle(const struct gd_fault_use *f, int64_t n, int64_t in_s,
			 int64_t out_s)
{
	struct gd_cycle c;

	assert_true(gd_cycle_at(f, STAGE, n, &c));
	assert_int_equal(c.in.ns, in_s * GD_NS_PER_S);
	assert_int_equal(c.out.ns, out_s * GD_NS_PER_S);
}

static void a_plain_fault_stays(void **state)
{
	struct gd_fault_use f = {.after = gd_span_s(5)};

	(void)state;
	expect_cycle(&f, 0, 5, 40);
	assert_int_equal(gd_cycle_count(&f, STAGE), 1);
	assert_false(gd_cycle_is_timed(&f));
}

static void once_for_a_while(void **state)
{
	struct gd_fault_use f = {.after = gd_span_s(5), .hold = gd_span_s(10)};

	(void)state;
	expect_cycle(&f, 0, 5, 15);
	assert_int_equal(gd_cycle_count(&f, STAGE), 1);
	assert_true(gd_cycle_is_timed(&f));
}

static void again_and_again(void **state)
{
	struct gd_fault_use f = {
		.after = gd_span_s(2), .every = gd_span_s(12), .hold = gd_span_s(3)};
	struct gd_cycle c;

	(void)state;
	assert_int_equal(gd_cycle_count(&f, STAGE), 4);
	expect_cycle(&f, 0, 2, 5);
	expect_cycle(&f, 3, 38, 40); /* cut by the stage's end */
	assert_false(gd_cycle_at(&f, STAGE, 4, &c));
	assert_false(gd_cycle_at(&f, STAGE, -1, &c));
	f.count = 2;
	assert_int_equal(gd_cycle_count(&f, STAGE), 2);
}

static void spread_is_bounded_uneven_and_the_same_again(void **state)
{
	struct gd_fault_use f = {.every = gd_span_s(4),
				 .hold = gd_span_s(1),
				 .spread = gd_span_s(2),
				 .ref = "flap.1.x"};
	struct gd_fault_use other = f;
	int64_t sum = 0;
	bool differs = false;

	(void)state;
	other.ref[5] = '2';
	for (int64_t n = 0; n < 9; n++) {
		struct gd_cycle a, b, c;

		assert_true(gd_cycle_at(&f, STAGE, n, &a));
		assert_true(gd_cycle_at(&f, STAGE, n, &b));
		assert_true(gd_cycle_at(&other, STAGE, n, &c));
		assert_int_equal(a.in.ns, b.in.ns);
		assert_in_range(a.in.ns - n * f.every.ns, 0, f.spread.ns);
		differs = differs || a.in.ns != c.in.ns;
		sum += a.in.ns - n * f.every.ns;
	}
	assert_true(differs);
	assert_in_range(sum / 9, f.spread.ns / 8, f.spread.ns * 7 / 8);
}

static void too_many_are_counted_no_further(void **state)
{
	struct gd_fault_use f = {.every = gd_span_ms(2), .hold = gd_span_ms(1)};

	(void)state;
	assert_int_equal(gd_cycle_count(&f, STAGE), GD_MAX_CYCLES + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_fault_stays),
		cmocka_unit_test(once_for_a_while),
		cmocka_unit_test(again_and_again),
		cmocka_unit_test(spread_is_bounded_uneven_and_the_same_again),
		cmocka_unit_test(too_many_are_counted_no_further),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
