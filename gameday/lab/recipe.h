/* SPDX-License-Identifier: Apache-2.0 */
/* What an initramfs is to hold, as a list that can be named by a hash before it is built. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/hash.h"

enum gd_lab_entry_kind { GD_LAB_DIR, GD_LAB_LINK, GD_LAB_COPY, GD_LAB_TEXT };

struct gd_lab_entry {
	enum gd_lab_entry_kind kind;
	mode_t mode;
	char *path; /* in the guest, without a leading slash; owned */
	char *source; /* COPY: file here; LINK: target; TEXT: the content; DIR: NULL; owned */
	size_t size; /* of the content */
};

struct gd_lab_recipe {
	struct gd_lab_entry *entries; /* owned */
	size_t n, cap;
};

#define GD_AUTO_LAB_RECIPE(name)                                                         \
	__attribute__((cleanup(gd_lab_recipe_fini))) struct gd_lab_recipe name = {0}

void gd_lab_recipe_fini(struct gd_lab_recipe *r) GD_NONNULL;
/*
 * Add one entry each; `path` may begin with a slash, and /bin, /sbin, /lib, /lib64 become their
 * counterparts under /usr. Missing parent folders are added. A path that is there already stays as
 * it is: the first one wins.
 */
int gd_lab_recipe_dir(struct gd_lab_recipe *r, const char *path, mode_t mode,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_lab_recipe_link(struct gd_lab_recipe *r, const char *path, const char *target,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Mode and size are the source's. */
int gd_lab_recipe_copy(struct gd_lab_recipe *r, const char *path, const char *source,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_lab_recipe_text(struct gd_lab_recipe *r, const char *path, const void *text,
		       size_t size, mode_t mode,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
bool gd_lab_recipe_has(const struct gd_lab_recipe *r, const char *path) GD_NONNULL;

/*
 * Names the image: paths, modes, texts, and for copied files source, size and time of change. Equal
 * digests mean equal images without reading 80 MB.
 */
int gd_lab_recipe_digest(const struct gd_lab_recipe *r, char ret[GD_SHA256_HEX],
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Writes the image (newc cpio, uncompressed, all owned by root) to path, atomically. */
int gd_lab_recipe_write(const struct gd_lab_recipe *r, const char *path,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
