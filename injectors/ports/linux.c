/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/ports/linux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"

enum { MAX_LIST = 8 << 20 };

/* Is "/NAME.ko" a path in one of the module tree's lists? */
static bool listed(const char *release, const char *list, const char *name)
{
	GD_AUTO_FREE char *path = gd_strf("/lib/modules/%s/%s", release, list);
	GD_AUTO_FREE char *needle = gd_strf("/%s.ko", name);
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err;
	size_t size;

	if (!path || !needle || gd_file_read(path, MAX_LIST, &text, &size, &err) < 0)
		return false;
	return strstr(text, needle) != NULL;
}

static bool loading_is_off(void)
{
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err;
	size_t size;

	return gd_file_read("/proc/sys/kernel/modules_disabled", 16, &text, &size,
			    &err) == 0 &&
	       text[0] == '1';
}

static int has_module(void *ctx GD_UNUSED, const char *name, bool *ret,
		      struct gd_error *err)
{
	GD_AUTO_FREE char *loaded = gd_strf("/sys/module/%s", name);
	struct utsname u;

	if (!loaded)
		return gd_raise_nomem(err);
	/* "dm-delay.ko" is loaded as dm_delay. */
	for (char *c = loaded; *c; c++)
		*c = *c == '-' ? '_' : *c;
	if (uname(&u) < 0)
		return gd_raise_errno(err, "uname");
	*ret = access(loaded, F_OK) == 0 || listed(u.release, "modules.builtin", name) ||
	       (!loading_is_off() && listed(u.release, "modules.dep", name));
	return 0;
}

static int version(void *ctx GD_UNUSED, int64_t *ret_major, int64_t *ret_minor,
		   struct gd_error *err)
{
	struct utsname u;
	char *rest;

	if (uname(&u) < 0)
		return gd_raise_errno(err, "uname");
	*ret_major = strtol(u.release, &rest, 10);
	*ret_minor = *rest == '.' ? strtol(rest + 1, NULL, 10) : 0;
	return 0;
}

static struct gd_instant now(void *ctx GD_UNUSED)
{
	return gd_now();
}

static void sleep_for(void *ctx GD_UNUSED, struct gd_span d)
{
	struct timespec ts = {.tv_sec = d.ns / GD_NS_PER_S,
			      .tv_nsec = d.ns % GD_NS_PER_S};

	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		continue;
}

static void drop_note(void *ctx GD_UNUSED, const char *text GD_UNUSED)
{
}

static void drop_figure(void *ctx GD_UNUSED, const char *name GD_UNUSED,
			int64_t value GD_UNUSED)
{
}

const struct gd_kernel_port gd_kernel_linux = {.has_module = has_module,
					       .version = version};
const struct gd_time_port gd_time_linux = {.now = now, .sleep = sleep_for};

void gd_ports_linux(struct gd_ports *ret)
{
	*ret = (struct gd_ports){.link = &gd_link_linux,
				 .tc = &gd_tc_linux,
				 .ring = &gd_ring_linux,
				 .disk = &gd_disk_linux,
				 .dm = &gd_dm_linux,
				 .routing = &gd_routing_linux,
				 .cgroup = &gd_cgroup_linux,
				 .kernel = &gd_kernel_linux,
				 .name = &gd_name_linux,
				 .neighbour = &gd_neighbour_linux,
				 .shell = &gd_shell_linux,
				 .time = &gd_time_linux,
				 .note = drop_note,
				 .figure = drop_figure};
}
