/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "gameday/base/course.h"

static void test_round_trip(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{"200/s", "200/s"},
		{"30/m", "0.5/s"},
		{"100/s..1000/s over 60s", "100/s..1000/s over 1m"},
		{" 100/s  for 30s,0.1/s , 7/s", NULL},
		{"1/s for 1s, 1/s..0/s over 1500ms, 0/s for 2s, 5/s",
		 "1/s for 1s, 1/s..0/s over 1500ms, 0/s for 2s, 5/s"},
		{"100/h for 1m, 0.1/s", "0.0277777777777778/s for 1m, 0.1/s"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_error err = GD_ERROR_INIT;
		char text[GD_COURSE_TEXT_MAX];
		struct gd_course a, b;

		if (gd_course_parse(cases[i].text, &a, &err) < 0) {
			if (cases[i].printed)
				fail_msg("%s", err.text);
			assert_non_null(strstr(err.text, "how long"));
			continue;
		}
		(void)gd_course_format(&a, text);
		if (i < 5)
			assert_string_equal(text, cases[i].printed);
		assert_int_equal(gd_course_parse(text, &b, &err), 0);
		assert_int_equal(a.n, b.n);
		assert_memory_equal(a.legs, b.legs, sizeof(a.legs));
	}
}

static void test_refuses(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", "is not a rate"},
		{"fast", "is not a rate"},
		{"-1/s", "below 0"},
		{"1/s,", "how long the rate before"},
		{"1/s, 2/s", "how long the rate before \"2/s\""},
		{"1/s..2/s", "as in 100/s..1000/s over 60s"},
		{"1/s over 5s", "as in 100/s..1000/s over 60s"},
		{"1/s..2/s for 5s", "as in 100/s..1000/s over 60s"},
		{"1/s for 5s over 5s", "one that stays"},
		{"1/s for soon", "is not a duration"},
		{"1/s for 0", "takes no time"},
		{"1/s..x over 5s", "is not a rate"},
		{"1/s.. over 5s", "is not a rate"},
	};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_course c;

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		assert_int_equal(gd_course_parse(cases[i].text, &c, &err), -1);
		assert_int_equal(err.code, GD_E_INPUT);
		if (!strstr(err.text, cases[i].want))
			fail_msg("no '%s' in: %s", cases[i].want, err.text);
	}
}

/* So many and so long: bounded, and what is taken fits the text it is printed as. */
static void test_bounds(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	char text[4096] = "", again[GD_COURSE_TEXT_MAX];
	struct gd_course c;

	for (int i = 0; i < GD_COURSE_MAX_LEGS; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       "%s0.12345678901234567/s..0.98765432109876543/s over "
			       "123456789012345ns",
			       i > 0 ? "," : "");
	assert_int_equal(gd_course_parse(text, &c, &err), 0);
	assert_int_equal(c.n, GD_COURSE_MAX_LEGS);
	(void)gd_course_format(&c, again);
	assert_true(strlen(again) < GD_COURSE_TEXT_MAX - 1);
	(void)strncat(text, ",1/s", sizeof(text) - strlen(text) - 1);
	assert_int_equal(gd_course_parse(text, &c, &err), -1);
	assert_non_null(strstr(err.text, "more than 16"));
	memset(text, '1', sizeof(text) - 1);
	assert_int_equal(gd_course_parse(text, &c, &err), -1);
}

static void test_extremes(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_course c = {0};

	assert_true(gd_course_peak(&c) <= 0);
	assert_int_equal(gd_course_parse("5/s for 1s, 2/s..9/s over 1s, 3/s", &c, &err),
			 0);
	assert_true(gd_course_peak(&c) > 8.99 && gd_course_peak(&c) < 9.01);
	assert_true(gd_course_least(&c) > 1.99 && gd_course_least(&c) < 2.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
