/* SPDX-License-Identifier: Apache-2.0 */
/* What people say while a run goes on, or afterwards: records in its journal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/error.h"

/* In the order in which people come to them; ends with NULL. "text" is any other note. */
extern const char *const gd_note_kinds[]; /* detected, diagnosed, mitigated, recovered */
bool gd_note_is_kind(const char *word) GD_NONNULL;

enum { GD_NOTE_MAX = 4096, GD_NOTE_WHO_MAX = 80 };

struct gd_note {
	const char *kind; /* one of gd_note_kinds, or "text" */
	const char *text; /* may be "", at most GD_NOTE_MAX bytes */
	const char *by;   /* who; NULL or at most GD_NOTE_WHO_MAX bytes */
	int64_t at_ns;    /* wall: when it happened; 0: now */
};

/*
 * Appends to the run's journal, whether the run is going on or over, in one write at the
 * end of the file: lines of several writers never mix, on any file system of this machine.
 * A line that a crash cut short before it is ended first.
 */
int gd_note_write(const char *dir, const struct gd_note *note,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * A time as people write it, to wall: "-2m" (before now), "+95s" (after the run began),
 * "14:32:10" or "14:32" (of the run's day, local time), "2026-11-28T14:32:10"; with Z at
 * the end UTC. GD_E_INPUT when it can't be read, is before the run or in the future.
 */
int gd_note_time(const char *text, int64_t started_ns, int64_t now_ns, int64_t *ret,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
