/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/strbuf.h"
#include "gameday/cli/cmd.h"
#include "gameday/report/rundir.h"

extern const struct gd_cmd gd_cmd_note;

static bool is_kind(const char *word)
{
	static const char *const kinds[] = {"detected", "diagnosed", "mitigated"};

	for (size_t i = 0; i < GD_N_ELEMS(kinds); i++)
		if (strcmp(kinds[i], word) == 0)
			return true;
	return false;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const char *kind = is_kind(args->operands[1]) ? args->operands[1] : "text";
	size_t first = strcmp(kind, "text") == 0 ? 1 : 2;
	GD_AUTO_FREE char *dir = NULL;
	GD_AUTO_STRBUF(text);

	for (size_t i = first; i < args->n_operands; i++)
		gd_strbuf_addf(&text, "%s%s", i > first ? " " : "", args->operands[i]);
	if (text.failed)
		return gd_raise_nomem(err);
	if (first == 1 && strspn(gd_strbuf_str(&text), " \t\n") == text.len)
		return gd_raise(
			err, GD_E_INPUT,
			"an empty note: write detected, diagnosed, mitigated or a text");
	if (gd_rundir_find(args->operands[0], &dir, err) < 0 ||
	    gd_rundir_note(dir, kind, gd_strbuf_str(&text), err) < 0)
		return -1;
	(void)printf("noted in %s\n", dir);
	return GD_EXIT_HELD;
}

const struct gd_cmd gd_cmd_note = {
	.name = "note",
	.synopsis = "RUN detected|diagnosed|mitigated|TEXT...",
	.summary = "put what the people saw and did into a run's timeline",
	.details =
		"RUN is a run's directory, its name under runs/, or latest; it may be going on or\n"
		"over. The time of the note is now. After detected, diagnosed or mitigated a text\n"
		"may follow. `gameday report RUN` renders it.",
	.example = "gameday note latest diagnosed rx ring of eth0 is 128 of 4096",
	.min_operands = 2,
	.max_operands = 1000,
	.raw = true,
	.run = run,
};
