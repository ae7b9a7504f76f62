/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person sees while a run goes on. On a terminal a block of lines at the bottom is
 * redrawn in place and events scroll above it; without one, each event is one line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"

struct gd_view;

enum gd_view_tone { GD_TONE_PLAIN, GD_TONE_GOOD, GD_TONE_BAD, GD_TONE_FAULT };

int gd_view_new(int fd, struct gd_view **ret,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Takes the live block away; accepts NULL. */
void gd_view_free(struct gd_view *v);

/* One line, stamped with the seconds since the view was made. */
void gd_view_event(struct gd_view *v, enum gd_view_tone tone, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL;

/* The live block, line by line: begin, lines, end. Does nothing without a terminal. */
void gd_view_block_begin(struct gd_view *v) GD_NONNULL;
void gd_view_block_line(struct gd_view *v, enum gd_view_tone tone, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL;
void gd_view_block_end(struct gd_view *v) GD_NONNULL;
bool gd_view_is_live(const struct gd_view *v) GD_NONNULL;
