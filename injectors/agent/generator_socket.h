/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a load generator can be found when the agent that started it is gone: an abstract
 * socket (unix(7)), which leaves no file behind. Anybody may bind or connect to such a name,
 * so each side looks at whose process the other is.
 */
#pragma once

#include <sys/types.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/json.h"

/* All borrowed: whose state it is, of which run, which of its loads. */
struct gd_generator_name {
	const char *state_dir, *run, *ref;
};

/* A listening descriptor that does not block, owned by the caller; or -1. */
int gd_generator_listen(const struct gd_generator_name *name,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * A connected descriptor that does not block, owned by the caller; or -1: GD_E_REFUSED when
 * there is no such generator of this user.
 */
int gd_generator_connect(const struct gd_generator_name *name,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Connects to each generator of a state directory that this user's agents started; fn may take
 * the descriptor out of *fd, else it is closed. Stops when fn returns -1, and returns that.
 */
int gd_generator_each(const char *state_dir,
		      int (*fn)(void *ctx, int *fd, struct gd_error *err), void *ctx,
		      struct gd_error *err) GD_NONNULL_ARGS(1, 2, 4) GD_MUST_CHECK;
/*
 * Sends msg, which may be NULL (out of memory), as one frame, or not at all: messages are few and
 * small, the socket holds thousands of them, and a generator always reads.
 */
int gd_generator_send(int fd, const cJSON *msg, struct gd_error *err)
	GD_NONNULL_ARGS(3) GD_MUST_CHECK;
/* The next connection that a process of `owner` made; -1: none. */
int gd_generator_accept(int listen_fd, uid_t owner) GD_MUST_CHECK;
