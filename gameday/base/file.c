/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/strbuf.h"

int gd_fd_read_all(int fd, size_t max, char **ret, size_t *ret_size, struct gd_error *err)
{
	GD_AUTO_STRBUF(sb);
	char chunk[16384];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gd_raise_errno(err, "read");
		if (n == 0)
			break;
		gd_strbuf_add(&sb, chunk, (size_t)n);
		if (sb.len > max)
			return gd_raise(err, GD_E_INPUT, "more than %zu bytes", max);
	}
	*ret_size = sb.len;
	*ret = gd_strbuf_steal(&sb);
	return *ret ? 0 : gd_raise_nomem(err);
}

int gd_file_read(const char *path, size_t max, char **ret, size_t *ret_size,
		 struct gd_error *err)
{
	GD_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return gd_raise_errno(err, "%s", path);
	if (fstat(fd, &st) < 0)
		return gd_raise_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return gd_raise(err, GD_E_INPUT, "%s: not a regular file", path);
	if (gd_fd_read_all(fd, max, ret, ret_size, err) < 0)
		return gd_wrap(err, "%s: ", path);
	return 0;
}

int gd_fd_write_all(int fd, const void *data, size_t size, struct gd_error *err)
{
	const char *p = data;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gd_raise_errno(err, "write");
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

int gd_sync_parent(const char *path, struct gd_error *err)
{
	GD_AUTO_FREE char *dir = strdup(path);
	GD_AUTO_FD int fd = -1;
	char *slash;

	if (!dir)
		return gd_raise_nomem(err);
	slash = strrchr(dir, '/');
	if (slash && slash != dir)
		*slash = '\0';
	else if (slash)
		slash[1] = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return gd_raise_errno(err, "sync directory of %s", path);
	return 0;
}

/* The new file beside path, written and synced; its name is in tmp. */
static int write_beside(const char *tmp, const void *data, size_t size, mode_t mode,
			struct gd_error *err)
{
	GD_AUTO_FD int fd =
		open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return gd_raise_errno(err, "%s", tmp);
	if (gd_fd_write_all(fd, data, size, err) < 0)
		return gd_wrap(err, "%s: ", tmp);
	if (fsync(fd) < 0)
		return gd_raise_errno(err, "%s: sync", tmp);
	return 0;
}

int gd_file_write(const char *path, const void *data, size_t size, mode_t mode,
		  struct gd_error *err)
{
	GD_AUTO_FREE char *tmp = gd_strf("%s.new%ld", path, (long)getpid());

	if (!tmp)
		return gd_raise_nomem(err);
	if (write_beside(tmp, data, size, mode, err) < 0) {
		(void)unlink(tmp);
		return -1;
	}
	if (rename(tmp, path) < 0) {
		(void)gd_raise_errno(err, "%s", path);
		(void)unlink(tmp);
		return -1;
	}
	return gd_sync_parent(path, err);
}

int gd_mkdir_p(const char *path, mode_t mode, struct gd_error *err)
{
	GD_AUTO_FREE char *copy = strdup(path);
	struct stat st;

	if (!copy)
		return gd_raise_nomem(err);
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return gd_raise_errno(err, "%s", copy);
		*p = '/';
	}
	if (mkdir(copy, mode) < 0 && errno != EEXIST)
		return gd_raise_errno(err, "%s", copy);
	if (stat(copy, &st) < 0)
		return gd_raise_errno(err, "%s", copy);
	if (!S_ISDIR(st.st_mode))
		return gd_raise(err, GD_E_SYSTEM, "%s: not a directory", copy);
	return 0;
}

static int remove_one(const char *path, const struct stat *st GD_UNUSED,
		      int type GD_UNUSED, struct FTW *ftw GD_UNUSED)
{
	return remove(path);
}

int gd_remove_tree(const char *path, struct gd_error *err)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 &&
	    errno != ENOENT)
		return gd_raise_errno(err, "remove %s", path);
	return 0;
}

char *gd_path_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	return gd_strf("%s%s%s", dir, len && dir[len - 1] == '/' ? "" : "/", name);
}

char *gd_strf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}
