/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/doc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/report/doc_impl.h"

struct gd_doc *gd_doc_new(const struct gd_doc_ops *ops, struct gd_strbuf *out)
{
	struct gd_doc *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->ops = ops;
	d->out = out;
	return d;
}

int gd_doc_finish(struct gd_doc *d, struct gd_error *err)
{
	d->ops->finish(d);
	return d->failed || d->out->failed || d->body.failed || d->toc.failed
		       ? gd_raise_nomem(err)
		       : 0;
}

void gd_doc_free(struct gd_doc *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n_files; i++) {
		free(d->files[i].path);
		free(d->files[i].text);
	}
	free(d->files);
	free(d->title);
	gd_strbuf_fini(&d->body);
	gd_strbuf_fini(&d->toc);
	free(d);
}

bool gd_doc_href_ok(const char *href)
{
	static const char *const schemes[] = {"https://", "http://", "mailto:", "#"};

	for (size_t i = 0; i < GD_N_ELEMS(schemes); i++)
		if (strncmp(href, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return *href && !strchr(href, ':') && *href != '/' && !strstr(href, "..");
}

/* --- bounded text --------------------------------------------------------------------- */

/* The length of text cut to max bytes, between two characters. */
static size_t cut_length(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len <= max)
		return len;
	len = max;
	while (len > max - 4 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* text, or when it is too long its beginning in buf with a note. */
static const char *bounded(const char *text, struct gd_strbuf *buf)
{
	size_t len = cut_length(text, GD_DOC_MAX_TEXT);

	if (!text[len])
		return text;
	gd_strbuf_add(buf, text, len);
	gd_strbuf_addf(buf, "... (%zu more bytes)", strlen(text + len));
	return gd_strbuf_str(buf);
}

static void run(struct gd_doc *d, enum gd_doc_style style, const char *text)
{
	GD_AUTO_STRBUF(buf);

	d->ops->run(d, style, bounded(text, &buf));
	d->failed = d->failed || buf.failed;
}

static void vrun(struct gd_doc *d, const char *fmt, va_list ap) GD_PRINTF(2, 0);
static void vrun(struct gd_doc *d, const char *fmt, va_list ap)
{
	GD_AUTO_STRBUF(text);

	gd_strbuf_vaddf(&text, fmt, ap);
	run(d, GD_DOC_RUN_TEXT, gd_strbuf_str(&text));
	d->failed = d->failed || text.failed;
}

/* --- blocks --------------------------------------------------------------------------- */

void gd_doc_heading(struct gd_doc *d, int level, const char *anchor, const char *fmt, ...)
{
	GD_AUTO_STRBUF(text);
	GD_AUTO_STRBUF(buf);
	va_list ap;

	va_start(ap, fmt);
	gd_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	d->ops->heading(d, level, anchor, bounded(gd_strbuf_str(&text), &buf));
	d->failed = d->failed || text.failed || buf.failed;
}

void gd_doc_begin(struct gd_doc *d, enum gd_doc_block b)
{
	bool list = b == GD_DOC_LIST || b == GD_DOC_NUMBERED;

	if (list && d->depth < GD_DOC_MAX_DEPTH)
		d->numbers[d->depth++] = b == GD_DOC_LIST ? SIZE_MAX : 0;
	if (b == GD_DOC_ROW)
		d->n_cells = 0;
	d->ops->begin(d, b);
}

void gd_doc_end(struct gd_doc *d, enum gd_doc_block b)
{
	bool list = b == GD_DOC_LIST || b == GD_DOC_NUMBERED;

	if (b == GD_DOC_ROW)
		while (d->n_cells < d->n_columns) {
			d->ops->begin(d, GD_DOC_CELL);
			d->ops->end(d, GD_DOC_CELL);
			d->n_cells++;
		}
	if (list && d->depth > 0)
		d->depth--;
	d->ops->end(d, b);
	d->n_cells += b == GD_DOC_CELL;
}

void gd_doc_table(struct gd_doc *d, const char *caption,
		  const struct gd_doc_column *columns, size_t n)
{
	struct gd_doc_column cut[GD_DOC_MAX_COLUMNS];
	GD_AUTO_STRBUF(buf);

	d->n_columns = n < GD_DOC_MAX_COLUMNS ? n : GD_DOC_MAX_COLUMNS;
	d->n_cells = 0;
	d->in_table = true;
	for (size_t i = 0; i < d->n_columns; i++) {
		cut[i] = columns[i];
		if (columns[i].title[cut_length(columns[i].title, GD_DOC_MAX_TEXT)])
			cut[i].title = "(a name that is too long)";
		d->aligns[i] = columns[i].align;
	}
	d->ops->table(d, bounded(caption, &buf), cut, d->n_columns);
	d->failed = d->failed || buf.failed;
}

void gd_doc_table_end(struct gd_doc *d)
{
	d->ops->table_end(d);
	d->in_table = false;
}

void gd_doc_code_block(struct gd_doc *d, const char *caption, const char *text,
		       size_t max)
{
	GD_AUTO_STRBUF(buf);

	d->ops->code_block(d, caption ? bounded(caption, &buf) : NULL, text, max);
	d->failed = d->failed || buf.failed;
}

static void whole(struct gd_doc *d, enum gd_doc_block b, const char *text)
{
	gd_doc_begin(d, b);
	run(d, GD_DOC_RUN_TEXT, text);
	gd_doc_end(d, b);
}

static void vwhole(struct gd_doc *d, enum gd_doc_block b, const char *fmt, va_list ap)
	GD_PRINTF(3, 0);
static void vwhole(struct gd_doc *d, enum gd_doc_block b, const char *fmt, va_list ap)
{
	gd_doc_begin(d, b);
	vrun(d, fmt, ap);
	gd_doc_end(d, b);
}

void gd_doc_para(struct gd_doc *d, const char *text)
{
	whole(d, GD_DOC_PARA, text);
}

void gd_doc_item(struct gd_doc *d, const char *text)
{
	whole(d, GD_DOC_ITEM, text);
}

void gd_doc_cell(struct gd_doc *d, const char *text)
{
	whole(d, GD_DOC_CELL, text);
}

void gd_doc_paraf(struct gd_doc *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vwhole(d, GD_DOC_PARA, fmt, ap);
	va_end(ap);
}

void gd_doc_itemf(struct gd_doc *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vwhole(d, GD_DOC_ITEM, fmt, ap);
	va_end(ap);
}

void gd_doc_cellf(struct gd_doc *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vwhole(d, GD_DOC_CELL, fmt, ap);
	va_end(ap);
}

/* --- runs ------------------------------------------------------------------------------ */

void gd_doc_text(struct gd_doc *d, const char *text)
{
	run(d, GD_DOC_RUN_TEXT, text);
}

void gd_doc_textf(struct gd_doc *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vrun(d, fmt, ap);
	va_end(ap);
}

void gd_doc_strong(struct gd_doc *d, const char *text)
{
	run(d, GD_DOC_RUN_STRONG, text);
}

void gd_doc_code(struct gd_doc *d, const char *text)
{
	run(d, GD_DOC_RUN_CODE, text);
}

void gd_doc_link(struct gd_doc *d, const char *href, const char *text)
{
	GD_AUTO_STRBUF(buf);
	const char *shown = bounded(text, &buf);

	if (gd_doc_href_ok(href) && strnlen(href, GD_DOC_MAX_TEXT) < GD_DOC_MAX_TEXT)
		d->ops->link(d, href, shown);
	else
		d->ops->run(d, GD_DOC_RUN_TEXT, shown);
	d->failed = d->failed || buf.failed;
}

void gd_doc_mark(struct gd_doc *d, enum gd_doc_tone tone, const char *word)
{
	GD_AUTO_STRBUF(buf);

	d->ops->mark(d, tone, bounded(word, &buf));
	d->failed = d->failed || buf.failed;
}

/* --- the first screen and figures ------------------------------------------------------ */

static void add_fact(struct gd_doc *d, const struct gd_doc_fact *f)
{
	GD_AUTO_STRBUF(buf);

	d->ops->fact(d, f->label, bounded(f->text, &buf));
	d->failed = d->failed || buf.failed;
}

void gd_doc_banner(struct gd_doc *d, const struct gd_doc_banner *b)
{
	GD_AUTO_STRBUF(line);
	GD_AUTO_STRBUF(happened);
	GD_AUTO_STRBUF(next);
	struct gd_doc_banner cut = *b;

	cut.line = bounded(b->line, &line);
	cut.happened = bounded(b->happened, &happened);
	cut.next = bounded(b->next, &next);
	d->ops->banner(d, &cut);
	for (size_t i = 0; i < b->n_facts; i++)
		add_fact(d, &b->facts[i]);
	d->ops->banner_end(d, &cut);
	d->failed = d->failed || line.failed || happened.failed || next.failed;
}

void gd_doc_figure(struct gd_doc *d, const struct gd_doc_figure *f)
{
	GD_AUTO_STRBUF(title);
	struct gd_doc_figure cut = *f;

	cut.title = bounded(f->title, &title);
	d->any_figure = true;
	d->ops->figure(d, &cut);
	d->failed = d->failed || title.failed;
}

bool gd_doc_figures_are_files(const struct gd_doc *d)
{
	return d->ops->figures_are_files;
}

void gd_doc_fold(struct gd_doc *d, const char *summary)
{
	GD_AUTO_STRBUF(buf);

	d->ops->fold(d, bounded(summary, &buf));
	d->failed = d->failed || buf.failed;
}

void gd_doc_fold_end(struct gd_doc *d)
{
	d->ops->fold_end(d);
}

void gd_doc_figure_end(struct gd_doc *d)
{
	d->ops->figure_end(d);
}

const struct gd_doc_file *gd_doc_figure_file(const struct gd_doc *d, size_t i)
{
	return i < d->n_files ? &d->files[i] : NULL;
}
