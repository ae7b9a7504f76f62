/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heat map: time across, latency upwards on a log scale, the darker the more of the
 * moment's requests. What percentiles hide shows here: two modes are two bands.
 */
#include "gameday/report/chart/heat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gameday/base/auto.h"
#include "gameday/report/chart/loads.h"
#include "gameday/report/chart/rows.h"
#include "gameday/report/chart/scale.h"
#include "gameday/report/chart/table.h"

/* --- counting -------------------------------------------------------------------------- */

/* Columns of equal length; where a column is an interval, its own follow. */
static void lay_out(struct gd_heat *h, size_t n_intervals, size_t max, double lo,
		    double hi)
{
	max = max < GD_HEAT_COLUMNS ? max : GD_HEAT_COLUMNS;
	h->own = n_intervals <= max;
	h->columns = h->own ? n_intervals : max;
	for (size_t i = 0; i < h->columns; i++) {
		h->from[i] = lo + (hi - lo) * (double)i / (double)h->columns;
		h->to[i] = lo + (hi - lo) * (double)(i + 1) / (double)h->columns;
	}
}

static size_t column_of(const struct gd_heat *h, size_t interval, double at, double lo,
			double hi)
{
	double part = (at - lo) / (hi - lo) * (double)h->columns;

	if (h->own)
		return interval;
	return (size_t)fmin(fmax(part, 0), (double)h->columns - 1);
}

static void add_counts(struct gd_heat *h, size_t column, const struct gd_hist *hist)
{
	uint64_t counts[GD_HEAT_ROWS];

	gd_hist_ranges(hist, h->upper, h->rows, counts);
	for (size_t i = 0; i < h->rows; i++) {
		h->counts[column][i] += counts[i];
		h->total[column] += counts[i];
	}
}

int gd_heat_fill(struct gd_heat *const *h, const size_t *max, size_t n,
		 const struct gd_report *r, size_t series, double lo, double hi,
		 struct gd_error *err)
{
	size_t n_intervals = gd_results_n_intervals(r->results, series);

	for (size_t k = 0; k < n; k++)
		lay_out(h[k], n_intervals, max[k], lo, hi);
	for (size_t i = 0; i < n_intervals; i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		GD_AUTO(gd_hist)
		struct gd_hist *hist = gd_results_latency(r->results, series, i);
		double from = gd_report_seconds(r, iv->start_wall_ns);
		double to = gd_report_seconds(r, iv->start_wall_ns + iv->length_ns);

		if (!hist)
			return gd_raise_nomem(err);
		for (size_t k = 0; k < n; k++) {
			size_t column = column_of(h[k], i, (from + to) / 2, lo, hi);

			if (h[k]->own) {
				h[k]->from[i] = from;
				h[k]->to[i] = to;
			}
			add_counts(h[k], column, hist);
		}
	}
	return 0;
}

/* --- the chart ------------------------------------------------------------------------- */

static double fastest(const struct gd_load_stats *s)
{
	return s->min;
}

static double p50_of(const struct gd_load_stats *s)
{
	return s->p50;
}

static double p99_of(const struct gd_load_stats *s)
{
	return s->p99;
}

static double slowest(const struct gd_load_stats *s)
{
	return s->max;
}

static const struct {
	const char *name;
	double (*value)(const struct gd_load_stats *s);
} figures[] = {
	{"slowest", slowest},
	{"p99", p99_of},
	{"p50", p50_of},
	{"fastest", fastest},
};

static void range_of(const struct gd_report *r, size_t series, double *ret_lo,
		     double *ret_hi)
{
	*ret_lo = (double)INFINITY;
	*ret_hi = -(double)INFINITY;
	for (size_t i = 0; i < gd_results_n_intervals(r->results, series); i++) {
		const struct gd_load_stats *s = gd_results_point(r->results, series, i);

		if (s->min > 0)
			*ret_lo = fmin(*ret_lo, s->min);
		if (s->max > 0)
			*ret_hi = fmax(*ret_hi, s->max);
	}
}

static void log_ranges(const struct gd_report *r, size_t series, struct gd_heat *h)
{
	struct gd_scale y;
	double lo, hi;

	range_of(r, series, &lo, &hi);
	y = gd_scale_nice(true, lo, hi);
	h->rows = GD_HEAT_ROWS;
	for (size_t k = 0; k < GD_HEAT_ROWS; k++)
		h->upper[k] =
			llround(y.lo * pow(y.hi / y.lo, (double)(k + 1) / GD_HEAT_ROWS));
}

/* All but the counts of its map. */
static int build(const struct gd_report *r, size_t i, const char *id,
		 struct gd_plot **ret, struct gd_error *err)
{
	GD_AUTO(gd_plot)
	struct gd_plot *p = gd_plot_new(r, id, gd_chart_heat.title, gd_chart_heat.about);
	struct gd_panel *panel;

	if (!p)
		return gd_raise_nomem(err);
	panel = gd_plot_panel(p, GD_PANEL_HEAT, GD_UNIT_DURATION,
			      "latency (log scale), darker: more of the requests");
	if (!panel)
		return gd_raise(err, GD_E_BUG, "a plot without room for a panel");
	panel->heat = calloc(1, sizeof(*panel->heat));
	if (!panel->heat)
		return gd_raise_nomem(err);
	panel->log = true;
	panel->height = 240;
	for (size_t k = 0; k < GD_N_ELEMS(figures); k++)
		gd_chart_fill(r, i, figures[k].value, p,
			      gd_plot_track(panel, figures[k].name, 0));
	log_ranges(r, i, panel->heat);
	(void)snprintf(p->subject, sizeof(p->subject), "client %s",
		       gd_chart_client(r, i));
	gd_chart_mark_late(r, i, p);
	*ret = gd_steal_ptr(&p);
	return 0;
}

/* --- the table: requests by round ranges ------------------------------------------------ */

/* From the 1, 2 or 5 below the fastest to that above the slowest. */
static void round_ranges(const struct gd_report *r, size_t series, struct gd_heat *h)
{
	static const double fine[] = {1, 2, 5};
	double lo, hi;
	struct gd_scale y;

	range_of(r, series, &lo, &hi);
	y = gd_scale_nice(true, lo, hi);
	for (int k = 0; k < 36 && h->rows < 30; k++) {
		int power = k / 3;
		double v = 1000 * pow(10, power) * fine[k % 3];

		if (v > y.lo * 1.001 && v < y.hi * 1.001)
			h->upper[h->rows++] = llround(v);
	}
}

static int set_heads(const struct gd_heat *h, struct gd_chart_table *t,
		     struct gd_error *err)
{
	char head[64], buf[32];

	if (gd_chart_table_set(t, 0, 0, "time", err) < 0 ||
	    gd_chart_table_set(t, 0, 1, "requests", err) < 0)
		return -1;
	for (size_t k = 0; k < h->rows; k++) {
		(void)snprintf(
			head, sizeof(head), "%s %s", k == 0 ? "up to" : "to",
			gd_scale_label((double)h->upper[k], GD_UNIT_DURATION, buf));
		if (gd_chart_table_set(t, 0, k + 2, head, err) < 0)
			return -1;
	}
	return 0;
}

static int set_row(const struct gd_heat *h, size_t column, double length, size_t row,
		   struct gd_chart_table *t, struct gd_error *err)
{
	char name[80], a[32], b[32];

	(void)snprintf(name, sizeof(name), "%s to %s",
		       gd_scale_time_label(h->from[column], length, a),
		       gd_scale_time_label(h->to[column], length, b));
	if (gd_chart_table_set(t, row, 0, name, err) < 0)
		return -1;
	(void)snprintf(name, sizeof(name), "%llu", (unsigned long long)h->total[column]);
	if (gd_chart_table_set(t, row, 1, name, err) < 0)
		return -1;
	for (size_t k = 0; k < h->rows; k++) {
		(void)snprintf(name, sizeof(name), "%llu",
			       (unsigned long long)h->counts[column][k]);
		if (h->counts[column][k] > 0 &&
		    gd_chart_table_set(t, row, k + 2, name, err) < 0)
			return -1;
	}
	return 0;
}

static int fill_table(const struct gd_heat *h, double length, struct gd_chart_table *t,
		      struct gd_error *err)
{
	size_t row = 1;

	if (set_heads(h, t, err) < 0)
		return -1;
	for (size_t i = 0; i < h->columns; i++) {
		if (h->total[i] == 0)
			continue;
		if (set_row(h, i, length, row++, t, err) < 0)
			return -1;
	}
	gd_chart_table_cut(t, row);
	return 0;
}

static int make_table(const struct gd_heat *h, double length, struct gd_chart_table *ret,
		      struct gd_error *err)
{
	struct gd_chart_table t;

	if (gd_chart_table_init(&t, h->rows + 2, h->columns + 1, err) < 0)
		return -1;
	if (fill_table(h, length, &t, err) < 0) {
		gd_chart_table_fini(&t);
		return -1;
	}
	*ret = t;
	return 0;
}

static int make(const struct gd_report *r, size_t i, const char *id,
		struct gd_strbuf *svg, struct gd_chart_table *ret_table,
		struct gd_error *err)
{
	struct gd_heat *round GD_AUTO_FREE = calloc(1, sizeof(*round));
	GD_AUTO(gd_plot) struct gd_plot *p = NULL;

	if (!round)
		return gd_raise_nomem(err);
	if (build(r, i, id, &p, err) < 0)
		return -1;
	round_ranges(r, i, round);
	if (gd_heat_fill((struct gd_heat *[]){p->panels[0].heat, round},
			 (size_t[]){p->columns * 4 / 7, 63}, 2, r, i, p->times.lo,
			 p->times.hi, err) < 0 ||
	    gd_plot_draw(p, svg, err) < 0)
		return -1;
	return make_table(round, p->times.hi - p->times.lo, ret_table, err);
}

const struct gd_chart gd_chart_heat = {
	.name = "heat",
	.title = "Latency heat map",
	.about =
		"Each column is a moment, each cell the requests that took so long; the "
		"darker, the larger their share of that moment. Two bands are two speeds.",
	.count = gd_chart_count_series,
	.label = gd_chart_label_series,
	.make = make,
};
