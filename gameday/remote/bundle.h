/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's bundle: the one file that is uploaded to a target, named by its content. */
#pragma once

#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/auto.h"
#include "gameday/base/error.h"
#include "gameday/base/hash.h"

struct gd_bundle {
	char *path; /* owned: where it was found */
	char *data; /* owned */
	size_t size;
	char hash[GD_SHA256_HEX]; /* SHA-256 of data */
};

/* At most this is loaded and uploaded; a sanitizer build stays below, too. */
enum { GD_BUNDLE_MAX = 64 << 20 };

/*
 * Finds gameday-agent.bundle: $GAMEDAY_AGENT when set (then nowhere else), beside this
 * executable, or in ../lib/gameday from there. The error lists where it was looked for.
 */
int gd_bundle_load(struct gd_bundle *ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The same from a given file. */
int gd_bundle_load_file(const char *path, struct gd_bundle *ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_bundle_fini(struct gd_bundle *b) GD_NONNULL;
