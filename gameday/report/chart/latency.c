/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Latency over time. One client: its p50, p99 and maximum in one panel. Several: a panel
 * for each of the three, the clients in it side by side on the same scale.
 */
#include <math.h>
#include <stdio.h>

#include "gameday/report/chart/loads.h"
#include "gameday/report/chart/rows.h"
#include "gameday/report/chart/styles.h"

static double p50_of(const struct gd_load_stats *s)
{
	return s->p50;
}

static double p99_of(const struct gd_load_stats *s)
{
	return s->p99;
}

static double max_of(const struct gd_load_stats *s)
{
	return s->max;
}

static const struct {
	const char *name, *title;
	double (*value)(const struct gd_load_stats *s);
	int style;
} lines[] = {
	{"max", "slowest request", max_of, GD_STYLE_MAX},
	{"p99", "p99", p99_of, GD_STYLE_P99},
	{"p50", "p50", p50_of, GD_STYLE_P50},
};

static struct gd_panel *add_panel(struct gd_plot *p, const char *title)
{
	struct gd_panel *panel =
		gd_plot_panel(p, GD_PANEL_LINES, GD_UNIT_DURATION, title);

	if (panel)
		panel->log = true;
	return panel;
}

static void build_one(const struct gd_report *r, size_t series, struct gd_plot *p)
{
	struct gd_panel *panel = add_panel(p, "latency of each interval (log scale)");

	for (size_t i = 0; panel && i < GD_N_ELEMS(lines); i++)
		gd_chart_fill(r, series, lines[i].value, p,
			      gd_plot_track(panel, lines[i].name, lines[i].style));
	if (panel)
		panel->height = 220;
}

/* The three on one scale, so that they can be compared as well. */
static void same_scale(struct gd_plot *p)
{
	double lo = (double)INFINITY, hi = -(double)INFINITY;

	for (size_t i = 0; i < p->n_panels; i++)
		for (size_t k = 0; k < p->panels[i].n_tracks; k++)
			for (size_t m = 0; m < p->panels[i].tracks[k].n; m++) {
				double v = p->panels[i].tracks[k].points[m].value;

				lo = v > 0 ? fmin(lo, v) : lo;
				hi = v > 0 ? fmax(hi, v) : hi;
			}
	for (size_t i = 0; i < p->n_panels && hi >= lo; i++) {
		p->panels[i].floor = lo;
		p->panels[i].ceiling = hi;
	}
}

static void build_many(const struct gd_report *r, const size_t *series, size_t n,
		       struct gd_plot *p)
{
	for (size_t i = 0; i < GD_N_ELEMS(lines); i++) {
		char title[64];
		struct gd_panel *panel;

		(void)snprintf(title, sizeof(title), "%s of each interval (log scale)",
			       lines[i].title);
		panel = add_panel(p, title);
		for (size_t k = 0; panel && k < n; k++)
			gd_chart_fill(r, series[k], lines[i].value, p,
				      gd_plot_track(panel, gd_chart_client(r, series[k]),
						    (int)k));
	}
	same_scale(p);
}

static int build(const struct gd_report *r, size_t i, const char *id,
		 struct gd_plot **ret, struct gd_error *err)
{
	GD_AUTO(gd_plot)
	struct gd_plot *p =
		gd_plot_new(r, id, gd_chart_latency.title, gd_chart_latency.about);
	size_t series[GD_MAX_TRACKS], n;

	if (!p)
		return gd_raise_nomem(err);
	n = gd_chart_clients(r, gd_chart_load(r, i), GD_MAX_TRACKS, series);
	(void)snprintf(p->subject, sizeof(p->subject), "%s", gd_chart_load(r, i));
	p->full = true;
	if (n == 1)
		build_one(r, series[0], p);
	else
		build_many(r, series, n, p);
	for (size_t k = 0; k < n; k++)
		gd_chart_mark_late(r, series[k], p);
	*ret = gd_steal_ptr(&p);
	return 0;
}

static int make(const struct gd_report *r, size_t i, const char *id,
		struct gd_strbuf *svg, struct gd_chart_table *ret_table,
		struct gd_error *err)
{
	return gd_plot_make(build, r, i, id, svg, ret_table, err);
}

const struct gd_chart gd_chart_latency = {
	.name = "latency",
	.title = "Latency over time",
	.about =
		"Each point is one interval's own figure: half of its requests were faster "
		"than p50, 99 % faster than p99. Shaded: a fault was in.",
	.count = gd_chart_count_loads,
	.label = gd_chart_label_load,
	.make = make,
};
