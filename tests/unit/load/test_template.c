/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/load/proto/template.h"

enum { SEED = 7 };

static struct gd_template compile(const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_template t = {0};

	if (gd_template_compile(text, &t, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return t;
}

/* The text of request n, held against its announced length and bound. */
static const char *render(const struct gd_template *t, uint64_t n, char out[256])
{
	size_t len;

	assert_true(t->max < 256);
	memset(out, '#', 256);
	len = gd_template_render(t, SEED, n, out);
	assert_true(len <= t->max);
	assert_int_equal(len, gd_template_size(t, SEED, n));
	assert_int_equal(out[len], '#');
	out[len] = '\0';
	return out;
}

static void test_texts(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *want; /* of request 41 */
		bool constant;
	} cases[] = {
		{"", "", true},
		{"/a", "/a", true},
		{"a$b$", "a$b$", true},
		{"$${seq}", "${seq}", true},
		{"$$${seq}", "$${seq}", true},
		{"{x}$", "{x}$", true},
		{"${seq}", "41", false},
		{"/${seq}/${seq}!", "/41/41!", false},
		{"${random:5..5}", "5", false},
	};
	char out[256];

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_template t = compile(cases[i].text);

		assert_string_equal(render(&t, 41, out), cases[i].want);
		assert_int_equal(gd_template_is_constant(&t), cases[i].constant);
		gd_template_fini(&t);
	}
}

static void test_numbers(void **state GD_UNUSED)
{
	struct gd_template t = compile("${seq}");
	char out[256];

	assert_string_equal(render(&t, 0, out), "0");
	assert_string_equal(render(&t, 9, out), "9");
	assert_string_equal(render(&t, 10, out), "10");
	assert_string_equal(render(&t, UINT64_MAX, out), "18446744073709551615");
	gd_template_fini(&t);
}

/* Both ends of a range come, about as often as they should, and nothing outside. */
static void test_random(void **state GD_UNUSED)
{
	struct gd_template t = compile("${random:8..12}");
	unsigned int seen[13] = {0};
	char out[256];

	for (uint64_t n = 0; n < 10000; n++) {
		unsigned long v = strtoul(render(&t, n, out), NULL, 10);

		assert_in_range(v, 8, 12);
		seen[v]++;
	}
	for (size_t v = 8; v <= 12; v++)
		assert_in_range(seen[v], 1800, 2200);
	gd_template_fini(&t);
	t = compile("${random:0..9223372036854775807}");
	(void)render(&t, 1, out);
	gd_template_fini(&t);
}

/* Attempts of one request are equal; requests, seeds and places are not. */
static void test_what_it_depends_on(void **state GD_UNUSED)
{
	struct gd_template t = compile("${text:20},${text:20}");
	char a[256], b[256];

	assert_string_equal(render(&t, 3, a), render(&t, 3, b));
	assert_string_not_equal(a, render(&t, 4, b));
	assert_memory_not_equal(a, a + 21, 20);
	(void)gd_template_render(&t, SEED + 1, 3, b);
	assert_memory_not_equal(a, b, 20);
	for (const char *s = a; *s; s++)
		assert_true(*s == ',' || (*s >= '0' && *s <= '9') ||
			    (*s >= 'a' && *s <= 'z'));
	gd_template_fini(&t);
}

static void test_uuid(void **state GD_UNUSED)
{
	struct gd_template t = compile("${uuid}");
	char a[256], b[256];

	for (uint64_t n = 0; n < 100; n++) {
		assert_int_equal(strlen(render(&t, n, a)), 36);
		assert_int_equal(a[8], '-');
		assert_int_equal(a[13], '-');
		assert_int_equal(a[14], '4');
		assert_int_equal(a[18], '-');
		assert_non_null(strchr("89ab", a[19]));
		assert_int_equal(a[23], '-');
		assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
		assert_string_not_equal(a, render(&t, n + 1, b));
	}
	gd_template_fini(&t);
}

static void test_refusals(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"${seq", "no closing brace"},
		{"a${}b", "'${}' is not possible"},
		{"${sequence}", "${sequence}"},
		{"${random}", "${random:A..B}"},
		{"${random:2..1}", "2..1"},
		{"${random:-1..1}", "-1..1"},
		{"${random:1..9223372036854775808}", "not possible"},
		{"${random:1..2x}", "not possible"},
		{"${text:0}", "not possible"},
		{"${text:4097}", "not possible"},
		{"${text:}", "not possible"},
		{"${seq }", "not possible"},
	};
	char many[512] = "";

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_error err = GD_ERROR_INIT;
		struct gd_template t;

		assert_int_equal(gd_template_compile(cases[i].text, &t, &err), -1);
		assert_int_equal(err.code, GD_E_INPUT);
		if (!strstr(err.text, cases[i].want))
			fail_msg("no '%s' in: %s", cases[i].want, err.text);
	}
	for (size_t i = 0; i < 33; i++)
		memcpy(many + 6 * i, "${seq}", 7);
	for (size_t n = 32; n <= 33; n++) {
		struct gd_error err = GD_ERROR_INIT;
		struct gd_template t = {0};

		assert_int_equal(gd_template_compile(many + 6 * (33 - n), &t, &err),
				 n == 32 ? 0 : -1);
		gd_template_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),  cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_random), cmocka_unit_test(test_what_it_depends_on),
		cmocka_unit_test(test_uuid),   cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
