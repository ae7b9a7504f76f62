/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal, held by a process of its own. It may block on a terminal that stands still
 * (Ctrl-S, a slow connection): the run only ever hands it a snapshot without waiting, and
 * one that finds the way full is dropped. When the run ends in whatever way, SIGKILL
 * included, that process sees the end of its input and gives the terminal back; when that
 * process ends, the run does.
 */
#pragma once

#include <stdbool.h>

#include "gameday/live/snapshot.h"

struct gd_screen;

/*
 * Takes the terminal on fd (borrowed, both read and written): the alternate screen, keys
 * without echo. To be called before any thread is started, because it forks. 0; 1: this is
 * no terminal that can show it (none, TERM=dumb or unknown, in the background, too small).
 */
int gd_screen_open(int fd, struct gd_screen **ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Gives the terminal back as it was, within two seconds; accepts NULL. */
void gd_screen_close(struct gd_screen *s);
/* Never waits. */
void gd_screen_show(struct gd_screen *s, const struct gd_snapshot *snap) GD_NONNULL;
/* Readable when a key was pressed or the process is gone. */
int gd_screen_fd(const struct gd_screen *s) GD_NONNULL;
/* The next key; 0: none; -1: the process is gone, close the screen. */
int gd_screen_key(struct gd_screen *s) GD_NONNULL;
/* Gives the terminal back for a while, waiting a moment for it, and takes it again. */
void gd_screen_suspend(struct gd_screen *s) GD_NONNULL;
void gd_screen_resume(struct gd_screen *s) GD_NONNULL;
