/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gameday/watch/watch.h"

extern const struct gd_watch_kind gd_watch_bgp;
extern const struct gd_watch_kind gd_watch_disk;
extern const struct gd_watch_kind gd_watch_fsync;
extern const struct gd_watch_kind gd_watch_kmsg;
extern const struct gd_watch_kind gd_watch_nic;

const struct gd_watch_kind *const gd_watch_kinds[] = {
	&gd_watch_bgp,  &gd_watch_disk, &gd_watch_fsync,
	&gd_watch_kmsg, &gd_watch_nic,  NULL,
};

const struct gd_watch_kind *gd_watch_find(const char *name)
{
	for (size_t i = 0; gd_watch_kinds[i]; i++)
		if (strcmp(gd_watch_kinds[i]->name, name) == 0)
			return gd_watch_kinds[i];
	return NULL;
}
