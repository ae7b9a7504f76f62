/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups of version 2 by their files (Documentation/admin-guide/cgroup-v2.rst). */
#include "injectors/ports/linux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

#define ROOT "/sys/fs/cgroup"

enum { MAX_FILE = 256 << 10 };

/* A file of the group; 0, -1 or GD_PORT_ABSENT. */
static int read_group(const char *group, const char *name, char **ret,
		      struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_strf(ROOT "/%s/%s", group, name);
	size_t size;

	if (!path)
		return gd_raise_nomem(err);
	if (gd_file_read(path, MAX_FILE, ret, &size, err) == 0)
		return 0;
	return err->sys_errno == ENOENT || err->sys_errno == ENODEV ||
			       err->sys_errno == ENOTDIR
		       ? GD_PORT_ABSENT
		       : -1;
}

/* "key=VALUE" in the line that begins with "MAJOR:MINOR "; `none` when it is not there. */
static int64_t field(const char *text, int64_t maj, int64_t min, const char *key,
		     int64_t none)
{
	char head[48], word[32];

	(void)snprintf(head, sizeof(head), "%" PRId64 ":%" PRId64 " ", maj, min);
	(void)snprintf(word, sizeof(word), " %s=", key);
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *at = strstr(text, word);

		if (strncmp(text, head, strlen(head)) == 0) {
			if (!at || at > text + len)
				return none;
			at += strlen(word);
			return strncmp(at, "max", 3) == 0 ? GD_IO_NO_LIMIT
							  : strtoll(at, NULL, 10);
		}
		text += len + (text[len] == '\n');
	}
	return none;
}

static int get_io_max(void *ctx GD_UNUSED, const char *group, int64_t maj, int64_t min,
		      struct gd_io_max *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *text = NULL;
	int rc = read_group(group, "io.max", &text, err);

	if (rc != 0)
		return rc;
	*ret = (struct gd_io_max){.rbps = field(text, maj, min, "rbps", GD_IO_NO_LIMIT),
				  .wbps = field(text, maj, min, "wbps", GD_IO_NO_LIMIT),
				  .riops = field(text, maj, min, "riops", GD_IO_NO_LIMIT),
				  .wiops =
					  field(text, maj, min, "wiops", GD_IO_NO_LIMIT)};
	return 0;
}

static void print(char *out, size_t size, const char *name, int64_t v)
{
	if (v == GD_IO_NO_LIMIT)
		(void)snprintf(out, size, " %s=max", name);
	else
		(void)snprintf(out, size, " %s=%" PRId64, name, v);
}

static int set_io_max(void *ctx GD_UNUSED, const char *group, int64_t maj, int64_t min,
		      const struct gd_io_max *l, struct gd_error *err)
{
	char line[200], rbps[32], wbps[32], riops[32], wiops[32];
	GD_AUTO_FREE char *path = gd_strf(ROOT "/%s/io.max", group);
	GD_AUTO_FD int fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;

	print(rbps, sizeof(rbps), "rbps", l->rbps);
	print(wbps, sizeof(wbps), "wbps", l->wbps);
	print(riops, sizeof(riops), "riops", l->riops);
	print(wiops, sizeof(wiops), "wiops", l->wiops);
	(void)snprintf(line, sizeof(line), "%" PRId64 ":%" PRId64 "%s%s%s%s", maj, min,
		       rbps, wbps, riops, wiops);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		return gd_raise_errno(err, "%s: io.max \"%s\"", group, line);
	return 0;
}

static int count(void *ctx GD_UNUSED, const char *group, int64_t maj, int64_t min,
		 struct gd_io_count *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *text = NULL;
	int rc = read_group(group, "io.stat", &text, err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_DRIFT, "the control group %s is gone", group);
	*ret = (struct gd_io_count){.reads = field(text, maj, min, "rios", 0),
				    .writes = field(text, maj, min, "wios", 0),
				    .read_bytes = field(text, maj, min, "rbytes", 0),
				    .written_bytes = field(text, maj, min, "wbytes", 0)};
	return 0;
}

static int list(void *ctx GD_UNUSED, struct gd_strbuf *out, struct gd_error *err)
{
	DIR *dir = opendir(ROOT);
	const struct dirent *e;
	bool any = false;

	if (!dir)
		return gd_raise_errno(err, ROOT);
	while ((e = readdir(dir))) {
		GD_AUTO_FREE char *path = gd_strf(ROOT "/%s/io.max", e->d_name);

		if (e->d_name[0] == '.' || !path || access(path, W_OK) < 0)
			continue;
		gd_strbuf_addf(out, "%s%s", any ? ", " : "", e->d_name);
		any = true;
	}
	(void)closedir(dir);
	return 0;
}

/* The line "0::/PATH" names our group. */
static int has_us(void *ctx GD_UNUSED, const char *group, bool *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *text = NULL;
	size_t size, len = strlen(group);
	const char *own;

	if (gd_file_read("/proc/thread-self/cgroup", MAX_FILE, &text, &size, err) < 0)
		return -1;
	own = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	while (len > 0 && group[len - 1] == '/')
		len--;
	own = own ? strchr(own, '/') + 1 : NULL;
	*ret = own && strncmp(own, group, len) == 0 && strchr("/\n", own[len]);
	return 0;
}

const struct gd_cgroup_port gd_cgroup_linux = {.get_io_max = get_io_max,
					       .set_io_max = set_io_max,
					       .count = count,
					       .list = list,
					       .has_us = has_us};
