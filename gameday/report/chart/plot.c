/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/chart/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/report/chart/scale.h"

enum { MAX_POINTS = 200000, MAX_LATE = 100000, MAX_SLICES = 64 };

/* The more there is to draw in a report, the coarser each chart, so that the whole stays small. */
static size_t columns_for(const struct gd_report *r)
{
	size_t n = gd_results_n_series(r->results);

	return n <= 4 ? 280 : n <= 10 ? 200 : 120;
}

struct gd_plot *gd_plot_new(const struct gd_report *r, const char *id, const char *title,
			    const char *about)
{
	GD_AUTO(gd_plot) struct gd_plot *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->id = id;
	p->title = title;
	p->about = about;
	p->columns = columns_for(r);
	p->panels = calloc(GD_MAX_PANELS, sizeof(*p->panels));
	if (!p->panels || gd_times_init(&p->times, r) < 0)
		return NULL;
	return gd_steal_ptr(&p);
}

void gd_plot_free(struct gd_plot *p)
{
	if (!p)
		return;
	while (p->n_panels > 0)
		gd_plot_drop_panel(p);
	gd_times_fini(&p->times);
	free(p->panels);
	free(p->late);
	free(p);
}

struct gd_panel *gd_plot_panel(struct gd_plot *p, enum gd_panel_kind kind,
			       enum gd_metric_unit unit, const char *title)
{
	struct gd_panel *panel;

	if (p->n_panels == GD_MAX_PANELS) {
		p->n_left_out++;
		return NULL;
	}
	panel = &p->panels[p->n_panels++];
	*panel = (struct gd_panel){.kind = kind,
				   .unit = unit,
				   .per = "",
				   .height = 120,
				   .floor = (double)NAN,
				   .ceiling = (double)NAN,
				   .word_on = "up",
				   .word_off = "down"};
	(void)snprintf(panel->title, sizeof(panel->title), "%s", title);
	return panel;
}

void gd_plot_drop_panel(struct gd_plot *p)
{
	struct gd_panel *panel = &p->panels[p->n_panels - 1];

	for (size_t i = 0; i < panel->n_tracks; i++)
		free(panel->tracks[i].points);
	free(panel->heat);
	p->n_panels--;
}

struct gd_track *gd_plot_track(struct gd_panel *panel, const char *name, int style)
{
	struct gd_track *t;

	if (panel->n_tracks == GD_MAX_TRACKS)
		return NULL;
	t = &panel->tracks[panel->n_tracks++];
	*t = (struct gd_track){.style = style};
	(void)snprintf(t->name, sizeof(t->name), "%s", name);
	return t;
}

void gd_plot_add(struct gd_plot *p, struct gd_track *t, double from, double to,
		 double value)
{
	if (!t || t->n == MAX_POINTS || !isfinite(from) || !isfinite(to))
		return;
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct gd_plot_point *points = realloc(t->points, cap * sizeof(*points));

		if (!points) {
			p->failed = true;
			return;
		}
		t->points = points;
		t->cap = cap;
	}
	t->points[t->n++] = (struct gd_plot_point){from, to, value};
}

void gd_plot_add_late(struct gd_plot *p, double from, double to)
{
	struct gd_plot_late *last = p->late ? &p->late[p->n_late - 1] : NULL;

	if (last && from <= last->to + 1e-3 && from >= last->from) {
		last->to = fmax(last->to, to);
		return;
	}
	if (p->n_late == MAX_LATE)
		return;
	if (!p->late || p->n_late == p->cap_late) {
		size_t cap = p->cap_late ? 2 * p->cap_late : 32;
		struct gd_plot_late *late = realloc(p->late, cap * sizeof(*late));

		if (!late) {
			p->failed = true;
			return;
		}
		p->late = late;
		p->cap_late = cap;
	}
	p->late[p->n_late++] = (struct gd_plot_late){from, to};
}

/* --- gaps ------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* How far points are apart, from the first of them: the median. */
static double usual_step(const struct gd_track *t)
{
	double steps[64];
	size_t n = t->n - 1 < 64 ? t->n - 1 : 64;

	if (t->n < 2)
		return 1;
	for (size_t i = 0; i < n; i++)
		steps[i] = t->points[i + 1].from - t->points[i].from;
	qsort(steps, n, sizeof(steps[0]), by_value);
	return steps[n / 2];
}

double gd_track_gap(const struct gd_track *t)
{
	bool samples = t->n > 0 && !(t->points[0].to > t->points[0].from);

	return usual_step(t) * (samples ? 2.5 : 0.5);
}

/* --- slices ---------------------------------------------------------------------------- */

static double shortest_step(const struct gd_plot *p)
{
	double least = (double)INFINITY;

	for (size_t i = 0; i < p->n_panels; i++)
		for (size_t k = 0; k < p->panels[i].n_tracks; k++)
			if (p->panels[i].tracks[k].n > 1)
				least = fmin(least, usual_step(&p->panels[i].tracks[k]));
	return isfinite(least) ? least : 1;
}

struct gd_slices gd_plot_slices(const struct gd_plot *p)
{
	double length = p->times.hi - p->times.lo;
	/* Coarser lines come with fewer texts and rows, for the same reason. */
	double most = p->columns > 120 ? MAX_SLICES : MAX_SLICES * 0.6;
	struct gd_slices s = {.step = gd_scale_time_step(fmax(length / (most - 2),
							      shortest_step(p) * 0.999))};

	s.start = floor(p->times.lo / s.step) * s.step;
	s.n = (size_t)fmin(ceil((p->times.hi - s.start) / s.step), MAX_SLICES);
	s.n = s.n ? s.n : 1;
	return s;
}

/* The first point whose middle is not before `at`. */
static size_t first_from(const struct gd_track *t, double at)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if ((t->points[mid].from + t->points[mid].to) / 2 < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void add_value(const struct gd_panel *panel, double v, struct gd_strbuf *out)
{
	char buf[32];

	if (panel->kind == GD_PANEL_BAND)
		gd_strbuf_adds(out, v > 0 ? panel->word_on : panel->word_off);
	else
		gd_strbuf_addf(out, "%s%s", gd_metric_format(v, panel->unit, buf),
			       panel->per);
}

void gd_plot_slice_text(const struct gd_panel *panel, const struct gd_track *t,
			struct gd_slices s, size_t i, struct gd_strbuf *out)
{
	double from = s.start + (double)i * s.step, to = from + s.step;
	double least = (double)INFINITY, most = -(double)INFINITY, sum = 0, seconds = 0;
	GD_AUTO_STRBUF(low);
	GD_AUTO_STRBUF(high);

	for (size_t k = first_from(t, from); k < t->n; k++) {
		const struct gd_plot_point *pt = &t->points[k];

		if ((pt->from + pt->to) / 2 >= to)
			break;
		if (isnan(pt->value))
			continue;
		least = fmin(least, pt->value);
		most = fmax(most, pt->value);
		sum += pt->value * (pt->to - pt->from);
		seconds += pt->to - pt->from;
	}
	if (!isfinite(least))
		return;
	if (panel->kind == GD_PANEL_STACK && seconds > 0) {
		add_value(panel, sum / seconds, out);
		return;
	}
	add_value(panel, least, &low);
	add_value(panel, most, &high);
	gd_strbuf_adds(out, gd_strbuf_str(&low));
	if (strcmp(gd_strbuf_str(&low), gd_strbuf_str(&high)) != 0)
		gd_strbuf_addf(out, " to %s", gd_strbuf_str(&high));
}

void gd_plot_slice_name(const struct gd_plot *p, struct gd_slices s, size_t i,
			struct gd_strbuf *out)
{
	double from = s.start + (double)i * s.step, length = p->times.hi - p->times.lo;
	char a[32], b[32];

	gd_strbuf_addf(out, "%s to %s", gd_scale_time_label(from, length, a),
		       gd_scale_time_label(from + s.step, length, b));
}
