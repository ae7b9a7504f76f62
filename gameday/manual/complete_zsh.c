/* SPDX-License-Identifier: Apache-2.0 */
/* _arguments per command; what a colon or bracket means there is escaped. */
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/cli/options.h"
#include "gameday/cli/table.h"
#include "gameday/manual/complete.h"

/* Inside '...[help]...' and 'name:help'. */
static void add_quoted(const char *text, struct gd_strbuf *out)
{
	for (; *text; text++) {
		if (*text == '\'')
			gd_strbuf_adds(out, "'\\''");
		else if (strchr(":[]\\", *text))
			gd_strbuf_addf(out, "\\%c", *text);
		else
			gd_strbuf_addc(out, *text == '\n' ? ' ' : *text);
	}
}

static void add_value(const struct gd_field *f, struct gd_strbuf *out)
{
	if (f->kind == GD_KIND_BOOL)
		return;
	if (f->kind == GD_KIND_ENUM && f->choices) {
		gd_strbuf_adds(out, ":value:(");
		for (const struct gd_choice *c = f->choices; c->name; c++)
			gd_strbuf_addf(out, "%s%s", c == f->choices ? "" : " ", c->name);
		gd_strbuf_addc(out, ')');
	} else if (strcmp(f->name, "inventory") == 0) {
		gd_strbuf_adds(out, ":inventory: _gameday_inventory");
	} else {
		gd_strbuf_adds(out, ":value:_files");
	}
}

static void add_option(const struct gd_cmd *cmd, size_t i, struct gd_strbuf *out)
{
	const struct gd_field *f = &cmd->options.fields[i];
	char name[GD_OPTION_NAME], c = gd_option_short(cmd, i);
	const char *again = f->kind == GD_KIND_LIST ? "*" : "";

	if (f->flags & GD_FIELD_HIDDEN)
		return;
	gd_option_long(f, name);
	gd_strbuf_addf(out, " \\\n\t\t\t'%s--%s[", again, name);
	add_quoted(f->help, out);
	gd_strbuf_addc(out, ']');
	add_value(f, out);
	gd_strbuf_addc(out, '\'');
	if (!c)
		return;
	gd_strbuf_addf(out, " \\\n\t\t\t'%s-%c[", again, c);
	add_quoted(f->help, out);
	gd_strbuf_addc(out, ']');
	add_value(f, out);
	gd_strbuf_addc(out, '\'');
}

static void add_operands(const struct gd_operands *o, struct gd_strbuf *out)
{
	if (o->faults)
		gd_strbuf_adds(out, " \\\n\t\t\t'1:fault: _gameday_faults' "
				    "'*:key: _gameday_keys'");
	else if (o->runs && *o->words)
		gd_strbuf_addf(out, " \\\n\t\t\t'*:operand: _gameday_words runs %s'",
			       o->words);
	else if (o->runs)
		gd_strbuf_adds(out, " \\\n\t\t\t'*:run: _gameday_words runs'");
	else if (*o->words)
		gd_strbuf_addf(out, " \\\n\t\t\t'1:word:(%s)' '*:operand:_files'",
			       o->words);
	else
		gd_strbuf_adds(out, " \\\n\t\t\t'*:file:_files'");
}

static void add_fault_functions(const struct gd_kinds *kinds, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "_gameday_faults() { compadd --");
	for (size_t i = 0; i < kinds->n_faults; i++)
		gd_strbuf_addf(out, " %s", kinds->faults[i].name);
	gd_strbuf_adds(out, "; }\n_gameday_keys() {\n\tcase ${line[1]} in\n");
	for (size_t i = 0; i < kinds->n_faults; i++) {
		const struct gd_shape *args = kinds->faults[i].args;

		gd_strbuf_addf(out, "\t%s) compadd -S '' --", kinds->faults[i].name);
		for (size_t k = 0; k < args->n_fields; k++)
			if (!(args->fields[k].flags & GD_FIELD_HIDDEN))
				gd_strbuf_addf(out, " %s=", args->fields[k].name);
		gd_strbuf_adds(out, " ;;\n");
	}
	gd_strbuf_adds(out, "\tesac\n}\n");
}

int gd_complete_zsh(const struct gd_kinds *kinds, struct gd_strbuf *out,
		    struct gd_error *err)
{
	gd_strbuf_adds(out,
		       "#compdef gameday\n# Written by gameday's build.\n"
		       "_gameday_inventory() { compadd -- lab; _files -g '*.y(|a)ml'; }\n"
		       "_gameday_words() {\n"
		       "\t[[ $1 == runs ]] && { compadd -- latest; _files -/; }\n"
		       "\tshift\n\tcompadd -- \"$@\"\n}\n");
	add_fault_functions(kinds, out);
	gd_strbuf_adds(out, "_gameday() {\n\tlocal curcontext=$curcontext state line\n"
			    "\ttypeset -A opt_args\n\tlocal -a commands=(\n");
	for (const struct gd_cmd *const *c = gd_cmd_table; *c; c++) {
		gd_strbuf_addf(out, "\t\t'%s:", (*c)->name);
		add_quoted((*c)->summary, out);
		gd_strbuf_adds(out, "'\n");
	}
	gd_strbuf_adds(out, "\t)\n\t_arguments -C '1:command:->command' '*::arg:->arg'\n"
			    "\t[[ $state == command ]] && _describe command commands && "
			    "return\n\tcase ${words[1]} in\n");
	for (const struct gd_cmd *const *c = gd_cmd_table; *c; c++) {
		struct gd_operands o;

		if (gd_operands_read(*c, &o, err) < 0)
			return -1;
		gd_strbuf_addf(out, "\t%s)\n\t\t_arguments '--help[a summary]'",
			       (*c)->name);
		for (size_t i = 0; i < (*c)->options.n_fields; i++)
			add_option(*c, i, out);
		add_operands(&o, out);
		gd_strbuf_adds(out, " ;;\n");
	}
	gd_strbuf_adds(out, "\tesac\n}\n_gameday \"$@\"\n");
	return 0;
}
