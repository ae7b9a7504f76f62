/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of the requests: per client a pile of what succeeded and, above it, errors by
 * kind; and what retrying made of it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gameday/report/chart/loads.h"
#include "gameday/report/chart/rows.h"

/* --- rate, goodput, errors -------------------------------------------------------------- */

static bool occurs(const struct gd_report *r, const size_t *series, size_t n, int outcome)
{
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < gd_results_n_intervals(r->results, series[k]); i++)
			if (gd_results_interval(r->results, series[k], i)
				    ->outcomes[outcome] > 0)
				return true;
	return false;
}

static void fill_outcome(const struct gd_report *r, size_t series, int outcome,
			 struct gd_plot *p, struct gd_track *t)
{
	for (size_t i = 0; t && i < gd_results_n_intervals(r->results, series); i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		double from = gd_report_seconds(r, iv->start_wall_ns);
		double length = (double)iv->length_ns / (double)GD_NS_PER_S;

		gd_plot_add(p, t, from, from + length,
			    (double)iv->outcomes[outcome] / length);
	}
}

static void fill_asked(const struct gd_report *r, size_t series, struct gd_plot *p,
		       struct gd_track *t)
{
	for (size_t i = 0; t && i < gd_results_n_intervals(r->results, series); i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		double from = gd_report_seconds(r, iv->start_wall_ns);
		double length = (double)iv->length_ns / (double)GD_NS_PER_S;

		gd_plot_add(p, t, from, from + length, (double)iv->intended / length);
	}
	if (t)
		t->over = true;
}

/* The same kinds in the same colours for all clients of the load. */
static void add_client(const struct gd_report *r, const size_t *series, size_t n,
		       size_t k, struct gd_plot *p)
{
	static const int styles[] = {1, 3, 7, 4, 6, 5, 2};
	char title[160];
	struct gd_panel *panel;
	size_t n_kinds = 0;

	(void)snprintf(title, sizeof(title), "%.100s: requests per second",
		       gd_chart_client(r, series[k]));
	panel = gd_plot_panel(p, GD_PANEL_STACK, GD_UNIT_FREQ, title);
	if (!panel)
		return;
	panel->height = n > 4 ? 80 : 120;
	fill_outcome(r, series[k], GD_OUTCOME_OK, p,
		     gd_plot_track(panel, "succeeded (goodput)", 0));
	for (int o = 1; o < GD_N_OUTCOMES; o++) {
		if (o == GD_OUTCOME_UNFINISHED || !occurs(r, series, n, o))
			continue;
		fill_outcome(r, series[k], o, p,
			     gd_plot_track(panel, gd_outcome_name((enum gd_outcome)o),
					   styles[n_kinds++ % GD_N_ELEMS(styles)]));
	}
	fill_asked(r, series[k], p, gd_plot_track(panel, "asked for", 0));
}

static int build_rate(const struct gd_report *r, size_t i, const char *id,
		      struct gd_plot **ret, struct gd_error *err)
{
	GD_AUTO(gd_plot)
	struct gd_plot *p = gd_plot_new(r, id, gd_chart_rate.title, gd_chart_rate.about);
	size_t series[GD_MAX_PANELS], n;

	if (!p)
		return gd_raise_nomem(err);
	n = gd_chart_clients(r, gd_chart_load(r, i), GD_MAX_PANELS, series);
	(void)snprintf(p->subject, sizeof(p->subject), "%s", gd_chart_load(r, i));
	for (size_t k = 0; k < n; k++) {
		add_client(r, series, n, k, p);
		gd_chart_mark_late(r, series[k], p);
	}
	*ret = gd_steal_ptr(&p);
	return 0;
}

static int make_rate(const struct gd_report *r, size_t i, const char *id,
		     struct gd_strbuf *svg, struct gd_chart_table *ret_table,
		     struct gd_error *err)
{
	return gd_plot_make(build_rate, r, i, id, svg, ret_table, err);
}

const struct gd_chart gd_chart_rate = {
	.name = "rate",
	.title = "Rate, goodput and errors",
	.about = "Requests per second by how they ended, counted at the moment they were "
		 "meant to start. The dashed line is the rate that was asked for.",
	.count = gd_chart_count_loads,
	.label = gd_chart_label_load,
	.make = make_rate,
};

/* --- retries ---------------------------------------------------------------------------- */

static double per_second(double n, const struct gd_load_stats *s)
{
	return s->seconds > 0 ? n / s->seconds : (double)NAN;
}

static double attempts_of(const struct gd_load_stats *s)
{
	return s->attempts_per_request;
}

static double retries_of(const struct gd_load_stats *s)
{
	return per_second((double)s->retries, s);
}

static double hedges_of(const struct gd_load_stats *s)
{
	return per_second((double)s->counts.hedges, s);
}

static double denied_of(const struct gd_load_stats *s)
{
	return per_second((double)s->budget_denied + (double)s->counts.hedges_denied, s);
}

static double wasted_of(const struct gd_load_stats *s)
{
	return s->wasted;
}

static double open_of(const struct gd_load_stats *s)
{
	return (double)s->counts.open;
}

static double resent_of(const struct gd_load_stats *s)
{
	return per_second((double)s->counts.retransmits, s);
}

static const struct {
	const char *title;
	double (*value)(const struct gd_load_stats *s);
	enum gd_metric_unit unit;
	bool always;
	double floor; /* the axis begins there; NAN: at 0 */
} efforts[] = {
	{"attempts per request (the axis begins at 1)", attempts_of, GD_UNIT_COUNT, true,
	 1},
	{"retries per second", retries_of, GD_UNIT_FREQ, false, (double)NAN},
	{"hedged attempts per second", hedges_of, GD_UNIT_FREQ, false, (double)NAN},
	{"attempts the budget did not allow, per second", denied_of, GD_UNIT_FREQ, false,
	 (double)NAN},
	{"work wasted: attempts that brought no answer, of all", wasted_of, GD_UNIT_RATIO,
	 false, (double)NAN},
	{"requests under way", open_of, GD_UNIT_COUNT, false, (double)NAN},
	{"TCP segments sent again by the client, per second", resent_of, GD_UNIT_FREQ,
	 false, (double)NAN},
};

static bool has_values(const struct gd_panel *panel)
{
	for (size_t i = 0; i < panel->n_tracks; i++)
		for (size_t k = 0; k < panel->tracks[i].n; k++)
			if (panel->tracks[i].points[k].value > 0)
				return true;
	return false;
}

static int build_effort(const struct gd_report *r, size_t i, const char *id,
			struct gd_plot **ret, struct gd_error *err)
{
	GD_AUTO(gd_plot)
	struct gd_plot *p =
		gd_plot_new(r, id, gd_chart_effort.title, gd_chart_effort.about);
	size_t series[GD_MAX_TRACKS], n;

	if (!p)
		return gd_raise_nomem(err);
	n = gd_chart_clients(r, gd_chart_load(r, i), GD_MAX_TRACKS, series);
	(void)snprintf(p->subject, sizeof(p->subject), "%s", gd_chart_load(r, i));
	for (size_t e = 0; e < GD_N_ELEMS(efforts); e++) {
		struct gd_panel *panel = gd_plot_panel(p, GD_PANEL_LINES, efforts[e].unit,
						       efforts[e].title);

		for (size_t k = 0; panel && k < n; k++)
			gd_chart_fill(r, series[k], efforts[e].value, p,
				      gd_plot_track(panel, gd_chart_client(r, series[k]),
						    (int)k));
		if (!panel)
			break;
		panel->height = 84;
		panel->floor = efforts[e].floor;
		panel->off_zero = !isnan(efforts[e].floor);
		if (!efforts[e].always && !has_values(panel))
			gd_plot_drop_panel(p);
	}
	for (size_t k = 0; k < n; k++)
		gd_chart_mark_late(r, series[k], p);
	*ret = gd_steal_ptr(&p);
	return 0;
}

static int make_effort(const struct gd_report *r, size_t i, const char *id,
		       struct gd_strbuf *svg, struct gd_chart_table *ret_table,
		       struct gd_error *err)
{
	return gd_plot_make(build_effort, r, i, id, svg, ret_table, err);
}

const struct gd_chart gd_chart_effort = {
	.name = "retries",
	.title = "Retries and amplification",
	.about =
		"What the clients' policies added: attempts per request is the factor by "
		"which the servers saw more than was asked of them.",
	.count = gd_chart_count_loads,
	.label = gd_chart_label_load,
	.make = make_effort,
};
