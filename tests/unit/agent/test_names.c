/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gameday/base/auto.h"
#include "injectors/agent/names.h"
#include "tests/unit/cmocka_all.h"

struct resolver {
	int asked;
	const char *answer; /* NULL: there is no such name */
};

static int resolve(void *ctx, const char *name GD_UNUSED, struct gd_strbuf *out,
		   struct gd_error *err GD_UNUSED)
{
	struct resolver *r = ctx;

	r->asked++;
	if (!r->answer)
		return GD_PORT_ABSENT;
	gd_strbuf_adds(out, r->answer);
	return 0;
}

static cJSON *parse(const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	cJSON *json = NULL;

	assert_int_equal(gd_json_parse(text, strlen(text), &json, &err), 0);
	return json;
}

static void test_each_name_is_asked_once(void **state)
{
	struct resolver r = {.answer = "10.9.0.1\n2001:db8::9\n10.9.0.1\n"};
	const struct gd_name_port port = {&r, resolve};
	GD_AUTO(cJSON) cJSON *list = parse("[\"db\",\"api-2\",\"db\"]");
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *known = NULL;
	GD_AUTO_FREE char *text = NULL;

	(void)state;
	assert_int_equal(gd_names_ask(&port, list, &known, &err), 0);
	text = gd_json_print(known);
	assert_string_equal(text, "{\"db\":[\"10.9.0.1\",\"2001:db8::9\"],"
				  "\"api-2\":[\"10.9.0.1\",\"2001:db8::9\"]}");
	assert_int_equal(r.asked, 2);
}

static void test_what_is_known_is_not_asked_again(void **state)
{
	struct resolver r = {.answer = "10.66.0.1\n"};
	const struct gd_name_port port = {&r, resolve};
	GD_AUTO(cJSON) cJSON *known = parse("{\"db\":[\"10.9.0.1\",\"2001:db8::9\"]}");
	struct gd_names names = {&port, known};
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);

	(void)state;
	assert_int_equal(gd_names_resolve(&names, "db", &out, &err), 0);
	assert_string_equal(gd_strbuf_str(&out), "10.9.0.1\n2001:db8::9\n");
	assert_int_equal(r.asked, 0);
	gd_strbuf_clear(&out);
	assert_int_equal(gd_names_resolve(&names, "other", &out, &err), 0);
	assert_string_equal(gd_strbuf_str(&out), "10.66.0.1\n");
	assert_int_equal(r.asked, 1);
}

static void test_what_is_refused(void **state)
{
	static const char *const wrong[] = {"{}", "[1]", "[\"10.0.0.1\"]", "[\"a b\"]"};
	struct resolver r = {0};
	const struct gd_name_port port = {&r, resolve};
	GD_AUTO(cJSON) cJSON *list = parse("[\"nobody\"]");
	GD_AUTO(cJSON) cJSON *known = NULL;
	GD_AUTO_STRBUF(many);
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	assert_int_equal(gd_names_ask(&port, list, &known, &err), -1);
	assert_int_equal(err.code, GD_E_REFUSED);
	assert_non_null(strstr(err.text, "peer nobody: no such host name"));
	for (size_t i = 0; i < GD_N_ELEMS(wrong); i++) {
		GD_AUTO(cJSON) cJSON *other = parse(wrong[i]);

		assert_int_equal(gd_names_ask(&port, other, &known, &err), -1);
		assert_int_equal(err.code, GD_E_INPUT);
	}
	assert_int_equal(gd_names_ask(&port, NULL, &known, &err), -1);
	for (int i = 0; i < 33; i++)
		gd_strbuf_addf(&many, "10.0.0.%d\n", i);
	r.answer = gd_strbuf_str(&many);
	assert_int_equal(gd_names_ask(&port, list, &known, &err), -1);
	assert_non_null(strstr(err.text, "more than 32 addresses"));
	assert_null(known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_name_is_asked_once),
		cmocka_unit_test(test_what_is_known_is_not_asked_again),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
