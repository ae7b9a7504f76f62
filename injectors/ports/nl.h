/* SPDX-License-Identifier: Apache-2.0 */
/* Route netlink, one question at a time, with the kernel's own words in the errors. */
#pragma once

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "gameday/base/attr.h"
#include "gameday/base/auto.h"
#include "gameday/base/error.h"

/* nlmsg_free has no NULL check of its own. */
static inline void gd_nl_msg_free(struct nl_msg *m)
{
	if (m)
		nlmsg_free(m);
}

GD_DEFINE_AUTO(nl_msg, gd_nl_msg_free);

/* A request with a struct tcmsg or ifinfomsg in front; NULL when out of memory. */
struct nl_msg *gd_nl_request(int type, int flags, const void *head,
			     size_t head_size) GD_NONNULL GD_MUST_CHECK;
/*
 * Sends msg and waits for the kernel's verdict (5 s at most). 0; or -1 with *err, where
 * sys_errno is the kernel's errno and the text carries its explanation if it gave one.
 * `what` says in words what was asked: "eth1: add clsact".
 */
int gd_nl_ask(struct nl_msg *msg, const char *what,
	      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * Called for each object of a dump, which is never shorter than the struct that was asked
 * with; -1 with *err ends it.
 */
typedef int gd_nl_each_fn(void *ctx, struct nlmsghdr *h, struct gd_error *err);
/*
 * Dumps. When the kernel says that the tables changed meanwhile, -1 with sys_errno EINTR:
 * whoever asked starts afresh.
 */
int gd_nl_dump(struct nl_msg *msg, const char *what, gd_nl_each_fn *fn, void *ctx,
	       struct gd_error *err) GD_NONNULL_ARGS(1, 2, 3, 5) GD_MUST_CHECK;
/* The same for one object: no dump, the kernel's answer goes to fn. */
int gd_nl_get(struct nl_msg *msg, const char *what, gd_nl_each_fn *fn, void *ctx,
	      struct gd_error *err) GD_NONNULL_ARGS(1, 2, 3, 5) GD_MUST_CHECK;
/* Index of a device; 0 when there is none of that name. */
int gd_nl_index(const char *device) GD_NONNULL;
