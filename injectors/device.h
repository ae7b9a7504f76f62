/* SPDX-License-Identifier: Apache-2.0 */
/* What faults on network devices have in common. */
#pragma once

#include "injectors/ports.h"

/* A name the kernel accepts for a device: 1 to 15 bytes, no '/', no blank, not "." or "..". */
int gd_device_check(const char *device, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The device exists and is up: fills *ret; else GD_E_REFUSED with the way out. */
int gd_device_ready(const struct gd_ports *p, const char *device,
		    struct gd_link_info *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The runner's way to this host is known, so that a fault can leave it alone. */
int gd_device_control_known(const struct gd_ports *p,
			    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * The intermediate device that belongs to `device`: "gd-" and the name, of which a long
 * one gives its last 12 characters. Faults on incoming packets say "gi-" instead.
 * gameday/watch/nic.c knows these rules too.
 */
void gd_device_ifb(const char *device, char ret[GD_DEVICE_NAME]) GD_NONNULL;
/* Every module is loaded or can be; else GD_E_REFUSED naming those that are missing. */
int gd_device_modules(const struct gd_ports *p, const char *const names[], size_t n,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Says of one device, in *out, what can be done there; -1: nothing, and why. */
typedef int gd_device_say_fn(const struct gd_ports *p, const char *device,
			     struct gd_strbuf *out, struct gd_error *err);
/*
 * Asks `say` of every device but the loopback: "eth0: ...; eth1: ...". -1 with the reason
 * of the last one when it said no to all of them.
 */
int gd_device_survey(const struct gd_ports *p, gd_device_say_fn *say,
		     struct gd_strbuf *out,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
