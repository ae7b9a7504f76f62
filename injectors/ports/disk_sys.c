/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disks by sysfs. A disk that a fault has slowed, or that hangs, must not take the asker
 * with it: nothing here opens a file on it, only device files, which reads no block.
 */
#include "injectors/ports/linux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "gameday/base/auto.h"
#include "gameday/base/disk.h"
#include "gameday/base/file.h"

enum { MAX_SWAPS = 64 << 10, MAX_STACK = 8 };

static int64_t number(dev_t dev, const char *name)
{
	GD_AUTO_FREE char *text = gd_disk_attribute(dev, name);

	return text ? strtoll(text, NULL, 10) : 0;
}

/* --- what it is ---------------------------------------------------------------------- */

/* Nobody can take for himself what somebody has. */
static bool is_in_use(const char *name)
{
	GD_AUTO_FREE char *path = gd_strf("/dev/%s", name);
	GD_AUTO_FD int fd =
		path ? open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC) : -1;

	return fd < 0 && errno == EBUSY;
}

static bool is_swap(dev_t dev)
{
	GD_AUTO_FREE char *text = NULL;
	char *rest = NULL, *line;
	struct gd_error err;
	size_t size;

	if (gd_file_read("/proc/swaps", MAX_SWAPS, &text, &size, &err) < 0)
		return false;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct stat st;

		line[strcspn(line, " \t")] = '\0';
		if (stat(line, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == dev)
			return true;
	}
	return false;
}

static int find(void *ctx GD_UNUSED, const char *text, struct gd_disk *ret,
		struct gd_error *err)
{
	dev_t dev = gd_disk_find(text);
	GD_AUTO_FREE char *link = gd_strf("/sys/dev/block/%u:%u", major(dev), minor(dev));
	GD_AUTO_FREE char *dm_name = NULL;
	GD_AUTO_FREE char *partition = NULL;
	char target[PATH_MAX];
	ssize_t n;

	if (!link)
		return gd_raise_nomem(err);
	n = dev ? readlink(link, target, sizeof(target) - 1) : -1;
	if (n < 0)
		return GD_PORT_ABSENT;
	target[n] = '\0';
	dm_name = gd_disk_attribute(dev, "dm/name");
	partition = gd_disk_attribute(dev, "partition");
	*ret = (struct gd_disk){.major = major(dev),
				.minor = minor(dev),
				.sectors = number(dev, "size"),
				.read_only = number(dev, "ro") != 0,
				.partition = partition != NULL,
				.swap = is_swap(dev)};
	(void)snprintf(ret->name, sizeof(ret->name), "%.63s", basename(target));
	(void)snprintf(ret->dm_name, sizeof(ret->dm_name), "%s", dm_name ? dm_name : "");
	ret->in_use = is_in_use(ret->name);
	return 0;
}

static int list(void *ctx GD_UNUSED, struct gd_strbuf *out, struct gd_error *err)
{
	DIR *dir = opendir("/sys/block");
	const struct dirent *e;

	if (!dir)
		return gd_raise_errno(err, "/sys/block");
	while ((e = readdir(dir))) {
		GD_AUTO_FREE char *path = gd_strf("/dev/%s", e->d_name);
		struct gd_disk d;

		if (e->d_name[0] == '.' || !path || find(NULL, path, &d, err) != 0 ||
		    d.sectors == 0)
			continue;
		gd_strbuf_addf(out, "%s\n", d.dm_name[0] ? d.dm_name : path);
	}
	(void)closedir(dir);
	return 0;
}

/* Documentation/block/stat.rst: reads, merged, sectors, ms; writes, merged, sectors, ms. */
static int stats(void *ctx GD_UNUSED, int64_t maj, int64_t min, struct gd_disk_stats *ret,
		 struct gd_error *err)
{
	dev_t dev = makedev((unsigned)maj, (unsigned)min);
	GD_AUTO_FREE char *text = gd_disk_attribute(dev, "stat");
	int64_t v[8];

	if (!text)
		return GD_PORT_ABSENT;
	if (sscanf(text,
		   "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
		   " %" SCNd64 " %" SCNd64,
		   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 8)
		return gd_raise(err, GD_E_SYSTEM,
				"disk %" PRId64 ":%" PRId64
				": its statistics have another form: %.60s",
				maj, min, text);
	*ret = (struct gd_disk_stats){.reads = v[0],
				      .writes = v[4],
				      .read_time = gd_span_ms(v[3]),
				      .write_time = gd_span_ms(v[7])};
	return 0;
}

/* --- what is on it ------------------------------------------------------------------- */

/* Is `top` the disk `below`, a part of it, or stacked on it? */
static bool reaches(dev_t top, dev_t below, int depth)
{
	GD_AUTO_FREE char *path =
		gd_strf("/sys/dev/block/%u:%u/slaves", major(top), minor(top));
	GD_AUTO_FREE char *part = gd_disk_attribute(top, "partition");
	GD_AUTO_FREE char *whole = part ? gd_disk_attribute(top, "../dev") : NULL;
	const struct dirent *e;
	unsigned maj, min;
	bool found = top == below;
	DIR *dir;

	if (found || depth == MAX_STACK || !path)
		return found;
	if (whole && sscanf(whole, "%u:%u", &maj, &min) == 2 &&
	    reaches(makedev(maj, min), below, depth + 1))
		return true;
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir))) {
		GD_AUTO_FREE char *name = gd_strf("slaves/%s/dev", e->d_name);
		GD_AUTO_FREE char *text = name ? gd_disk_attribute(top, name) : NULL;

		if (e->d_name[0] != '.' && text && sscanf(text, "%u:%u", &maj, &min) == 2)
			found = reaches(makedev(maj, min), below, depth + 1);
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

static int holds(void *ctx GD_UNUSED, int64_t maj, int64_t min, const char *path,
		 bool *ret, struct gd_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0 && errno != ENOENT)
		return gd_raise_errno(err, "%s", path);
	if (stat(path, &st) < 0) {
		*ret = false; /* nothing there that could be on it */
		return 0;
	}
	*ret = reaches(st.st_dev, makedev((unsigned)maj, (unsigned)min), 0);
	return 0;
}

const struct gd_disk_port gd_disk_linux = {
	.find = find, .list = list, .stats = stats, .holds = holds};
