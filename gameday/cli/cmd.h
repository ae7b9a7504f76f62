/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row per subcommand; each cmd_*.c defines one. Options are shape rows, so --help, the
 * man page and completion come from the table that parses them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/log.h"
#include "gameday/shape/field.h"

struct gd_cmd_args {
	const char *const *operands; /* borrowed from argv */
	size_t n_operands;
	const void *options; /* decoded by cmd->options; cast to its struct */
	struct gd_log *log;
};

struct gd_cmd {
	const char *name;     /* "run" */
	const char *synopsis; /* "SCENARIO [-i INVENTORY]" */
	const char *summary;  /* one line */
	const char *details;  /* paragraphs for --help and the man page */
	const char *example;  /* a command line that works */
	/* Options: --name VALUE (BOOL: --name). Field name "on" of kind LIST may repeat. */
	struct gd_shape options;
	const char *short_options; /* pairs "i=inventory o=output", NULL for none */
	size_t min_operands, max_operands;
	bool raw;           /* operands begin at the first one: no options behind it */
	bool changes_hosts; /* asks before it acts: --yes or a terminal */
	/* May be NULL. Adds to --help what it can say of the first operand. */
	void (*more_help)(const char *operand, struct gd_strbuf *out);
	/* Returns an exit status (enum gd_exit); or -1 with *err, printed by main. */
	int (*run)(const struct gd_cmd_args *args, struct gd_error *err);
};

/* Option rows that many commands have; the struct's members bear the same names. */
#define GD_CLI_INVENTORY(type)                                                           \
	{                                                                                \
		.name = "inventory", .help = "inventory file, or lab",                   \
		.kind = GD_KIND_TEXT, GD_MEMBER(type, inventory)                         \
	}
#define GD_CLI_YES(type)                                                                 \
	{                                                                                \
		.name = "yes", .help = "do not ask before touching hosts",               \
		.kind = GD_KIND_BOOL, GD_MEMBER(type, yes)                               \
	}
#define GD_CLI_JSON(type)                                                                \
	{                                                                                \
		.name = "json", .help = "print JSON", .kind = GD_KIND_BOOL,              \
		GD_MEMBER(type, json)                                                    \
	}
/* Two rows: dashboard and dashboard_public. */
#define GD_CLI_DASHBOARD(type)                                                           \
	{.name = "dashboard",                                                            \
	 .help = "ADDRESS:PORT of a page with the live view, for the room's big "        \
		 "screen; port 0 takes any that is free",                                \
	 .kind = GD_KIND_TEXT,                                                           \
	 GD_MEMBER(type, dashboard)},                                                    \
	{                                                                                \
		.name = "dashboard_public",                                              \
		.help = "allow an address for it that others can reach: they see the "   \
			"page",                                                          \
		.kind = GD_KIND_BOOL, GD_MEMBER(type, dashboard_public)                  \
	}

/*
 * Says what is about to be done to hosts and asks for a yes, unless `yes` says it already.
 * GD_E_INPUT when the answer is another, or nobody can answer.
 */
int gd_cli_agree(bool yes, const char *what,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The exit status that stands for an error no command mapped itself. */
int gd_cmd_exit_status(const struct gd_error *err) GD_NONNULL;
