/* SPDX-License-Identifier: Apache-2.0 */
/* The application hosts' disks: raw sparse images. */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

/* Copies a file's data and leaves its holes holes. `to` is replaced. */
int gd_lab_disk_copy(const char *from, const char *to,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Gives `dir` its disks, fresh copies of an empty ext4 that is made once, in the cache. */
int gd_lab_disks_blank(const char *cache, const char *dir,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Copies all disks of one folder to another. */
int gd_lab_disks_copy(const char *from_dir, const char *to_dir,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
