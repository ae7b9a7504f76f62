/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>

#include "gameday/load/merge.h"

static struct gd_interval part(const char *client, uint64_t index, int64_t length,
			       uint64_t n)
{
	struct gd_interval iv = {.index = index,
				 .length_ns = length,
				 .start_wall_ns = 1000,
				 .intended = n,
				 .sent = n,
				 .latency = gd_hist_new(),
				 .attempt_latency = gd_hist_new(),
				 .lateness = gd_hist_new()};

	(void)snprintf(iv.client, sizeof(iv.client), "%s", client);
	for (uint64_t i = 0; i < n; i++)
		gd_hist_record(iv.latency, 1000000 + (int64_t)i);
	return iv;
}

static int add(struct gd_merge *m, struct gd_interval iv, struct gd_interval *ret)
{
	return gd_merge_add(m, &iv, ret);
}

/* Two clients, three threads: whole when the third part is in, lengths not added up. */
static void test_whole(void **state GD_UNUSED)
{
	struct gd_merge m = {.n_parts = 3};
	struct gd_interval iv;

	assert_int_equal(add(&m, part("a", 0, 100, 5), &iv), 0);
	assert_int_equal(add(&m, part("b", 0, 100, 1), &iv), 0);
	assert_int_equal(add(&m, part("a", 1, 100, 7), &iv), 0);
	assert_int_equal(add(&m, part("a", 0, 90, 6), &iv), 0);
	assert_int_equal(add(&m, part("a", 0, 100, 2), &iv), 1);
	assert_string_equal(iv.client, "a");
	assert_int_equal(iv.index, 0);
	assert_int_equal(iv.length_ns, 100);
	assert_int_equal(iv.start_wall_ns, 1000);
	assert_int_equal(iv.intended, 13);
	assert_int_equal(iv.sent, 13);
	assert_int_equal(gd_hist_count(iv.latency), 13);
	gd_interval_fini(&iv);
	assert_true(gd_merge_flush(&m, &iv));
	assert_string_equal(iv.client, "b");
	gd_interval_fini(&iv);
	gd_merge_fini(&m); /* the other one; a leak is found by the sanitizer */
	assert_false(gd_merge_flush(&m, &iv));
}

/* One thread of two was late with 3 of 10: in the sum they are 3 of 1010, and not behind. */
static void test_behind(void **state GD_UNUSED)
{
	struct gd_merge m = {.n_parts = 2};
	struct gd_interval late = part("a", 0, 100, 10), iv;

	late.late = 3;
	late.behind = true;
	assert_int_equal(add(&m, late, &iv), 0);
	assert_int_equal(add(&m, part("a", 0, 100, 1000), &iv), 1);
	assert_int_equal(iv.late, 3);
	assert_false(iv.behind);
	gd_interval_fini(&iv);
	gd_merge_fini(&m);
}

static void test_one_thread(void **state GD_UNUSED)
{
	struct gd_merge m = {.n_parts = 1};
	struct gd_interval iv;

	assert_int_equal(add(&m, part("a", 4, 100, 5), &iv), 1);
	assert_int_equal(iv.index, 4);
	assert_int_equal(iv.intended, 5);
	gd_interval_fini(&iv);
	gd_merge_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_one_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
