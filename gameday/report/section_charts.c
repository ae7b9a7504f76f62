/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The charts, each with the table behind it. A run with many clients has many charts of a
 * kind: those after the first few are folded away, and those beyond a size are left out.
 */
#include <string.h>

#include "gameday/report/chart.h"
#include "gameday/report/section.h"

enum {
	SHOWN = 3,              /* of a kind, before the rest is folded away */
	MAX_OF_A_KIND = 300000, /* bytes of markup */
};

static void add_rows(struct gd_doc *d, const struct gd_chart_table *t,
		     const char *caption)
{
	struct gd_doc_column columns[GD_DOC_MAX_COLUMNS] = {0};
	size_t n = t->n_columns < GD_DOC_MAX_COLUMNS ? t->n_columns : GD_DOC_MAX_COLUMNS;

	for (size_t k = 0; k < n; k++)
		columns[k] = (struct gd_doc_column){t->cells[k],
						    k ? GD_DOC_RIGHT : GD_DOC_WORD};
	gd_doc_table(d, caption, columns, n);
	for (size_t i = 1; i < t->n_rows; i++) {
		gd_doc_begin(d, GD_DOC_ROW);
		for (size_t k = 0; k < n; k++)
			gd_doc_cell(d, t->cells[i * t->n_columns + k]);
		gd_doc_end(d, GD_DOC_ROW);
	}
	gd_doc_table_end(d);
}

static void add_table(const struct gd_report *r, struct gd_doc *d,
		      const struct gd_chart *c, size_t i, const char *title)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_chart_table t = {0};

	if (gd_chart_table(c, r, i, &t, &err) < 0) {
		gd_doc_paraf(d, "There is no table: %s.", err.text);
		return;
	}
	if (t.n_rows > 0)
		add_rows(d, &t, title);
	gd_chart_table_fini(&t);
}

/* How many bytes of markup it took. */
static size_t add_chart(const struct gd_report *r, struct gd_doc *d,
			const struct gd_chart *c, size_t i)
{
	enum gd_chart_form form =
		gd_doc_figures_are_files(d) ? GD_CHART_FILE : GD_CHART_INLINE;
	GD_AUTO_FREE char *id = gd_chart_id(c, r, i);
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(svg);
	GD_AUTO_STRBUF(title);

	gd_strbuf_addf(&title, "%s: ", c->title);
	c->label(r, i, &title);
	if (!id || gd_chart_draw(c, r, i, form, &svg, &err) < 0) {
		gd_doc_paraf(d, "%s could not be drawn: %s.", gd_strbuf_str(&title),
			     id ? err.text : "out of memory");
		return 0;
	}
	gd_doc_figure(d, &(struct gd_doc_figure){
				 .name = id,
				 .title = gd_strbuf_str(&title),
				 .about = i == 0 ? c->about : "",
				 .svg = gd_strbuf_str(&svg),
			 });
	add_table(r, d, c, i, gd_strbuf_str(&title));
	gd_doc_figure_end(d);
	return svg.len;
}

static void add_kind(const struct gd_report *r, struct gd_doc *d,
		     const struct gd_chart *c)
{
	size_t n = c->count(r), size = 0, i = 0;

	for (; i < n && i < SHOWN; i++)
		size += add_chart(r, d, c, i);
	if (n <= SHOWN)
		return;
	gd_doc_fold(d, c->title);
	for (; i < n && size < MAX_OF_A_KIND; i++)
		size += add_chart(r, d, c, i);
	if (i < n)
		gd_doc_paraf(
			d,
			"%zu more are left out to keep the page small; their figures "
			"are in report.json.",
			n - i);
	gd_doc_fold_end(d);
}

void gd_section_charts(const struct gd_report *r, struct gd_doc *d)
{
	bool any = false;

	for (size_t k = 0; gd_charts[k]; k++)
		any = any || gd_charts[k]->count(r) > 0;
	if (!any)
		return;
	gd_doc_heading(d, 2, "charts", "Charts");
	for (size_t k = 0; gd_charts[k]; k++)
		add_kind(r, d, gd_charts[k]);
}
