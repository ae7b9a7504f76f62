/* SPDX-License-Identifier: Apache-2.0 */
/* What status, revert and doctor share: which hosts they are about. */
#pragma once

#include "gameday/cli/cmd.h"
#include "gameday/runner/oneshot.h"

struct gd_cli_hosts {
	struct gd_inventory inventory; /* owned */
	const char **names;            /* owned array of borrowed names */
	struct gd_oneshot one;
};

/* Loads the inventory; names come from a list of struct gd_text and from operands. */
int gd_cli_hosts_init(struct gd_cli_hosts *h, const char *inventory,
		      const struct gd_list *on, const struct gd_cmd_args *args,
		      struct gd_error *err) GD_NONNULL_ARGS(1, 4, 5) GD_MUST_CHECK;
void gd_cli_hosts_fini(struct gd_cli_hosts *h) GD_NONNULL;
/* Elements of a repeatable text option: struct gd_text. */
extern const struct gd_shape gd_cli_text_shape;
