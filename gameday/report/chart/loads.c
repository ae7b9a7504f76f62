/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/chart/loads.h"

#include <math.h>
#include <string.h>

#include "gameday/report/chart/table.h"

static const char *load_of(const struct gd_report *r, size_t series)
{
	const char *load, *client;

	gd_results_series(r->results, series, &load, &client);
	return load;
}

const char *gd_chart_client(const struct gd_report *r, size_t series)
{
	const char *load, *client;

	gd_results_series(r->results, series, &load, &client);
	return client;
}

static bool is_first(const struct gd_report *r, size_t series)
{
	for (size_t i = 0; i < series; i++)
		if (strcmp(load_of(r, i), load_of(r, series)) == 0)
			return false;
	return true;
}

size_t gd_chart_n_loads(const struct gd_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < gd_results_n_series(r->results); i++)
		n += is_first(r, i);
	return n;
}

const char *gd_chart_load(const struct gd_report *r, size_t i)
{
	for (size_t s = 0; s < gd_results_n_series(r->results); s++)
		if (is_first(r, s) && i-- == 0)
			return load_of(r, s);
	return "";
}

size_t gd_chart_clients(const struct gd_report *r, const char *load, size_t max,
			size_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < gd_results_n_series(r->results) && n < max; i++)
		if (strcmp(load_of(r, i), load) == 0)
			ret[n++] = i;
	return n;
}

/* Where an interval lies, in seconds of the run. */
static void span_of(const struct gd_report *r, const struct gd_interval *iv,
		    double *ret_from, double *ret_to)
{
	*ret_from = gd_report_seconds(r, iv->start_wall_ns);
	*ret_to = gd_report_seconds(r, iv->start_wall_ns + iv->length_ns);
}

void gd_chart_mark_late(const struct gd_report *r, size_t series, struct gd_plot *p)
{
	for (size_t i = 0; i < gd_results_n_intervals(r->results, series); i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		double from, to;

		if (!iv->behind)
			continue;
		span_of(r, iv, &from, &to);
		gd_plot_add_late(p, from, to);
	}
}

void gd_chart_fill(const struct gd_report *r, size_t series,
		   double (*value)(const struct gd_load_stats *s), struct gd_plot *p,
		   struct gd_track *t)
{
	for (size_t i = 0; i < gd_results_n_intervals(r->results, series); i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		double from, to;

		span_of(r, iv, &from, &to);
		gd_plot_add(p, t, from, to,
			    value(gd_results_point(r->results, series, i)));
	}
}

size_t gd_chart_count_loads(const struct gd_report *r)
{
	return gd_chart_n_loads(r);
}

void gd_chart_label_load(const struct gd_report *r, size_t i, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, gd_chart_load(r, i));
}

size_t gd_chart_count_series(const struct gd_report *r)
{
	return gd_results_n_series(r->results);
}

void gd_chart_label_series(const struct gd_report *r, size_t i, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "%s.%s", load_of(r, i), gd_chart_client(r, i));
}

int gd_plot_make(gd_plot_build *build, const struct gd_report *r, size_t i,
		 const char *id, struct gd_strbuf *svg, struct gd_chart_table *ret_table,
		 struct gd_error *err)
{
	GD_AUTO(gd_plot) struct gd_plot *p = NULL;

	if (build(r, i, id, &p, err) < 0 || gd_plot_draw(p, svg, err) < 0)
		return -1;
	return gd_plot_table(p, ret_table, err);
}
