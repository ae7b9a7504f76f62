/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, by OpenSSL's libcrypto. */
#pragma once

#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

#define GD_SHA256_HEX 65

/* Lower-case hexadecimal digest with NUL. */
int gd_sha256_hex(const void *data, size_t size, char ret[GD_SHA256_HEX],
		  struct gd_error *err) GD_NONNULL_ARGS(3, 4) GD_MUST_CHECK;
