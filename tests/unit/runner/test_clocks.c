/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/runner/clocks.h"

#include <stdlib.h>

#include "gameday/base/clock.h"
#include "gameday/load/policy/random.h"
#include "tests/unit/cmocka_all.h"

#define WALL INT64_C(1795442400000000000)

/* Their wall clock is 250 ms ahead of ours, they booted 100 s before us. */
static struct gd_clock_sample sample(int64_t sent, int64_t there, int64_t back)
{
	int64_t asked = sent + there;

	return (struct gd_clock_sample){
		.sent_ns = sent,
		.answered_ns = asked + back,
		.wall_minus_boot_ns = WALL,
		.their_wall_ns = WALL + asked + 250 * GD_NS_PER_MS,
		.their_boot_ns = asked + 100 * GD_NS_PER_S,
	};
}

static void the_shortest_round_trip_counts(void **state GD_UNUSED)
{
	const struct gd_clock_sample samples[] = {
		sample(GD_NS_PER_S, 40 * GD_NS_PER_MS, 2 * GD_NS_PER_MS),
		sample(2 * GD_NS_PER_S, GD_NS_PER_MS, GD_NS_PER_MS),
		sample(3 * GD_NS_PER_S, 0, 60 * GD_NS_PER_MS),
	};
	struct gd_clock_fit fit = {0};

	gd_clock_fit_add(&fit, &samples[0]);
	assert_true(fit.known);
	assert_int_equal(fit.error_ns, 21 * GD_NS_PER_MS);
	assert_int_equal(fit.wall_offset_ns, (250 + 19) * GD_NS_PER_MS);
	gd_clock_fit_add(&fit, &samples[1]);
	gd_clock_fit_add(&fit, &samples[2]);
	assert_int_equal(fit.error_ns, GD_NS_PER_MS);
	assert_int_equal(fit.wall_offset_ns, 250 * GD_NS_PER_MS);
	assert_int_equal(fit.boot_offset_ns, 100 * GD_NS_PER_S);
}

/* Whatever the two ways take: what is told is wrong by no more than is told. */
static void the_error_is_a_bound(void **state GD_UNUSED)
{
	uint64_t random = 7;

	for (int i = 0; i < 1000; i++) {
		struct gd_clock_fit fit = {0};

		for (int k = 0; k < 8; k++) {
			struct gd_clock_sample s =
				sample(k * GD_NS_PER_S,
				       gd_random_upto(&random, 30 * GD_NS_PER_MS),
				       gd_random_upto(&random, 30 * GD_NS_PER_MS));

			gd_clock_fit_add(&fit, &s);
		}
		assert_true(llabs(fit.wall_offset_ns - 250 * GD_NS_PER_MS) <=
			    fit.error_ns + 1);
		assert_true(llabs(fit.boot_offset_ns - 100 * GD_NS_PER_S) <=
			    fit.error_ns + 1);
	}
}

static void what_is_no_answer_changes_nothing(void **state GD_UNUSED)
{
	struct gd_clock_sample mute = sample(5, 6, 7), early = sample(5, 6, -20);
	struct gd_clock_fit fit = {0};

	mute.their_boot_ns = 0;
	gd_clock_fit_add(&fit, &mute);
	gd_clock_fit_add(&fit, &early);
	assert_false(fit.known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shortest_round_trip_counts),
		cmocka_unit_test(the_error_is_a_bound),
		cmocka_unit_test(what_is_no_answer_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
