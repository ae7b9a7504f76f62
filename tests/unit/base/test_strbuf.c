/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/strbuf.h"

static void test_grow_and_consume(void **state GD_UNUSED)
{
	GD_AUTO_STRBUF(sb);
	char *s;

	assert_string_equal(gd_strbuf_str(&sb), "");
	for (int i = 0; i < 1000; i++)
		gd_strbuf_addf(&sb, "%03d,", i);
	assert_int_equal(sb.len, 4000);
	gd_strbuf_consume(&sb, 3996);
	assert_string_equal(gd_strbuf_str(&sb), "999,");
	gd_strbuf_addc(&sb, '!');
	gd_strbuf_adds(&sb, "end");
	s = gd_strbuf_steal(&sb);
	assert_string_equal(s, "999,!end");
	assert_int_equal(sb.len, 0);
	free(s);
}

static void test_failure_is_sticky(void **state GD_UNUSED)
{
	GD_AUTO_STRBUF(sb);

	gd_strbuf_adds(&sb, "kept");
	gd_strbuf_add(&sb, "", SIZE_MAX / 2);
	assert_true(sb.failed);
	gd_strbuf_adds(&sb, "dropped");
	assert_string_equal(gd_strbuf_str(&sb), "kept");
	assert_null(gd_strbuf_steal(&sb));
}

static void test_words_for_a_shell(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *word;
	} rows[] = {
		{"vg0-data_1.x", "vg0-data_1.x"},
		{"", "''"},
		{"a b", "'a b'"},
		{"dev-x\\x2dy", "'dev-x\\x2dy'"},
		{"it's $HOME", "'it'\\''s $HOME'"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(rows); i++) {
		GD_AUTO_STRBUF(sb);

		gd_strbuf_add_word(&sb, rows[i].text);
		assert_string_equal(gd_strbuf_str(&sb), rows[i].word);
	}
}

static void test_indents_lines(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *indented;
	} rows[] = {
		{"", ""},
		{"one", "  one\n"},
		{"one\n", "  one\n"},
		{"if x; then\n\n\ty\nfi\n", "  if x; then\n\n  \ty\n  fi\n"},
		{"\n", "\n"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(rows); i++) {
		GD_AUTO_STRBUF(sb);

		gd_strbuf_add_indented(&sb, "  ", rows[i].text);
		assert_string_equal(gd_strbuf_str(&sb), rows[i].indented);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow_and_consume),
		cmocka_unit_test(test_failure_is_sticky),
		cmocka_unit_test(test_words_for_a_shell),
		cmocka_unit_test(test_indents_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
