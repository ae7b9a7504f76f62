/* SPDX-License-Identifier: Apache-2.0 */
/* BIRD's configuration as text: a copy of it that keeps some static routes to itself. */
#pragma once

#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"

/* A prefix as BIRD writes it, with its NUL. */
enum { GD_BGP_PREFIX = 50 };

struct gd_bgp_prefix {
	char text[GD_BGP_PREFIX];
};

/*
 * Adds to out the configuration `text` with the import of every static protocol that has a
 * `route` of one of the prefixes narrowed, so that these never reach a routing table; all
 * else stays byte for byte. A filter and not the route's absence, because BIRD applies a
 * changed filter with a hard `configure` only: that is what lets the timed undo be armed
 * again without announcing anything (bgp.md).
 *
 * GD_E_REFUSED, with `config` as the file's name: a prefix has no static route in this file,
 * or its protocol has no channel here or an import that can't be narrowed. Grammar: BIRD 2.0
 * User's Guide, "Protocol options", "Channel options" and "Static".
 */
int gd_bgp_withhold(const char *config, const char *text,
		    const struct gd_bgp_prefix *prefixes, size_t n, struct gd_strbuf *out,
		    struct gd_error *err) GD_NONNULL_ARGS(1, 2, 5, 6) GD_MUST_CHECK;
