/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines to a descriptor that may stand still (a terminal after Ctrl-S, a pipe nobody reads)
 * without ever waiting for it: what it does not take is kept, up to a bound, and what is
 * beyond is counted and said.
 */
#pragma once

#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"

enum { GD_OUTLET_MAX = 256 * 1024 };

struct gd_outlet {
	int fd;     /* borrowed; -1: lines go nowhere */
	int own_fd; /* the same file, opened again so that writing never waits; -1: none */
	struct gd_strbuf waiting;
	size_t dropped; /* lines since the last one that was kept */
};

/* Nothing can fail: without a descriptor of its own it writes as usual. */
void gd_outlet_init(struct gd_outlet *o, int fd) GD_NONNULL;
/* One line, with its '\n'. */
void gd_outlet_put(struct gd_outlet *o, const char *line) GD_NONNULL;
/* Writes what can be written now. */
void gd_outlet_flush(struct gd_outlet *o) GD_NONNULL;
/* Writes all that waits, however long that takes, and closes what it opened. */
void gd_outlet_fini(struct gd_outlet *o) GD_NONNULL;
