/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP connection, made without waiting for one lost packet: a first SYN that gets no
 * answer is repeated by the kernel after 1, 3 and 7 s; here a second attempt in parallel
 * begins after a second, or after 250 ms when there is another address to try.
 */
#pragma once

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "gameday/base/loop.h"

struct gd_dial;

/*
 * fd: connected, non-blocking, close-on-exec, the callee owns it, err is NULL; or -1 and
 * err. Called once, as the last thing the dial does; it may free the dial.
 */
typedef void gd_dial_fn(void *ctx, int fd, const struct gd_error *err);

/*
 * Resolves (in a thread, unless host is a number) and connects. family: AF_UNSPEC,
 * AF_INET or AF_INET6. The caller sets the time limit by freeing the dial.
 */
int gd_dial_new(struct gd_loop *loop, const char *host, int port, int family,
		gd_dial_fn *fn, void *ctx, struct gd_dial **ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 5, 7, 8) GD_MUST_CHECK;
/* Stops and frees; accepts NULL. */
void gd_dial_free(struct gd_dial *d);
GD_DEFINE_AUTO(gd_dial, gd_dial_free);
