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
	gd_text_html_attr(&d->toc, anchor);
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
		gd_text_html_attr(&d->body, anchor);
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

/* By enum gd_doc_align. */
static const char *const align_classes[] = {"", " class=\"n\"", " class=\"w\""};

static const char *cell_class(const struct gd_doc *d)
{
	return align_classes[d->n_cells < d->n_columns ? d->aligns[d->n_cells]
						       : GD_DOC_LEFT];
}

static void html_begin(struct gd_doc *d, enum gd_doc_block b)
{
	static const char *const tags[] = {"<p>", "<ul>\n", "<ol>\n", "<li>", "<tr>", ""};

	gd_strbuf_adds(&d->body, tags[b]);
	if (b == GD_DOC_CELL)
		gd_strbuf_addf(&d->body, "<%s%s%s>", cell_tag(d),
			       d->n_cells == 0 ? " scope=\"row\"" : "", cell_class(d));
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
	gd_text_html_attr(&d->body, caption);
	gd_strbuf_adds(&d->body, "\">\n<table><thead><tr>");
	for (size_t i = 0; i < n; i++) {
		gd_strbuf_addf(&d->body, "<th scope=\"col\"%s>",
			       align_classes[columns[i].align]);
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
	gd_text_html_attr(&d->body, href);
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

/* The line without the verdict's word, which stands before it as a badge. */
static const char *without_word(const struct gd_doc_banner *b)
{
	size_t len = strlen(b->word);

	return strncmp(b->line, b->word, len) == 0 && b->line[len] == ':'
		       ? b->line + len + 1
		       : b->line;
}

/* One line in which `commands` are set as such; a last backtick alone stays one. */
static void add_line(struct gd_strbuf *out, const char *text)
{
	const char *open, *close;

	while ((open = strchr(text, '`')) && (close = strchr(open + 1, '`'))) {
		GD_AUTO_STRBUF(before);
		GD_AUTO_STRBUF(code);

		gd_strbuf_add(&before, text, (size_t)(open - text));
		gd_strbuf_add(&code, open + 1, (size_t)(close - open - 1));
		gd_text_html(out, gd_strbuf_str(&before));
		gd_strbuf_adds(out, "<code>");
		gd_text_html(out, gd_strbuf_str(&code));
		gd_strbuf_adds(out, "</code>");
		out->failed = out->failed || before.failed || code.failed;
		text = close + 1;
	}
	gd_text_html(out, text);
}

static void html_banner(struct gd_doc *d, const struct gd_doc_banner *b)
{
	gd_strbuf_addf(&d->body, "<header class=\"verdict %s\">\n<h1>", tones[b->tone]);
	gd_strbuf_adds(&d->body, "<span class=\"badge\">");
	gd_doc_html_icon(&d->body, b->tone);
	gd_strbuf_adds(&d->body, "<span class=\"unseen\">Verdict: </span>");
	gd_text_html(&d->body, b->word);
	gd_strbuf_adds(&d->body, "<span class=\"unseen\">: </span></span> ");
	add_line(&d->body, without_word(b));
	gd_strbuf_adds(&d->body, "</h1>\n<p class=\"happened\">");
	gd_text_html(&d->body, b->happened);
	gd_strbuf_adds(&d->body, "</p>\n");
	gd_strbuf_adds(&d->body, "</header>\n");
	if (b->n_numbers > 0)
		gd_strbuf_adds(&d->body, "<dl class=\"numbers\">\n");
	for (size_t i = 0; i < b->n_numbers; i++)
		add_number(d, &b->numbers[i]);
	if (b->n_numbers > 0)
		gd_strbuf_adds(&d->body, "</dl>\n");
	if (*b->next) {
		gd_strbuf_adds(&d->body,
			       "<p class=\"next\"><strong>What to do next:</strong> ");
		add_line(&d->body, b->next);
		gd_strbuf_adds(&d->body, "</p>\n");
	}
	if (b->n_facts > 0)
		gd_strbuf_adds(&d->body, "<dl class=\"facts\">\n");
}

static void html_fact(struct gd_doc *d, const char *label, const char *text)
{
	gd_strbuf_adds(&d->body, "<div><dt>");
	gd_text_html(&d->body, label);
	gd_strbuf_adds(&d->body, "</dt><dd>");
	gd_text_html(&d->body, text);
	gd_strbuf_adds(&d->body, "</dd></div>\n");
}

static void html_banner_end(struct gd_doc *d, const struct gd_doc_banner *b)
{
	if (b->n_facts > 0)
		gd_strbuf_adds(&d->body, "</dl>\n");
}

static void html_fold(struct gd_doc *d, const char *summary)
{
	gd_strbuf_adds(&d->body, "<details><summary>");
	gd_text_html(&d->body, summary);
	gd_strbuf_adds(&d->body, "</summary>\n");
}

static void html_fold_end(struct gd_doc *d)
{
	gd_strbuf_adds(&d->body, "</details>\n");
}

/* Would its letters be too small to read if it had to fit on a printed page? */
static bool is_tall(const char *svg)
{
	static const char box[] = "viewBox=\"0 0 ";
	const char *at = strstr(svg, box);
	char *end = NULL;
	long width = at ? strtol(at + sizeof(box) - 1, &end, 10) : 0;

	return at && strtol(end, NULL, 10) > 2 * width;
}

static void html_figure(struct gd_doc *d, const struct gd_doc_figure *f)
{
	gd_strbuf_addf(&d->body, "<figure class=\"chart%s\" id=\"chart-",
		       is_tall(f->svg) ? " tall" : "");
	gd_text_html_attr(&d->body, f->name);
	gd_strbuf_adds(&d->body, "\">\n<figcaption><strong>");
	gd_text_html(&d->body, f->title);
	gd_strbuf_adds(&d->body, "</strong>");
	if (*f->about) {
		gd_strbuf_adds(&d->body, "<span>");
		gd_text_html(&d->body, f->about);
		gd_strbuf_adds(&d->body, "</span>");
	}
	gd_strbuf_adds(&d->body, "</figcaption>\n<div class=\"scroll\">");
	gd_strbuf_adds(&d->body, f->svg);
	gd_strbuf_adds(&d->body, "</div>\n");
	html_fold(d, "The figures as a table");
}

static void html_figure_end(struct gd_doc *d)
{
	gd_strbuf_adds(&d->body, "</details></figure>\n");
}

static void html_finish(struct gd_doc *d)
{
	struct gd_strbuf *out = d->out;

	end_section(d);
	gd_doc_html_head(out, d->title, d->any_figure);
	if (d->toc.len > 0) {
		gd_strbuf_adds(out, "<nav aria-label=\"Contents\">\n<ul>\n");
		gd_strbuf_add(out, gd_strbuf_str(&d->toc), d->toc.len);
		gd_strbuf_adds(out, "</ul>\n</nav>\n");
	}
	gd_strbuf_adds(out, "<main id=\"top\">\n");
	gd_strbuf_add(out, gd_strbuf_str(&d->body), d->body.len);
	gd_strbuf_adds(out, "</main>\n</body>\n</html>\n");
}

struct gd_doc *gd_doc_html_new(struct gd_strbuf *out, const char *title)
{
	static const struct gd_doc_ops ops = {
		.heading = html_heading,
		.begin = html_begin,
		.end = html_end,
		.table = html_table,
		.table_end = html_table_end,
		.code_block = html_code_block,
		.run = html_run,
		.link = html_link,
		.mark = html_mark,
		.banner = html_banner,
		.fact = html_fact,
		.banner_end = html_banner_end,
		.figure = html_figure,
		.figure_end = html_figure_end,
		.fold = html_fold,
		.fold_end = html_fold_end,
		.finish = html_finish,
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
