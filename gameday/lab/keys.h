/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's SSH keys, new at every `lab up`, from a snapshot too. */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/lab/topology.h"

/* All members owned: the texts of the key files, without their trailing newline for public ones. */
struct gd_lab_keys {
	char *client_public;
	char *host_private[GD_LAB_N_HOSTS];
	char *host_public[GD_LAB_N_HOSTS]; /* "ssh-ed25519 AAAA...", no comment */
};

#define GD_AUTO_LAB_KEYS(name)                                                           \
	__attribute__((cleanup(gd_lab_keys_fini))) struct gd_lab_keys name = {0}

/* Makes the key files in the state folder, replacing any, and reads them. */
int gd_lab_keys_make(const char *state, struct gd_lab_keys *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Reads the public host keys of a lab that is up; the rest stays NULL. */
int gd_lab_keys_load(const char *state, struct gd_lab_keys *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_lab_keys_fini(struct gd_lab_keys *k) GD_NONNULL;
