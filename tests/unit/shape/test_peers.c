/* SPDX-License-Identifier: Apache-2.0 */
/* Host names are found wherever a shape says that a text is somebody at the other end. */
#include "../cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "gameday/shape/peers.h"

struct text {
	char *text;
};

struct scope {
	struct gd_list peers;
	char *note;
};

struct args {
	char *to;
	struct scope *except;
	struct gd_list peers;
};

static const struct gd_field text_rows[] = {
	{.name = "peer",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_PEER,
	 GD_MEMBER(struct text, text)},
};
static const struct gd_shape text_shape = {.name = "peer",
					   .fields = text_rows,
					   .n_fields = GD_N_ELEMS(text_rows),
					   .size = sizeof(struct text),
					   .key_offset = GD_NO_OFFSET,
					   .node_offset = GD_NO_OFFSET,
					   .given_offset = GD_NO_OFFSET,
					   .scalar = true};
static const struct gd_field scope_rows[] = {
	{.name = "peers",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct scope, peers),
	 .shape = &text_shape},
	{.name = "note", .kind = GD_KIND_TEXT, GD_MEMBER(struct scope, note)},
};
static const struct gd_shape scope_shape = GD_SHAPE("scope", scope_rows, struct scope);
static const struct gd_field rows[] = {
	{.name = "to",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_PEER,
	 GD_MEMBER(struct args, to)},
	{.name = "except",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct args, except),
	 .shape = &scope_shape},
	{.name = "peers",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct args, peers),
	 .shape = &text_shape},
};
static const struct gd_shape shape = GD_SHAPE("args", rows, struct args);

static int names_in(const char *json, cJSON *names, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *tree = NULL;
	struct args a;
	int rc;

	assert_int_equal(gd_json_parse(json, strlen(json), &tree, err), 0);
	assert_int_equal(gd_shape_from_json(&shape, tree, &a, err), 0);
	rc = gd_shape_peer_names(&shape, &a, names, err);
	gd_shape_fini(&shape, &a);
	return rc;
}

static void names_are_found_everywhere_and_once(void **state)
{
	GD_AUTO(cJSON) cJSON *names = cJSON_CreateArray();
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	assert_int_equal(names_in("{\"to\":\"db.example\",\"except\":{\"note\":\"other\","
				  "\"peers\":[\"10.0.0.0/8\",\"api-2\",\"fe80::a\"]},"
				  "\"peers\":[\"api-2\",\"10.1.2.3\",\"x_1\"]}",
				  names, &err),
			 0);
	text = gd_json_print(names);
	assert_string_equal(text, "[\"db.example\",\"api-2\",\"x_1\"]");
	assert_int_equal(names_in("{}", names, &err), 0);
	assert_int_equal(cJSON_GetArraySize(names), 3);
}

static void too_many_are_refused(void **state)
{
	GD_AUTO(cJSON) cJSON *names = cJSON_CreateArray();
	struct gd_error err = GD_ERROR_INIT;
	char json[32];

	(void)state;
	for (int i = 0; i < GD_PEER_NAMES_MAX; i++) {
		(void)snprintf(json, sizeof(json), "{\"to\":\"host-%d\"}", i);
		assert_int_equal(names_in(json, names, &err), 0);
	}
	assert_int_equal(names_in("{\"to\":\"host-1\"}", names, &err), 0);
	assert_int_equal(names_in("{\"to\":\"one-more\"}", names, &err), -1);
	assert_int_equal(err.code, GD_E_INPUT);
}

static void what_is_a_name(void **state)
{
	static const char *const names[] = {"a", "api-2", "db.example.com", "4u", "x_1"};
	static const char *const others[] = {"",        "10.0.0.1",    "10.0.0.0/8",
					     "fe80::1", "2001:db8::a", "-a",
					     ".a",      "a b",         "a/b"};

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(names); i++)
		assert_true(gd_peer_is_name(names[i]));
	for (size_t i = 0; i < GD_N_ELEMS(others); i++)
		assert_false(gd_peer_is_name(others[i]));
}

static void what_was_found_in_words(void **state)
{
	static const char json[] =
		"{\"api-2\":[\"10.20.0.12\",\"2001:db8::12\"],\"db\":[\"10.0.0.9\"]}";
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *known = NULL;
	GD_AUTO_STRBUF(out);

	(void)state;
	assert_int_equal(gd_json_parse(json, strlen(json), &known, &err), 0);
	gd_peer_names_print(known, &out);
	assert_string_equal(gd_strbuf_str(&out),
			    "api-2 is 10.20.0.12 2001:db8::12, db is 10.0.0.9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_everywhere_and_once),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(what_is_a_name),
		cmocka_unit_test(what_was_found_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
