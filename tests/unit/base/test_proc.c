/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/proc.h"

static void test_output_and_status(void **state GD_UNUSED)
{
	const char *const argv[] = {"sh", "-c", "echo out; echo err >&2; exit 3", NULL};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_proc_result r;

	assert_int_equal(gd_proc_run(argv, gd_span_s(5), &r, &err), 0);
	assert_int_equal(r.status, 3);
	assert_string_equal(r.out, "out\nerr\n");
	free(r.out);
	assert_int_equal(gd_proc_must(argv, gd_span_s(5), &err), -1);
	assert_non_null(strstr(err.text, "status 3"));
}

static void test_time_limit(void **state GD_UNUSED)
{
	const char *const argv[] = {"sleep", "60", NULL};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_proc_result r;

	assert_int_equal(gd_proc_run(argv, gd_span_ms(50), &r, &err), -1);
	assert_int_equal(err.code, GD_E_TIMEOUT);
}

static void test_missing_program(void **state GD_UNUSED)
{
	const char *const argv[] = {"no-such-program-here", NULL};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_proc_result r;

	assert_int_equal(gd_proc_run(argv, gd_span_s(1), &r, &err), -1);
	assert_non_null(strstr(err.text, "no-such-program-here"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_status),
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_missing_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
