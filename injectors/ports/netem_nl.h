/* SPDX-License-Identifier: Apache-2.0 */
/* netem's options between our units and the kernel's message (linux/pkt_sched.h). */
#pragma once

#include "injectors/ports.h"
#include "injectors/ports/nl.h"

/*
 * Appends TCA_OPTIONS. Times go as nanoseconds (TCA_NETEM_LATENCY64, Linux 4.16 and newer)
 * with the old 64 ns ticks beside them, ratios as fractions of 2^32 - 1. is_new: of a qdisc to
 * be made; else of one that is there and gets these settings for all it had.
 */
int gd_netem_put(struct nl_msg *m, const struct gd_netem *n, bool is_new,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Reads the attribute TCA_OPTIONS of a netem qdisc; -1 when it is too short to be one. */
int gd_netem_read(struct nlattr *options, struct gd_netem *ret,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
