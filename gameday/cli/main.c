/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the subcommand, decodes its options, runs it, and turns an error into two lines. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/log.h"
#include "gameday/cli/options.h"
#include "gameday/cli/table.h"

static void print_usage(FILE *to)
{
	(void)fputs(
		"gameday: game days against gray failures, on real hosts, with everything "
		"put back\n\nUsage: gameday COMMAND [ARGUMENTS]\n\nCommands:\n",
		to);
	for (const struct gd_cmd *const *c = gd_cmd_table; *c; c++)
		(void)fprintf(to, "  %-9s %s\n", (*c)->name, (*c)->summary);
	(void)fputs(
		"\ngameday COMMAND --help tells more and shows an example.\n"
		"Exit status: 0 held, 1 an expectation failed, 2 bad usage or file, "
		"3 preflight or\nsteady state failed, 4 aborted, 5 something could not be "
		"put back, 6 proves nothing.\n",
		to);
}

static const struct gd_cmd *find(const char *name)
{
	for (const struct gd_cmd *const *c = gd_cmd_table; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *names[64];
	const char *near;
	size_t n = 0;

	for (const struct gd_cmd *const *c = gd_cmd_table; *c && n < GD_N_ELEMS(names);
	     c++)
		names[n++] = (*c)->name;
	near = gd_suggest(name, names, n);
	(void)fprintf(stderr, "gameday: there is no command \"%s\"\n", name);
	if (near)
		(void)fprintf(stderr, "Did you mean gameday %s?\n", near);
	else
		(void)fputs("See gameday --help.\n", stderr);
	return GD_EXIT_USAGE;
}

static void print_error(const struct gd_cmd *cmd, const struct gd_error *err)
{
	if (err->pos.file && err->pos.line)
		(void)fprintf(stderr, "%s:%d:%d: error: %s\n", err->pos.file,
			      err->pos.line, err->pos.column, err->text);
	else
		(void)fprintf(stderr, "gameday %s: %s\n", cmd->name, err->text);
}

static int run_command(const struct gd_cmd *cmd, int argc, char **argv,
		       struct gd_log *log)
{
	struct gd_parsed_options parsed = {0};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_cmd_args args;
	int status;

	if (gd_options_parse(cmd, argc, argv, &parsed, &err) < 0) {
		print_error(cmd, &err);
		return gd_cmd_exit_status(&err);
	}
	if (parsed.help) {
		GD_AUTO_STRBUF(help);

		gd_options_help(cmd, &parsed, &help);
		(void)fputs(gd_strbuf_str(&help), stdout);
		return GD_EXIT_HELD;
	}
	args = (struct gd_cmd_args){.operands = parsed.operands,
				    .n_operands = parsed.n_operands,
				    .options = parsed.options,
				    .log = log};
	status = cmd->run(&args, &err);
	gd_options_fini(cmd, &parsed);
	if (status < 0) {
		print_error(cmd, &err);
		status = gd_cmd_exit_status(&err);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct gd_log log = {.fd = STDERR_FILENO, .level = GD_LOG_WARNING};
	const struct gd_cmd *cmd;
	int status;

	/* A broken pipe is an error of the write that met it, not the end of a run. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* So is a file that grew to its limit. */
	(void)signal(SIGXFSZ, SIG_IGN);
	if (argc < 2) {
		print_usage(stderr);
		return GD_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return GD_EXIT_HELD;
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)puts("gameday " GD_VERSION);
		return GD_EXIT_HELD;
	}
	cmd = find(argv[1]);
	if (!cmd)
		return unknown_command(argv[1]);
	status = run_command(cmd, argc - 1, argv + 1, &log);
	if (fflush(stdout) != 0 && status == GD_EXIT_HELD)
		status = GD_EXIT_PREFLIGHT;
	return status;
}
