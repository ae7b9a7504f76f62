/* SPDX-License-Identifier: Apache-2.0 */
/* A host's address, asked for once at the start of a load. */
#pragma once

#include <sys/socket.h>

#include "gameday/load/url.h"

/*
 * A literal address, or a name looked up now. Of several addresses the first that accepts a
 * connection within a second is taken ("localhost" may be ::1 with nobody there), or the
 * very first when none does: that nobody answers is for the load to measure.
 */
int gd_address_resolve(const struct gd_url *url, struct sockaddr_storage *ret,
		       socklen_t *ret_len, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
