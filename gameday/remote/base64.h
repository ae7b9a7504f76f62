/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648, section 4), as keys and fingerprints are written. */
#pragma once

#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

/*
 * Decodes exactly len characters; padding is optional, anything else is GD_E_INPUT. The
 * caller frees *ret.
 */
int gd_base64_decode(const char *text, size_t len, unsigned char **ret, size_t *ret_size,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Without padding, as OpenSSH prints fingerprints; the caller frees. NULL: no memory. */
char *gd_base64_encode(const unsigned char *data, size_t size) GD_NONNULL GD_MUST_CHECK;
