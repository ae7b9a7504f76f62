/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/chart/thin.h"

#include <math.h>

#include "gameday/report/chart/svg.h"

struct gd_line_pen gd_line_pen_new(struct gd_strbuf *out, double x0, double width,
				   size_t columns)
{
	return (struct gd_line_pen){.out = out,
				    .x0 = x0,
				    .width = width > 0 ? width : 1,
				    .columns = columns ? columns : 1,
				    .column = -1};
}

static void write_point(struct gd_line_pen *p, struct gd_pen_point at)
{
	gd_strbuf_addc(p->out, p->down ? 'L' : 'M');
	gd_svg_num(p->out, at.x);
	gd_strbuf_addc(p->out, ' ');
	gd_svg_num(p->out, at.y);
	p->alone = !p->down;
	p->down = true;
	p->last = at;
}

/* The column is over, or a break is in it: writes its extremes in the order they came. */
static void flush(struct gd_line_pen *p)
{
	bool two = p->low.x < p->high.x || p->low.x > p->high.x || p->low.y < p->high.y ||
		   p->low.y > p->high.y;

	if (!p->any)
		return;
	write_point(p, p->low_first ? p->low : p->high);
	if (two)
		write_point(p, p->low_first ? p->high : p->low);
	p->any = false;
}

/* A path of one point shows nothing; one of no length shows its round caps. */
static void lift(struct gd_line_pen *p)
{
	if (p->down && p->alone)
		gd_strbuf_adds(p->out, "h0");
	p->down = false;
	p->alone = false;
}

void gd_line_pen_to(struct gd_line_pen *p, double x, double y)
{
	double part = (x - p->x0) / p->width * (double)p->columns;
	long column = isfinite(part) ? lround(floor(part)) : p->column;
	struct gd_pen_point at = {x, y};

	if (column != p->column) {
		flush(p);
		p->column = column;
		p->broken = false;
	}
	if (isnan(y) || isnan(x)) {
		if (p->broken || (!p->any && !p->down))
			return;
		flush(p);
		lift(p);
		p->broken = true;
		return;
	}
	if (!p->any) {
		p->low = p->high = at;
		p->low_first = true;
		p->any = true;
	} else if (y < p->low.y) {
		p->low = at;
		p->low_first = false;
	} else if (y > p->high.y) {
		p->high = at;
		p->low_first = true;
	}
}

void gd_line_pen_end(struct gd_line_pen *p)
{
	flush(p);
	lift(p);
}
