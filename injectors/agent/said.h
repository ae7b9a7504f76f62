/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be told of one fault's way in or out: the notes and figures of its injector, what
 * the kernel counted, and who undid it, when and why. It travels in replies and stands in the
 * journal, so that what the guardian did with nobody listening is told afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/json.h"
#include "injectors/injector.h"

struct gd_said {
	char notes[4][200];
	size_t n_notes;
	struct {
		char name[32];
		int64_t value;
	} figures[4];
	size_t n_figures;
};

/* gd_ports.note and gd_ports.figure: the context is a struct gd_said. What is too much is
 * dropped; a figure told twice adds up. */
void gd_said_note(void *said, const char *text) GD_NONNULL;
void gd_said_figure(void *said, const char *name, int64_t value) GD_NONNULL;
/* Adds `notes` and `figures` to obj, if there are any. */
int gd_said_add(cJSON *obj, const struct gd_said *said,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Adds `seen`, `text` and `counters` to obj. */
int gd_effect_add(cJSON *obj, const struct gd_effect *e,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* How a fault went out. */
struct gd_undone {
	const char *by;     /* "agent", "guardian", "recover"; borrowed */
	const char *reason; /* why nobody had to ask; NULL: somebody asked; borrowed */
	int64_t wall_ns, boot_ns; /* when, by this host's clocks */
	int64_t took_ms;
	struct gd_said said;
	bool has_effect;
	struct gd_effect effect; /* read just before */
};

/* Stamps it with the time: now. */
void gd_undone_now(struct gd_undone *u, int64_t took_ms) GD_NONNULL;
/*
 * {"by", "reason"?, "undone_wall_ns", "undone_boot_ns", "boot_id", "took_ms", "notes"?,
 * "figures"?, "effect"?}; the caller owns it. NULL with *err: no memory.
 */
cJSON *gd_undone_to_json(const struct gd_undone *u,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Adds the members of such an object to a reply's. undone_boot_ns is left out when the host
 * was started anew since then, as its clock was. facts may be NULL: nothing is added.
 */
int gd_undone_add(cJSON *obj, const cJSON *facts, struct gd_error *err)
	GD_NONNULL_ARGS(1, 3) GD_MUST_CHECK;
