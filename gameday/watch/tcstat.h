/* SPDX-License-Identifier: Apache-2.0 */
/* Link counters and queue drops, straight from route netlink: this layer has no libnl. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <linux/if_link.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

struct gd_link_counters {
	struct rtnl_link_stats64 stats;
	uint32_t carrier_changes;
};

struct gd_queue_drops {
	uint64_t
		outer; /* by the queues at the device's root and hook (they count for their
			   children, too) */
	uint64_t most; /* the greatest count of any one queue of the device */
};

/* A route netlink socket with a time limit of 2 s; the caller closes it. */
int gd_tcstat_open(int *ret_fd, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* 0, or 1 when there is no device of that name. */
int gd_tcstat_link(int fd, const char *device, struct gd_link_counters *ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* 0, or 1 when there is no device of that name. */
int gd_tcstat_drops(int fd, const char *device, struct gd_queue_drops *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
