/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

static void defaults_where_nothing_is_given(void **state)
{
	GD_AUTO_DIAGS(diags);
	struct sample s;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	assert_int_equal(gd_shape_decode(&sample_shape, NULL, &s, &diags), 0);
	assert_false(s.flag);
	assert_int_equal(s.count, 16);
	assert_true(s.weight > 1.49 && s.weight < 1.51);
	assert_int_equal(s.delay.ns, 10 * GD_NS_PER_MS);
	assert_int_equal(s.backoff.min.ns, 20 * GD_NS_PER_MS);
	assert_int_equal(s.backoff.max.ns, 500 * GD_NS_PER_MS);
	assert_int_equal(s.colour, RED);
	assert_null(s.title);
	assert_null(s.inner);
	assert_int_equal(s.words.n, 0);
	assert_int_equal(s.given, 0);
	gd_shape_fini(&sample_shape, &s);
}

static void every_kind_is_read(void **state)
{
	GD_AUTO(gd_node)
	struct gd_node *node = parse_node(
		"{\"flag\":true,\"count\":128,\"weight\":0.25,\"delay\":\"1.5s\","
		"\"loss\":\"5%\",\"rate\":\"10mbit\",\"size\":\"64KiB\",\"freq\":\"200/s\",\"course\":\"1/s\","
		"\"backoff\":\"1ms..2ms\",\"colour\":\"green\",\"title\":\"T\","
		"\"name\":\"eth0\",\"inner\":{\"n\":-3},\"words\":[\"a\",\"b\"],"
		"\"inners\":{\"x\":{},\"y\":{\"n\":1}},\"raw\":[1]}");
	GD_AUTO_DIAGS(diags);
	struct sample s;

	(void)state;
	assert_int_equal(gd_shape_decode(&sample_shape, node, &s, &diags), 0);
	assert_true(s.flag);
	assert_int_equal(s.count, 128);
	assert_int_equal(s.delay.ns, 1500 * GD_NS_PER_MS);
	assert_int_equal(s.loss.ppb, 50000000);
	assert_int_equal(s.rate.bps, 10000000);
	assert_int_equal(s.size.n, 65536);
	assert_true(s.freq.per_s > 199.9 && s.freq.per_s < 200.1);
	assert_int_equal(s.backoff.max.ns, 2 * GD_NS_PER_MS);
	assert_int_equal(s.colour, GREEN);
	assert_string_equal(s.title, "T");
	assert_string_equal(s.name, "eth0");
	assert_int_equal(s.inner->n, -3);
	assert_ptr_equal(s.inner->node, gd_node_get(node, "inner"));
	assert_int_equal(s.words.n, 2);
	assert_string_equal(GD_AT(&s.words, struct word, 1)->text, "b");
	assert_int_equal(s.inners.n, 2);
	assert_string_equal(GD_AT(&s.inners, struct inner, 0)->key, "x");
	assert_int_equal(GD_AT(&s.inners, struct inner, 0)->n, 5);
	assert_int_equal(GD_AT(&s.inners, struct inner, 1)->n, 1);
	assert_ptr_equal(s.raw, gd_node_get(node, "raw"));
	assert_int_equal(s.given, (1 << 17) - 1);
	gd_shape_fini(&sample_shape, &s);
}

/* One mistake each, and a piece of what is said about it. */
static const struct {
	const char *json, *said;
} mistakes[] = {
	{"{\"flag\":\"maybe\"}", "neither true nor false"},
	{"{\"count\":15}", "sample: count: 15 is out of range: 16 to 4096"},
	{"{\"count\":5000}", "out of range: 16 to 4096"},
	{"{\"count\":\"12x\"}", "not a whole number"},
	{"{\"count\":1.5}", "not a whole number"},
	{"{\"count\":\"99999999999999999999\"}", "not a whole number"},
	{"{\"weight\":\"0x10\"}", "not a number"},
	{"{\"weight\":\"inf\"}", "not a number"},
	{"{\"delay\":\"61s\"}", "61s is out of range: 0 to 1m"},
	{"{\"delay\":\"-1s\"}", "out of range"},
	{"{\"delay\":\"5sec\"}", "did you mean 5s?"},
	{"{\"delay\":\"5\"}", "did you mean 5s?"},
	{"{\"delay\":\"5MS\"}", "did you mean 5ms?"},
	{"{\"delay\":\"5 parsec\"}", "is not a duration"},
	{"{\"loss\":\"101%\"}", "101% is out of range: 0% to 100%"},
	{"{\"loss\":\"5pct\"}", "did you mean 5%?"},
	{"{\"rate\":\"10mbps\"}", "did you mean 10mbit?"},
	{"{\"size\":\"-5\"}", "at least 0"},
	{"{\"freq\":\"100rps\"}", "did you mean 100/s?"},
	{"{\"freq\":\"0.5/s\"}", "out of range: 1/s to 5000/s"},
	{"{\"course\":\"100rps\"}", "did you mean 100/s?"},
	{"{\"course\":\"1/s..5001/s over 1s\"}", "out of range: 0/s to 5000/s"},
	{"{\"course\":\"1/s..2/s\"}", "over 60s"},
	{"{\"backoff\":\"2s..1s\"}", "goes backwards"},
	{"{\"backoff\":\"2s..\"}", "is not a duration"},
	{"{\"colour\":\"gren\"}", "not one of red, green; did you mean \"green\"?"},
	{"{\"colour\":\"blue\"}", "not one of red, green"},
	{"{\"title\":\"thirteen text\"}", "too long: 13 bytes, at most 12"},
	{"{\"title\":{}}", "is a map"},
	{"{\"title\":null}", "has no value"},
	{"{\"name\":\"12345678\"}", "too long: 8 bytes, at most 7"},
	{"{\"inner\":[1]}", "inner: wanted: a map of keys, found a list"},
	{"{\"inner\":{\"n\":11}}", "inner: n: 11 is out of range: -10 to 10"},
	{"{\"words\":[\"a\",\"b\",\"c\",\"d\"]}", "has 4 elements, at most 3"},
	{"{\"words\":[\"\"]}", "word: is empty"},
	{"{\"words\":[[\"a\"]]}", "word: is a list"},
	{"{\"inners\":[1]}", "wanted: a map of names"},
	{"{\"inners\":{\"x\":{\"m\":1}}}", "inner: unknown key \"m\""},
	{"{\"detlay\":\"1s\"}", "unknown key \"detlay\"; did you mean \"delay\"?"},
	{"{\"zzz\":\"1s\"}", "unknown key \"zzz\"; it takes: flag, count"},
	{"{\"flag\":true,\"flag\":true}", "key \"flag\" is given twice"},
	{"[1]", "wanted: a map of keys, found a list"},
	{"\"x\"", "found a plain value"},
};

static void each_mistake_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(mistakes); i++) {
		GD_AUTO(gd_node) struct gd_node *node = parse_node(mistakes[i].json);
		GD_AUTO_DIAGS(diags);
		struct sample s;

		assert_int_equal(gd_shape_decode(&sample_shape, node, &s, &diags), -1);
		if (diags.n != 1)
			fail_msg("%s: %zu messages", mistakes[i].json, diags.n);
		if (!strstr(diags.items[0].text, mistakes[i].said))
			fail_msg("%s: \"%s\", wanted \"%s\"", mistakes[i].json,
				 diags.items[0].text, mistakes[i].said);
		gd_shape_fini(&sample_shape, &s);
	}
}

static void all_mistakes_in_one_go(void **state)
{
	GD_AUTO(gd_node)
	struct gd_node *node = parse_node(
		"{\"colour\":1,\"delay\":\"x\",\"oops\":1,\"words\":[\"a\",[],{}]}");
	GD_AUTO_DIAGS(diags);
	struct sample s;

	(void)state;
	assert_int_equal(gd_shape_decode(&sample_shape, node, &s, &diags), -1);
	assert_int_equal(diags.n_errors, 5);
	assert_int_equal(s.count, 16); /* what is right is there nevertheless */
	gd_shape_fini(&sample_shape, &s);
}

static void a_missing_key_is_named_with_its_help(void **state)
{
	static const struct gd_field rows[] = {
		{.name = "device",
		 .help = "the network device",
		 .kind = GD_KIND_TEXT,
		 .flags = GD_FIELD_REQUIRED,
		 GD_MEMBER(struct word, text)},
	};
	static const struct gd_shape shape = GD_SHAPE("ring", rows, struct word);
	struct gd_error err = GD_ERROR_INIT;
	struct word w;

	(void)state;
	assert_int_equal(gd_shape_from_json(&shape, NULL, &w, &err), -1);
	assert_string_equal(err.text,
			    "ring: key \"device\" is missing: the network device");
	assert_int_equal(err.code, GD_E_INPUT);
	gd_shape_fini(&shape, &w);
}

static void a_lone_element_is_a_list_of_one(void **state)
{
	GD_AUTO(gd_node) struct gd_node *node = parse_node("{\"words\":\"solo\"}");
	GD_AUTO_DIAGS(diags);
	struct sample s;

	(void)state;
	assert_int_equal(gd_shape_decode(&sample_shape, node, &s, &diags), 0);
	assert_int_equal(s.words.n, 1);
	assert_string_equal(GD_AT(&s.words, struct word, 0)->text, "solo");
	gd_shape_fini(&sample_shape, &s);
}

static void lists_from_outside_are_bounded(void **state)
{
	GD_AUTO_STRBUF(text);
	GD_AUTO(gd_node) struct gd_node *node = NULL;
	GD_AUTO_DIAGS(diags);
	struct sample s;

	(void)state;
	gd_strbuf_adds(&text, "{\"inners\":{");
	for (int i = 0; i < 5000; i++)
		gd_strbuf_addf(&text, "%s\"k%d\":{}", i ? "," : "", i);
	gd_strbuf_adds(&text, "}}");
	node = parse_node(gd_strbuf_str(&text));
	assert_int_equal(gd_shape_decode(&sample_shape, node, &s, &diags), -1);
	assert_non_null(strstr(diags.items[0].text, "at most 4096"));
	gd_shape_fini(&sample_shape, &s);
}

static void nothing_is_borrowed_from_json(void **state)
{
	GD_AUTO(cJSON) cJSON *json = parse_json("{\"raw\":[1],\"inner\":{\"n\":1}}");
	struct gd_error err = GD_ERROR_INIT;
	struct sample s;

	(void)state;
	assert_int_equal(gd_shape_from_json(&sample_shape, json, &s, &err), 0);
	assert_null(s.raw);
	assert_null(s.inner->node);
	gd_shape_fini(&sample_shape, &s);
	gd_shape_fini(&sample_shape, &s); /* all zero: nothing to do */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_where_nothing_is_given),
		cmocka_unit_test(every_kind_is_read),
		cmocka_unit_test(each_mistake_is_named),
		cmocka_unit_test(all_mistakes_in_one_go),
		cmocka_unit_test(a_missing_key_is_named_with_its_help),
		cmocka_unit_test(a_lone_element_is_a_list_of_one),
		cmocka_unit_test(lists_from_outside_are_bounded),
		cmocka_unit_test(nothing_is_borrowed_from_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
