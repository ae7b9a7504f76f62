/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributions as HdrHistogram's tools plot them: latency upwards (log), the percentile
 * across so that each further nine has the same room. A line ends where its requests do:
 * with 500 of them nothing is known beyond 99.8 %.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/report/chart/frame.h"
#include "gameday/report/chart/loads.h"
#include "gameday/report/chart/rows.h"
#include "gameday/report/chart/styles.h"
#include "gameday/report/chart/svg.h"
#include "gameday/report/chart/table.h"

enum { MAX_CURVES = 16, MAX_POINTS = 160, MAX_SPREADS = 16 };

struct curve {
	char name[112];
	int style;
	const struct gd_hist *hist; /* borrowed from the results */
};

struct spread {
	char title[128];
	struct curve curves[MAX_CURVES];
	size_t n;
};

struct spreads {
	struct spread items[MAX_SPREADS];
	size_t n;
	double lo, hi; /* ns, of all */
	double nines;  /* how far to the right */
};

/* The percentiles that axis, hover texts and table name. */
static const struct {
	double p;
	const char *name;
	bool tick;
} named[] = {
	{50, "50 %", true},           {75, "75 %", false},
	{90, "90 %", true},           {95, "95 %", false},
	{99, "99 %", true},           {99.5, "99.5 %", false},
	{99.9, "99.9 %", true},       {99.95, "99.95 %", false},
	{99.99, "99.99 %", true},     {99.999, "99.999 %", true},
	{99.9999, "99.9999 %", true},
};

static double nines_of(double p)
{
	return -log10(1 - p / 100);
}

static void add_curve(struct spreads *all, struct spread *s, const char *name, int style,
		      const struct gd_hist *h)
{
	struct curve *c = &s->curves[s->n];

	if (s->n == MAX_CURVES || gd_hist_count(h) == 0)
		return;
	*c = (struct curve){.style = style, .hist = h};
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	s->n++;
	all->lo = fmin(all->lo, fmax((double)gd_hist_min(h), 1000));
	all->hi = fmax(all->hi, (double)gd_hist_max(h));
	all->nines = fmax(all->nines, log10((double)gd_hist_count(h)));
}

static void spreads_init(struct spreads *s)
{
	*s = (struct spreads){
		.lo = (double)INFINITY, .hi = -(double)INFINITY, .nines = 1.05};
}

/* --- drawing --------------------------------------------------------------------------- */

/* To the line's own last request; a step of its own at the end, as the maximum is exact. */
static void draw_curve(struct gd_frame *f, const struct gd_scale *y,
		       const struct curve *c)
{
	double last = log10((double)gd_hist_count(c->hist)), p[MAX_POINTS];
	int64_t values[MAX_POINTS];
	size_t n = (size_t)fmin(fmax(ceil(last * 25), 2), MAX_POINTS);

	for (size_t i = 0; i < n; i++)
		p[i] = 100 * (1 - pow(10, -last * (double)i / (double)n));
	gd_hist_percentiles(c->hist, p, n, values);
	gd_strbuf_addf(&f->body, "<path class=\"l %s\" d=\"", gd_style_line(c->style));
	for (size_t i = 0; i <= n; i++) {
		double v = i < n ? (double)values[i] : (double)gd_hist_max(c->hist);

		gd_strbuf_addc(&f->body, i == 0 ? 'M' : 'L');
		gd_svg_num(&f->body, gd_scale_at(&f->x, last * (double)i / (double)n));
		gd_strbuf_addc(&f->body, ' ');
		gd_svg_num(&f->body,
			   gd_scale_at(y, fmin(v, (double)gd_hist_max(c->hist))));
	}
	gd_strbuf_adds(&f->body, "\"/>\n");
}

static void add_values(const struct spread *s, double p, struct gd_strbuf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		char buf[32];

		if (nines_of(p) > log10((double)gd_hist_count(s->curves[i].hist)))
			continue;
		gd_strbuf_addf(
			out, "\n%s: %s", s->curves[i].name,
			gd_metric_format((double)gd_hist_percentile(s->curves[i].hist, p),
					 GD_UNIT_DURATION, buf));
	}
}

static void draw_hover(struct gd_frame *f, const struct spread *s, double top,
		       double bottom)
{
	double left = GD_FRAME_LEFT;

	for (size_t i = 0; i < GD_N_ELEMS(named); i++) {
		double x = nines_of(named[i].p), right;
		GD_AUTO_STRBUF(text);

		if (x > f->x.hi)
			break;
		right = i + 1 < GD_N_ELEMS(named) ? (x + nines_of(named[i + 1].p)) / 2
						  : f->x.hi;
		right = gd_scale_at(&f->x, right);
		gd_strbuf_addf(&text, "%s of the requests took at most", named[i].name);
		add_values(s, named[i].p, &text);
		gd_svg_rect(&f->body, "hit",
			    (struct gd_box){left, top, right - left, bottom - top},
			    gd_strbuf_str(&text));
		left = right;
	}
}

static void draw_percent_lines(struct gd_frame *f, double top, double bottom)
{
	for (size_t i = 0; i < GD_N_ELEMS(named); i++) {
		double x = gd_scale_at(&f->x, nines_of(named[i].p));

		if (named[i].tick && nines_of(named[i].p) <= f->x.hi)
			gd_svg_line(&f->body, "gr", x, top, x, bottom);
	}
}

static void draw_percent_axis(struct gd_frame *f)
{
	gd_svg_line(&f->body, "ax", GD_FRAME_LEFT, f->y, GD_FRAME_RIGHT, f->y);
	for (size_t i = 0; i < GD_N_ELEMS(named); i++) {
		double x = gd_scale_at(&f->x, nines_of(named[i].p));

		if (!named[i].tick || nines_of(named[i].p) > f->x.hi)
			continue;
		gd_svg_line(&f->body, "ax", x, f->y, x, f->y + 4);
		gd_svg_text(&f->body, x > GD_FRAME_RIGHT - 24 ? "t e" : "t c",
			    fmin(x, x > GD_FRAME_RIGHT - 24 ? GD_FRAME_RIGHT : x),
			    f->y + 17, named[i].name);
	}
	gd_svg_text(&f->body, "t e", GD_FRAME_RIGHT, f->y + 35,
		    "so much of the requests was at least as fast");
	f->y += 44;
}

static void draw_spread(struct gd_frame *f, const struct spreads *all,
			const struct spread *s, double height)
{
	struct gd_scale y = gd_scale_nice(true, all->lo, all->hi);
	double top;

	gd_frame_heading(f, s->title);
	top = f->y + 8;
	y.from = top + height;
	y.to = top;
	gd_frame_grid(f, &y, GD_UNIT_DURATION, "");
	draw_percent_lines(f, y.to, y.from);
	for (size_t i = s->n; i-- > 0;)
		draw_curve(f, &y, &s->curves[i]);
	draw_hover(f, s, y.to, y.from);
	f->y = y.from + 6;
}

static void draw_legend(struct gd_frame *f, const struct spreads *all)
{
	struct gd_legend_item items[MAX_CURVES];
	const struct spread *most = &all->items[0];

	for (size_t i = 1; i < all->n; i++)
		most = all->items[i].n > most->n ? &all->items[i] : most;
	for (size_t i = 0; i < most->n; i++)
		items[i] = (struct gd_legend_item){gd_style_swatch(most->curves[i].style),
						   most->curves[i].name, false, NULL};
	gd_frame_legend(f, items, most->n);
}

static int draw_spreads(const struct spreads *all, const struct gd_chart *c,
			const char *subject, const char *id, struct gd_strbuf *out,
			struct gd_error *err)
{
	struct gd_frame f = {.id = id, .y = 4};
	GD_AUTO_STRBUF(title);
	int rc;

	f.x = (struct gd_scale){
		.lo = 0, .hi = all->nines, .from = GD_FRAME_LEFT, .to = GD_FRAME_RIGHT};
	if (all->n > 0)
		draw_legend(&f, all);
	for (size_t i = 0; i < all->n; i++)
		draw_spread(&f, all, &all->items[i], all->n == 1 ? 230 : 150);
	f.y -= all->n > 0 ? 6 : 0;
	draw_percent_axis(&f);
	gd_strbuf_addf(&title, "%s: %s", c->title, subject);
	rc = gd_frame_finish(&f, gd_strbuf_str(&title), c->about, out, err);
	gd_frame_fini(&f);
	return rc;
}

/* --- tables ---------------------------------------------------------------------------- */

static int set_curve(struct gd_chart_table *t, const struct spreads *all, size_t s,
		     size_t k, size_t column, struct gd_error *err)
{
	const struct curve *c = &all->items[s].curves[k];
	double known = log10((double)gd_hist_count(c->hist));
	char buf[240];

	(void)snprintf(buf, sizeof(buf), "%s%s%s", c->name, all->n > 1 ? " " : "",
		       all->n > 1 ? all->items[s].title : "");
	if (gd_chart_table_set(t, 0, column, buf, err) < 0)
		return -1;
	(void)snprintf(buf, sizeof(buf), "%llu",
		       (unsigned long long)gd_hist_count(c->hist));
	if (gd_chart_table_set(t, 1, column, buf, err) < 0)
		return -1;
	for (size_t i = 0; i < GD_N_ELEMS(named); i++) {
		if (nines_of(named[i].p) > known)
			continue;
		(void)gd_metric_format((double)gd_hist_percentile(c->hist, named[i].p),
				       GD_UNIT_DURATION, buf);
		if (gd_chart_table_set(t, i + 2, column, buf, err) < 0)
			return -1;
	}
	(void)gd_metric_format((double)gd_hist_max(c->hist), GD_UNIT_DURATION, buf);
	return gd_chart_table_set(t, GD_N_ELEMS(named) + 2, column, buf, err);
}

static int fill_table(struct gd_chart_table *t, const struct spreads *all,
		      struct gd_error *err)
{
	size_t column = 1;

	if (gd_chart_table_set(t, 0, 0, "share", err) < 0 ||
	    gd_chart_table_set(t, 1, 0, "requests", err) < 0 ||
	    gd_chart_table_set(t, GD_N_ELEMS(named) + 2, 0, "slowest", err) < 0)
		return -1;
	for (size_t i = 0; i < GD_N_ELEMS(named); i++)
		if (gd_chart_table_set(t, i + 2, 0, named[i].name, err) < 0)
			return -1;
	for (size_t s = 0; s < all->n; s++)
		for (size_t k = 0; k < all->items[s].n; k++)
			if (set_curve(t, all, s, k, column++, err) < 0)
				return -1;
	return 0;
}

static int table_spreads(const struct spreads *all, struct gd_chart_table *ret,
			 struct gd_error *err)
{
	struct gd_chart_table t;
	size_t columns = 1;

	for (size_t i = 0; i < all->n; i++)
		columns += all->items[i].n;
	if (gd_chart_table_init(&t, columns > 64 ? 64 : columns, GD_N_ELEMS(named) + 3,
				err) < 0)
		return -1;
	if (fill_table(&t, all, err) < 0) {
		gd_chart_table_fini(&t);
		return -1;
	}
	*ret = t;
	return 0;
}

/* --- stage against stage ---------------------------------------------------------------- */

/* The baseline grey, what follows a fault green, faults in colours of their own. */
static int style_of_stage(const char *kind, size_t *n_faults)
{
	static const int faults[] = {1, 3, 0, 7, 4, 5};

	if (strcmp(kind, "baseline") == 0)
		return 6;
	if (strcmp(kind, "recovery") == 0)
		return 2;
	return faults[(*n_faults)++ % GD_N_ELEMS(faults)];
}

static void build_stages(const struct gd_report *r, size_t series, struct spreads *all)
{
	struct spread *s = &all->items[0];
	size_t n_faults = 0;

	spreads_init(all);
	(void)snprintf(s->title, sizeof(s->title), "latency (log scale)");
	for (size_t i = 0; i < gd_results_n_stages(r->results); i++) {
		struct gd_stage_span st = gd_results_stage(r->results, i);
		int style = style_of_stage(st.kind, &n_faults);
		const struct gd_hist *h;

		if (gd_results_hist(r->results, series, st.name, &h) == 0)
			add_curve(all, s, st.name, style, h);
	}
	all->n = s->n > 0;
}

static size_t count_stages(const struct gd_report *r)
{
	return gd_results_n_stages(r->results) > 0 ? gd_chart_count_series(r) : 0;
}

static int make_stages(const struct gd_report *r, size_t i, const char *id,
		       struct gd_strbuf *svg, struct gd_chart_table *ret_table,
		       struct gd_error *err)
{
	struct spreads *all GD_AUTO_FREE = malloc(sizeof(*all));
	GD_AUTO_STRBUF(label);

	if (!all)
		return gd_raise_nomem(err);
	build_stages(r, i, all);
	gd_chart_label_series(r, i, &label);
	if (draw_spreads(all, &gd_chart_stages, gd_strbuf_str(&label), id, svg, err) < 0)
		return -1;
	return table_spreads(all, ret_table, err);
}

const struct gd_chart gd_chart_stages = {
	.name = "stages",
	.title = "Latency distribution by stage",
	.about =
		"How slow the slowest part of the requests was, the baseline against each "
		"stage. A request that timed out counts with the time after which the "
		"client gave up.",
	.count = count_stages,
	.label = gd_chart_label_series,
	.make = make_stages,
};

/* --- policy against policy -------------------------------------------------------------- */

/* The i-th load with several clients; "" when there are no more. */
static const char *compared_load(const struct gd_report *r, size_t i)
{
	for (size_t k = 0; k < gd_chart_n_loads(r); k++) {
		size_t series[2];

		if (gd_chart_clients(r, gd_chart_load(r, k), 2, series) == 2 && i-- == 0)
			return gd_chart_load(r, k);
	}
	return NULL;
}

static size_t count_policies(const struct gd_report *r)
{
	size_t n = 0;

	while (gd_results_n_stages(r->results) > 0 && compared_load(r, n))
		n++;
	return n;
}

static void label_policies(const struct gd_report *r, size_t i, struct gd_strbuf *out)
{
	const char *load = compared_load(r, i);

	gd_strbuf_adds(out, load ? load : "");
}

static void build_policies(const struct gd_report *r, const char *load,
			   struct spreads *all)
{
	size_t series[MAX_CURVES], n = gd_chart_clients(r, load, MAX_CURVES, series);

	spreads_init(all);
	for (size_t i = 0; i < gd_results_n_stages(r->results); i++) {
		struct gd_stage_span st = gd_results_stage(r->results, i);
		struct spread *s = &all->items[all->n];

		if (all->n == MAX_SPREADS)
			break;
		(void)snprintf(s->title, sizeof(s->title), "in %.60s (%.16s)", st.name,
			       st.kind);
		for (size_t k = 0; k < n; k++) {
			const struct gd_hist *h;

			if (gd_results_hist(r->results, series[k], st.name, &h) == 0)
				add_curve(all, s, gd_chart_client(r, series[k]), (int)k,
					  h);
		}
		all->n += s->n > 0;
	}
}

static int make_policies(const struct gd_report *r, size_t i, const char *id,
			 struct gd_strbuf *svg, struct gd_chart_table *ret_table,
			 struct gd_error *err)
{
	struct spreads *all GD_AUTO_FREE = malloc(sizeof(*all));
	const char *load = compared_load(r, i);

	if (!all || !load)
		return gd_raise_nomem(err);
	build_policies(r, load, all);
	if (draw_spreads(all, &gd_chart_policies, load, id, svg, err) < 0)
		return -1;
	return table_spreads(all, ret_table, err);
}

const struct gd_chart gd_chart_policies = {
	.name = "policies",
	.title = "Policy against policy",
	.about =
		"The clients of one load, which met the same requests at the same times, in "
		"each stage on one scale: the difference is the policy's.",
	.count = count_policies,
	.label = label_policies,
	.make = make_policies,
};
