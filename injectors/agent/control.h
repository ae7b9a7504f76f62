/* SPDX-License-Identifier: Apache-2.0 */
/* How the runner reaches this host, from the words of SSH_CONNECTION (see ssh(1)). */
#pragma once

#include "injectors/ports.h"

/*
 * "CLIENT_ADDRESS CLIENT_PORT SERVER_ADDRESS SERVER_PORT"; "local" means not over the
 * network. IPv4 addresses mapped into IPv6 become IPv4, a zone ("%eth0") is dropped.
 */
int gd_control_parse(const char *text, struct gd_control *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
