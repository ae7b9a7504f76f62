/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dashboard of a one-shot fault: the page that a run has, with one fault on one host and
 * no load. The lines on standard output stay those of the command; every function takes NULL,
 * which is no dashboard, and then does nothing but print.
 */
#pragma once

#include "gameday/live/snapshot.h"
#include "gameday/runner/fleet.h"
#include "gameday/runner/oneshot.h"

struct gd_oneshot_view;

/*
 * Serves at o->dashboard from now on and says where on standard output; *ret is NULL when
 * there is none. fault is borrowed for the view's life.
 */
int gd_oneshot_view_new(const struct gd_oneshot *o, const struct gd_oneshot_fault *fault,
			struct gd_oneshot_view **ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Shows some times a second, from f's loop, until the view is freed, which comes first. */
int gd_oneshot_view_attach(struct gd_oneshot_view *v, struct gd_fleet *f,
			   struct gd_error *err) GD_NONNULL_ARGS(2, 3) GD_MUST_CHECK;
/* Accepts NULL. */
void gd_oneshot_view_free(struct gd_oneshot_view *v);

/* A line on standard output, without newline in fmt, and an event on the page. */
void gd_oneshot_say(struct gd_oneshot_view *v, enum gd_tone tone, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL_ARGS(3);

/* What is done before the fault's time begins: "connecting". A string constant. */
void gd_oneshot_view_doing(struct gd_oneshot_view *v, const char *doing)
	GD_NONNULL_ARGS(2);
/* The fault's time begins: it is over at `until`. */
void gd_oneshot_view_begin(struct gd_oneshot_view *v, struct gd_instant until);
/* The fault is being put in at this level, is in with it, is out for now, exactly as before. */
void gd_oneshot_view_coming(struct gd_oneshot_view *v, const struct gd_level *level)
	GD_NONNULL_ARGS(2);
void gd_oneshot_view_in(struct gd_oneshot_view *v, const struct gd_level *level)
	GD_NONNULL_ARGS(2);
/* What the fault that is in did so far. */
void gd_oneshot_view_effect(struct gd_oneshot_view *v, const char *text)
	GD_NONNULL_ARGS(2);
void gd_oneshot_view_out(struct gd_oneshot_view *v);
/* Everything is being undone. */
void gd_oneshot_view_undoing(struct gd_oneshot_view *v);
/* The last thing that is shown; status: as gd_oneshot_inject returns it. */
void gd_oneshot_view_over(struct gd_oneshot_view *v, int status, const char *reason)
	GD_NONNULL_ARGS(3);
