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

/* Loads the inventory; names come from a list (gd_text_shape) and from operands. */
int gd_cli_hosts_init(struct gd_cli_hosts *h, const char *inventory,
		      const struct gd_list *on, const struct gd_cmd_args *args,
		      struct gd_error *err) GD_NONNULL_ARGS(1, 4, 5) GD_MUST_CHECK;
void gd_cli_hosts_fini(struct gd_cli_hosts *h) GD_NONNULL;
/*
 * A command that asks every host one question (gd_oneshot_status, _doctor): prints the
 * answer as JSON, or each host's by print. Returns what ask returned.
 */
typedef int gd_cli_ask_fn(const struct gd_oneshot *o, cJSON **ret, struct gd_error *err);
int gd_cli_hosts_ask(struct gd_cli_hosts *h, gd_cli_ask_fn *ask, bool json,
		     void (*print)(const char *host, const cJSON *answer),
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
