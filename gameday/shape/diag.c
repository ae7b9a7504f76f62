/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/shape/diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIAGS = 200, SHOWN_COLUMNS = 90 };

void gd_diags_fini(struct gd_diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->items[i].text);
	free(d->items);
	*d = (struct gd_diags)GD_DIAGS_INIT;
}

/* Takes text (NULL: out of memory). An error that can't be kept still counts as one. */
static void keep(struct gd_diags *d, struct gd_pos pos, bool warning, char *text)
{
	size_t cap = d->cap ? d->cap * 2 : 16;
	struct gd_diag *grown;

	if (!warning)
		d->n_errors++;
	if (!text || d->n >= MAX_DIAGS) {
		free(text);
		d->n_dropped++;
		return;
	}
	if (d->n == d->cap) {
		grown = reallocarray(d->items, cap, sizeof(*grown));
		if (!grown) {
			free(text);
			d->n_dropped++;
			return;
		}
		d->items = grown;
		d->cap = cap;
	}
	d->items[d->n++] = (struct gd_diag){.pos = pos, .warning = warning, .text = text};
}

static char *GD_PRINTF(1, 0) format(const char *fmt, va_list ap)
{
	char *text;

	return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

void gd_diag_error(struct gd_diags *d, struct gd_pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(d, pos, false, format(fmt, ap));
	va_end(ap);
}

void gd_diag_warning(struct gd_diags *d, struct gd_pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(d, pos, true, format(fmt, ap));
	va_end(ap);
}

void gd_diag_take(struct gd_diags *d, const struct gd_error *err, struct gd_pos fallback)
{
	keep(d, err->pos.line ? err->pos : fallback, false, strdup(err->text));
}

static int compare(const struct gd_diag *a, const struct gd_diag *b)
{
	int by_file = 0;

	if (a->pos.file != b->pos.file)
		by_file = strcmp(a->pos.file ? a->pos.file : "",
				 b->pos.file ? b->pos.file : "");
	if (by_file != 0)
		return by_file;
	if (a->pos.line != b->pos.line)
		return a->pos.line < b->pos.line ? -1 : 1;
	if (a->pos.column != b->pos.column)
		return a->pos.column < b->pos.column ? -1 : 1;
	return 0;
}

/* Insertion sort: stable, and the list is short and nearly sorted. */
void gd_diags_sort(struct gd_diags *d)
{
	for (size_t i = 1; i < d->n; i++) {
		struct gd_diag moving = d->items[i];
		size_t j = i;

		for (; j > 0 && compare(&d->items[j - 1], &moving) > 0; j--)
			d->items[j] = d->items[j - 1];
		d->items[j] = moving;
	}
}

/* --- rendering ----------------------------------------------------------------------- */

struct line {
	const char *text;
	size_t len;
};

static struct line source_line(const char *source, size_t size, int number)
{
	const char *end = source + size, *p = source, *stop;

	for (int i = 1; i < number; i++) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return (struct line){0};
		p++;
	}
	stop = memchr(p, '\n', (size_t)(end - p));
	return (struct line){p, (size_t)((stop ? stop : end) - p)};
}

/* Width of one character at p: its bytes, by the UTF-8 lead byte; never past len. */
static size_t char_bytes(const char *p, size_t len)
{
	unsigned char c = (unsigned char)*p;
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (n > len)
		return 1;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

/* One character, made harmless: nothing in a file may steer the reader's terminal. */
static void add_char(struct gd_strbuf *out, const char *p, size_t n)
{
	unsigned char c = (unsigned char)*p;

	if (n == 1 && (c < 0x20 || c >= 0x7f))
		gd_strbuf_addc(out, c == '\t' ? ' ' : '?');
	else if (n == 2 && c == 0xc2 && (unsigned char)p[1] < 0xa0)
		gd_strbuf_addc(out, '?'); /* C1 controls */
	else
		gd_strbuf_add(out, p, n);
}

/* Columns count characters, as libyaml does; a long line is cut so that the caret shows. */
static void add_source(struct gd_strbuf *out, struct line line, int column)
{
	int first = column > SHOWN_COLUMNS - 20 ? column - SHOWN_COLUMNS / 2 : 1;
	int at = 1;

	if (line.len > 0 && line.text[line.len - 1] == '\r')
		line.len--;
	gd_strbuf_adds(out, first > 1 ? "    ..." : "    ");
	for (size_t i = 0; i < line.len && at < first + SHOWN_COLUMNS; at++) {
		size_t n = char_bytes(line.text + i, line.len - i);

		if (at >= first)
			add_char(out, line.text + i, n);
		i += n;
	}
	gd_strbuf_addf(out, "\n%*s^\n", 4 + (first > 1 ? 3 : 0) + column - first, "");
}

/* Message texts quote the file, so they get the same treatment as its lines. */
static void add_clean(struct gd_strbuf *out, const char *text)
{
	for (size_t len = strlen(text); len > 0;) {
		size_t n = char_bytes(text, len);

		add_char(out, text, n);
		text += n;
		len -= n;
	}
}

static void add_place(struct gd_strbuf *out, struct gd_pos pos)
{
	if (pos.file)
		gd_strbuf_addf(out, "%s:", pos.file);
	if (pos.line > 0)
		gd_strbuf_addf(out, "%d:", pos.line);
	if (pos.line > 0 && pos.column > 0)
		gd_strbuf_addf(out, "%d:", pos.column);
	if (pos.file || pos.line > 0)
		gd_strbuf_addc(out, ' ');
}

void gd_diags_render(const struct gd_diags *d, const char *source, size_t source_size,
		     struct gd_strbuf *out)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct gd_diag *diag = &d->items[i];
		struct line line = {0};

		add_place(out, diag->pos);
		gd_strbuf_adds(out, diag->warning ? "warning: " : "error: ");
		add_clean(out, diag->text);
		gd_strbuf_addc(out, '\n');
		if (source && diag->pos.line > 0)
			line = source_line(source, source_size, diag->pos.line);
		if (line.text)
			add_source(out, line,
				   diag->pos.column > 0 ? diag->pos.column : 1);
	}
	if (d->n_dropped > 0)
		gd_strbuf_addf(out, "and %zu more, not shown\n", d->n_dropped);
}

int gd_diags_to_error(const struct gd_diags *d, struct gd_error *err)
{
	for (size_t i = 0; i < d->n; i++)
		if (!d->items[i].warning)
			return gd_raise_at(err, GD_E_INPUT, d->items[i].pos, "%s",
					   d->items[i].text);
	if (d->n_errors > 0)
		return gd_raise_nomem(err);
	return 0;
}
