/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Markdown as code hosts render it (CommonMark with GitHub's tables). Blocks are one blank
 * line apart; items of a list follow each other.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/report/doc_impl.h"
#include "gameday/report/text.h"

static void end_line(struct gd_doc *d)
{
	if (d->midline)
		gd_strbuf_addc(d->out, '\n');
	d->midline = false;
}

/* Before a block: a blank line, unless nothing stands before it. */
static void start_block(struct gd_doc *d)
{
	end_line(d);
	if (d->last != GD_DOC_AT_START)
		gd_strbuf_addc(d->out, '\n');
	d->last = GD_DOC_AFTER_BLOCK;
}

static void md_heading(struct gd_doc *d, int level, const char *anchor, const char *text)
{
	(void)anchor; /* code hosts make one of the title */
	start_block(d);
	for (int i = 0; i < level; i++)
		gd_strbuf_addc(d->out, '#');
	gd_strbuf_addc(d->out, ' ');
	gd_text_md(d->out, text);
	gd_strbuf_addc(d->out, '\n');
}

static void indent(struct gd_doc *d, size_t levels)
{
	for (size_t i = 0; i < levels; i++)
		gd_strbuf_adds(d->out, "   ");
}

static void begin_item(struct gd_doc *d)
{
	size_t *number = &d->numbers[d->depth ? d->depth - 1 : 0];

	end_line(d);
	if (d->last == GD_DOC_AFTER_BLOCK)
		gd_strbuf_addc(d->out, '\n');
	d->last = GD_DOC_AFTER_ITEM;
	indent(d, d->depth ? d->depth - 1 : 0);
	if (d->depth == 0 || *number == SIZE_MAX)
		gd_strbuf_adds(d->out, "- ");
	else
		gd_strbuf_addf(d->out, "%zu. ", ++*number);
	d->midline = d->line_start = true;
}

static void md_begin(struct gd_doc *d, enum gd_doc_block b)
{
	if (b == GD_DOC_PARA) {
		start_block(d);
		indent(d, d->depth);
		d->midline = d->line_start = true;
	} else if (b == GD_DOC_ITEM) {
		begin_item(d);
	} else if (b == GD_DOC_ROW) {
		gd_strbuf_addc(d->out, '|');
	} else if (b == GD_DOC_CELL) {
		gd_strbuf_addc(d->out, ' ');
	}
}

static void md_end(struct gd_doc *d, enum gd_doc_block b)
{
	if (b == GD_DOC_PARA || b == GD_DOC_ITEM)
		end_line(d);
	else if (b == GD_DOC_ROW)
		gd_strbuf_addc(d->out, '\n');
	else if (b == GD_DOC_CELL)
		gd_strbuf_adds(d->out, " |");
	else if (d->depth == 0)
		d->last = GD_DOC_AFTER_BLOCK; /* the list is over */
}

static void md_table(struct gd_doc *d, const char *caption,
		     const struct gd_doc_column *columns, size_t n)
{
	(void)caption;
	start_block(d);
	gd_strbuf_addc(d->out, '|');
	for (size_t i = 0; i < n; i++) {
		gd_strbuf_addc(d->out, ' ');
		gd_text_md(d->out, columns[i].title);
		gd_strbuf_adds(d->out, " |");
	}
	gd_strbuf_adds(d->out, "\n|");
	for (size_t i = 0; i < n; i++)
		gd_strbuf_adds(d->out,
			       columns[i].align == GD_DOC_RIGHT ? "--:|" : "---|");
	gd_strbuf_addc(d->out, '\n');
}

static void md_table_end(struct gd_doc *d)
{
	d->last = GD_DOC_AFTER_BLOCK;
}

/* At the margin also under an item: what it holds is shown to the byte. */
static void md_code_block(struct gd_doc *d, const char *caption, const char *text,
			  size_t max)
{
	if (caption) {
		start_block(d);
		gd_text_md(d->out, caption);
		gd_strbuf_adds(d->out, ":\n");
	}
	start_block(d);
	gd_text_md_block(d->out, text, max);
}

/* --- runs ------------------------------------------------------------------------------ */

/*
 * What would begin a quote, a list, a rule or, after spaces, a block of code at the start
 * of a line loses its meaning. Returns what is left to write.
 */
static const char *disarm_start(struct gd_doc *d, const char *text)
{
	size_t digits;

	if (!d->line_start)
		return text;
	text += strspn(text, " \t\n\r");
	if (!*text)
		return text;
	d->line_start = false;
	digits = strspn(text, "0123456789");
	if (*text == '>' || ((*text == '-' || *text == '+') && strchr(" -", text[1])))
		gd_strbuf_addc(d->out, '\\');
	if (digits == 0 || digits > 9 || !strchr(".)", text[digits]) || !text[digits])
		return text;
	gd_strbuf_add(d->out, text, digits);
	gd_strbuf_addc(d->out, '\\');
	return text + digits;
}

static void md_run(struct gd_doc *d, enum gd_doc_style style, const char *text)
{
	if (style == GD_DOC_RUN_CODE)
		gd_text_md_code(d->out, text, d->in_table);
	else if (style == GD_DOC_RUN_STRONG && *text) {
		gd_strbuf_adds(d->out, "**");
		gd_text_md(d->out, text);
		gd_strbuf_adds(d->out, "**");
	} else {
		gd_text_md(d->out, disarm_start(d, text));
		return;
	}
	d->line_start = false;
}

/* What could end the address or the line is percent-encoded (RFC 3986, 2.1). */
static void add_href(struct gd_strbuf *out, const char *href)
{
	for (const char *s = href; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f ||
		    strchr("()<>\\|\"'`*[]", *s))
			gd_strbuf_addf(out, "%%%02X", (unsigned char)*s);
		else
			gd_strbuf_addc(out, *s);
}

static void md_link(struct gd_doc *d, const char *href, const char *text)
{
	d->line_start = false;
	gd_strbuf_addc(d->out, '[');
	gd_text_md(d->out, text);
	gd_strbuf_adds(d->out, "](");
	add_href(d->out, href);
	gd_strbuf_addc(d->out, ')');
}

/* In a table what is good stays plain, so that the rest stands out. */
static void md_mark(struct gd_doc *d, enum gd_doc_tone tone, const char *word)
{
	bool plain = tone == GD_DOC_PLAIN || (tone == GD_DOC_GOOD && d->in_table);

	md_run(d, plain ? GD_DOC_RUN_TEXT : GD_DOC_RUN_STRONG, word);
}

/* --- the first screen and figures ------------------------------------------------------ */

static void add_numbers(struct gd_doc *d, const struct gd_doc_banner *b)
{
	start_block(d);
	gd_strbuf_adds(d->out, "| what matters | | |\n|---|--:|---|\n");
	for (size_t i = 0; i < b->n_numbers; i++) {
		gd_strbuf_adds(d->out, "| ");
		gd_text_md(d->out, b->numbers[i].label);
		gd_strbuf_adds(d->out, " | ");
		md_run(d, GD_DOC_RUN_STRONG, b->numbers[i].value);
		gd_strbuf_adds(d->out, " | ");
		gd_text_md(d->out, b->numbers[i].note);
		gd_strbuf_adds(d->out, " |\n");
	}
}

static void md_fact(struct gd_doc *d, const char *label, const char *text)
{
	start_block(d);
	gd_strbuf_adds(d->out, "**");
	gd_text_md(d->out, label);
	gd_strbuf_adds(d->out, ":** ");
	gd_text_md(d->out, text);
	gd_strbuf_addc(d->out, '\n');
}

static void md_banner(struct gd_doc *d, const struct gd_doc_banner *b)
{
	start_block(d);
	gd_strbuf_adds(d->out, "# Verdict: ");
	gd_text_md(d->out, b->line);
	gd_strbuf_addc(d->out, '\n');
	gd_doc_begin(d, GD_DOC_PARA);
	md_run(d, GD_DOC_RUN_TEXT, b->happened);
	gd_doc_end(d, GD_DOC_PARA);
	if (b->n_numbers > 0)
		add_numbers(d, b);
	if (*b->next)
		md_fact(d, "What to do next", b->next);
}

static void md_banner_end(struct gd_doc *d, const struct gd_doc_banner *b)
{
	(void)d;
	(void)b;
}

/* Keeps the chart for gd_doc_figure_file; false when out of memory. */
static bool keep_file(struct gd_doc *d, const char *path, const char *text)
{
	struct gd_doc_file *grown =
		reallocarray(d->files, d->n_files + 1, sizeof(*grown));

	if (!grown)
		return false;
	d->files = grown;
	grown[d->n_files] = (struct gd_doc_file){strdup(path), strdup(text)};
	d->n_files++;
	return grown[d->n_files - 1].path && grown[d->n_files - 1].text;
}

static void md_fold(struct gd_doc *d, const char *summary)
{
	start_block(d);
	gd_strbuf_adds(d->out, "<details><summary>");
	gd_text_html(d->out, summary);
	gd_strbuf_adds(d->out, "</summary>\n");
}

static void md_fold_end(struct gd_doc *d)
{
	start_block(d);
	gd_strbuf_adds(d->out, "</details>\n");
}

static void md_figure(struct gd_doc *d, const struct gd_doc_figure *f)
{
	GD_AUTO_STRBUF(path);
	GD_AUTO_STRBUF(summary);

	gd_strbuf_addf(&path, "charts/%s.svg", f->name);
	gd_strbuf_addf(&summary, "%s, as a table", f->title);
	if (path.failed || summary.failed || !keep_file(d, gd_strbuf_str(&path), f->svg))
		d->failed = true;
	start_block(d);
	gd_strbuf_adds(d->out, "![");
	gd_text_md(d->out, f->title);
	gd_strbuf_adds(d->out, "](");
	add_href(d->out, gd_strbuf_str(&path));
	gd_strbuf_adds(d->out, ")\n");
	if (*f->about)
		gd_doc_para(d, f->about);
	md_fold(d, gd_strbuf_str(&summary));
}

static void md_finish(struct gd_doc *d)
{
	end_line(d);
}

struct gd_doc *gd_doc_md_new(struct gd_strbuf *out)
{
	static const struct gd_doc_ops ops = {
		.heading = md_heading,
		.begin = md_begin,
		.end = md_end,
		.table = md_table,
		.table_end = md_table_end,
		.code_block = md_code_block,
		.run = md_run,
		.link = md_link,
		.mark = md_mark,
		.banner = md_banner,
		.fact = md_fact,
		.banner_end = md_banner_end,
		.figure = md_figure,
		.figure_end = md_fold_end,
		.fold = md_fold,
		.fold_end = md_fold_end,
		.finish = md_finish,
		.figures_are_files = true,
	};

	return gd_doc_new(&ops, out);
}
