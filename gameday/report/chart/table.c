/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/chart/table.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/report/chart/plot.h"

enum { MAX_COLUMNS = 64 };

void gd_chart_table_fini(struct gd_chart_table *t)
{
	for (size_t i = 0; t->cells && i < t->n_rows * t->n_columns; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct gd_chart_table){0};
}

int gd_chart_table_init(struct gd_chart_table *t, size_t columns, size_t rows,
			struct gd_error *err)
{
	struct gd_chart_table n = {.n_columns = columns, .n_rows = rows};

	n.cells = calloc(rows * columns + 1, sizeof(*n.cells));
	if (!n.cells)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < rows * columns; i++) {
		n.cells[i] = strdup("");
		if (!n.cells[i]) {
			gd_chart_table_fini(&n);
			return gd_raise_nomem(err);
		}
	}
	*t = n;
	return 0;
}

int gd_chart_table_set(struct gd_chart_table *t, size_t row, size_t column,
		       const char *text, struct gd_error *err)
{
	char *copy;

	if (row >= t->n_rows || column >= t->n_columns)
		return 0;
	copy = strdup(text);
	if (!copy)
		return gd_raise_nomem(err);
	free(t->cells[row * t->n_columns + column]);
	t->cells[row * t->n_columns + column] = copy;
	return 0;
}

void gd_chart_table_cut(struct gd_chart_table *t, size_t rows)
{
	for (size_t i = rows * t->n_columns; i < t->n_rows * t->n_columns; i++)
		free(t->cells[i]);
	t->n_rows = rows < t->n_rows ? rows : t->n_rows;
}

/* --- of a plot ------------------------------------------------------------------------- */

static size_t count_tracks(const struct gd_plot *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_panels; i++)
		n += p->panels[i].n_tracks;
	return n;
}

static int set_head(struct gd_chart_table *t, const struct gd_panel *panel,
		    const struct gd_track *track, size_t column, struct gd_error *err)
{
	GD_AUTO_STRBUF(head);

	gd_strbuf_adds(&head, panel->title);
	if (*track->name && strcmp(track->name, panel->title) != 0)
		gd_strbuf_addf(&head, ": %s", track->name);
	if (head.failed)
		return gd_raise_nomem(err);
	return gd_chart_table_set(t, 0, column, gd_strbuf_str(&head), err);
}

/* Slice i of all tracks into a row; *ret_any tells whether anything was seen in it. */
static int set_row(const struct gd_plot *p, struct gd_slices s, size_t i, size_t row,
		   struct gd_chart_table *t, bool *ret_any, struct gd_error *err)
{
	GD_AUTO_STRBUF(name);
	size_t column = 1;

	*ret_any = false;
	for (size_t k = 0; k < p->n_panels; k++)
		for (size_t m = 0; m < p->panels[k].n_tracks; m++, column++) {
			const struct gd_panel *panel = &p->panels[k];
			GD_AUTO_STRBUF(cell);

			gd_plot_slice_text(panel, &panel->tracks[m], s, i, &cell);
			*ret_any |= cell.len > 0;
			if (cell.failed)
				return gd_raise_nomem(err);
			if (gd_chart_table_set(t, row, column, gd_strbuf_str(&cell),
					       err) < 0)
				return -1;
		}
	gd_plot_slice_name(p, s, i, &name);
	if (name.failed)
		return gd_raise_nomem(err);
	return gd_chart_table_set(t, row, 0, gd_strbuf_str(&name), err);
}

static int fill(const struct gd_plot *p, struct gd_chart_table *t, struct gd_error *err)
{
	struct gd_slices s = gd_plot_slices(p);
	size_t column = 1, row = 1;

	if (gd_chart_table_set(t, 0, 0, "time", err) < 0)
		return -1;
	for (size_t k = 0; k < p->n_panels; k++)
		for (size_t m = 0; m < p->panels[k].n_tracks; m++)
			if (set_head(t, &p->panels[k], &p->panels[k].tracks[m], column++,
				     err) < 0)
				return -1;
	for (size_t i = 0; i < s.n; i++) {
		bool any;

		if (set_row(p, s, i, row, t, &any, err) < 0)
			return -1;
		row += any;
	}
	gd_chart_table_cut(t, row);
	return 0;
}

int gd_plot_table(const struct gd_plot *p, struct gd_chart_table *ret,
		  struct gd_error *err)
{
	size_t columns = 1 + count_tracks(p);
	struct gd_chart_table t;

	if (p->failed)
		return gd_raise_nomem(err);
	columns = columns > MAX_COLUMNS ? MAX_COLUMNS : columns;
	if (gd_chart_table_init(&t, columns, gd_plot_slices(p).n + 1, err) < 0)
		return -1;
	if (fill(p, &t, err) < 0) {
		gd_chart_table_fini(&t);
		return -1;
	}
	*ret = t;
	return 0;
}
