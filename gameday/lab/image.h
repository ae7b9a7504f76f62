/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's initramfs: this machine's programs and libraries, and the files under guest/. */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/hash.h"
#include "gameday/lab/kernel.h"

struct gd_lab_image {
	char *path;                 /* owned */
	char digest[GD_SHA256_HEX]; /* of what is in it */
};

/* Gives the image from the cache, or builds it there. It holds no keys: those are injected. */
int gd_lab_image_get(const char *cache, const struct gd_lab_kernel *kernel,
		     gd_lab_say_fn *say, void *say_ctx, struct gd_lab_image *ret,
		     struct gd_error *err) GD_NONNULL_ARGS(1, 2, 3, 5, 6) GD_MUST_CHECK;
void gd_lab_image_fini(struct gd_lab_image *image) GD_NONNULL;
