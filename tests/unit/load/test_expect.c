/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "gameday/load/proto/expect.h"

static struct gd_expect make(const char *const *statuses, const char *body)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_expect e = {0};

	for (; statuses && *statuses; statuses++) {
		if (gd_expect_add_status(&e, *statuses, &err) < 0)
			fail_msg("%s", err.text);
	}
	if (body && gd_expect_set_body(&e, body, &err) < 0)
		fail_msg("%s", err.text);
	return e;
}

static void test_statuses(void **state GD_UNUSED)
{
	static const char *const own[] = {"204", "4xx", "302", NULL};
	static const struct {
		int status;
		enum gd_outcome without, with;
	} cases[] = {
		{200, GD_OUTCOME_OK, GD_OUTCOME_WRONG},
		{204, GD_OUTCOME_OK, GD_OUTCOME_OK},
		{299, GD_OUTCOME_OK, GD_OUTCOME_WRONG},
		{302, GD_OUTCOME_STATUS_OTHER, GD_OUTCOME_OK},
		{301, GD_OUTCOME_STATUS_OTHER, GD_OUTCOME_STATUS_OTHER},
		{400, GD_OUTCOME_STATUS_4XX, GD_OUTCOME_OK},
		{499, GD_OUTCOME_STATUS_4XX, GD_OUTCOME_OK},
		{500, GD_OUTCOME_STATUS_5XX, GD_OUTCOME_STATUS_5XX},
		{101, GD_OUTCOME_STATUS_OTHER, GD_OUTCOME_STATUS_OTHER},
		{999, GD_OUTCOME_STATUS_OTHER, GD_OUTCOME_STATUS_OTHER},
	};
	struct gd_expect none = make(NULL, NULL), e = make(own, NULL);
	struct gd_expect_match m = {0};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		assert_int_equal(gd_expect_judge(&none, &m, cases[i].status),
				 cases[i].without);
		assert_int_equal(gd_expect_judge(&e, &m, cases[i].status), cases[i].with);
	}
	gd_expect_fini(&e);
}

static void test_bad_statuses(void **state GD_UNUSED)
{
	static const char *const cases[] = {"", "20", "2000", "0xx", "2x0", "abc", "20x"};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_error err = GD_ERROR_INIT;
		struct gd_expect e = {0};

		assert_int_equal(gd_expect_add_status(&e, cases[i], &err), -1);
		assert_non_null(strstr(err.text, "as 204, or 2xx"));
	}
}

/* Fed in pieces of every size, a text is found exactly where strstr finds it. */
static void test_bodies(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *body;
	} cases[] = {
		{"ok", "ok"},
		{"ok", "o"},
		{"ok", "it is ok."},
		{"aab", "aaab"},
		{"aabaaa", "aabaabaaa"},
		{"abab", "abaabab"},
		{"abab", "abaabaab"},
		{"x", ""},
		{"needle", "needleneedl"},
		{"needle", "needlneedl"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_expect e = make(NULL, cases[i].text);
		bool want = strstr(cases[i].body, cases[i].text) != NULL;
		size_t len = strlen(cases[i].body);

		for (size_t piece = 1; piece <= len + 1; piece++) {
			struct gd_expect_match m = {0};

			for (size_t at = 0; at < len; at += piece)
				gd_expect_feed(&e, &m, cases[i].body + at,
					       len - at < piece ? len - at : piece);
			assert_int_equal(m.found, want);
			assert_int_equal(gd_expect_judge(&e, &m, 200),
					 want ? GD_OUTCOME_OK : GD_OUTCOME_WRONG);
			assert_int_equal(gd_expect_judge(&e, &m, 503),
					 GD_OUTCOME_STATUS_5XX);
		}
		gd_expect_fini(&e);
	}
}

static void test_body_limits(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_expect e = {0};
	char text[GD_EXPECT_MAX_BODY + 2];

	memset(text, 'x', sizeof(text));
	text[GD_EXPECT_MAX_BODY + 1] = '\0';
	assert_int_equal(gd_expect_set_body(&e, text, &err), -1);
	assert_int_equal(gd_expect_set_body(&e, "", &err), -1);
	assert_int_equal(gd_expect_set_body(&e, text + 1, &err), 0);
	gd_expect_fini(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_bad_statuses),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_body_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
