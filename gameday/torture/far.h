/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.sh at work on a host, over one SSH session for all trials: where the lab is emulated, a
 * login costs a second and more, and a strike has to come within milliseconds.
 */
#pragma once

#include <sys/types.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"

struct gd_far {
	pid_t pid;   /* of the ssh client; 0: none */
	int in, out; /* its standard input and output */
	struct gd_strbuf buf;
	long long
		boot; /* when the host was started, by its clock before anybody steps it */
};

#define GD_FAR_INIT                                                                      \
	{                                                                                \
		.in = -1, .out = -1                                                      \
	}

/* Starts host.sh on a lab host unless it runs already. `self` is the path of this program. */
int gd_far_open(struct gd_far *f, const char *self, const char *host,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Ends the session; gd_far_open starts a new one. */
void gd_far_close(struct gd_far *f) GD_NONNULL;
/* Says one command. */
int gd_far_say(struct gd_far *f, struct gd_error *err, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL GD_MUST_CHECK;
/*
 * The next line, without its newline; the caller frees. GD_E_TIMEOUT: none came until
 * `end`; GD_E_REMOTE: the session is over.
 */
int gd_far_line(struct gd_far *f, struct gd_instant end, char **ret,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
