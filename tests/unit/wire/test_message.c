/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gameday/wire/message.h"

static struct gd_message read_ok(const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_message m;
	cJSON *json = NULL;

	assert_int_equal(gd_json_parse(text, strlen(text), &json, &err), 0);
	assert_int_equal(gd_message_read(json, &m, &err), 0);
	m.name = NULL; /* borrowed from json */
	cJSON_Delete(json);
	return m;
}

static void expect_bad(const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_message m;
	cJSON *json = NULL;

	assert_int_equal(gd_json_parse(text, strlen(text), &json, &err), 0);
	assert_int_equal(gd_message_read(json, &m, &err), -1);
	assert_int_equal(err.code, GD_E_REMOTE);
	cJSON_Delete(json);
}

static void tells_kinds_apart(void **state)
{
	(void)state;
	assert_int_equal(read_ok("{\"id\":3,\"op\":\"ping\"}").kind, GD_MESSAGE_REQUEST);
	assert_int_equal(read_ok("{\"id\":3,\"ok\":true}").kind, GD_MESSAGE_REPLY);
	assert_true(read_ok("{\"id\":3,\"ok\":true}").ok);
	assert_false(read_ok("{\"id\":3,\"ok\":false}").ok);
	assert_int_equal(read_ok("{\"id\":3,\"ok\":false}").id, 3);
	assert_int_equal(read_ok("{\"event\":\"log\"}").kind, GD_MESSAGE_EVENT);
}

static void refuses_what_is_no_message(void **state)
{
	(void)state;
	expect_bad("{}");
	expect_bad("{\"id\":0,\"ok\":true}");
	expect_bad("{\"id\":-1,\"ok\":true}");
	expect_bad("{\"id\":\"x\",\"ok\":true}");
	expect_bad("{\"id\":1}");
	expect_bad("{\"id\":1,\"ok\":1}");
	expect_bad("{\"id\":1,\"op\":7}");
	expect_bad("{\"event\":7}");
	expect_bad("[1]");
}

static void builds_requests(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_message m;
	cJSON *json = gd_message_request("renew");

	(void)state;
	assert_true(gd_message_set_id(json, 1));
	assert_true(gd_message_set_id(json, 42));
	assert_int_equal(gd_message_read(json, &m, &err), 0);
	assert_int_equal(m.id, 42);
	assert_string_equal(m.name, "renew");
	assert_int_equal(cJSON_GetArraySize(json), 2);
	cJSON_Delete(json);
}

static void errors_cross_the_wire(void **state)
{
	struct gd_error sent = GD_ERROR_INIT, got = GD_ERROR_INIT;
	cJSON *json;

	(void)state;
	(void)gd_raise(&sent, GD_E_DRIFT, "eth0: ring is 256, wanted 128");
	json = gd_message_failure(9, &sent);
	assert_int_equal(gd_message_outcome(json, &got), -1);
	assert_int_equal(got.code, GD_E_DRIFT);
	assert_string_equal(got.text, sent.text);
	cJSON_Delete(json);
	json = gd_message_reply(9);
	assert_int_equal(gd_message_outcome(json, &got), 0);
	cJSON_Delete(json);
}

static void expect_error(const char *text, enum gd_errc code, const char *words)
{
	struct gd_error err = GD_ERROR_INIT, got = GD_ERROR_INIT;
	cJSON *json = NULL;

	assert_int_equal(gd_json_parse(text, strlen(text), &json, &err), 0);
	assert_int_equal(gd_message_outcome(json, &got), -1);
	assert_int_equal(got.code, code);
	assert_string_equal(got.text, words);
	cJSON_Delete(json);
}

static void survives_odd_errors(void **state)
{
	(void)state;
	expect_error("{\"ok\":false}", GD_E_REMOTE, "(the target gave no reason)");
	expect_error("{\"ok\":false,\"error\":7}", GD_E_REMOTE,
		     "(the target gave no reason)");
	expect_error("{\"ok\":false,\"error\":{\"code\":\"ok\",\"text\":\"hm\"}}",
		     GD_E_REMOTE, "hm");
	expect_error(
		"{\"ok\":false,\"error\":{\"code\":\"new\",\"text\":\"a\\u001b[2Jb\"}}",
		GD_E_REMOTE, "a?[2Jb");
	expect_error(
		"{\"ok\":false,\"error\":{\"code\":\"refused\",\"text\":\"two\\nlines\"}}",
		GD_E_REFUSED, "two lines");
}

static void cuts_long_errors_between_characters(void **state)
{
	struct gd_error got = GD_ERROR_INIT;
	cJSON *json = cJSON_CreateObject();
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 2; i += 2)
		memcpy(text + i, "\xc3\xbc", 3);
	assert_true(gd_json_set_str(json, "text", text));
	gd_error_from_json(json, &got);
	assert_int_equal(strlen(got.text), sizeof(got.text) - 1);
	assert_int_equal(got.text[sizeof(got.text) - 2], '?');
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_kinds_apart),
		cmocka_unit_test(refuses_what_is_no_message),
		cmocka_unit_test(builds_requests),
		cmocka_unit_test(errors_cross_the_wire),
		cmocka_unit_test(survives_odd_errors),
		cmocka_unit_test(cuts_long_errors_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
