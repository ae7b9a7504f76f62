/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/disk.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

enum { MAX_MOUNTS = 1 << 20 };

char *gd_disk_attribute(dev_t dev, const char *name)
{
	GD_AUTO_FREE char *path =
		gd_strf("/sys/dev/block/%u:%u/%s", major(dev), minor(dev), name);
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err;
	size_t size;

	if (!path || gd_file_read(path, 4096, &text, &size, &err) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return gd_steal_ptr(&text);
}

/* The mount table writes blank, tab, newline and backslash as \ooo. */
static void unescape(char *s)
{
	char *to = s;
	unsigned code;

	while (*s)
		if (s[0] == '\\' && sscanf(s + 1, "%3o", &code) == 1 && strlen(s) >= 4) {
			*to++ = (char)code;
			s += 4;
		} else {
			*to++ = *s++;
		}
	*to = '\0';
}

/* The device of the newest mount at that very place; 0: none. */
static dev_t mounted_at(const char *place)
{
	GD_AUTO_FREE char *text = NULL;
	char *rest = NULL, *line;
	struct gd_error err;
	dev_t found = 0;
	size_t size;

	if (gd_file_read("/proc/thread-self/mountinfo", MAX_MOUNTS, &text, &size, &err) <
	    0)
		return 0;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char where[PATH_MAX];
		unsigned maj, min;

		if (sscanf(line, "%*d %*d %u:%u %*s %4095s", &maj, &min, where) != 3)
			continue;
		unescape(where);
		if (strcmp(where, place) == 0)
			found = makedev(maj, min);
	}
	return found;
}

/* The device of a device-mapper name; 0: none. */
static dev_t mapped(const char *name)
{
	DIR *dir = opendir("/sys/block");
	const struct dirent *e;
	dev_t found = 0;

	while (dir && !found && (e = readdir(dir))) {
		GD_AUTO_FREE char *path = gd_strf("/sys/block/%s/dev", e->d_name);
		GD_AUTO_FREE char *text = NULL;
		GD_AUTO_FREE char *own = NULL;
		unsigned maj, min;
		struct gd_error err;
		size_t size;

		if (strncmp(e->d_name, "dm-", 3) != 0 || !path ||
		    gd_file_read(path, 64, &text, &size, &err) < 0 ||
		    sscanf(text, "%u:%u", &maj, &min) != 2)
			continue;
		own = gd_disk_attribute(makedev(maj, min), "dm/name");
		if (own && strcmp(own, name) == 0)
			found = makedev(maj, min);
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

dev_t gd_disk_find(const char *text)
{
	GD_AUTO_FREE char *place = gd_strf("%s", text);
	struct stat st;
	dev_t found;

	if (!place)
		return 0;
	for (size_t len = strlen(place); len > 1 && place[len - 1] == '/'; len--)
		place[len - 1] = '\0';
	if (place[0] != '/')
		return mapped(place);
	found = mounted_at(place);
	if (found || strncmp(place, "/dev/", 5) != 0)
		return found;
	return stat(place, &st) == 0 && S_ISBLK(st.st_mode) ? st.st_rdev : 0;
}
