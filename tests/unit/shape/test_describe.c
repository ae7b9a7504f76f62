/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

static void ranges_and_defaults_are_told(void **state)
{
	GD_AUTO_STRBUF(out);

	(void)state;
	gd_shape_describe(&sample_shape, &out);
	assert_non_null(strstr(gd_strbuf_str(&out), "count              a count\n"));
	assert_non_null(
		strstr(gd_strbuf_str(&out), "(whole number, 16 to 4096; default 16)"));
	assert_non_null(strstr(gd_strbuf_str(&out), "(duration, 0 to 1m; default 10ms)"));
	assert_non_null(strstr(gd_strbuf_str(&out), "red: like a rose"));
	assert_non_null(
		strstr(gd_strbuf_str(&out), "(list of text, at most 3 elements)"));
}

static void the_table_has_a_row_per_field(void **state)
{
	GD_AUTO_STRBUF(out);
	size_t lines = 0;

	(void)state;
	gd_shape_describe_md(&sample_shape, &out);
	for (const char *s = gd_strbuf_str(&out); *s; s++)
		lines += *s == '\n';
	assert_int_equal(lines, GD_N_ELEMS(sample_fields) + 2);
	assert_non_null(
		strstr(gd_strbuf_str(&out),
		       "| `count` | whole number, 16 to 4096 | `16` | a count |\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_and_defaults_are_told),
		cmocka_unit_test(the_table_has_a_row_per_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
