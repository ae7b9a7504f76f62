/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Widths come from libunistring, which needs no locale: the runner never calls setlocale,
 * because numbers in its files must not depend on where it runs.
 */
#include "gameday/live/pen.h"

#include <stdio.h>
#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

/* The character at s: its bytes, and its columns in *ret_width (0: do not show it). */
static size_t step(const char *s, int *ret_width)
{
	ucs4_t c = 0;
	int len = u8_strmbtouc(&c, (const uint8_t *)s);
	int width;

	*ret_width = 0;
	if (len <= 0)
		return 1; /* not UTF-8: clean text has none, so drop it */
	width = c < 0x20 ? 0 : uc_width(c, "UTF-8");
	*ret_width = width < 0 ? 0 : width;
	return (size_t)len;
}

int gd_pen_width(const char *text)
{
	int columns = 0, width;

	while (*text) {
		text += step(text, &width);
		columns += width;
	}
	return columns;
}

static void set_style(struct gd_pen *p, enum gd_style style)
{
	if (p->style == style)
		return;
	p->style = style;
	gd_strbuf_addc(p->out, (char)style);
}

void gd_pen_put(struct gd_pen *p, enum gd_style style, int until, const char *text)
{
	if (p->row >= p->rows)
		return;
	if (until > p->cols)
		until = p->cols;
	set_style(p, style);
	while (*text) {
		int width;
		size_t len = step(text, &width);

		if (p->col + width > until)
			return;
		if (len > 1 && !p->utf8) {
			for (int i = 0; i < width; i++)
				gd_strbuf_addc(p->out, '?');
		} else if (width > 0 || len > 1) {
			gd_strbuf_add(p->out, text, len);
		}
		p->col += width;
		text += len;
	}
}

void gd_pen_putf(struct gd_pen *p, enum gd_style style, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	gd_pen_put(p, style, p->cols, text);
}

void gd_pen_to(struct gd_pen *p, int col)
{
	while (p->col < col && p->col < p->cols && p->row < p->rows) {
		gd_strbuf_addc(p->out, ' ');
		p->col++;
	}
}

void gd_pen_right(struct gd_pen *p, enum gd_style style, int end, const char *text)
{
	gd_pen_to(p, end - gd_pen_width(text));
	gd_pen_put(p, style, end, text);
}

void gd_pen_end(struct gd_pen *p)
{
	if (p->row < p->rows) {
		set_style(p, GD_STYLE_PLAIN);
		gd_strbuf_addc(p->out, '\n');
	}
	p->row++;
	p->col = 0;
}
