/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a chart over time shows, apart from how: panels one below the other on one time
 * axis, tracks of values in each. The drawing, the hover texts and the table behind it are
 * all made from this.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/auto.h"
#include "gameday/base/error.h"
#include "gameday/report/chart/heat.h"
#include "gameday/report/chart/times.h"
#include "gameday/shape/metric.h"

/* A value over [from, to] seconds of the run; from == to: a sample. NAN: seen, no value. */
struct gd_plot_point {
	double from, to, value;
};

struct gd_track {
	char name[112]; /* "retrying": foreign */
	int style;      /* which colour and dash; tracks of one thing share it */
	bool over;      /* in a stack: a line over it, no part of it */
	struct gd_plot_point *points; /* owned; in order of time */
	size_t n, cap;
};

enum gd_panel_kind {
	GD_PANEL_LINES, /* a line per track */
	GD_PANEL_STACK, /* areas on top of each other; the tracks have the same times */
	GD_PANEL_BAND,  /* a band per track, coloured where it is 0 and where it is not */
	GD_PANEL_HEAT,  /* cells of the heat map; the tracks are for hover texts */
};

enum { GD_MAX_TRACKS = 32, GD_MAX_PANELS = 32 };

struct gd_panel {
	char title[160];
	enum gd_panel_kind kind;
	enum gd_metric_unit unit;
	const char *per; /* what follows the unit: "/s"; "" mostly */
	bool log;
	double height;
	double floor, ceiling; /* include these; NAN: whatever the values need */
	bool off_zero;         /* a linear axis begins at floor instead of at 0 */
	struct gd_heat *heat;  /* owned */
	const char *word_on, *word_off; /* of a band */
	struct gd_track tracks[GD_MAX_TRACKS];
	size_t n_tracks;
};

/* A span in which figures are to be read with care: the generator was late. */
struct gd_plot_late {
	double from, to;
};

struct gd_plot {
	const char *id;
	const char *title, *about;
	char subject[256]; /* foreign */
	bool full;         /* with the lists of faults and events */
	size_t columns;    /* so many places across, at most, for thinned lines */
	struct gd_times times;
	struct gd_panel *panels; /* owned; GD_MAX_PANELS */
	size_t n_panels;
	struct gd_plot_late *late; /* owned */
	size_t n_late, cap_late;
	size_t n_left_out; /* panels there was no room for */
	char note[600];    /* foreign; below all */
	bool failed;       /* out of memory */
};

/* Caller frees; NULL: out of memory. id, title and about are borrowed. */
struct gd_plot *gd_plot_new(const struct gd_report *r, const char *id, const char *title,
			    const char *about) GD_MUST_CHECK;
void gd_plot_free(struct gd_plot *p); /* accepts NULL */
GD_DEFINE_AUTO(gd_plot, gd_plot_free);

/* The next panel; NULL when there is no room: n_left_out says so. */
struct gd_panel *gd_plot_panel(struct gd_plot *p, enum gd_panel_kind kind,
			       enum gd_metric_unit unit, const char *title) GD_NONNULL;
/* Takes the last panel away again. */
void gd_plot_drop_panel(struct gd_plot *p) GD_NONNULL;
/* The next track; NULL when there is no room. */
struct gd_track *gd_plot_track(struct gd_panel *panel, const char *name,
			       int style) GD_NONNULL;
void gd_plot_add(struct gd_plot *p, struct gd_track *t, double from, double to,
		 double value) GD_NONNULL_ARGS(1);
void gd_plot_add_late(struct gd_plot *p, double from, double to) GD_NONNULL;

/* Two points of a track further apart than this (seconds) have something missing between. */
double gd_track_gap(const struct gd_track *t) GD_NONNULL;

/* Appends the SVG element, without style. */
int gd_plot_draw(const struct gd_plot *p, struct gd_strbuf *out,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
struct gd_chart_table;
int gd_plot_table(const struct gd_plot *p, struct gd_chart_table *ret,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* The round slices of time that hover texts and rows of tables are for; at most 64. */
struct gd_slices {
	double start, step;
	size_t n;
};
struct gd_slices gd_plot_slices(const struct gd_plot *p) GD_NONNULL;
/*
 * What a track was in slice i, as text: the value, or the least and the largest; of a stack
 * the mean over the slice, as its values are counts per second. "" when nothing was seen.
 */
void gd_plot_slice_text(const struct gd_panel *panel, const struct gd_track *t,
			struct gd_slices s, size_t i, struct gd_strbuf *out) GD_NONNULL;
/* "27 s to 28 s" */
void gd_plot_slice_name(const struct gd_plot *p, struct gd_slices s, size_t i,
			struct gd_strbuf *out) GD_NONNULL;
