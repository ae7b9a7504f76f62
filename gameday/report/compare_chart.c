/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first run of each side over time, one above the other: a chart per load and client.
 * Times are those of the first side's run; the others are moved so that their first fault
 * begins together with its.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gameday/base/file.h"
#include "gameday/report/chart.h"
#include "gameday/report/chart/loads.h"
#include "gameday/report/compare_impl.h"

static double p99_of(const struct gd_load_stats *s)
{
	return s->p99;
}

static double p50_of(const struct gd_load_stats *s)
{
	return s->p50;
}

static double success_of(const struct gd_load_stats *s)
{
	return s->success;
}

static const struct {
	const char *title;
	enum gd_metric_unit unit;
	bool log;
	double (*value)(const struct gd_load_stats *s);
} panels[] = {
	{"p99 of each interval (log scale)", GD_UNIT_DURATION, true, p99_of},
	{"p50 of each interval (log scale)", GD_UNIT_DURATION, true, p50_of},
	{"success of each interval", GD_UNIT_RATIO, false, success_of},
};

/* Seconds from the run's start to what runs are laid over each other by. */
static double anchor(const struct gd_report *r)
{
	return gd_report_seconds(r, gd_report_injected(r, NULL));
}

static void add_track(const struct gd_comparison *c, size_t side, size_t series,
		      size_t panel, struct gd_plot *p)
{
	const struct gd_report *r = c->sides[side].runs[0];
	double moved = anchor(c->sides[0].runs[0]) - anchor(r);
	char name[100], letter[2];
	struct gd_track *t;

	(void)snprintf(name, sizeof(name), "%s: %s", gd_compare_letter(side, letter),
		       r->name);
	t = gd_plot_track(&p->panels[panel], name, (int)side);
	if (!t)
		return;
	gd_chart_fill(r, series, panels[panel].value, p, t);
	for (size_t i = 0; i < t->n; i++) {
		t->points[i].from += moved;
		t->points[i].to += moved;
	}
}

static void fill(const struct gd_comparison *c, const struct gd_compare_row *row,
		 struct gd_plot *p)
{
	(void)snprintf(p->subject, sizeof(p->subject), "%s.%s", row->load, row->client);
	for (size_t i = 0; i < GD_N_ELEMS(panels); i++) {
		struct gd_panel *panel =
			gd_plot_panel(p, GD_PANEL_LINES, panels[i].unit, panels[i].title);

		if (!panel)
			return;
		panel->log = panels[i].log;
		if (panels[i].unit == GD_UNIT_RATIO)
			panel->ceiling = 1;
		for (size_t s = 0; s < c->n_sides; s++) {
			size_t series = gd_compare_find_series(c->sides[s].runs[0], row);

			if (series != SIZE_MAX)
				add_track(c, s, series, i, p);
		}
	}
}

static void write_table(struct gd_doc *d, const struct gd_chart_table *t)
{
	struct gd_doc_column columns[GD_DOC_MAX_COLUMNS];
	size_t n = t->n_columns < GD_DOC_MAX_COLUMNS ? t->n_columns : GD_DOC_MAX_COLUMNS;

	if (t->n_rows == 0)
		return;
	for (size_t i = 0; i < n; i++)
		columns[i] = (struct gd_doc_column){t->cells[i], GD_DOC_LEFT};
	gd_doc_table(d, "The values of the chart", columns, n);
	for (size_t row = 1; row < t->n_rows; row++) {
		gd_doc_begin(d, GD_DOC_ROW);
		for (size_t i = 0; i < n; i++)
			gd_doc_cell(d, t->cells[row * t->n_columns + i]);
		gd_doc_end(d, GD_DOC_ROW);
	}
	gd_doc_table_end(d);
}

static int write_chart(const struct gd_comparison *c, const struct gd_compare_row *row,
		       size_t number, struct gd_doc *d, struct gd_error *err)
{
	GD_AUTO_FREE char *id = gd_strf("compare-%zu", number);
	GD_AUTO(gd_plot) struct gd_plot *p = NULL;
	struct gd_chart_table table = {0};
	GD_AUTO_STRBUF(caption);
	GD_AUTO_STRBUF(inlined);
	GD_AUTO_STRBUF(svg);

	if (id)
		p = gd_plot_new(
			c->sides[0].runs[0], id, "The runs over time",
			"The first run of each side, moved so that their first "
			"faults begin together; stages and faults are those of A.");
	if (!p)
		return gd_raise_nomem(err);
	fill(c, row, p);
	if (gd_plot_draw(p, &inlined, err) < 0 ||
	    gd_chart_standalone(gd_strbuf_str(&inlined), &svg, err) < 0 ||
	    gd_plot_table(p, &table, err) < 0)
		return -1;
	gd_strbuf_addf(&caption, "%s.%s: the runs over time", row->load, row->client);
	gd_doc_figure(d, &(struct gd_doc_figure){
				 .name = id,
				 .title = gd_strbuf_str(&caption),
				 .about = "",
				 .svg = gd_strbuf_str(
					 gd_doc_figures_are_files(d) ? &svg : &inlined),
			 });
	write_table(d, &table);
	gd_doc_figure_end(d);
	gd_chart_table_fini(&table);
	return svg.failed || caption.failed ? gd_raise_nomem(err) : 0;
}

static bool is_new(const struct gd_comparison *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(c->rows[k].load, c->rows[i].load) == 0 &&
		    strcmp(c->rows[k].client, c->rows[i].client) == 0)
			return false;
	return true;
}

int gd_comparison_charts(const struct gd_comparison *c, struct gd_doc *d,
			 struct gd_error *err)
{
	size_t n = 0;

	gd_doc_heading(d, 2, "charts", "Over time");
	for (size_t i = 0; i < c->n_rows; i++)
		if (is_new(c, i) && write_chart(c, &c->rows[i], ++n, d, err) < 0)
			return -1;
	return 0;
}
