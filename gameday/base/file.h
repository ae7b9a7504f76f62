/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in, whole files out. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

/*
 * Reads a whole file of at most max bytes; more is an error, as is a directory or a
 * device. *ret is NUL-terminated (the file may hold NULs itself), the caller frees it.
 */
int gd_file_read(const char *path, size_t max, char **ret, size_t *ret_size,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* All of fd until end of file, at most max bytes. Ownership as gd_file_read. */
int gd_fd_read_all(int fd, size_t max, char **ret, size_t *ret_size,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Writes all of data, whatever the number of write calls. */
int gd_fd_write_all(int fd, const void *data, size_t size, struct gd_error *err)
	GD_NONNULL_ARGS(4) GD_MUST_CHECK;
/* Replaces path atomically: a new file beside it, synced, renamed, directory synced. */
int gd_file_write(const char *path, const void *data, size_t size, mode_t mode,
		  struct gd_error *err) GD_NONNULL_ARGS(1, 5) GD_MUST_CHECK;
/* Makes path and its missing parents; an existing directory is fine. */
int gd_mkdir_p(const char *path, mode_t mode,
	       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Syncs the directory that holds path, so that a new name in it survives a power cut. */
int gd_sync_parent(const char *path, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Removes a directory and all in it, without following links. Missing is fine. */
int gd_remove_tree(const char *path, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* "a/b" from parts, the caller frees; NULL when out of memory. */
char *gd_path_join(const char *dir, const char *name) GD_NONNULL GD_MUST_CHECK;
/* printf into a new string, the caller frees; NULL when out of memory. */
char *gd_strf(const char *fmt, ...) GD_PRINTF(1, 2) GD_NONNULL GD_MUST_CHECK;
