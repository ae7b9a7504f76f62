/* SPDX-License-Identifier: Apache-2.0 */
/* What all trials of one scenario share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "gameday/base/proc.h"
#include "gameday/torture/far.h"

enum { GD_BED_MAX_FAULTS = 8 };

struct gd_bed {
	char *self;     /* owned: path of this program */
	char *dir;      /* owned: a folder of our own; gone with the bed unless `keep` */
	char *scenario; /* owned: the scenario's file in it */
	char name[64];  /* of the scenario */
	char host[64];  /* the one that gets all the faults */
	char kinds[GD_BED_MAX_FAULTS][32];
	size_t n_faults;
	char *before; /* owned: how the host looks when nobody is at work */
	struct gd_far far;
	bool as_before; /* so it was looked at last, and nobody was at work since */
	bool keep;      /* leave dir, for a human to look */
};

/*
 * Writes the scenario into a new folder, asks `gameday plan` what it would do, and looks at
 * the host.
 */
int gd_bed_make(const char *name, const char *text, struct gd_bed *ret,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_bed_fini(struct gd_bed *b) GD_NONNULL;

/* `gameday ARGS...` (at most 12, NULL-terminated) to its end. Caller frees ret->out. */
int gd_bed_gameday(const struct gd_bed *b, const char *const args[], struct gd_span limit,
		   struct gd_proc_result *ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The text of a compiled-in file; a missing one is our own mistake. */
const char *gd_bed_file(const char *name) GD_NONNULL;
