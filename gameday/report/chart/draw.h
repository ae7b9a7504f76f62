/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of draw.c that have a file of their own. */
#pragma once

#include "gameday/report/chart/frame.h"
#include "gameday/report/chart/plot.h"

/* One panel with the places of its scale. */
struct gd_place {
	const struct gd_plot *plot;
	const struct gd_panel *panel;
	size_t number; /* of the panel */
	double top, bottom;
	struct gd_scale y;
};

static inline double gd_point_middle(const struct gd_plot_point *p)
{
	return p->from + (p->to - p->from) / 2;
}

void gd_draw_stack(struct gd_frame *f, const struct gd_place *pl) GD_NONNULL;
/* Cells and, below the panel's place, nothing: the legend is gd_draw_heat_legend. */
void gd_draw_heat(struct gd_frame *f, const struct gd_place *pl) GD_NONNULL;
void gd_draw_heat_legend(struct gd_frame *f) GD_NONNULL;
