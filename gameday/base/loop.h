/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One epoll loop with timers and signals. Callbacks run from gd_loop_step only; they may
 * add and remove watches and timers, their own included. Single-threaded.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"

struct gd_loop;
struct gd_io;
struct gd_timer;

/* events: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR as epoll reports them. */
typedef void gd_io_fn(void *ctx, uint32_t events);
typedef void gd_timer_fn(void *ctx);
typedef void gd_signal_fn(void *ctx, int signo);

int gd_loop_new(struct gd_loop **ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Frees all that is still watched; descriptors stay the callers'. Accepts NULL. */
void gd_loop_free(struct gd_loop *loop);

/* Watches fd (not owned) level-triggered. Remove before closing fd. */
int gd_loop_io(struct gd_loop *loop, int fd, uint32_t events, gd_io_fn *fn, void *ctx,
	       struct gd_io **ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 4, 6, 7) GD_MUST_CHECK;
/* Changes the events waited for. Never fails: fd is registered already. */
void gd_io_set(struct gd_io *w, uint32_t events) GD_NONNULL;
/* Stops watching and frees; accepts NULL. */
void gd_io_remove(struct gd_io *w);

/* A timer that is not armed yet. */
int gd_loop_timer(struct gd_loop *loop, gd_timer_fn *fn, void *ctx, struct gd_timer **ret,
		  struct gd_error *err) GD_NONNULL_ARGS(1, 2, 4, 5) GD_MUST_CHECK;
/* Fires once at `when`; arming again replaces the time. */
void gd_timer_arm(struct gd_timer *t, struct gd_instant when) GD_NONNULL;
void gd_timer_disarm(struct gd_timer *t) GD_NONNULL;
/* Disarms and frees; accepts NULL. */
void gd_timer_remove(struct gd_timer *t);

/* Blocks the signals in this thread and delivers them to fn. Once per loop. */
int gd_loop_signals(struct gd_loop *loop, const int *signos, int n_signos,
		    gd_signal_fn *fn, void *ctx, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 4, 6) GD_MUST_CHECK;

/* Waits until `until` at most for something to do, then does all that is ready. */
int gd_loop_step(struct gd_loop *loop, struct gd_instant until,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
