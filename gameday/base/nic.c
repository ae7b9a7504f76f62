/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/nic.h"

#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

static bool is_driven_by(const char *device, const char *driver)
{
	GD_AUTO_FREE char *path = gd_strf("/sys/class/net/%s/device/driver", device);
	char target[256];
	const char *name;
	ssize_t n;

	n = path ? readlink(path, target, sizeof(target) - 1) : -1;
	if (n < 0)
		return false;
	target[n] = '\0';
	name = strrchr(target, '/');
	return strcmp(name ? name + 1 : target, driver) == 0;
}

bool gd_nic_recounts_missed(const char *device)
{
	GD_AUTO_FREE char *path =
		gd_strf("/sys/class/net/%s/device/subsystem_vendor", device);
	GD_AUTO_FREE char *vendor = NULL;
	struct gd_error err;
	size_t size;

	if (!is_driven_by(device, "e1000"))
		return false;
	if (!path || gd_file_read(path, 64, &vendor, &size, &err) < 0)
		return false;
	return strncmp(vendor, "0x1af4", 6) == 0;
}
