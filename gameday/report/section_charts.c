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

/* How many bytes of markup it took. */
static size_t add_chart(const struct gd_report *r, struct gd_doc *d,
			const struct gd_chart *c, size_t i)
{
	const struct gd_chart_made *m;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(file);
	GD_AUTO_STRBUF(title);
	bool files = gd_doc_figures_are_files(d);

	gd_strbuf_addf(&title, "%s: ", c->title);
	c->label(r, i, &title);
	if (gd_chart_get(c, r, i, &m, &err) < 0 ||
	    (files && gd_chart_standalone(m->svg, &file, &err) < 0)) {
		gd_doc_paraf(d, "%s could not be drawn: %s.", gd_strbuf_str(&title),
			     err.text);
		return 0;
	}
	gd_doc_figure(d, &(struct gd_doc_figure){
				 .name = m->id,
				 .title = gd_strbuf_str(&title),
				 .about = i == 0 ? c->about : "",
				 .svg = files ? gd_strbuf_str(&file) : m->svg,
			 });
	if (m->table.n_rows > 0)
		add_rows(d, &m->table, gd_strbuf_str(&title));
	gd_doc_figure_end(d);
	return files ? file.len : strlen(m->svg);
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
