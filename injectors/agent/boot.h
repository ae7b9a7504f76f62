/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `gameday-agent recover` at boot: a copy of the agent where it outlives a reboot, and a
 * systemd unit that runs it once.
 */
#pragma once

#include <stdbool.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"

struct gd_boot_places {
	const char *bundle;    /* the unpacked bundle that the agent was started from */
	const char *state_dir; /* the copy goes to its folder "agent" */
	const char *unit_dir;  /* systemd's units of this host */
};

#define GD_BOOT_UNIT "gameday-agent-recover.service"

/*
 * Makes or renews the copy and the unit, and enables it as `systemctl enable` does; what
 * is there at a time is always whole. *ret_command is what runs the copy, without
 * arguments; *ret_enabled is false where there is no unit_dir: then only the copy is made.
 * Refused when bundle is no unpacked bundle, or when nothing may be executed in state_dir.
 */
int gd_boot_install(const struct gd_boot_places *places, struct gd_strbuf *ret_command,
		    bool *ret_enabled, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Removes both; what is not there is fine. Never touches the journal. */
int gd_boot_remove(const struct gd_boot_places *places,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The folder of the bundle that this process runs from; the caller frees. */
int gd_boot_own_bundle(char **ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* The unit, with @COMMAND@ and @STATE_DIR@ in place of what these are. */
extern const char gd_boot_unit_template[];
