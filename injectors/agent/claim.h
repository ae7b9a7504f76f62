/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One runner at a time. The file `claim` in the state directory is locked (an open file
 * description lock, shared by agent and guardian and gone with the last of them) and says
 * who holds it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

struct gd_holder {
	char run[128], runner[160];
	int64_t since_wall_ns;
	int64_t lease_until_boot_ns; /* CLOCK_BOOTTIME; 0: not known */
};

/* Takes the lock and writes who has it. GD_E_REFUSED names the holder. Caller closes. */
int gd_claim_take(const char *state_dir, const struct gd_holder *who, int *ret_fd,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Rewrites the text, as when the lease is renewed. Best effort: the lock is what counts. */
void gd_claim_write(int fd, const struct gd_holder *who) GD_NONNULL;
/* *ret_held: does anybody hold it; then *ret says who. Takes no lock. */
int gd_claim_look(const char *state_dir, bool *ret_held, struct gd_holder *ret,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
