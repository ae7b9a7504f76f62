/* SPDX-License-Identifier: Apache-2.0 */
#include "../cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/strbuf.h"
#include "gameday/scenario/yaml.h"

static void the_tree_is_what_the_file_says(void **state)
{
	static const char text[] = "# comment\n"
				   "a: 1\n"
				   "b: '1'\n"
				   "c:\n"
				   "  - x y\n"
				   "  - {k: ~, l: \"null\"}\n"
				   "d: |\n"
				   "  two\n"
				   "  lines\n"
				   "e:\n";
	GD_AUTO(gd_node) struct gd_node *root = NULL;
	GD_AUTO_DIAGS(diags);
	const struct gd_node *c, *k;

	(void)state;
	assert_int_equal(gd_yaml_parse(text, strlen(text), "f", &root, &diags), 0);
	assert_string_equal(gd_node_get(root, "a")->text, "1");
	assert_false(gd_node_get(root, "a")->quoted);
	assert_int_equal(gd_node_get(root, "a")->pos.line, 2);
	assert_int_equal(gd_node_get(root, "a")->pos.column, 4);
	assert_int_equal(gd_node_key_pos(root, "a").column, 1);
	assert_true(gd_node_get(root, "b")->quoted);
	c = gd_node_get(root, "c");
	assert_int_equal(c->n_entries, 2);
	assert_int_equal(c->entries[0].value->pos.line, 5);
	assert_int_equal(c->entries[0].value->pos.column, 5);
	k = c->entries[1].value;
	assert_int_equal(gd_node_get(k, "k")->kind, GD_NODE_NULL);
	assert_string_equal(gd_node_get(k, "l")->text, "null");
	assert_string_equal(gd_node_get(root, "d")->text, "two\nlines\n");
	assert_int_equal(gd_node_get(root, "e")->kind, GD_NODE_NULL);
}

static const struct {
	const char *text;
	int line, column;
	const char *said;
	bool tree; /* is there one to go on with? */
} refused[] = {
	{"a: &x 1\n", 1, 4, "anchors (&x)", true},
	{"a: 1\nb: *x\n", 2, 4, "aliases (*x)", false},
	{"? *x\n: 1\n", 1, 3, "aliases", false},
	{"a: !!int 1\n", 1, 4, "tags", true},
	{"a: !foo {b: 1}\n", 1, 4, "tags (!foo)", true},
	{"a: 1\n---\nb: 2\n", 2, 1, "second document", true},
	{"a: 1\nb: 2\na: 3\n", 3, 1, "given twice, first in line 1", true},
	{"[a]: 1\n", 1, 1, "a key must be plain text", false},
	{"? {a: 1}\n: 1\n", 1, 3, "a key must be plain text", false},
	{"a:\n\t- b\n", 2, 1, "not with tabs", false},
	{"a: b: c\n", 1, 5, "needs quotes", false},
	{"a: [1, 2\nb: 3\n", 2, 2, "", false},
	{"a: 'x\n", 2, 1, "a quote is not closed", false},
	{"a: \"x\\0y\"\n", 1, 4, "NUL character", false},
	{"a: *.nic\n", 1, 5, "needs quotes", false},
	{"", 1, 1, "the file is empty", false},
	{"# only a comment\n", 1, 1, "the file is empty", false},
	{"a: \xff\xfe\n", 1, 4, "UTF-8", false},
	{"a: 1\nb: \x01\n", 2, 4, "UTF-8", false},
};

static void what_is_not_taken_is_said_at_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(refused); i++) {
		GD_AUTO(gd_node) struct gd_node *root = NULL;
		GD_AUTO_DIAGS(diags);
		const char *text = refused[i].text;

		assert_int_equal(gd_yaml_parse(text, strlen(text), "f", &root, &diags),
				 -1);
		assert_int_equal(diags.n_errors, 1);
		if (!strstr(diags.items[0].text, refused[i].said) ||
		    diags.items[0].pos.line != refused[i].line ||
		    diags.items[0].pos.column != refused[i].column)
			fail_msg("case %zu: %d:%d %s", i, diags.items[0].pos.line,
				 diags.items[0].pos.column, diags.items[0].text);
		if ((root != NULL) != refused[i].tree)
			fail_msg("case %zu: tree or not", i);
	}
}

static void nul_bytes_are_found(void **state)
{
	static const char text[] = "a: 1\nb: x\0y\n";
	GD_AUTO(gd_node) struct gd_node *root = NULL;
	GD_AUTO_DIAGS(diags);

	(void)state;
	assert_int_equal(gd_yaml_parse(text, sizeof(text) - 1, "f", &root, &diags), -1);
	assert_int_equal(diags.items[0].pos.line, 2);
	assert_int_equal(diags.items[0].pos.column, 5);
}

static int parse_repeated(const char *front, const char *unit, size_t n,
			  struct gd_diags *d)
{
	GD_AUTO(gd_node) struct gd_node *root = NULL;
	GD_AUTO_STRBUF(text);

	gd_strbuf_adds(&text, front);
	for (size_t i = 0; i < n; i++)
		gd_strbuf_adds(&text, unit);
	return gd_yaml_parse(gd_strbuf_str(&text), text.len, "f", &root, d);
}

static void size_depth_and_number_are_bounded(void **state)
{
	GD_AUTO_DIAGS(deep);
	GD_AUTO_DIAGS(many);
	GD_AUTO_DIAGS(large);
	GD_AUTO_DIAGS(fine);

	(void)state;
	assert_int_equal(parse_repeated("", "[", 100000, &deep), -1);
	assert_non_null(strstr(deep.items[0].text, "more than 32 levels"));
	assert_int_equal(parse_repeated("", "- x\n", 20001, &many), -1);
	assert_non_null(strstr(many.items[0].text, "more than 20000 values"));
	assert_int_equal(
		parse_repeated("", "- 1234567890123456789012345\n", 50000, &large), -1);
	assert_non_null(strstr(large.items[0].text, "larger than"));
	assert_int_equal(parse_repeated("", "- x\n", 19000, &fine), 0);
}

/* What follows a mistake that leaves the structure intact is read all the same. */
static void reading_goes_on(void **state)
{
	static const char text[] = "a: &x 1\nb: !t 2\na: 3\nb: 4\n";
	GD_AUTO(gd_node) struct gd_node *root = NULL;
	GD_AUTO_DIAGS(diags);

	(void)state;
	assert_int_equal(gd_yaml_parse(text, strlen(text), "f", &root, &diags), -1);
	assert_int_equal(diags.n_errors, 4);
	assert_string_equal(gd_node_get(root, "a")->text, "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_is_what_the_file_says),
		cmocka_unit_test(what_is_not_taken_is_said_at_its_place),
		cmocka_unit_test(nul_bytes_are_found),
		cmocka_unit_test(size_depth_and_number_are_bounded),
		cmocka_unit_test(reading_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
