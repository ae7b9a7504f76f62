/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Developer's tool: gd-manual FAULT_PAGES MAN_DIR COMPLETION_DIR
 *
 * Writes the manual's pages as Markdown and the completion scripts. Run by the build.
 */
#include <stdio.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/cli/kinds.h"
#include "gameday/manual/complete.h"
#include "gameday/manual/page.h"

static int put(void *ctx, const char *name, const struct gd_strbuf *text,
	       struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(ctx, name);

	if (!path || text->failed)
		return gd_raise_nomem(err);
	return gd_file_write(path, gd_strbuf_str(text), text->len, 0644, err);
}

static int completions(const struct gd_kinds *kinds, char *dir, struct gd_error *err)
{
	static const struct {
		const char *file;
		int (*write)(const struct gd_kinds *kinds, struct gd_strbuf *out,
			     struct gd_error *err);
	} shells[] = {{"gameday.bash", gd_complete_bash},
		      {"_gameday", gd_complete_zsh},
		      {"gameday.fish", gd_complete_fish}};

	for (size_t i = 0; i < GD_N_ELEMS(shells); i++) {
		GD_AUTO_STRBUF(text);

		if (shells[i].write(kinds, &text, err) < 0 ||
		    put(dir, shells[i].file, &text, err) < 0)
			return -1;
	}
	return 0;
}

static int write_all(char **argv, struct gd_error *err)
{
	const struct gd_manual m = {.put = put, .ctx = argv[2]};
	struct gd_kinds kinds = {0};
	int status;

	if (gd_manual_commands(&m, err) < 0 || gd_manual_formats(&m, err) < 0 ||
	    gd_manual_faults(&m, argv[1], err) < 0 || gd_manual_errors(&m, err) < 0 ||
	    gd_cli_kinds(&kinds, err) < 0)
		return -1;
	status = completions(&kinds, argv[3], err);
	gd_cli_kinds_fini(&kinds);
	return status;
}

int main(int argc, char **argv)
{
	struct gd_error err = GD_ERROR_INIT;

	if (argc != 4) {
		(void)fputs("usage: gd-manual FAULT_PAGES MAN_DIR COMPLETION_DIR\n",
			    stderr);
		return 2;
	}
	if (write_all(argv, &err) == 0)
		return 0;
	(void)fprintf(stderr, "gd-manual: %s\n", err.text);
	return 1;
}
