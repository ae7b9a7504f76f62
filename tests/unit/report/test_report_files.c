/* SPDX-License-Identifier: Apache-2.0 */
/* Text, lines and run directories: what stands between a damaged file and the model. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/hlog.h"
#include "gameday/report/lines.h"
#include "gameday/report/rundir.h"
#include "gameday/report/text.h"
#include "tests/unit/cmocka_all.h"

/* --- text ----------------------------------------------------------------------------- */

static void assert_md(const char *text, const char *wanted)
{
	GD_AUTO_STRBUF(out);

	gd_text_md(&out, text);
	assert_string_equal(gd_strbuf_str(&out), wanted);
}

static void markdown_is_disarmed(void **state)
{
	(void)state;
	assert_md("a|b", "a\\|b");
	assert_md("<script>&amp;", "&lt;script>&amp;amp;");
	assert_md("`x` *y* [z](u)", "\\`x\\` \\*y\\* \\[z\\](u)");
	assert_md("two\nlines\ttab", "two lines tab");
	assert_md("\x1b[31mred", " \\[31mred");
	assert_md("\xe2\x80\xaetxt.exe", " txt.exe"); /* right-to-left override */
	assert_md("\xc2\x9b"
		  "31m",
		  " 31m"); /* C1 control */
	assert_md("µ – 99 %", "µ – 99 %");
	assert_md("\xff\xc0\xaf", "   "); /* no UTF-8, overlong */
	assert_md("cut\xe2\x80", "cut  ");
}

static void fences_outgrow_their_text(void **state)
{
	GD_AUTO_STRBUF(out);

	(void)state;
	gd_text_md_block(&out, "a ```` b\n", 1000);
	assert_string_equal(gd_strbuf_str(&out), "`````\na ```` b\n`````\n");
	gd_strbuf_clear(&out);
	gd_text_md_block(&out, "0123456789", 4);
	assert_string_equal(gd_strbuf_str(&out), "```\n0123\n... 6 more bytes\n```\n");
	gd_strbuf_clear(&out);
	gd_text_md_block(&out, "", 4);
	assert_string_equal(gd_strbuf_str(&out), "```\n```\n");
}

static void xml_is_escaped(void **state)
{
	GD_AUTO_STRBUF(out);

	(void)state;
	gd_text_xml(&out,
		    "<a b=\"c\">]]></a> & 'd'\n\te\x1b[0m \xff\xef\xbf\xbf \xc3\xa9");
	assert_string_equal(gd_strbuf_str(&out),
			    "&lt;a b=&quot;c&quot;&gt;]]&gt;&lt;/a&gt; &amp; "
			    "'d'&#10;&#9;e [0m    \xc3\xa9");
}

static void bytes_become_utf8(void **state)
{
	char text[] = "ok \xc3\xa9 \xff \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82";
	char nul[] = {'a', '\0', 'b'};

	(void)state;
	gd_text_clean(text, strlen(text));
	assert_string_equal(text, "ok \xc3\xa9 ? ??? ???? ??");
	gd_text_clean(nul, sizeof(nul));
	assert_memory_equal(nul, "a?b", 3);
}

static void plain_text_is_one_line(void **state)
{
	GD_AUTO_STRBUF(out);

	(void)state;
	gd_text_plain(&out, "a\r\nb\x07", 100);
	assert_string_equal(gd_strbuf_str(&out), "a  b ");
	gd_strbuf_clear(&out);
	gd_text_plain(&out, "\xc3\xa9\xc3\xa9\xc3\xa9", 2);
	assert_string_equal(gd_strbuf_str(&out), "\xc3\xa9\xc3\xa9...");
}

/* --- lines ---------------------------------------------------------------------------- */

struct seen {
	int n;
	char last[64];
};

static int take(void *ctx, cJSON *line, struct gd_error *err)
{
	struct seen *s = ctx;

	if (gd_json_bool(line, "refuse", false))
		return gd_raise(err, GD_E_INPUT, "refused");
	if (gd_json_bool(line, "stop", false))
		return gd_raise(err, GD_E_NOMEM, "stop here");
	s->n++;
	(void)snprintf(s->last, sizeof(s->last), "%s", gd_json_str(line, "name", ""));
	cJSON_Delete(line);
	return 0;
}

static struct gd_lines parse(const char *text, struct seen *s)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_lines lines;

	*s = (struct seen){0};
	assert_int_equal(gd_lines_parse(text, strlen(text), take, s, &lines, &err), 0);
	return lines;
}

static void good_lines_are_taken(void **state)
{
	struct seen s;
	struct gd_lines l = parse("{\"name\":\"a\"}\n\n{\"name\":\"b\"}\r\n", &s);

	(void)state;
	assert_int_equal(s.n, 2);
	assert_string_equal(s.last, "b");
	assert_int_equal(l.n_lines, 2);
	assert_int_equal(l.n_bad, 0);
	assert_false(l.cut);
}

static void damage_is_counted_and_passed(void **state)
{
	struct seen s;
	struct gd_lines l =
		parse("{}\nrubbish\n[1]\n{\"refuse\":true}\n{\"name\":\"z\"}\n", &s);

	(void)state;
	assert_int_equal(s.n, 2);
	assert_string_equal(s.last, "z");
	assert_int_equal(l.n_lines, 5);
	assert_int_equal(l.n_bad, 3);
	assert_int_equal(l.first_bad, 2);
	assert_false(l.cut);
}

static void a_cut_tail_is_no_damage(void **state)
{
	struct seen s;
	struct gd_lines l = parse("{\"name\":\"a\"}\n{\"name\":\"b", &s);

	(void)state;
	assert_int_equal(s.n, 1);
	assert_int_equal(l.n_bad, 0);
	assert_int_equal(l.n_lines, 1);
	assert_true(l.cut);
	/* Only the line end is missing: the record is whole, and used. */
	l = parse("{\"name\":\"a\"}\n{\"name\":\"b\"}", &s);
	assert_int_equal(s.n, 2);
	assert_false(l.cut);
}

static void long_lines_are_skipped(void **state)
{
	size_t size = 5 << 20;
	GD_AUTO_FREE char *text = malloc(size + 32);
	struct seen s;
	struct gd_lines l;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	(void)snprintf(text + size, 32, "\n{\"name\":\"after\"}\n");
	l = parse(text, &s);
	assert_int_equal(l.n_bad, 1);
	assert_string_equal(s.last, "after");
}

static void other_errors_end_the_reading(void **state)
{
	static const char text[] = "{}\n{\"stop\":true}\n{}\n";
	struct gd_error err = GD_ERROR_INIT;
	struct seen s = {0};
	struct gd_lines l;

	(void)state;
	assert_int_equal(gd_lines_parse(text, sizeof(text) - 1, take, &s, &l, &err), -1);
	assert_int_equal(err.code, GD_E_NOMEM);
	assert_int_equal(s.n, 1);
}

/* --- run directories ------------------------------------------------------------------ */

struct place {
	char dir[64];
	int back;
};

static int enter(void **state)
{
	static struct place p;

	(void)snprintf(p.dir, sizeof(p.dir), "/tmp/gameday-test-XXXXXX");
	p.back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p.back < 0 || !mkdtemp(p.dir) || chdir(p.dir) < 0)
		return -1;
	*state = &p;
	return 0;
}

static int leave(void **state)
{
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	int rc = fchdir(p->back);

	gd_close_fd(&p->back);
	return gd_remove_tree(p->dir, &err) < 0 ? -1 : rc;
}

static void put(const char *dir, const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *path = gd_path_join(dir, "journal.jsonl");

	assert_int_equal(gd_mkdir_p(dir, 0755, &err), 0);
	assert_int_equal(gd_file_write(path, text, strlen(text), 0644, &err), 0);
}

static void runs_are_found(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *latest = NULL, *named = NULL, *path = NULL, *none = NULL;

	(void)state;
	assert_int_equal(gd_rundir_find("latest", &none, &err), -1);
	assert_int_equal(err.code, GD_E_INPUT);
	put("runs/20260101T000000Z-old", "{}\n");
	put("runs/20260102T000000Z-new", "{}\n");
	assert_int_equal(gd_mkdir_p("runs/20260103T000000Z-empty", 0755, &err), 0);
	assert_int_equal(gd_rundir_find("latest", &latest, &err), 0);
	assert_string_equal(latest, "runs/20260102T000000Z-new");
	assert_int_equal(gd_rundir_find("20260101T000000Z-old", &named, &err), 0);
	assert_string_equal(named, "runs/20260101T000000Z-old");
	assert_int_equal(gd_rundir_find("runs/20260101T000000Z-old", &path, &err), 0);
	assert_int_equal(gd_rundir_find("20260103T000000Z-empty", &none, &err), -1);
	assert_int_equal(gd_rundir_find("../runs/nothing", &none, &err), -1);
	assert_null(none);
}

static void log_names_stay_inside(void **state)
{
	GD_AUTO_FREE char *a = gd_hlog_name("shop", "plain");
	GD_AUTO_FREE char *b = gd_hlog_name("../../etc/x", "y z");

	(void)state;
	assert_string_equal(a, "shop.plain.hlog");
	assert_string_equal(b, "_._.._etc_x.y_z.hlog");
	assert_true(b[0] != '.');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markdown_is_disarmed),
		cmocka_unit_test(fences_outgrow_their_text),
		cmocka_unit_test(xml_is_escaped),
		cmocka_unit_test(bytes_become_utf8),
		cmocka_unit_test(plain_text_is_one_line),
		cmocka_unit_test(good_lines_are_taken),
		cmocka_unit_test(damage_is_counted_and_passed),
		cmocka_unit_test(a_cut_tail_is_no_damage),
		cmocka_unit_test(long_lines_are_skipped),
		cmocka_unit_test(other_errors_end_the_reading),
		cmocka_unit_test_setup_teardown(runs_are_found, enter, leave),
		cmocka_unit_test(log_names_stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
