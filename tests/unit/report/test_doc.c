/* SPDX-License-Identifier: Apache-2.0 */
/* One document through both writers: what each makes of it, to the byte. */
#include <string.h>

#include "gameday/report/doc.h"
#include "tests/unit/cmocka_all.h"

enum format { MD, HTML };

/* Writes with fn and hands out the whole document; for HTML only what is in <main>. */
static char *render(enum format f, void (*fn)(struct gd_doc *d))
{
	GD_AUTO_STRBUF(out);
	GD_AUTO(gd_doc)
	struct gd_doc *d =
		f == MD ? gd_doc_md_new(&out) : gd_doc_html_new(&out, "a <title>");
	struct gd_error err = GD_ERROR_INIT;
	char *text, *main;

	assert_non_null(d);
	fn(d);
	assert_int_equal(gd_doc_finish(d, &err), 0);
	text = gd_strbuf_steal(&out);
	assert_non_null(text);
	if (f == MD)
		return text;
	assert_non_null(strstr(text, "<title>a &lt;title&gt;</title>"));
	main = strstr(text, "<main>\n");
	assert_non_null(main);
	main += strlen("<main>\n");
	*strstr(main, "</main>") = '\0';
	memmove(text, main, strlen(main) + 1);
	return text;
}

static void assert_doc(void (*fn)(struct gd_doc *d), const char *md, const char *html)
{
	GD_AUTO_FREE char *as_md = render(MD, fn), *as_html = render(HTML, fn);

	assert_string_equal(as_md, md);
	assert_string_equal(as_html, html);
}

static void blocks(struct gd_doc *d)
{
	gd_doc_heading(d, 2, "one", "A & %s", "B");
	gd_doc_begin(d, GD_DOC_PARA);
	gd_doc_text(d, "run ");
	gd_doc_code(d, "a `b`");
	gd_doc_strong(d, "now");
	gd_doc_link(d, "#one", "here");
	gd_doc_link(d, "javascript:x()", "there");
	gd_doc_end(d, GD_DOC_PARA);
	gd_doc_begin(d, GD_DOC_NUMBERED);
	gd_doc_begin(d, GD_DOC_ITEM);
	gd_doc_text(d, "first");
	gd_doc_code_block(d, NULL, "a\n<b>\n", 100);
	gd_doc_end(d, GD_DOC_ITEM);
	gd_doc_begin(d, GD_DOC_ITEM);
	gd_doc_text(d, "second");
	gd_doc_begin(d, GD_DOC_LIST);
	gd_doc_item(d, "deeper");
	gd_doc_end(d, GD_DOC_LIST);
	gd_doc_end(d, GD_DOC_ITEM);
	gd_doc_end(d, GD_DOC_NUMBERED);
	gd_doc_begin(d, GD_DOC_LIST);
	gd_doc_itemf(d, "%d", 7);
	gd_doc_end(d, GD_DOC_LIST);
	gd_doc_code_block(d, "Long", "123456789", 4);
}

static void blocks_in_both(void **state)
{
	(void)state;
	assert_doc(blocks,
		   "## A &amp; B\n\nrun `` a `b` ``**now**[here](#one)there\n\n"
		   "1. first\n\n```\na\n<b>\n```\n\n2. second\n   - deeper\n\n- 7\n\n"
		   "Long:\n\n```\n1234\n... 5 more bytes\n```\n",
		   "<section>\n<h2 id=\"one\">A &amp; B</h2>\n"
		   "<p>run <code>a `b`</code><strong>now</strong><a rel=\"noreferrer "
		   "noopener\" href=\"#one\">here</a>there</p>\n"
		   "<ol>\n<li>first<figure class=\"code\"><pre "
		   "tabindex=\"0\"><code>a\n&lt;b&gt;\n</code></pre></figure>\n</li>\n"
		   "<li>second<ul>\n<li>deeper</li>\n</ul>\n</li>\n</ol>\n"
		   "<ul>\n<li>7</li>\n</ul>\n"
		   "<figure class=\"code\"><figcaption>Long</figcaption><pre "
		   "tabindex=\"0\"><code>1234\n... 5 more bytes\n</code></pre></figure>\n"
		   "</section>\n");
}

static void table(struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"a", GD_DOC_LEFT}, {"b|c", GD_DOC_RIGHT}, {"d", GD_DOC_LEFT}};

	gd_doc_table(d, "all", columns, 3);
	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_begin(d, GD_DOC_CELL);
	gd_doc_code(d, "x|y");
	gd_doc_end(d, GD_DOC_CELL);
	gd_doc_cellf(d, "%.1f", 1.5);
	gd_doc_end(d, GD_DOC_ROW);
	gd_doc_table_end(d);
	gd_doc_begin(d, GD_DOC_PARA);
	gd_doc_mark(d, GD_DOC_BAD, "FAIL");
	gd_doc_end(d, GD_DOC_PARA);
}

static void tables_in_both(void **state)
{
	(void)state;
	assert_doc(table,
		   "| a | b\\|c | d |\n|---|--:|---|\n| `x\\|y` | 1.5 |  |\n\n**FAIL**\n",
		   "<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
		   "aria-label=\"all\">\n<table><thead><tr><th scope=\"col\">a</th>"
		   "<th scope=\"col\" class=\"n\">b|c</th><th scope=\"col\">d</th></tr>"
		   "</thead>\n<tbody>\n<tr><th scope=\"row\"><code>x|y</code></th>"
		   "<td class=\"n\">1.5</td><td></td></tr>\n</tbody></table>\n</div>\n"
		   "<p><span class=\"mark bad\"><span aria-hidden=\"true\">\u2717</span> "
		   "FAIL</span></p>\n");
}

static void figure(struct gd_doc *d)
{
	gd_doc_figure(d, "latency", "Latency [ms]", "<svg/>");
	gd_doc_para(d, "behind");
	gd_doc_figure_end(d);
}

static void figures_in_both(void **state)
{
	GD_AUTO_STRBUF(out);
	GD_AUTO(gd_doc) struct gd_doc *d = gd_doc_md_new(&out);

	(void)state;
	assert_doc(
		figure,
		"![Latency \\[ms\\]](charts/latency.svg)\n\n"
		"<details><summary>Latency \\[ms\\], as a table</summary>\n\nbehind\n\n"
		"</details>\n",
		"<figure class=\"chart\" id=\"chart-latency\">\n<div class=\"scroll\">"
		"<svg/></div>\n<figcaption>Latency [ms]</figcaption>\n"
		"<details><summary>The figures as a table</summary>\n<p>behind</p>\n"
		"</details></figure>\n");
	assert_non_null(d);
	figure(d);
	assert_string_equal(gd_doc_figure_file(d, 0)->path, "charts/latency.svg");
	assert_string_equal(gd_doc_figure_file(d, 0)->text, "<svg/>");
	assert_null(gd_doc_figure_file(d, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_in_both),
		cmocka_unit_test(tables_in_both),
		cmocka_unit_test(figures_in_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
