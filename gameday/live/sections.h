/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a frame. Each draws itself into exactly the rows it is given. */
#pragma once

#include "gameday/live/pen.h"
#include "gameday/live/snapshot.h"

struct gd_section {
	/* Rows it would take for all it has; 0: it has nothing to say. */
	int (*want)(const struct gd_snapshot *s, int cols);
	void (*draw)(struct gd_pen *p, const struct gd_snapshot *s, int rows);
	int gives; /* 1: the first to give up rows when there are too few, 2: the next ... */
	int soft;   /* rows it keeps as long as others can give */
	int hard;   /* rows it keeps in any case */
	bool grows; /* takes what is left over */
};

/* From top to bottom; ends with a NULL draw. */
extern const struct gd_section gd_sections[];
/* "1:23" or "1:02:03"; buf of 32. */
const char *gd_section_clock(double seconds, char buf[32]) GD_NONNULL;
