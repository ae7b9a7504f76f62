/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people see while a run goes on: on a terminal a live view that fills it, else one
 * line per event; and the same on the dashboard, when there is one. Nothing in here waits
 * for who looks: see screen.h, outlet.h and web.h.
 */
#pragma once

#include <stdbool.h>

#include "gameday/base/loop.h"
#include "gameday/live/snapshot.h"
#include "gameday/live/web.h"

struct gd_view;

struct gd_view_options {
	int fd; /* the terminal, or where lines go; borrowed; -1 with lines: nowhere */
	bool lines; /* lines also on a terminal */
	bool blind; /* hide what is injected until it is revealed */
	struct gd_web *
		web; /* the dashboard, not started yet; NULL: none. Taken, also on failure */
};

/* Before any thread is started, because the terminal gets a process of its own. */
int gd_view_new(const struct gd_view_options *opt, struct gd_view **ret,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Gives the terminal back and prints what waits; may wait for who reads. Accepts NULL. */
void gd_view_free(struct gd_view *v);
/* Keys, and the end of the terminal's process, are heard from this loop from now on. */
int gd_view_attach(struct gd_view *v, struct gd_loop *loop,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* What happened, in one line; stamped with the seconds since the view was made. */
void gd_view_event(struct gd_view *v, enum gd_tone tone, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL;
/* The same, of what tells what was injected, where or when: hidden while blind. */
void gd_view_secret(struct gd_view *v, enum gd_tone tone, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL;
/* Blind no more: what was hidden is shown, now and for the rest of the run. why: who or what. */
void gd_view_reveal(struct gd_view *v, const char *why) GD_NONNULL;
bool gd_view_is_blind(const struct gd_view *v) GD_NONNULL;
/* What revealed it: "by the key r"; NULL while blind, or when it never was. */
const char *gd_view_revealed(const struct gd_view *v) GD_NONNULL;

/* Shows where the run is; some times a second. */
void gd_view_show(struct gd_view *v, const struct gd_shown_run *run) GD_NONNULL;
/* The last thing that is shown: what it all meant. */
void gd_view_over(struct gd_view *v, const char *verdict, const char *reason) GD_NONNULL;
/* The run is to stand still (SIGTSTP): gives the terminal back until it goes on. */
void gd_view_pause(struct gd_view *v) GD_NONNULL;
