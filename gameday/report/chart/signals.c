/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a watch saw: a panel per number that moved, a line per host. A chart has as many hosts
 * as there are colours to tell them apart; a role with more has several charts. Counters are
 * shown as what they grew by per second between two samples. What is either up or down is a
 * band with words.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/report/chart/loads.h"
#include "gameday/report/chart/rows.h"

enum { HOSTS_OF_A_CHART = 8, DRAWN_PANELS = 12 };

/* The watches of one role that look at the same thing, on one host each; some of them. */
struct group {
	const char *role, *watch;
	size_t watches[HOSTS_OF_A_CHART];
	size_t n;
	size_t first, of; /* its first is which of how many hosts, from 0 */
};

static bool same_group(const struct gd_watch_view *a, const struct gd_watch_view *b)
{
	return strcmp(a->role, b->role) == 0 && strcmp(a->watch, b->watch) == 0;
}

static bool starts_group(const struct gd_report *r, size_t watch)
{
	struct gd_watch_view v = gd_results_watch(r->results, watch);

	if (v.n_samples == 0)
		return false;
	for (size_t i = 0; i < watch; i++) {
		struct gd_watch_view w = gd_results_watch(r->results, i);

		if (w.n_samples > 0 && same_group(&v, &w))
			return false;
	}
	return true;
}

/* Those from `skip` on of the group that watch `start` starts. */
static struct group make_group(const struct gd_report *r, size_t start, size_t skip)
{
	struct gd_watch_view first = gd_results_watch(r->results, start);
	struct group g = {.role = first.role, .watch = first.watch, .first = skip};

	for (size_t w = start; w < gd_results_n_watches(r->results); w++) {
		struct gd_watch_view v = gd_results_watch(r->results, w);

		if (v.n_samples == 0 || !same_group(&v, &first))
			continue;
		if (g.of >= skip && g.n < HOSTS_OF_A_CHART)
			g.watches[g.n++] = w;
		g.of++;
	}
	return g;
}

static size_t charts_of(const struct group *g)
{
	return (g->of + HOSTS_OF_A_CHART - 1) / HOSTS_OF_A_CHART;
}

static size_t count(const struct gd_report *r)
{
	size_t n = 0;

	for (size_t w = 0; w < gd_results_n_watches(r->results); w++)
		if (starts_group(r, w)) {
			struct group g = make_group(r, w, 0);

			n += charts_of(&g);
		}
	return n;
}

/* What the i-th chart is of. */
static struct group find_group(const struct gd_report *r, size_t i)
{
	for (size_t w = 0; w < gd_results_n_watches(r->results); w++) {
		struct group g;

		if (!starts_group(r, w))
			continue;
		g = make_group(r, w, 0);
		if (i < charts_of(&g))
			return make_group(r, w, i * HOSTS_OF_A_CHART);
		i -= charts_of(&g);
	}
	return (struct group){.role = "", .watch = ""};
}

static void label(const struct gd_report *r, size_t i, struct gd_strbuf *out)
{
	struct group g = find_group(r, i);

	gd_strbuf_addf(out, "%s.%s", g.role, g.watch);
	if (g.n < g.of)
		gd_strbuf_addf(out, ", hosts %zu to %zu of %zu", g.first + 1,
			       g.first + g.n, g.of);
}

/* --- one number ------------------------------------------------------------------------- */

/* Where a host's watch has the number of that name; false: it has none. */
static bool find_column(const struct gd_report *r, size_t watch, const char *name,
			size_t *ret, bool *ret_gauge)
{
	struct gd_watch_view v = gd_results_watch(r->results, watch);

	for (size_t i = 0; i < v.n_columns; i++) {
		enum gd_metric_unit unit;

		if (strcmp(gd_results_column(r->results, watch, i, ret_gauge, &unit),
			   name) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static void fill_gauge(const struct gd_report *r, size_t watch, size_t column,
		       struct gd_plot *p, struct gd_track *t)
{
	size_t n = gd_results_watch(r->results, watch).n_samples;

	for (size_t i = 0; i < n; i++) {
		int64_t at;
		double v;

		gd_results_sample(r->results, watch, i, column, &at, &v);
		gd_plot_add(p, t, gd_report_seconds(r, at), gd_report_seconds(r, at), v);
	}
}

/* A counter that fell was reset and counts on from 0, as results.h has it. */
static void fill_counter(const struct gd_report *r, size_t watch, size_t column,
			 struct gd_plot *p, struct gd_track *t)
{
	size_t n = gd_results_watch(r->results, watch).n_samples;
	double last = (double)NAN, last_at = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t at_ns;
		double v, at;

		gd_results_sample(r->results, watch, i, column, &at_ns, &v);
		at = gd_report_seconds(r, at_ns);
		if (isnan(v))
			continue;
		if (!isnan(last) && at > last_at)
			gd_plot_add(p, t, last_at, at,
				    (v >= last ? v - last : v) / (at - last_at));
		last = v;
		last_at = at;
	}
}

static bool moved(const struct gd_panel *panel, bool gauge)
{
	for (size_t i = 0; i < panel->n_tracks; i++) {
		const struct gd_track *t = &panel->tracks[i];

		for (size_t k = 0; k < t->n; k++) {
			double first = gauge ? t->points[0].value : 0;

			if (t->points[k].value > first || t->points[k].value < first)
				return true;
		}
	}
	return false;
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

/* Something that is up or down, by its name and by all its values. */
static bool is_state(const struct gd_panel *panel, const char *name)
{
	if (strcmp(name, "up") != 0 && strcmp(name, "carrier") != 0 &&
	    !ends_with(name, "_up") && !ends_with(name, "_state"))
		return false;
	for (size_t i = 0; i < panel->n_tracks; i++)
		for (size_t k = 0; k < panel->tracks[i].n; k++) {
			double v = panel->tracks[i].points[k].value;

			if (!isnan(v) && !(v >= 0 && v <= 0) && !(v >= 1 && v <= 1))
				return false;
		}
	return true;
}

/* Durations over more than a decade and a half, none of them 0, are told apart by their logs. */
static bool wants_log(const struct gd_panel *panel)
{
	double lo = (double)INFINITY, hi = 0;

	if (panel->unit != GD_UNIT_DURATION)
		return false;
	for (size_t i = 0; i < panel->n_tracks; i++)
		for (size_t k = 0; k < panel->tracks[i].n; k++) {
			double v = panel->tracks[i].points[k].value;

			if (!isnan(v)) {
				lo = fmin(lo, v);
				hi = fmax(hi, v);
			}
		}
	return lo > 0 && hi > 30 * lo;
}

/* What a gauge stood at all the time: " 1500", or " 1500 to 9000" where hosts differ. */
static void say_level(const struct gd_panel *panel, char *out, size_t size)
{
	double lo = (double)INFINITY, hi = -(double)INFINITY;
	char least[32], most[32];

	for (size_t i = 0; i < panel->n_tracks; i++)
		if (panel->tracks[i].n > 0) {
			lo = fmin(lo, panel->tracks[i].points[0].value);
			hi = fmax(hi, panel->tracks[i].points[0].value);
		}
	if (!(lo <= hi))
		return;
	(void)snprintf(out, size, lo < hi ? " %s to %s" : " %s",
		       gd_metric_format(lo, panel->unit, least),
		       gd_metric_format(hi, panel->unit, most));
}

static void add_note(struct gd_plot *p, const char *name, const struct gd_panel *panel,
		     bool gauge)
{
	size_t len = strlen(p->note);
	char level[80] = "";

	if (gauge)
		say_level(panel, level, sizeof(level));
	(void)snprintf(p->note + len, sizeof(p->note) - len, "%s%.60s%s",
		       len ? ", " : "did not move: ", name, level);
}

static enum gd_metric_unit rate_unit(enum gd_metric_unit unit)
{
	return unit == GD_UNIT_COUNT ? GD_UNIT_FREQ : unit;
}

static void add_number(const struct gd_report *r, const struct group *g, const char *name,
		       bool gauge, enum gd_metric_unit unit, struct gd_plot *p)
{
	char title[160];
	struct gd_panel *panel;

	(void)snprintf(title, sizeof(title), "%.100s%s", name,
		       gauge ? "" : ", per second");
	panel = gd_plot_panel(p, GD_PANEL_LINES, gauge ? unit : rate_unit(unit), title);
	if (!panel)
		return;
	panel->per = !gauge && unit != GD_UNIT_COUNT ? "/s" : "";
	panel->height = 76;
	for (size_t i = 0; i < g->n; i++) {
		struct gd_watch_view v = gd_results_watch(r->results, g->watches[i]);
		struct gd_track *t;
		size_t column;
		bool ignored;

		if (!find_column(r, g->watches[i], name, &column, &ignored))
			continue;
		t = gd_plot_track(panel, v.host, (int)i);
		if (gauge)
			fill_gauge(r, g->watches[i], column, p, t);
		else
			fill_counter(r, g->watches[i], column, p, t);
	}
	if (gauge && is_state(panel, name)) {
		panel->kind = GD_PANEL_BAND;
	} else if (!moved(panel, gauge)) {
		add_note(p, name, panel, gauge);
		gd_plot_drop_panel(p);
	} else {
		panel->log = wants_log(panel);
		if (panel->log)
			(void)snprintf(title, sizeof(title), "%.100s (log scale)", name);
		memcpy(panel->title, title, sizeof(title));
	}
}

/* Is this number of watch k already in one of the group's watches before it? */
static bool came_before(const struct gd_report *r, const struct group *g, size_t k,
			const char *name)
{
	for (size_t i = 0; i < k; i++) {
		size_t column;
		bool gauge;

		if (find_column(r, g->watches[i], name, &column, &gauge))
			return true;
	}
	return false;
}

static int build(const struct gd_report *r, size_t i, const char *id,
		 struct gd_plot **ret, struct gd_error *err)
{
	GD_AUTO(gd_plot)
	struct gd_plot *p =
		gd_plot_new(r, id, gd_chart_signals.title, gd_chart_signals.about);
	struct group g = find_group(r, i);
	GD_AUTO_STRBUF(subject);

	if (!p)
		return gd_raise_nomem(err);
	label(r, i, &subject);
	(void)snprintf(p->subject, sizeof(p->subject), "%s", gd_strbuf_str(&subject));
	for (size_t k = 0; k < g.n; k++) {
		size_t n = gd_results_watch(r->results, g.watches[k]).n_columns;

		for (size_t c = 0; c < n; c++) {
			enum gd_metric_unit unit;
			bool gauge;
			const char *name = gd_results_column(r->results, g.watches[k], c,
							     &gauge, &unit);

			if (!came_before(r, &g, k, name))
				add_number(r, &g, name, gauge, unit, p);
		}
	}
	p->full = true;
	*ret = gd_steal_ptr(&p);
	return 0;
}

/* The table has all numbers; those that there is room for are drawn. */
static int make(const struct gd_report *r, size_t i, const char *id,
		struct gd_strbuf *svg, struct gd_chart_table *ret_table,
		struct gd_error *err)
{
	GD_AUTO(gd_plot) struct gd_plot *p = NULL;

	if (build(r, i, id, &p, err) < 0 || gd_plot_table(p, ret_table, err) < 0)
		return -1;
	while (p->n_panels > DRAWN_PANELS) {
		gd_plot_drop_panel(p);
		p->n_left_out++;
	}
	return gd_plot_draw(p, svg, err);
}

const struct gd_chart gd_chart_signals = {
	.name = "watch",
	.title = "What the host saw",
	.about =
		"The host's own signals at the same times: whether anything there showed "
		"the failure, and which. Counters are shown as what they grew by per "
		"second.",
	.count = count,
	.label = label,
	.make = make,
};
