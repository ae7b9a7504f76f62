/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paper charts are drawn on: 640 units wide, as high as what is put on it. Written from
 * top to bottom: each function takes the room it needs at `y` and moves that down.
 *
 * On a narrow screen the style makes the letters larger against the rest, so all room for
 * text is reckoned for those.
 */
#pragma once

#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"
#include "gameday/report/chart/scale.h"
#include "gameday/report/chart/times.h"

enum { GD_FRAME_WIDTH = 640, GD_FRAME_LEFT = 66, GD_FRAME_RIGHT = 630 };
/* Room for one character of the largest letters, and for one line of them. */
#define GD_FRAME_CHAR 9.0
#define GD_FRAME_LINE 22.0

struct gd_frame {
	struct gd_strbuf body; /* owned */
	const char *id;        /* borrowed; ids inside begin with it */
	double y;
	struct gd_scale x; /* from GD_FRAME_LEFT to GD_FRAME_RIGHT */
	bool late;         /* something was marked as late: the legend says so */
};

void gd_frame_fini(struct gd_frame *f) GD_NONNULL;
/* Appends <svg>: title and description are foreign text. */
int gd_frame_finish(struct gd_frame *f, const char *title, const char *description,
		    struct gd_strbuf *out, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Sets the x scale to the run's span; draws stages, fault bars and numbers of events. */
void gd_frame_times(struct gd_frame *f, const struct gd_times *t) GD_NONNULL;
/* Behind a panel's values: where a fault was in, and the events' lines. */
void gd_frame_shade(struct gd_frame *f, const struct gd_times *t, double top,
		    double bottom) GD_NONNULL;
/* Over areas, which would hide the shade: where a fault was in, once more. */
void gd_frame_veil(struct gd_frame *f, const struct gd_times *t, double top,
		   double bottom) GD_NONNULL;
void gd_frame_time_axis(struct gd_frame *f, const struct gd_times *t) GD_NONNULL;
/* What the letters and numbers stand for. */
void gd_frame_keys(struct gd_frame *f, const struct gd_times *t) GD_NONNULL;

/* One line of text, bold: the heading of a panel. */
void gd_frame_heading(struct gd_frame *f, const char *text) GD_NONNULL;
/* Grid lines and their labels for a panel whose scale has its places. */
void gd_frame_grid(struct gd_frame *f, const struct gd_scale *s, enum gd_metric_unit unit,
		   const char *per) GD_NONNULL;
/* Lines of text, broken between words; the first begins with `head` in bold. */
void gd_frame_note(struct gd_frame *f, const char *head, const char *text) GD_NONNULL;

struct gd_legend_item {
	const char *cls;  /* of the swatch: a line, or with `area` a filled box */
	const char *name; /* foreign */
	bool area;
	const char *fill; /* of a box: NULL, or "url(#...)" */
};
/* Wraps. */
void gd_frame_legend(struct gd_frame *f, const struct gd_legend_item *items,
		     size_t n) GD_NONNULL;
