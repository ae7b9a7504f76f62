/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes lines of a fixed width: whatever is put, no line is wider than its columns, and
 * wide characters count two. Styles are single bytes in the text, below 0x08, which clean
 * text never has; the one who draws turns them into attributes.
 */
#pragma once

#include <stdbool.h>

#include "gameday/base/strbuf.h"

enum gd_style {
	GD_STYLE_PLAIN = 1,
	GD_STYLE_DIM,
	GD_STYLE_BOLD,
	GD_STYLE_GOOD,
	GD_STYLE_BAD,
	GD_STYLE_FAULT,
	GD_STYLE_HEAD, /* a bar in reverse */
};

struct gd_pen {
	struct gd_strbuf *out; /* borrowed */
	int cols, rows;        /* of the screen */
	int col, row;          /* where the next character goes */
	bool utf8;             /* else ASCII alone: other characters become '?' */
	enum gd_style style;
};

/* Columns that text takes. */
int gd_pen_width(const char *text) GD_NONNULL;
/* As much of text as fits before column `until` and the screen's edge. */
void gd_pen_put(struct gd_pen *p, enum gd_style style, int until,
		const char *text) GD_NONNULL;
/* printf to the screen's edge. */
void gd_pen_putf(struct gd_pen *p, enum gd_style style, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL;
/* Text that ends before column `end`, so that numbers stand in a column. */
void gd_pen_right(struct gd_pen *p, enum gd_style style, int end,
		  const char *text) GD_NONNULL;
/* Blanks up to a column. */
void gd_pen_to(struct gd_pen *p, int col) GD_NONNULL;
/* The line is over. Lines beyond the last row are dropped. */
void gd_pen_end(struct gd_pen *p) GD_NONNULL;
