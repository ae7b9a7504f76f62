/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was measured and nobody has confirmed yet, in order and numbered from 1: whoever listens
 * gets all of it, and who takes over from a listener that was lost gets what that one had not
 * confirmed. When the room is used up the oldest goes; the numbers then show that some is missing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/json.h"

struct gd_backlog_item;

struct gd_backlog {
	struct gd_backlog_item *first, *last; /* owned */
	struct gd_backlog_item *next;         /* to be sent; NULL: all is */
	size_t sent;                          /* bytes of next */
	size_t bytes, max;                    /* of all */
	int64_t last_number;
};

/* max: bytes kept at most. */
void gd_backlog_init(struct gd_backlog *b, size_t max) GD_NONNULL;
void gd_backlog_fini(struct gd_backlog *b) GD_NONNULL;
/* Numbers msg (its member `seq`) and keeps it as a frame; takes msg in every case. */
int gd_backlog_add(struct gd_backlog *b, cJSON *msg, struct gd_error *err)
	GD_NONNULL_ARGS(1, 3) GD_MUST_CHECK;
/* Everything up to that number has arrived: it is not kept any longer. */
void gd_backlog_confirm(struct gd_backlog *b, int64_t number) GD_NONNULL;
/* There is a new listener: it gets everything that is not confirmed. */
void gd_backlog_rewind(struct gd_backlog *b) GD_NONNULL;
/* Sends what the socket takes at once. 0; -1 with errno when there is no listener any more. */
int gd_backlog_send(struct gd_backlog *b, int fd) GD_NONNULL GD_MUST_CHECK;
/* Is there something that this listener has not been sent? */
bool gd_backlog_is_due(const struct gd_backlog *b) GD_NONNULL;
/* Has all of it been confirmed? */
bool gd_backlog_is_empty(const struct gd_backlog *b) GD_NONNULL;
