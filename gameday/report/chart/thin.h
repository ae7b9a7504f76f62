/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of any length as a path of bounded size: of the points that fall on one place
 * across, the lowest and the highest stay, so no spike is lost; breaks stay breaks.
 */
#pragma once

#include "gameday/base/strbuf.h"

struct gd_line_pen {
	struct gd_strbuf *out;
	double x0, width; /* the paper's left edge and its width, in places of drawing */
	size_t columns;   /* so many places across; each gets at most 4 points */
	bool down;        /* the path goes on from the last point */
	bool broken;      /* this column has had its break */
	bool any;         /* something is in the column */
	long column;
	struct gd_pen_point {
		double x, y;
	} low, high; /* of the column so far; by y */
	bool low_first;
	struct gd_pen_point last; /* that was written */
	bool alone;               /* nothing was drawn to it or from it yet */
};

struct gd_line_pen gd_line_pen_new(struct gd_strbuf *out, double x0, double width,
				   size_t columns) GD_NONNULL;
/* The next point, x ascending; a y that is NAN breaks the line. */
void gd_line_pen_to(struct gd_line_pen *p, double x, double y) GD_NONNULL;
/* Writes what is left. A point with no neighbour is a dot (with round line caps). */
void gd_line_pen_end(struct gd_line_pen *p) GD_NONNULL;
