/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

static void json_comes_back_as_it_was(void **state)
{
	static const char text[] =
		"{\"a\":1,\"b\":\"1\",\"c\":[true,false,null,-7],\"d\":{\"e\":\"x\"},"
		"\"f\":\"true\",\"g\":123456789012345}";
	GD_AUTO(gd_node) struct gd_node *node = parse_node(text);
	GD_AUTO(gd_node) struct gd_node *copy = gd_node_copy(node);
	GD_AUTO(cJSON) cJSON *json = NULL;
	GD_AUTO_FREE char *printed = NULL;
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	assert_int_equal(gd_node_to_json(copy, &json, &err), 0);
	printed = gd_json_print(json);
	assert_string_equal(printed, text);
}

static void lookups(void **state)
{
	GD_AUTO(gd_node)
	struct gd_node *map = gd_node_new(GD_NODE_MAP, (struct gd_pos){"f", 1, 2});
	const struct gd_pos at = {"f", 3, 4};

	(void)state;
	assert_null(gd_node_single(map));
	assert_int_equal(gd_node_append(map, "k", at, gd_node_scalar("v", false, at)), 0);
	assert_string_equal(gd_node_get(map, "k")->text, "v");
	assert_null(gd_node_get(map, "x"));
	assert_null(gd_node_get(NULL, "x"));
	assert_int_equal(gd_node_key_pos(map, "k").line, 3);
	assert_int_equal(gd_node_key_pos(map, "x").line, 1);
	assert_string_equal(gd_node_single(map)->key, "k");
	assert_null(gd_node_single(gd_node_get(map, "k")));
	assert_int_equal(gd_node_append(map, "l", at, NULL), -1);
	assert_int_equal(map->n_entries, 1);
}

static void fractions_and_large_numbers_keep_their_value(void **state)
{
	GD_AUTO(gd_node)
	struct gd_node *node = parse_node("[0.1,1e300,4503599627370497]");

	(void)state;
	assert_true(strtod(node->entries[0].value->text, NULL) < 0.1000001);
	assert_true(strtod(node->entries[1].value->text, NULL) > 9e299);
	assert_string_equal(node->entries[2].value->text, "4503599627370497");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_comes_back_as_it_was),
		cmocka_unit_test(lookups),
		cmocka_unit_test(fractions_and_large_numbers_keep_their_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
