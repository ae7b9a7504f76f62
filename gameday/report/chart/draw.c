/* SPDX-License-Identifier: Apache-2.0 */
/* A plot as SVG: see plot.h for what it is made of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/report/chart/draw.h"
#include "gameday/report/chart/styles.h"
#include "gameday/report/chart/svg.h"
#include "gameday/report/chart/thin.h"

enum { BAND_ROW = 26 };

/* --- lines ----------------------------------------------------------------------------- */

static void draw_line(struct gd_frame *f, const struct gd_place *pl,
		      const struct gd_track *t, const char *cls)
{
	double gap = gd_track_gap(t);
	struct gd_line_pen pen;

	if (t->n == 0)
		return;
	gd_strbuf_addf(&f->body, "<path class=\"l %s\" d=\"", cls);
	pen = gd_line_pen_new(&f->body, GD_FRAME_LEFT, GD_FRAME_RIGHT - GD_FRAME_LEFT,
			      pl->plot->columns);
	for (size_t i = 0; i < t->n; i++) {
		const struct gd_plot_point *p = &t->points[i];
		double x = gd_scale_at(&f->x, gd_point_middle(p));

		if (i > 0 && p->from - t->points[i - 1].to > gap)
			gd_line_pen_to(&pen, x, (double)NAN);
		gd_line_pen_to(&pen, x, gd_scale_at(&pl->y, p->value));
	}
	gd_line_pen_end(&pen);
	gd_strbuf_adds(&f->body, "\"/>\n");
}

/* --- names at the ends of lines -------------------------------------------------------- */

struct end {
	double x, y;
	const struct gd_track *track;
};

static int by_y(const void *a, const void *b)
{
	const struct end *p = a, *q = b;

	return (p->y > q->y) - (p->y < q->y);
}

/* Only where the ends lie apart: else the names would hide the lines. The legend has all. */
static void label_ends(struct gd_frame *f, const struct gd_place *pl)
{
	struct end ends[GD_MAX_TRACKS];
	size_t n = 0;

	for (size_t i = 0; i < pl->panel->n_tracks; i++) {
		const struct gd_track *t = &pl->panel->tracks[i];
		size_t k = t->n;

		while (k > 0 && isnan(t->points[k - 1].value))
			k--;
		if (k > 0)
			ends[n++] = (struct end){
				gd_scale_at(&f->x, gd_point_middle(&t->points[k - 1])),
				gd_scale_at(&pl->y, t->points[k - 1].value), t};
	}
	if (n < 2 || n > 4)
		return;
	qsort(ends, n, sizeof(ends[0]), by_y);
	for (size_t i = 1; i < n; i++)
		if (ends[i].y - ends[i - 1].y < 18)
			return;
	for (size_t i = 0; i < n; i++) {
		char cls[32];

		(void)snprintf(cls, sizeof(cls), "lb e %s",
			       gd_style_text(ends[i].track->style));
		gd_svg_text(&f->body, cls, fmin(ends[i].x, GD_FRAME_RIGHT - 3),
			    fmax(ends[i].y - 5, pl->top + 12), ends[i].track->name);
	}
}

/* --- bands ----------------------------------------------------------------------------- */

static void draw_state(struct gd_frame *f, const struct gd_place *pl, double from,
		       double to, double y, bool on)
{
	double a = gd_scale_at(&f->x, from), b = gd_scale_at(&f->x, to);
	const char *word = on ? pl->panel->word_on : pl->panel->word_off;
	char title[160], times[2][32];
	double length = pl->plot->times.hi - pl->plot->times.lo;

	(void)snprintf(title, sizeof(title), "%s from %s to %s", word,
		       gd_scale_time_label(from, length, times[0]),
		       gd_scale_time_label(to, length, times[1]));
	if (!on) {
		gd_strbuf_addf(&f->body, "<g style=\"fill:url(#%s-p7)\">", f->id);
		gd_svg_rect(&f->body, "", (struct gd_box){a, y, fmax(b - a, 1.5), 20},
			    title);
		gd_strbuf_adds(&f->body, "</g>\n");
	} else {
		gd_svg_rect(&f->body, "ok", (struct gd_box){a, y, b - a, 20}, title);
	}
	if (b - a > (double)strlen(word) * GD_FRAME_CHAR + 8)
		gd_svg_text(&f->body, on ? "t c" : "lb c", (a + b) / 2, y + 14.5, word);
}

/* A sample's state lasts until the next one, unless that is missing. */
static void draw_band(struct gd_frame *f, const struct gd_place *pl,
		      const struct gd_track *t, double y)
{
	double gap = gd_track_gap(t), from = 0;
	bool open = false, on = false;

	for (size_t i = 0; i < t->n; i++) {
		const struct gd_plot_point *p = &t->points[i];
		bool cut = i > 0 && p->from - t->points[i - 1].to > gap;
		bool other = isnan(p->value) || (p->value > 0) != on;

		if (open && (cut || other)) {
			draw_state(f, pl, from, cut ? t->points[i - 1].to : p->from, y,
				   on);
			open = false;
		}
		if (!open && !isnan(p->value)) {
			from = p->from;
			on = p->value > 0;
			open = true;
		}
	}
	if (open)
		draw_state(f, pl, from, t->points[t->n - 1].to, y, on);
}

static void draw_bands(struct gd_frame *f, const struct gd_place *pl)
{
	for (size_t i = 0; i < pl->panel->n_tracks; i++) {
		double y = pl->top + 3 + (double)i * BAND_ROW;
		char name[16];

		(void)snprintf(name, sizeof(name), "%.7s", pl->panel->tracks[i].name);
		gd_svg_text(&f->body, "t e", GD_FRAME_LEFT - 5, y + 14.5, name);
		draw_band(f, pl, &pl->panel->tracks[i], y);
	}
}

/* --- panels ---------------------------------------------------------------------------- */

/* The largest sum of a stack: only what stands side by side in time adds up. */
static double stack_top(const struct gd_panel *p)
{
	double most = 0;

	for (size_t k = 0; p->n_tracks > 0 && k < p->tracks[0].n; k++) {
		double sum = 0;

		for (size_t i = 0; i < p->n_tracks; i++)
			if (!p->tracks[i].over && k < p->tracks[i].n &&
			    !isnan(p->tracks[i].points[k].value))
				sum += p->tracks[i].points[k].value;
		most = fmax(most, sum);
	}
	return most;
}

static void find_range(const struct gd_panel *p, double *ret_lo, double *ret_hi)
{
	double lo = (double)INFINITY, hi = -(double)INFINITY;

	for (size_t i = 0; i < p->n_tracks; i++)
		for (size_t k = 0; k < p->tracks[i].n; k++) {
			double v = p->tracks[i].points[k].value;

			if (isnan(v) || (p->log && !(v > 0)))
				continue;
			lo = fmin(lo, v);
			hi = fmax(hi, v);
		}
	if (p->kind == GD_PANEL_STACK)
		hi = fmax(hi, stack_top(p));
	*ret_lo = isnan(p->floor) ? lo : fmin(lo, p->floor);
	*ret_hi = isnan(p->ceiling) ? hi : fmax(hi, p->ceiling);
}

static struct gd_scale scale_of(const struct gd_panel *p)
{
	struct gd_scale s;
	double lo, hi;

	find_range(p, &lo, &hi);
	if (!p->off_zero || p->log || lo < p->floor)
		return gd_scale_nice(p->log, lo, hi);
	s = gd_scale_nice(false, 0, hi - p->floor);
	s.lo += p->floor;
	s.hi += p->floor;
	return s;
}

static void draw_hover(struct gd_frame *f, const struct gd_place *pl)
{
	struct gd_slices s = gd_plot_slices(pl->plot);

	for (size_t i = 0; i < s.n; i++) {
		double a = gd_scale_at(&f->x, s.start + (double)i * s.step);
		double b = gd_scale_at(&f->x, s.start + (double)(i + 1) * s.step);
		GD_AUTO_STRBUF(text);
		size_t head;

		gd_plot_slice_name(pl->plot, s, i, &text);
		head = text.len;
		for (size_t k = 0; k < pl->panel->n_tracks; k++) {
			GD_AUTO_STRBUF(value);

			gd_plot_slice_text(pl->panel, &pl->panel->tracks[k], s, i,
					   &value);
			if (value.len > 0)
				gd_strbuf_addf(&text, "\n%s: %s",
					       pl->panel->tracks[k].name,
					       gd_strbuf_str(&value));
		}
		if (text.len > head && b > a)
			gd_svg_rect(
				&f->body, "hit",
				(struct gd_box){a, pl->top, b - a, pl->bottom - pl->top},
				gd_strbuf_str(&text));
	}
}

static void draw_late(struct gd_frame *f, const struct gd_place *pl)
{
	double last = -1;

	for (size_t i = 0; i < pl->plot->n_late; i++) {
		double a = gd_scale_at(&f->x, pl->plot->late[i].from);
		double b = gd_scale_at(&f->x, pl->plot->late[i].to);

		if (b - last < 0.8)
			continue; /* too close to be seen beside the one before */
		gd_svg_rect(&f->body, "la",
			    (struct gd_box){a, pl->bottom - 4, fmax(b - a, 1), 4}, NULL);
		last = b;
		f->late = true;
	}
}

static void draw_values(struct gd_frame *f, const struct gd_place *pl)
{
	const struct gd_panel *p = pl->panel;

	switch (p->kind) {
	case GD_PANEL_LINES:
		for (size_t i = p->n_tracks; i-- > 0;)
			draw_line(f, pl, &p->tracks[i],
				  gd_style_line(p->tracks[i].style));
		label_ends(f, pl);
		break;
	case GD_PANEL_STACK:
		gd_draw_stack(f, pl);
		gd_frame_veil(f, &pl->plot->times, pl->top, pl->bottom);
		break;
	case GD_PANEL_BAND:
		draw_bands(f, pl);
		break;
	case GD_PANEL_HEAT:
		gd_draw_heat(f, pl);
		break;
	}
}

static void draw_panel(struct gd_frame *f, const struct gd_plot *p, size_t number)
{
	const struct gd_panel *panel = &p->panels[number];
	bool band = panel->kind == GD_PANEL_BAND;
	struct gd_place pl = {.plot = p, .panel = panel, .number = number};

	gd_frame_heading(f, panel->title);
	pl.top = f->y + 8;
	pl.bottom =
		pl.top + (band ? (double)panel->n_tracks * BAND_ROW + 2 : panel->height);
	pl.y = scale_of(panel);
	pl.y.from = pl.bottom;
	pl.y.to = pl.top;
	gd_frame_shade(f, &p->times, pl.top, pl.bottom);
	if (!band)
		gd_frame_grid(f, &pl.y, panel->unit, panel->per);
	draw_values(f, &pl);
	if (number == p->n_panels - 1)
		draw_late(f, &pl);
	if (!band)
		draw_hover(f, &pl);
	f->y = pl.bottom;
	if (number < p->n_panels - 1)
		f->y += 6;
}

/* --- the whole ------------------------------------------------------------------------- */

/* The hatches of areas, so that no colour stands alone. */
static void add_hatches(struct gd_frame *f)
{
	static const int angles[] = {0, 45, 135, 90, 0, 60, 120, 45};

	gd_strbuf_adds(&f->body, "<defs>");
	for (int i = 1; i < 8; i++)
		gd_strbuf_addf(&f->body,
			       "<pattern id=\"%s-p%d\" width=\"5\" height=\"5\" "
			       "patternUnits=\"userSpaceOnUse\" "
			       "patternTransform=\"rotate(%d)\"><rect class=\"b%d\" "
			       "width=\"5\" height=\"5\"/><path class=\"pl\" "
			       "d=\"M0 0V5\"/></pattern>\n",
			       f->id, i, angles[i], i);
	gd_strbuf_adds(&f->body, "</defs>\n");
}

static bool needs_hatches(const struct gd_plot *p)
{
	for (size_t i = 0; i < p->n_panels; i++)
		if (p->panels[i].kind == GD_PANEL_STACK ||
		    p->panels[i].kind == GD_PANEL_BAND)
			return true;
	return false;
}

/* Words instead of names of tracks. */
static bool has_no_legend(const struct gd_panel *p)
{
	return p->kind == GD_PANEL_BAND || p->kind == GD_PANEL_HEAT;
}

/* The legend while it is gathered: items borrow the texts beside them. */
struct legend {
	struct gd_legend_item items[GD_MAX_TRACKS];
	const struct gd_track *tracks[GD_MAX_TRACKS];
	char fill[GD_MAX_TRACKS][80];
	size_t n;
};

static bool is_known(const struct legend *l, const struct gd_track *t)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->tracks[i]->style == t->style &&
		    strcmp(l->tracks[i]->name, t->name) == 0)
			return true;
	return false;
}

static void add_legend(struct gd_frame *f, struct legend *l, const struct gd_panel *panel,
		       const struct gd_track *t)
{
	struct gd_legend_item *item = &l->items[l->n];

	if (l->n == GD_MAX_TRACKS || is_known(l, t))
		return;
	*item = (struct gd_legend_item){gd_style_swatch(t->style), t->name, false, NULL};
	if (t->over) {
		item->cls = "l so";
	} else if (panel->kind == GD_PANEL_STACK) {
		item->area = true;
		item->cls = t->style == 0 ? "ok" : "";
		(void)snprintf(l->fill[l->n], sizeof(l->fill[l->n]), "url(#%.64s-p%d)",
			       f->id, gd_style_colour(t->style));
		item->fill = t->style == 0 ? NULL : l->fill[l->n];
	}
	l->tracks[l->n++] = t;
}

/* Of all panels, each name and style once; bands have words instead. */
static void draw_legend(struct gd_frame *f, const struct gd_plot *p)
{
	struct legend *l = calloc(1, sizeof(*l));

	if (!l) {
		f->body.failed = true;
		return;
	}
	for (size_t i = 0; i < p->n_panels; i++)
		for (size_t k = 0; k < p->panels[i].n_tracks; k++)
			if (!has_no_legend(&p->panels[i]))
				add_legend(f, l, &p->panels[i], &p->panels[i].tracks[k]);
	if (l->n > 1)
		gd_frame_legend(f, l->items, l->n);
	if (p->n_panels > 0 && p->panels[0].kind == GD_PANEL_HEAT)
		gd_draw_heat_legend(f);
	free(l);
}

static void describe(const struct gd_plot *p, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, p->about);
	for (size_t i = 0; i < p->times.n_faults; i++)
		gd_strbuf_addf(out, " Fault %c: %s.", p->times.faults[i].letter,
			       p->times.faults[i].describe);
}

int gd_plot_draw(const struct gd_plot *p, struct gd_strbuf *out, struct gd_error *err)
{
	struct gd_frame f = {.id = p->id};
	GD_AUTO_STRBUF(title);
	GD_AUTO_STRBUF(about);
	int rc;

	if (p->failed)
		return gd_raise_nomem(err);
	if (needs_hatches(p))
		add_hatches(&f);
	gd_frame_times(&f, &p->times);
	draw_legend(&f, p);
	for (size_t i = 0; i < p->n_panels; i++)
		draw_panel(&f, p, i);
	gd_frame_time_axis(&f, &p->times);
	if (f.late) {
		static const struct gd_legend_item late = {
			"la", "load generator late: includes its own delay", true, NULL};

		gd_frame_legend(&f, &late, 1);
	}
	if (p->full)
		gd_frame_keys(&f, &p->times);
	if (*p->note)
		gd_frame_note(&f, "", p->note);
	if (p->n_left_out > 0) {
		char more[64];

		(void)snprintf(more, sizeof(more), "%zu more numbers are in the table",
			       p->n_left_out);
		gd_frame_note(&f, "", more);
	}
	gd_strbuf_addf(&title, "%s: %s", p->title, p->subject);
	describe(p, &about);
	rc = gd_frame_finish(&f, gd_strbuf_str(&title), gd_strbuf_str(&about), out, err);
	gd_frame_fini(&f);
	return rc;
}
