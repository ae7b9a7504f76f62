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
	main = strstr(text, "<main id=\"top\">\n");
	assert_non_null(main);
	main += strlen("<main id=\"top\">\n");
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
	gd_doc_figure(
		d, &(struct gd_doc_figure){"latency", "Latency [ms]", "Read.", "<svg/>"});
	gd_doc_para(d, "behind");
	gd_doc_figure_end(d);
}

static void figures_in_both(void **state)
{
	GD_AUTO_STRBUF(out);
	GD_AUTO(gd_doc) struct gd_doc *d = gd_doc_md_new(&out);

	(void)state;
	assert_doc(figure,
		   "![Latency \\[ms\\]](charts/latency.svg)\n\nRead.\n\n"
		   "<details><summary>Latency [ms], as a table</summary>\n\nbehind\n\n"
		   "</details>\n",
		   "<figure class=\"chart\" id=\"chart-latency\">\n<figcaption><strong>"
		   "Latency [ms]</strong><span>Read.</span></figcaption>\n"
		   "<div class=\"scroll\"><svg/></div>\n"
		   "<details><summary>The figures as a table</summary>\n<p>behind</p>\n"
		   "</details></figure>\n");
	assert_non_null(d);
	figure(d);
	assert_string_equal(gd_doc_figure_file(d, 0)->path, "charts/latency.svg");
	assert_string_equal(gd_doc_figure_file(d, 0)->text, "<svg/>");
	assert_null(gd_doc_figure_file(d, 1));
}

/* --- foreign text ---------------------------------------------------------------------- */

/* Every place a text can stand in. */
static void everywhere(struct gd_doc *d, const char *text)
{
	const struct gd_doc_column columns[] = {{text, GD_DOC_LEFT}, {"n", GD_DOC_WORD}};
	const struct gd_doc_fact fact = {"Host", text};

	gd_doc_banner(d, &(struct gd_doc_banner){.word = "held",
						 .line = text,
						 .happened = text,
						 .next = text,
						 .facts = &fact,
						 .n_facts = 1});
	gd_doc_heading(d, 2, "a", "%s", text);
	gd_doc_para(d, text);
	gd_doc_begin(d, GD_DOC_LIST);
	gd_doc_item(d, text);
	gd_doc_end(d, GD_DOC_LIST);
	gd_doc_table(d, text, columns, 2);
	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cell(d, text);
	gd_doc_begin(d, GD_DOC_CELL);
	gd_doc_code(d, text);
	gd_doc_mark(d, GD_DOC_BAD, text);
	gd_doc_strong(d, text);
	gd_doc_link(d, "#a", text);
	gd_doc_end(d, GD_DOC_CELL);
	gd_doc_end(d, GD_DOC_ROW);
	gd_doc_table_end(d);
	gd_doc_code_block(d, text, text, 1000);
}

static const char *foreign;

static void foreign_everywhere(struct gd_doc *d)
{
	everywhere(d, foreign);
}

/* The tags of a page one after the other, without the texts between them. */
static void tags_of(const char *html, struct gd_strbuf *out)
{
	for (const char *at = html; (at = strchr(at, '<'));) {
		const char *end = strchr(at, '>');

		assert_non_null(end);
		/* Those that foreign text may bring about: they mean nothing. */
		if (strncmp(at, "<wbr>", 5) != 0 && strncmp(at, "<code>", 6) != 0 &&
		    strncmp(at, "</code>", 7) != 0)
			gd_strbuf_add(out, at, (size_t)(end - at) + 1);
		at = end;
	}
}

static void blank_label(char *tags)
{
	char *at = tags;

	while ((at = strstr(at, "aria-label=\""))) {
		char *from = at + strlen("aria-label=\"");

		memmove(from, strchr(from, '"'), strlen(strchr(from, '"')) + 1);
		at = from;
	}
}

static void assert_harmless_html(const char *text, const char *harmless)
{
	GD_AUTO_FREE char *html = NULL;
	GD_AUTO_STRBUF(tags);

	foreign = text;
	html = render(HTML, foreign_everywhere);
	for (const char *s = html; *s; s++)
		assert_true((unsigned char)*s >= 0x20 || *s == '\n' || *s == '\t');
	tags_of(html, &tags);
	blank_label(tags.data);
	assert_string_equal(tags.data, harmless);
}

/* Cells of a line: pipes that no backslash disarms. */
static size_t pipes_in(const char *line, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if (line[i] == '\\')
			i++;
		else
			n += line[i] == '|';
	return n;
}

/* Above the block of code: as many lines as ever, no tag, rows of three pipes. */
static void assert_harmless_md(const char *text)
{
	GD_AUTO_FREE char *md = NULL;
	size_t lines = 0;

	foreign = text;
	md = render(MD, foreign_everywhere);
	for (char *line = md; lines < 18; lines++) {
		size_t len = strcspn(line, "\n");

		assert_null(memmem(line, len, "\x1b", 1));
		if (lines >= 14 && lines <= 16)
			assert_int_equal(pipes_in(line, len), 3);
		else
			assert_null(memchr(line, '<', len));
		line += len + 1;
	}
	/* The block stands last and is closed. */
	assert_string_equal(md + strlen(md) - 4, "```\n");
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

/* Texts put together from what could mean something to somebody. */
static void foreign_text_is_harmless(void **state)
{
	static const char *const parts[] = {"<script>x()</script>",
					    "\"",
					    "'",
					    "<",
					    ">",
					    "&",
					    "&lt;",
					    "`",
					    "```",
					    "\n```\n",
					    "|",
					    "\\",
					    "*",
					    "_",
					    "[a](javascript:x)",
					    "![a](b)",
					    "\n",
					    "\r",
					    "\t",
					    "\x1b[2J",
					    "\xff",
					    "\xc3",
					    "\xe2\x80\xae",
					    "\xf0\x9f\x98\x80",
					    "</style>",
					    "-->",
					    "]]>",
					    " onload=x ",
					    "# ",
					    "- ",
					    "1. ",
					    "> ",
					    "    ",
					    "$x$",
					    "~~",
					    "word",
					    "\x7f",
					    "\xc2\x9b",
					    "</td></tr></table>",
					    "</pre>",
					    "%s%n"};
	GD_AUTO_FREE char *html = NULL, *huge = malloc((1 << 20) + 1);
	GD_AUTO_STRBUF(harmless);
	uint32_t seed = 5;

	(void)state;
	foreign = "x";
	html = render(HTML, foreign_everywhere);
	tags_of(html, &harmless);
	blank_label(harmless.data);
	for (int round = 0; round < 400; round++) {
		GD_AUTO_STRBUF(text);

		gd_strbuf_adds(&text, "x"); /* something is there */
		for (uint32_t n = 1 + next_random(&seed) % 30; n > 0; n--)
			gd_strbuf_adds(&text,
				       parts[next_random(&seed) % GD_N_ELEMS(parts)]);
		assert_harmless_html(text.data + round % 2, harmless.data);
		assert_harmless_md(text.data + round % 2);
	}
	assert_non_null(huge);
	memset(huge, '<', 1 << 20);
	huge[1 << 20] = '\0';
	assert_harmless_html(huge, harmless.data);
	foreign = huge;
	free(html);
	html = render(MD, foreign_everywhere);
	assert_true(strlen(html) < 400000);
	assert_non_null(strstr(html, "... (1044480 more bytes)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_in_both),
		cmocka_unit_test(tables_in_both),
		cmocka_unit_test(figures_in_both),
		cmocka_unit_test(foreign_text_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
