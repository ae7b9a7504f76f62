/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a device's traffic control tree. */
#pragma once

#include "injectors/ports.h"
#include "injectors/ports/nl.h"

/* The functions behind gd_tc_port's members of the same names. */
int gd_tc_snapshot(const char *device, struct gd_strbuf *out,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_tc_hook(const char *device, struct gd_tc_hook_info *ret,
	       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_tc_get_netem(const char *device, struct gd_netem *ret,
		    struct gd_tc_stats *ret_stats,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * Appends one line for one RTM_NEWQDISC, RTM_NEWTCLASS or RTM_NEWTFILTER message: pure, so
 * that it can be tested on made-up messages. Objects that come and go with traffic (the
 * classes of fq_codel, sfq, cake, fq_pie) give no line.
 */
int gd_tc_line(struct nlmsghdr *h, struct gd_strbuf *out,
	       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
