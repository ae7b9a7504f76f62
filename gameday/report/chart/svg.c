/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/chart/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gameday/report/text.h"

enum { MAX_TEXT = 200, MAX_TITLE = 2000, HUGE_NUMBER = 100000 };

void gd_svg_num(struct gd_strbuf *out, double v)
{
	char buf[32];
	size_t len;

	if (!isfinite(v))
		v = 0;
	v = fmax(fmin(v, HUGE_NUMBER), -HUGE_NUMBER);
	(void)snprintf(buf, sizeof(buf), "%.1f", v);
	len = strlen(buf);
	if (buf[len - 1] == '0')
		buf[len - 2] = '\0';
	gd_strbuf_adds(out, strcmp(buf, "-0") == 0 ? "0" : buf);
}

void gd_svg_escape(struct gd_strbuf *out, const char *text, size_t max)
{
	GD_AUTO_STRBUF(plain);

	gd_text_plain(&plain, text, max);
	gd_text_html_attr(out, gd_strbuf_str(&plain));
	out->failed = out->failed || plain.failed;
}

static void add_attr(struct gd_strbuf *out, const char *name, double v)
{
	gd_strbuf_addf(out, " %s=\"", name);
	gd_svg_num(out, v);
	gd_strbuf_addc(out, '"');
}

void gd_svg_text(struct gd_strbuf *out, const char *cls, double x, double y,
		 const char *text)
{
	gd_strbuf_addf(out, "<text class=\"%s\"", cls);
	add_attr(out, "x", x);
	add_attr(out, "y", y);
	gd_strbuf_addc(out, '>');
	gd_svg_escape(out, text, MAX_TEXT);
	gd_strbuf_adds(out, "</text>\n");
}

void gd_svg_line(struct gd_strbuf *out, const char *cls, double x1, double y1, double x2,
		 double y2)
{
	gd_strbuf_addf(out, "<path class=\"%s\" d=\"M", cls);
	gd_svg_num(out, x1);
	gd_strbuf_addc(out, ' ');
	gd_svg_num(out, y1);
	gd_strbuf_addc(out, 'L');
	gd_svg_num(out, x2);
	gd_strbuf_addc(out, ' ');
	gd_svg_num(out, y2);
	gd_strbuf_adds(out, "\"/>\n");
}

/* Each line of a hover text on its own, so that none can break the others. */
static void add_title(struct gd_strbuf *out, const char *title)
{
	gd_strbuf_adds(out, "<title>");
	for (const char *line = title; *line;) {
		size_t len = strcspn(line, "\n");
		GD_AUTO_STRBUF(one);

		gd_strbuf_add(&one, line, len);
		gd_svg_escape(out, gd_strbuf_str(&one), MAX_TITLE);
		line += len;
		if (*line == '\n') {
			gd_strbuf_addc(out, '\n');
			line++;
		}
	}
	gd_strbuf_adds(out, "</title>");
}

void gd_svg_rect(struct gd_strbuf *out, const char *cls, struct gd_box b,
		 const char *title)
{
	gd_strbuf_addf(out, "<rect class=\"%s\"", cls);
	add_attr(out, "x", b.x);
	add_attr(out, "y", b.y);
	add_attr(out, "width", fmax(b.w, 0));
	add_attr(out, "height", fmax(b.h, 0));
	if (title && *title) {
		gd_strbuf_addc(out, '>');
		add_title(out, title);
		gd_strbuf_adds(out, "</rect>\n");
	} else {
		gd_strbuf_adds(out, "/>\n");
	}
}

size_t gd_svg_length(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}
