/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One self-contained page: no script is needed, nothing is fetched. The body grows first,
 * since the contents that stand before it are only known at its end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/report/doc_html.h"
#include "gameday/report/doc_impl.h"
#include "gameday/report/text.h"

static const char *const tones[] = {"plain", "good", "warn", "bad"};
/* Beside the colour, for who can't tell colours apart. */
static const char *const signs[] = {"", "\u2713", "!", "\u2717"};

static void end_section(struct gd_doc *d)
{
	if (d->in_section)
		gd_strbuf_adds(&d->body, "</section>\n");
	d->in_section = false;
}

static void begin_section(struct gd_doc *d, const char *anchor, const char *text)
{
	end_section(d);
	d->in_section = true;
	gd_strbuf_adds(&d->body, "<section>\n");
	if (!anchor)
		return;
	gd_strbuf_adds(&d->toc, "<li><a href=\"#");
	gd_text_html(&d->toc, anchor);
	gd_strbuf_adds(&d->toc, "\">");
	gd_text_html(&d->toc, text);
	gd_strbuf_adds(&d->toc, "</a></li>\n");
}

static void html_heading(struct gd_doc *d, int level, const char *anchor,
			 const char *text)
{
	if (level <= 2)
		end_section(d);
	if (level == 2)
		begin_section(d, anchor, text);
	gd_strbuf_addf(&d->body, "<h%d", level);
	if (anchor) {
		gd_strbuf_adds(&d->body, " id=\"");
		gd_text_html(&d->body, anchor);
		gd_strbuf_addc(&d->body, '"');
	}
	gd_strbuf_addc(&d->body, '>');
	gd_text_html(&d->body, text);
	gd_strbuf_addf(&d->body, "</h%d>\n", level);
}

/* --- blocks --------------------------------------------------------------------------- */

/* The first cell of a row says what the row is about. */
static const char *cell_tag(const struct gd_doc *d)
{
	return d->n_cells == 0 ? "th" : "td";
}

static bool on_the_right(const struct gd_doc *d)
{
	return d->n_cells < d->n_columns && d->aligns[d->n_cells] == GD_DOC_RIGHT;
}

static void html_begin(struct gd_doc *d, enum gd_doc_block b)
{
	static const char *const tags[] = {"<p>", "<ul>\n", "<ol>\n", "<li>", "<tr>", ""};

	gd_strbuf_adds(&d->body, tags[b]);
	if (b == GD_DOC_CELL)
		gd_strbuf_addf(&d->body, "<%s%s%s>", cell_tag(d),
			       d->n_cells == 0 ? " scope=\"row\"" : "",
			       on_the_right(d) ? " class=\"n\"" : "");
}

static void html_end(struct gd_doc *d, enum gd_doc_block b)
{
	static const char *const tags[] = {"</p>\n",  "</ul>\n", "</ol>\n",
					   "</li>\n", "</tr>\n", ""};

	gd_strbuf_adds(&d->body, tags[b]);
	if (b == GD_DOC_CELL)
		gd_strbuf_addf(&d->body, "</%s>", cell_tag(d));
}

/* A box of its own that scrolls sideways, also by keyboard. */
static void html_table(struct gd_doc *d, const char *caption,
		       const struct gd_doc_column *columns, size_t n)
{
	gd_strbuf_adds(
		&d->body,
		"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
	gd_text_html(&d->body, caption);
	gd_strbuf_adds(&d->body, "\">\n<table><thead><tr>");
	for (size_t i = 0; i < n; i++) {
		gd_strbuf_addf(&d->body, "<th scope=\"col\"%s>",
			       columns[i].align == GD_DOC_RIGHT ? " class=\"n\"" : "");
		gd_text_html(&d->body, columns[i].title);
		gd_strbuf_adds(&d->body, "</th>");
	}
	gd_strbuf_adds(&d->body, "</tr></thead>\n<tbody>\n");
}

static void html_table_end(struct gd_doc *d)
{
	gd_strbuf_adds(&d->body, "</tbody></table>\n</div>\n");
}

static void html_code_block(struct gd_doc *d, const char *caption, const char *text,
			    size_t max)
{
	gd_strbuf_adds(&d->body, "<figure class=\"code\">");
	if (caption) {
		gd_strbuf_adds(&d->body, "<figcaption>");
		gd_text_html(&d->body, caption);
		gd_strbuf_adds(&d->body, "</figcaption>");
	}
	gd_strbuf_adds(&d->body, "<pre tabindex=\"0\"><code>");
	gd_text_html_block(&d->body, text, max);
	gd_strbuf_adds(&d->body, "</code></pre></figure>\n");
}

/* --- runs ------------------------------------------------------------------------------ */

static void html_run(struct gd_doc *d, enum gd_doc_style style, const char *text)
{
	static const char *const begin[] = {"", "<strong>", "<code>"};
	static const char *const end[] = {"", "</strong>", "</code>"};

	gd_strbuf_adds(&d->body, begin[style]);
	gd_text_html(&d->body, text);
	gd_strbuf_adds(&d->body, end[style]);
}

static void html_link(struct gd_doc *d, const char *href, const char *text)
{
	gd_strbuf_adds(&d->body, "<a rel=\"noreferrer noopener\" href=\"");
	gd_text_html(&d->body, href);
	gd_strbuf_adds(&d->body, "\">");
	gd_text_html(&d->body, text);
	gd_strbuf_adds(&d->body, "</a>");
}

static void add_sign(struct gd_doc *d, enum gd_doc_tone tone)
{
	if (*signs[tone])
		gd_strbuf_addf(&d->body, "<span aria-hidden=\"true\">%s</span> ",
			       signs[tone]);
}

static void html_mark(struct gd_doc *d, enum gd_doc_tone tone, const char *word)
{
	gd_strbuf_addf(&d->body, "<span class=\"mark %s\">", tones[tone]);
	add_sign(d, tone);
	gd_text_html(&d->body, word);
	gd_strbuf_adds(&d->body, "</span>");
}

/* --- the first screen and figures ------------------------------------------------------ */

static void add_number(struct gd_doc *d, const struct gd_doc_number *n)
{
	gd_strbuf_addf(&d->body, "<div class=\"number %s\"><dt>", tones[n->tone]);
	gd_text_html(&d->body, n->label);
	gd_strbuf_adds(&d->body, "</dt><dd><b>");
	gd_text_html(&d->body, n->value);
	gd_strbuf_adds(&d->body, "</b>");
	if (*n->note) {
		gd_strbuf_adds(&d->body, "<span>");
		gd_text_html(&d->body, n->note);
		gd_strbuf_adds(&d->body, "</span>");
	}
	gd_strbuf_adds(&d->body, "</dd></div>\n");
}

static void html_banner(struct gd_doc *d, const struct gd_doc_banner *b)
{
	gd_strbuf_addf(&d->body, "<header class=\"verdict %s\">\n<h1>", tones[b->tone]);
	add_sign(d, b->tone);
	gd_strbuf_adds(&d->body, "Verdict: ");
	gd_text_html(&d->body, b->line);
	gd_strbuf_adds(&d->body, "</h1>\n<p class=\"happened\">");
	gd_text_html(&d->body, b->happened);
	gd_strbuf_adds(&d->body, "</p>\n");
	if (*b->next) {
		gd_strbuf_adds(&d->body,
			       "<p class=\"next\"><strong>What to do next:</strong> ");
		gd_text_html(&d->body, b->next);
		gd_strbuf_adds(&d->body, "</p>\n");
	}
	gd_strbuf_adds(&d->body, "</header>\n");
	if (b->n_numbers == 0)
		return;
	gd_strbuf_adds(&d->body, "<dl class=\"numbers\">\n");
	for (size_t i = 0; i < b->n_numbers; i++)
		add_number(d, &b->numbers[i]);
	gd_strbuf_adds(&d->body, "</dl>\n");
}

static void html_figure(struct gd_doc *d, const char *name, const char *caption,
			const char *svg)
{
	gd_strbuf_adds(&d->body, "<figure class=\"chart\" id=\"chart-");
	gd_text_html(&d->body, name);
	gd_strbuf_adds(&d->body, "\">\n<div class=\"scroll\">");
	gd_strbuf_adds(&d->body, svg);
	gd_strbuf_adds(&d->body, "</div>\n<figcaption>");
	gd_text_html(&d->body, caption);
	gd_strbuf_adds(&d->body, "</figcaption>\n<details><summary>The figures as a table"
				 "</summary>\n");
}

static void html_figure_end(struct gd_doc *d)
{
	gd_strbuf_adds(&d->body, "</details></figure>\n");
}

static void html_finish(struct gd_doc *d)
{
	struct gd_strbuf *out = d->out;

	end_section(d);
	gd_doc_html_head(out, d->title);
	if (d->toc.len > 0) {
		gd_strbuf_adds(out, "<nav aria-label=\"Contents\"><details open>"
				    "<summary>Contents</summary>\n<ol>\n");
		gd_strbuf_add(out, gd_strbuf_str(&d->toc), d->toc.len);
		gd_strbuf_adds(out, "</ol></details></nav>\n");
	}
	gd_strbuf_adds(out, "<main>\n");
	gd_strbuf_add(out, gd_strbuf_str(&d->body), d->body.len);
	gd_strbuf_adds(out, "</main>\n</body>\n</html>\n");
}

struct gd_doc *gd_doc_html_new(struct gd_strbuf *out, const char *title)
{
	static const struct gd_doc_ops ops = {
		html_heading,    html_begin,      html_end,    html_table, html_table_end,
		html_code_block, html_run,        html_link,   html_mark,  html_banner,
		html_figure,     html_figure_end, html_finish,
	};
	struct gd_doc *d = gd_doc_new(&ops, out);

	if (!d)
		return NULL;
	d->title = strdup(title);
	if (d->title)
		return d;
	gd_doc_free(d);
	return NULL;
}
