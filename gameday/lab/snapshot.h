/* SPDX-License-Identifier: Apache-2.0 */
/* A booted lab kept in the cache: the machine's state and its disks at that moment. */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/hash.h"
#include "gameday/lab/image.h"
#include "gameday/lab/qemu.h"

/* Names the machine: QEMU's version, its command line without ports, what kernel and image hold. */
int gd_lab_snapshot_key(const struct gd_lab_qemu *q, const char *version,
			const struct gd_lab_image *image, char ret[GD_SHA256_HEX],
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * Puts the snapshot's disks into the state folder and gives its state file, open for QEMU to start
 * from; the caller's. Outcome GD_LAB_NO_SNAPSHOT when there is none of that key.
 */
enum { GD_LAB_NO_SNAPSHOT = 1 };
int gd_lab_snapshot_take(const char *cache, const char *key, const char *state,
			 int *ret_fd, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Saves the running lab under that key, in place of all others; the lab goes on. */
int gd_lab_snapshot_save(const char *cache, const char *key, const char *state,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Forgets a snapshot that did not work. */
int gd_lab_snapshot_drop(const char *cache, const char *key,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
