/* SPDX-License-Identifier: Apache-2.0 */
/* A command line against a command's option shape, and the help text from the same rows. */
#pragma once

#include "gameday/cli/cmd.h"

struct gd_parsed_options {
	void *options; /* owned: struct of cmd->options, gd_options_fini frees */
	const char *const *operands; /* points into argv, which is reordered */
	size_t n_operands;
	bool help;
};

/* argv[0] is the command's name. One error for the first mistake, with a suggestion. */
int gd_options_parse(const struct gd_cmd *cmd, int argc, char **argv,
		     struct gd_parsed_options *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_options_fini(const struct gd_cmd *cmd, struct gd_parsed_options *p) GD_NONNULL;
/* What `gameday CMD --help` prints. */
void gd_options_help(const struct gd_cmd *cmd, struct gd_strbuf *out) GD_NONNULL;
