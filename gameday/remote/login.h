/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public key login over libssh2: the inventory's key alone when there is one, else what
 * ssh-agent holds, then the identity files of the OpenSSH configuration. Never asks.
 */
#pragma once

#include <libssh2.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/remote/target.h"

struct gd_login;

enum gd_login_outcome {
	GD_LOGIN_DONE,
	GD_LOGIN_WAIT,      /* for the socket, then step again */
	GD_LOGIN_NEEDS_SSH, /* what is left to try only ssh can use: see gd_login_why */
	GD_LOGIN_FAILED,    /* err says what was tried, and the way out */
};

int gd_login_new(LIBSSH2_SESSION *session, const struct gd_target *target,
		 struct gd_login **ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
enum gd_login_outcome gd_login_step(struct gd_login *l,
				    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
const char *gd_login_why(const struct gd_login *l) GD_NONNULL;
/* Before the session is freed; accepts NULL. */
void gd_login_free(struct gd_login *l);
