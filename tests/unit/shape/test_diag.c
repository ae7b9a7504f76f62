/* SPDX-License-Identifier: Apache-2.0 */
#include "../cmocka_all.h"

#include <string.h>

#include "gameday/shape/diag.h"
#include "gameday/shape/metric.h"

static const char source[] = "one: 1\ntwo: \xc3\xa9t\x1b[0m\tx\nthree: 3";

static void the_line_and_a_caret_are_shown(void **state)
{
	GD_AUTO_DIAGS(d);
	GD_AUTO_STRBUF(out);

	(void)state;
	gd_diag_error(&d, (struct gd_pos){"f.yaml", 3, 8}, "bad %d", 3);
	gd_diag_warning(&d, (struct gd_pos){"f.yaml", 1, 1}, "hm");
	gd_diags_sort(&d);
	gd_diags_render(&d, source, sizeof(source) - 1, &out);
	assert_string_equal(gd_strbuf_str(&out), "f.yaml:1:1: warning: hm\n"
						 "    one: 1\n"
						 "    ^\n"
						 "f.yaml:3:8: error: bad 3\n"
						 "    three: 3\n"
						 "           ^\n");
	assert_int_equal(d.n_errors, 1);
}

static void a_file_can_t_steer_the_terminal(void **state)
{
	GD_AUTO_DIAGS(d);
	GD_AUTO_STRBUF(out);

	(void)state;
	gd_diag_error(&d, (struct gd_pos){"f", 2, 7}, "key \"\x1b]0;x\x07\"");
	gd_diags_render(&d, source, sizeof(source) - 1, &out);
	assert_string_equal(gd_strbuf_str(&out), "f:2:7: error: key \"?]0;x?\"\n"
						 "    two: \xc3\xa9t?[0m x\n"
						 "          ^\n");
}

static void long_lines_are_cut_around_the_caret(void **state)
{
	GD_AUTO_DIAGS(d);
	GD_AUTO_STRBUF(out);
	char line[1001];

	(void)state;
	memset(line, 'a', sizeof(line) - 1);
	line[1000] = '\0';
	line[699] = 'X';
	gd_diag_error(&d, (struct gd_pos){NULL, 1, 700}, "here");
	gd_diags_render(&d, line, 1000, &out);
	{
		const char *shown = strchr(gd_strbuf_str(&out), '\n') + 1;
		const char *caret_line = strchr(shown, '\n') + 1;

		assert_true(caret_line - shown < 120);
		assert_int_equal(strchr(shown, 'X') - shown,
				 strchr(caret_line, '^') - caret_line);
	}
}

static void places_beyond_the_source_are_harmless(void **state)
{
	GD_AUTO_DIAGS(d);
	GD_AUTO_STRBUF(out);

	(void)state;
	gd_diag_error(&d, (struct gd_pos){"f", 99, 99}, "x");
	gd_diag_error(&d, (struct gd_pos){"f", 1, 5000}, "y");
	gd_diag_error(&d, (struct gd_pos){"f", 0, 0}, "z");
	gd_diag_error(&d, (struct gd_pos){NULL, 0, 0}, "w");
	gd_diags_render(&d, source, sizeof(source) - 1, &out);
	assert_non_null(strstr(gd_strbuf_str(&out), "f:99:99: error: x\n"));
	assert_non_null(strstr(gd_strbuf_str(&out), "f: error: z\nerror: w\n"));
}

static void there_is_a_limit(void **state)
{
	GD_AUTO_DIAGS(d);
	GD_AUTO_STRBUF(out);
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	for (int i = 0; i < 300; i++)
		gd_diag_error(&d, (struct gd_pos){"f", i + 1, 1}, "n%d", i);
	assert_int_equal(d.n, 200);
	assert_int_equal(d.n_errors, 300);
	assert_int_equal(d.n_dropped, 100);
	gd_diags_render(&d, NULL, 0, &out);
	assert_non_null(strstr(gd_strbuf_str(&out), "and 100 more"));
	assert_int_equal(gd_diags_to_error(&d, &err), -1);
	assert_string_equal(err.text, "n0");
	assert_int_equal(err.pos.line, 1);
}

static void warnings_are_no_error(void **state)
{
	GD_AUTO_DIAGS(d);
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	gd_diag_warning(&d, (struct gd_pos){0}, "x");
	assert_int_equal(gd_diags_to_error(&d, &err), 0);
}

static void sorting_keeps_equals_in_order(void **state)
{
	GD_AUTO_DIAGS(d);

	(void)state;
	gd_diag_error(&d, (struct gd_pos){"b", 1, 1}, "4");
	gd_diag_error(&d, (struct gd_pos){"a", 2, 1}, "2");
	gd_diag_error(&d, (struct gd_pos){"a", 2, 1}, "3");
	gd_diag_error(&d, (struct gd_pos){"a", 1, 9}, "1");
	gd_diags_sort(&d);
	for (size_t i = 0; i < d.n; i++)
		assert_int_equal(d.items[i].text[0], '1' + (int)i);
}

static void slips_are_recognised(void **state)
{
	static const char *const names[] = {"device", "delay", "loss", "rate", "on"};
	static const struct {
		const char *word, *meant;
	} rows[] = {
		{"devcie", "device"}, {"delya", "delay"},   {"los", "loss"},
		{"LOSS", "loss"},     {"divace", "device"}, {"xyz", NULL},
		{"", NULL},           {"rx", NULL},         {"dvc", NULL},
	};

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(rows); i++) {
		const char *found = gd_suggest(rows[i].word, names, GD_N_ELEMS(names));

		if (!rows[i].meant && found)
			fail_msg("%s: %s", rows[i].word, found);
		if (rows[i].meant) {
			assert_non_null(found);
			assert_string_equal(found, rows[i].meant);
		}
	}
}

static void long_words_match_nothing(void **state)
{
	char word[400];
	const char *const names[] = {"abc", word};

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(gd_suggest(word, names, 2));
}

static void metrics_print_in_their_unit(void **state)
{
	static const struct {
		double value;
		enum gd_metric_unit unit;
		const char *text;
	} rows[] = {
		{48.2e6, GD_UNIT_DURATION, "48.2 ms"},
		{0.9993, GD_UNIT_RATIO, "99.93 %"},
		{1, GD_UNIT_RATIO, "100 %"},
		{0.999999, GD_UNIT_RATIO, "99.9999 %"},
		{0.05, GD_UNIT_RATIO, "5 %"},
		{201.2, GD_UNIT_FREQ, "201 /s"},
		{99.96, GD_UNIT_FREQ, "100 /s"},
		{65.6, GD_UNIT_FREQ, "65.6 /s"},
		{0.3999, GD_UNIT_FREQ, "0.400 /s"},
		{0.00412, GD_UNIT_FREQ, "0.00412 /s"},
		{0, GD_UNIT_FREQ, "0.00 /s"},
		{17, GD_UNIT_COUNT, "17"},
		{1.0234, GD_UNIT_COUNT, "1.023"},
		{2048, GD_UNIT_BYTES, "2.05 kB"},
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(rows); i++)
		assert_string_equal(gd_metric_format(rows[i].value, rows[i].unit, buf),
				    rows[i].text);
	(void)gd_metric_format(0.0 / 1e-320, GD_UNIT_COUNT, buf);
	(void)gd_metric_format(1e300, GD_UNIT_DURATION, buf);
	(void)gd_metric_format(-1e300, GD_UNIT_COUNT, buf);
	assert_true(strlen(buf) < 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_and_a_caret_are_shown),
		cmocka_unit_test(a_file_can_t_steer_the_terminal),
		cmocka_unit_test(long_lines_are_cut_around_the_caret),
		cmocka_unit_test(places_beyond_the_source_are_harmless),
		cmocka_unit_test(there_is_a_limit),
		cmocka_unit_test(warnings_are_no_error),
		cmocka_unit_test(sorting_keeps_equals_in_order),
		cmocka_unit_test(slips_are_recognised),
		cmocka_unit_test(long_words_match_nothing),
		cmocka_unit_test(metrics_print_in_their_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
