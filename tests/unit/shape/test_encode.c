/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

/* Text to struct, to JSON, to struct, to JSON: the two JSON texts must be the same. */
static char *round_trip(const char *text, const char *expected)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *in = parse_json(text);
	GD_AUTO(cJSON) cJSON *once = NULL;
	GD_AUTO(cJSON) cJSON *twice = NULL;
	GD_AUTO_FREE char *first = NULL;
	char *second;
	struct sample a, b;

	if (gd_shape_from_json(&sample_shape, in, &a, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(gd_shape_to_json(&sample_shape, &a, &once, &err), 0);
	if (gd_shape_from_json(&sample_shape, once, &b, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(gd_shape_to_json(&sample_shape, &b, &twice, &err), 0);
	assert_memory_equal(&a.loss, &b.loss, sizeof(a.loss));
	assert_memory_equal(&a.freq, &b.freq, sizeof(a.freq));
	assert_memory_equal(&a.weight, &b.weight, sizeof(a.weight));
	assert_int_equal(a.given, b.given);
	gd_shape_fini(&sample_shape, &a);
	gd_shape_fini(&sample_shape, &b);
	first = gd_json_print(once);
	second = gd_json_print(twice);
	assert_string_equal(first, second);
	if (expected)
		assert_string_equal(first, expected);
	return second;
}

static void what_was_not_given_is_left_out(void **state)
{
	(void)state;
	free(round_trip("{}", "{}"));
	free(round_trip("{\"count\":16}", "{\"count\":16}"));
}

static void every_kind_comes_back(void **state)
{
	(void)state;
	free(round_trip(
		"{\"flag\":true,\"count\":99,\"weight\":0.1,\"delay\":\"1500ms\","
		"\"loss\":0.123456789,\"rate\":\"1gbit\",\"size\":12345,"
		"\"freq\":\"2000/m\",\"course\":\"1/s..5/s over 3s\",\"backoff\":\"5ms..7ms\",\"colour\":\"green\","
		"\"title\":\"a \\\"b\\\"\",\"name\":\"eth0\",\"inner\":{},"
		"\"words\":[\"a\"],\"inners\":{\"x\":{\"n\":2}}}",
		NULL));
}

static void forms_are_the_people_s(void **state)
{
	(void)state;
	free(round_trip("{\"delay\":\"1500ms\",\"loss\":0.05,\"backoff\":\"1s\"}",
			"{\"delay\":\"1500ms\",\"loss\":\"5%\",\"backoff\":\"1s\"}"));
}

struct big {
	int64_t n;
	struct gd_ratio r;
};

static void sixty_four_bits_survive(void **state)
{
	static const struct gd_field rows[] = {
		{.name = "n", .kind = GD_KIND_INT, GD_MEMBER(struct big, n)},
		{.name = "r",
		 .kind = GD_KIND_RATIO,
		 GD_MEMBER(struct big, r),
		 .min = INT64_MIN,
		 .max = INT64_MAX},
	};
	static const struct gd_shape shape = GD_SHAPE("big", rows, struct big);
	static const int64_t values[] = {INT64_MAX,
					 INT64_MIN,
					 INT64_C(1) << 53,
					 (INT64_C(1) << 53) + 1,
					 999999999999999,
					 1000000000000001,
					 -1,
					 0};

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(values); i++) {
		GD_AUTO(cJSON) cJSON *json = NULL;
		GD_AUTO(cJSON) cJSON *parsed = NULL;
		GD_AUTO_FREE char *text = NULL;
		struct gd_error err = GD_ERROR_INIT;
		struct big in = {.n = values[i], .r = {1234567890}}, out;

		assert_int_equal(gd_shape_to_json(&shape, &in, &json, &err), 0);
		text = gd_json_print(json);
		parsed = parse_json(text);
		if (gd_shape_from_json(&shape, parsed, &out, &err) < 0)
			fail_msg("%s: %s", text, err.text);
		assert_int_equal(out.n, values[i]);
		assert_int_equal(out.r.ppb, 1234567890);
	}
}

/* A required field of value 0 with a range above it can't come back: say so, don't drop. */
static void required_fields_are_always_there(void **state)
{
	static const struct gd_field rows[] = {
		{.name = "n",
		 .kind = GD_KIND_INT,
		 .flags = GD_FIELD_REQUIRED,
		 GD_MEMBER(struct big, n)},
	};
	static const struct gd_shape shape = GD_SHAPE("big", rows, struct big);
	GD_AUTO(cJSON) cJSON *json = NULL;
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err = GD_ERROR_INIT;
	const struct big zero = {0};

	(void)state;
	assert_int_equal(gd_shape_to_json(&shape, &zero, &json, &err), 0);
	text = gd_json_print(json);
	assert_string_equal(text, "{\"n\":0}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_given_is_left_out),
		cmocka_unit_test(every_kind_comes_back),
		cmocka_unit_test(forms_are_the_people_s),
		cmocka_unit_test(sixty_four_bits_survive),
		cmocka_unit_test(required_fields_are_always_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
