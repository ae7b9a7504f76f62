/* SPDX-License-Identifier: Apache-2.0 */
/* SVG, element by element: numbers are finite and short, texts are escaped. */
#pragma once

#include "gameday/base/strbuf.h"

/* One decimal at most; what is not finite is 0, what is huge is cut at 100,000. */
void gd_svg_num(struct gd_strbuf *out, double v) GD_NONNULL;
/* At most max characters of foreign text, fit for XML text and quoted attributes. */
void gd_svg_escape(struct gd_strbuf *out, const char *text, size_t max) GD_NONNULL;
/* cls: of the style, trusted; may have several classes. */
void gd_svg_text(struct gd_strbuf *out, const char *cls, double x, double y,
		 const char *text) GD_NONNULL;
void gd_svg_line(struct gd_strbuf *out, const char *cls, double x1, double y1, double x2,
		 double y2) GD_NONNULL;
struct gd_box {
	double x, y, w, h;
};
/* title: a hover text, foreign; NULL or "": none. */
void gd_svg_rect(struct gd_strbuf *out, const char *cls, struct gd_box b,
		 const char *title) GD_NONNULL_ARGS(1, 2);
/* Characters, not bytes; of valid UTF-8. */
size_t gd_svg_length(const char *text) GD_NONNULL;
