/* SPDX-License-Identifier: Apache-2.0 */
/* The lab as an inventory, and as a known_hosts file. */
#pragma once

#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"
#include "gameday/lab/keys.h"
#include "gameday/lab/topology.h"

/* Append to out; pure. `client_key` is the private key's absolute path. */
void gd_lab_inventory_print(const uint16_t ports[static GD_LAB_N_HOSTS],
			    const struct gd_lab_keys *keys, const char *client_key,
			    struct gd_strbuf *out) GD_NONNULL;
void gd_lab_known_hosts_print(const uint16_t ports[static GD_LAB_N_HOSTS],
			      const struct gd_lab_keys *keys,
			      struct gd_strbuf *out) GD_NONNULL;

/* Writes both files into the state folder. */
int gd_lab_inventory_write(const char *state, const uint16_t ports[static GD_LAB_N_HOSTS],
			   const struct gd_lab_keys *keys,
			   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
