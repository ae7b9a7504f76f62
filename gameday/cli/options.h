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
/* What `gameday CMD [OPERAND] --help` prints. */
void gd_options_help(const struct gd_cmd *cmd, const struct gd_parsed_options *p,
		     struct gd_strbuf *out) GD_NONNULL;

enum { GD_OPTION_NAME = 40 };
/* "stage_scale" on the command line is "stage-scale". */
void gd_option_long(const struct gd_field *field, char ret[GD_OPTION_NAME]) GD_NONNULL;
/* The letter of option i of cmd->options, or NUL. */
char gd_option_short(const struct gd_cmd *cmd, size_t i) GD_NONNULL;
