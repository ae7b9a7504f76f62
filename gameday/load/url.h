/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of targets, taken apart. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

struct gd_url {
	char scheme[16];     /* lower case */
	char host[256];      /* name or literal address, without brackets */
	char authority[272]; /* HOST[:PORT] as it goes into the Host field */
	char path[2049];     /* path and query, "/" at least */
	uint16_t port;       /* 0: none given, and the scheme has none */
};

/*
 * Accepts SCHEME://HOST[:PORT][/PATH][?QUERY]; HOST may be [IPv6]. A fragment is dropped.
 * default_port is the scheme's own (0: it has none) and stays out of the authority. Blanks,
 * control characters and braces but for those of "${...}" are refused, so a URL can't smuggle
 * header fields.
 */
int gd_url_parse(const char *text, uint16_t default_port, struct gd_url *ret,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Whether text begins with "scheme://", in any case. */
bool gd_url_has_scheme(const char *text, const char *scheme) GD_NONNULL;
