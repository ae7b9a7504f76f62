/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cells of the heat map: per shade one path of flat strokes as high as a cell, cells of
 * one shade side by side in one stroke.
 */
#include <math.h>
#include <stdio.h>

#include "gameday/report/chart/draw.h"

/* Shares of a column's requests, and how they are named. */
static const struct {
	double above;
	const char *name;
} shades[] = {
	{0, "any"}, {0.005, "> 0.5 %"}, {0.02, "> 2 %"}, {0.1, "> 10 %"}, {0.3, "> 30 %"},
};

enum { N_SHADES = sizeof(shades) / sizeof(shades[0]) };

/* 0: nothing there; else the shade's number from 1. */
static int shade_of(const struct gd_heat *h, size_t column, size_t row)
{
	double share;
	int shade = 1;

	if (h->counts[column][row] == 0)
		return 0;
	share = (double)h->counts[column][row] / (double)h->total[column];
	while (shade < N_SHADES && share > shades[shade].above)
		shade++;
	return shade;
}

static bool goes_on(const struct gd_heat *h, size_t column, size_t row, int shade)
{
	double gap = (h->to[column - 1] - h->from[column - 1]) * 0.1;

	return shade_of(h, column, row) == shade &&
	       h->from[column] - h->to[column - 1] < gap;
}

static void draw_row(struct gd_frame *f, const struct gd_heat *h, size_t row, int shade,
		     double y)
{
	for (size_t i = 0; i < h->columns; i++) {
		size_t first = i;

		if (shade_of(h, i, row) != shade)
			continue;
		while (i + 1 < h->columns && goes_on(h, i + 1, row, shade))
			i++;
		gd_strbuf_addf(&f->body, "M%.1f %.1fH%.1f",
			       gd_scale_at(&f->x, h->from[first]), y,
			       gd_scale_at(&f->x, h->to[i]));
	}
}

void gd_draw_heat(struct gd_frame *f, const struct gd_place *pl)
{
	const struct gd_heat *h = pl->panel->heat;
	double height = (pl->bottom - pl->top) / GD_HEAT_ROWS;

	for (int shade = 1; h && shade <= N_SHADES; shade++) {
		gd_strbuf_addf(&f->body,
			       "<path class=\"hs h%d\" stroke-width=\"%.2f\" d=\"", shade,
			       height + 0.3);
		for (size_t row = 0; row < h->rows; row++)
			draw_row(f, h, row, shade,
				 pl->bottom - ((double)row + 0.5) * height);
		gd_strbuf_adds(&f->body, "\"/>\n");
	}
}

void gd_draw_heat_legend(struct gd_frame *f)
{
	static const char *const classes[] = {"g1", "g2", "g3", "g4", "g5"};
	struct gd_legend_item items[N_SHADES];

	for (size_t i = 0; i < N_SHADES; i++)
		items[i] =
			(struct gd_legend_item){classes[i], shades[i].name, true, NULL};
	gd_frame_legend(f, items, N_SHADES);
}
