/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/json.h"
#include "gameday/base/strbuf.h"

static void test_big_integers_keep_every_digit(void **state GD_UNUSED)
{
	static const int64_t values[] = {
		0,         -1,        INT64_C(1) << 53,
		INT64_MAX, INT64_MIN, INT64_C(1795442345123456789)};
	struct gd_error err = GD_ERROR_INIT;

	for (size_t i = 0; i < GD_N_ELEMS(values); i++) {
		GD_AUTO(cJSON) cJSON *obj = cJSON_CreateObject();
		GD_AUTO(cJSON) cJSON *back = NULL;
		GD_AUTO_FREE char *text = NULL;

		assert_true(gd_json_set_int(obj, "v", values[i]));
		text = gd_json_print(obj);
		assert_int_equal(gd_json_parse(text, strlen(text), &back, &err), 0);
		assert_true(gd_json_int(back, "v", 7) == values[i]);
	}
}

static void test_bad_json(void **state GD_UNUSED)
{
	static const char *const bad[] = {"", "{", "{} x", "{\"a\":}", "[1,]", "nul"};
	struct gd_error err = GD_ERROR_INIT;
	cJSON *json;
	char deep[300];

	for (size_t i = 0; i < GD_N_ELEMS(bad); i++)
		assert_int_equal(gd_json_parse(bad[i], strlen(bad[i]), &json, &err), -1);
	assert_int_equal(gd_json_parse("{\0}", 3, &json, &err), -1);
	memset(deep, '[', sizeof(deep));
	assert_int_equal(gd_json_parse(deep, sizeof(deep), &json, &err), -1);
	assert_non_null(strstr(err.text, "levels deep"));
}

static int parse_nested(size_t levels)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = NULL;
	char text[200];

	memset(text, '[', levels);
	memset(text + levels, ']', levels);
	return gd_json_parse(text, 2 * levels, &json, &err);
}

/* Depth is what counts, not how many brackets there are. */
static void test_depth_is_bounded(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *in_text = NULL, *in_row = NULL;
	GD_AUTO_STRBUF(row);
	char text[200];

	assert_int_equal(parse_nested(64), 0);
	assert_int_equal(parse_nested(65), -1);
	memset(text, '{', sizeof(text));
	text[0] = text[sizeof(text) - 1] = '"';
	assert_int_equal(gd_json_parse(text, sizeof(text), &in_text, &err), 0);
	for (int i = 0; i < 200; i++)
		gd_strbuf_adds(&row, i == 0 ? "[{}" : ",{}");
	gd_strbuf_addc(&row, ']');
	assert_int_equal(gd_json_parse(row.data, row.len, &in_row, &err), 0);
	assert_int_equal(cJSON_GetArraySize(in_row), 200);
}

static void test_members_are_found_by_name(void **state GD_UNUSED)
{
	static const char text[] = "{\"ab\":1,\"a\":2,\"A\":3,\"a\":4,\"\":5}";
	static const char list[] = "[1,2]";
	GD_AUTO(cJSON) cJSON *json = NULL, *array = NULL;
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_json_parse(text, strlen(text), &json, &err), 0);
	assert_int_equal(gd_json_parse(list, strlen(list), &array, &err), 0);
	assert_int_equal(gd_json_int(json, "a", 9), 2); /* the first */
	assert_int_equal(gd_json_int(json, "A", 9), 3);
	assert_int_equal(gd_json_int(json, "ab", 9), 1);
	assert_int_equal(gd_json_int(json, "", 9), 5);
	assert_null(gd_json_get(json, "abc"));
	assert_null(gd_json_get(array, "a"));
	assert_null(gd_json_get(NULL, "a"));
}

static void test_lenient_getters(void **state GD_UNUSED)
{
	static const char text[] = "{\"s\":\"x\",\"n\":2.5,\"b\":true,\"i\":\"12x\"}";
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_json_parse(text, strlen(text), &json, &err), 0);
	assert_string_equal(gd_json_str(json, "s", "-"), "x");
	assert_string_equal(gd_json_str(json, "n", "-"), "-");
	assert_true(gd_json_bool(json, "b", false));
	assert_int_equal(gd_json_int(json, "i", 9), 9);
	assert_int_equal(gd_json_int(json, "missing", 9), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_big_integers_keep_every_digit),
		cmocka_unit_test(test_bad_json),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_members_are_found_by_name),
		cmocka_unit_test(test_lenient_getters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
