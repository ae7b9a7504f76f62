/* SPDX-License-Identifier: Apache-2.0 */
/* Disks by the names people give them, without touching what is on them. */
#pragma once

#include <sys/types.h>

#include "gameday/base/attr.h"

/*
 * The block device meant by a device file ("/dev/vdb"), a mount point of a file system on
 * it, or a device-mapper name; 0: none. A mount point is looked up in the mount table as
 * text, so that a disk that hangs does not take the asker with it.
 */
dev_t gd_disk_find(const char *text) GD_NONNULL;
/*
 * A small file below /sys/dev/block/MAJOR:MINOR/ without its newline, the caller frees;
 * NULL when it is not there.
 */
char *gd_disk_attribute(dev_t dev, const char *name) GD_NONNULL;
