/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts for bash, zsh and fish, from the table of commands and of faults. */
#pragma once

#include "gameday/cli/cmd.h"
#include "gameday/scenario/check.h"

/* What a command's operands are, read off its synopsis. */
struct gd_operands {
	char words[256]; /* "up down status", one of which comes; "" : none */
	bool files, runs, faults;
};
/* GD_E_BUG for a word of the synopsis that this does not know. */
int gd_operands_read(const struct gd_cmd *cmd, struct gd_operands *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

int gd_complete_bash(const struct gd_kinds *kinds, struct gd_strbuf *out,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_complete_zsh(const struct gd_kinds *kinds, struct gd_strbuf *out,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_complete_fish(const struct gd_kinds *kinds, struct gd_strbuf *out,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
