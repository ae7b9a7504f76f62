/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot as lines of text for a screen of a given size. Pure. What does not fit is left
 * out by its weight: watches first, then events and the tails of lists, with a line that
 * says how many are missing; the stage and what clients feel stay to the last.
 */
#pragma once

#include "gameday/live/pen.h"
#include "gameday/live/snapshot.h"

/* Below this a list of events says more than a frame. */
enum { GD_FRAME_MIN_COLS = 50, GD_FRAME_MIN_ROWS = 12 };

/*
 * Appends at most `rows` lines of at most `cols` columns, each ending in '\n'. utf8: the
 * terminal shows it; else the frame is ASCII.
 */
void gd_frame_draw(const struct gd_snapshot *s, int cols, int rows, bool utf8,
		   struct gd_strbuf *out) GD_NONNULL;
