/* SPDX-License-Identifier: Apache-2.0 */
/* http:// URLs, taken apart. Pure. */
#pragma once

#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

struct gd_url {
	char host[256];      /* name or literal address, without brackets */
	char authority[272]; /* what goes into the Host field */
	char path[2049];     /* path and query, "/" at least */
	uint16_t port;
};

/*
 * Accepts http://HOST[:PORT][/PATH][?QUERY]; HOST may be [IPv6]. A fragment is dropped.
 * Blanks and control characters are refused, so a URL can't smuggle header fields.
 */
int gd_url_parse(const char *text, struct gd_url *ret,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
