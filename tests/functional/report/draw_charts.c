/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw_charts RUN_DIR OUT_DIR: writes every chart of a run as OUT_DIR/ID.svg, and
 * OUT_DIR/page.html with all of them in a page, each with its table.
 */
#include <stdio.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/chart.h"
#include "gameday/report/text.h"

static void add_table(const struct gd_chart_table *t, struct gd_strbuf *page)
{
	gd_strbuf_adds(page, "<details><summary>values</summary><table>\n");
	for (size_t i = 0; i < t->n_rows; i++) {
		gd_strbuf_adds(page, "<tr>");
		for (size_t k = 0; k < t->n_columns; k++) {
			gd_strbuf_adds(page, i == 0 ? "<th>" : "<td>");
			gd_text_html_attr(page, t->cells[i * t->n_columns + k]);
		}
		gd_strbuf_addc(page, '\n');
	}
	gd_strbuf_adds(page, "</table></details>\n");
}

static int draw(const struct gd_report *r, const struct gd_chart *c, size_t i,
		const char *dir, struct gd_strbuf *page, struct gd_error *err)
{
	GD_AUTO_FREE char *path = NULL;
	const struct gd_chart_made *m;
	GD_AUTO_STRBUF(svg);
	GD_AUTO_STRBUF(label);
	size_t before = page->len;

	if (gd_chart_get(c, r, i, &m, err) < 0)
		return -1;
	path = gd_strf("%s/%s.svg", dir, m->id);
	if (!path)
		return gd_raise_nomem(err);
	if (gd_chart_draw(c, r, i, GD_CHART_FILE, &svg, err) < 0 ||
	    gd_file_write(path, gd_strbuf_str(&svg), svg.len, 0644, err) < 0)
		return -1;
	c->label(r, i, &label);
	gd_strbuf_addf(page, "<h2>%s: ", c->title);
	gd_text_html_attr(page, gd_strbuf_str(&label));
	gd_strbuf_addf(page, "</h2>\n<p>%s</p>\n", c->about);
	if (gd_chart_draw(c, r, i, GD_CHART_INLINE, page, err) < 0)
		return -1;
	(void)printf("%s svg %zu page %zu", m->id, svg.len, page->len - before);
	add_table(&m->table, page);
	(void)printf(" with table %zu\n", page->len - before);
	return 0;
}

static int draw_all(const char *run, const char *dir, struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	GD_AUTO_FREE char *path = gd_strf("%s/page.html", dir);
	GD_AUTO_STRBUF(page);

	if (!path)
		return gd_raise_nomem(err);
	if (gd_report_load(run, &r, err) < 0)
		return -1;
	gd_strbuf_adds(&page, "<!doctype html><meta charset=\"utf-8\"><meta "
			      "name=\"viewport\" content=\"width=device-width\"><style>");
	gd_chart_css(&page);
	gd_strbuf_adds(&page, "body{margin:8px;max-width:860px;font:14px sans-serif}"
			      "@media (prefers-color-scheme:dark){body{"
			      "background:#0f1419;color:#e6e9ec}}</style>\n");
	for (size_t k = 0; gd_charts[k]; k++)
		for (size_t i = 0; i < gd_charts[k]->count(r); i++)
			if (draw(r, gd_charts[k], i, dir, &page, err) < 0)
				return -1;
	return gd_file_write(path, gd_strbuf_str(&page), page.len, 0644, err);
}

int main(int argc, char **argv)
{
	struct gd_error err = GD_ERROR_INIT;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: draw_charts RUN_DIR OUT_DIR\n");
		return 2;
	}
	if (draw_all(argv[1], argv[2], &err) == 0)
		return 0;
	(void)fprintf(stderr, "draw_charts: %s\n", err.text);
	return 1;
}
