/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which host keys a target may show: the inventory's host_key alone when there is one,
 * else what known_hosts files say. By libssh2's matcher (plain, hashed, [host]:port);
 * where a file uses what that lacks (patterns, certificate authorities, revocations) the
 * decision is left to ssh.
 */
#pragma once

#include <libssh2.h>

#include "gameday/base/attr.h"
#include "gameday/base/auto.h"
#include "gameday/base/error.h"
#include "gameday/remote/target.h"

struct gd_known_hosts;

/* session is only used for its allocator and must outlive the result. */
int gd_known_hosts_load(LIBSSH2_SESSION *session, const struct gd_target *target,
			struct gd_known_hosts **ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_known_hosts_free(struct gd_known_hosts *k);
GD_DEFINE_AUTO(gd_known_hosts, gd_known_hosts_free);

/*
 * Host key algorithms for the handshake, the kinds of key that are known first, as a
 * comma list of those in `allowed` (NULL: all that libssh2 has), into ret. Returns 0, or
 * GD_KNOWN_NEEDS_SSH when only ssh can verify this host.
 */
enum { GD_KNOWN_NEEDS_SSH = 1, GD_KNOWN_LIST = 256 };
int gd_known_hosts_methods(struct gd_known_hosts *k, const char *allowed,
			   char ret[GD_KNOWN_LIST], const char **ret_why)
	GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
/*
 * The key that the host has just shown. 0: it is the right one. -1, GD_E_REFUSED: it is
 * another one, or none is known; the text has the fingerprint and the way out.
 * GD_KNOWN_NEEDS_SSH: not found, but a pattern or a certificate may vouch for it.
 */
int gd_known_hosts_check(struct gd_known_hosts *k, LIBSSH2_SESSION *session,
			 const char **ret_why,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
