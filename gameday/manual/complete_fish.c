/* SPDX-License-Identifier: Apache-2.0 */
/* One `complete` line per command, option, word and fault. */
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/cli/options.h"
#include "gameday/cli/table.h"
#include "gameday/manual/complete.h"

#define SEEN "-n '__fish_seen_subcommand_from %s'"

/* Between single quotes. */
static void add_quoted(const char *text, struct gd_strbuf *out)
{
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			gd_strbuf_addc(out, '\\');
		gd_strbuf_addc(out, *text == '\n' ? ' ' : *text);
	}
}

static void add_option(const struct gd_cmd *cmd, size_t i, struct gd_strbuf *out)
{
	const struct gd_field *f = &cmd->options.fields[i];
	char name[GD_OPTION_NAME], c = gd_option_short(cmd, i);

	if (f->flags & GD_FIELD_HIDDEN)
		return;
	gd_option_long(f, name);
	gd_strbuf_addf(out, "complete -c gameday " SEEN " -l %s", cmd->name, name);
	if (c)
		gd_strbuf_addf(out, " -s %c", c);
	if (f->kind == GD_KIND_ENUM && f->choices) {
		gd_strbuf_adds(out, " -x -a '");
		for (const struct gd_choice *k = f->choices; k->name; k++)
			gd_strbuf_addf(out, "%s ", k->name);
		gd_strbuf_addc(out, '\'');
	} else if (strcmp(f->name, "inventory") == 0) {
		gd_strbuf_adds(out, " -r -F -a lab");
	} else if (f->kind != GD_KIND_BOOL) {
		gd_strbuf_adds(out, " -r");
	}
	gd_strbuf_adds(out, " -d '");
	add_quoted(f->help, out);
	gd_strbuf_adds(out, "'\n");
}

static void add_faults(const struct gd_cmd *cmd, const struct gd_kinds *kinds,
		       struct gd_strbuf *out)
{
	for (size_t i = 0; i < kinds->n_faults; i++) {
		const struct gd_shape *args = kinds->faults[i].args;

		gd_strbuf_addf(out,
			       "complete -c gameday -f -n '__fish_seen_subcommand_from "
			       "%s; and test (count (commandline -opc)) -eq 2' -a %s\n",
			       cmd->name, kinds->faults[i].name);
		for (size_t k = 0; k < args->n_fields; k++) {
			if (args->fields[k].flags & GD_FIELD_HIDDEN)
				continue;
			gd_strbuf_addf(out,
				       "complete -c gameday -f -n "
				       "'__fish_seen_subcommand_from %s; and "
				       "__fish_seen_subcommand_from %s' -a %s= -d '",
				       cmd->name, kinds->faults[i].name,
				       args->fields[k].name);
			add_quoted(args->fields[k].help ? args->fields[k].help : "", out);
			gd_strbuf_adds(out, "'\n");
		}
	}
}

static void add_operands(const struct gd_cmd *cmd, const struct gd_operands *o,
			 struct gd_strbuf *out)
{
	if (*o->words)
		gd_strbuf_addf(out,
			       "complete -c gameday%s -n '__fish_seen_subcommand_from "
			       "%s; and not __fish_seen_subcommand_from %s' -a '%s'\n",
			       o->files || o->runs ? "" : " -f", cmd->name, o->words,
			       o->words);
	if (o->runs)
		gd_strbuf_addf(out, "complete -c gameday " SEEN " -a latest\n",
			       cmd->name);
}

int gd_complete_fish(const struct gd_kinds *kinds, struct gd_strbuf *out,
		     struct gd_error *err)
{
	gd_strbuf_adds(out, "# fish completion for gameday. Written by its build.\n");
	for (const struct gd_cmd *const *c = gd_cmd_table; *c; c++) {
		gd_strbuf_addf(
			out, "complete -c gameday -f -n __fish_use_subcommand -a %s -d '",
			(*c)->name);
		add_quoted((*c)->summary, out);
		gd_strbuf_adds(out, "'\n");
	}
	for (const struct gd_cmd *const *c = gd_cmd_table; *c; c++) {
		struct gd_operands o;

		if (gd_operands_read(*c, &o, err) < 0)
			return -1;
		for (size_t i = 0; i < (*c)->options.n_fields; i++)
			add_option(*c, i, out);
		add_operands(*c, &o, out);
		if (o.faults)
			add_faults(*c, kinds, out);
	}
	return 0;
}
