/* SPDX-License-Identifier: Apache-2.0 */
/* One case per command in a function; no bash-completion package is needed. */
#include "gameday/base/auto.h"
#include "gameday/cli/options.h"
#include "gameday/cli/table.h"
#include "gameday/manual/complete.h"

static const char head[] =
	"# bash completion for gameday. Written by its build.\n"
	"_gameday() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal cmd=${COMP_WORDS[1]} options='' words='' values='' kind='' w\n"
	"\tCOMPREPLY=()\n"
	"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W '";

static const char tail[] =
	"\tesac\n"
	"\tif [ -n \"$values\" ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\")\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tcase $prev in\n"
	"\t-i | --inventory)\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W lab -- \"$cur\"; compgen -f -- \"$cur\")\n"
	"\t\treturn ;;\n"
	"\tesac\n"
	"\tif [[ $cur == -* ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tfor w in \"${COMP_WORDS[@]:2:COMP_CWORD-2}\"; do\n"
	"\t\t[[ -n $words && \" $words \" == *\" $w \"* ]] && words=''\n"
	"\tdone\n"
	"\tmapfile -t COMPREPLY < <(\n"
	"\t\tcompgen -W \"$words\" -- \"$cur\"\n"
	"\t\t[[ $kind == *files* ]] && compgen -f -- \"$cur\"\n"
	"\t\t[[ $kind == *runs* ]] && compgen -W latest -- \"$cur\"\n"
	"\t\t[[ $kind == *runs* ]] && compgen -d -- \"$cur\"\n"
	"\t\ttrue\n"
	"\t)\n"
	"\t[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null\n"
	"}\n"
	"complete -o filenames -F _gameday gameday\n";

static void add_options(const struct gd_cmd *cmd, struct gd_strbuf *out)
{
	for (size_t i = 0; i < cmd->options.n_fields; i++) {
		char name[GD_OPTION_NAME];

		if (cmd->options.fields[i].flags & GD_FIELD_HIDDEN)
			continue;
		gd_option_long(&cmd->options.fields[i], name);
		gd_strbuf_addf(out, "--%s ", name);
	}
	gd_strbuf_adds(out, "--help");
}

/* Values of options and keys that take one of a few words. */
static void add_values(const struct gd_field *f, const char *prefix, const char *word,
		       struct gd_strbuf *out)
{
	if (f->kind != GD_KIND_ENUM || !f->choices)
		return;
	gd_strbuf_addf(out, "\t\tcase %s in %s) values='", word, prefix);
	for (const struct gd_choice *c = f->choices; c->name; c++)
		gd_strbuf_addf(out, "%s%s", c == f->choices ? "" : " ", c->name);
	gd_strbuf_adds(out, "' ;; esac\n");
}

static void add_option_values(const struct gd_cmd *cmd, struct gd_strbuf *out)
{
	for (size_t i = 0; i < cmd->options.n_fields; i++) {
		char name[GD_OPTION_NAME];
		GD_AUTO_STRBUF(prefix);

		gd_option_long(&cmd->options.fields[i], name);
		gd_strbuf_addf(&prefix, "--%s", name);
		add_values(&cmd->options.fields[i], gd_strbuf_str(&prefix), "$prev", out);
	}
}

/* inject FAULT KEY=: the keys of the fault that stands there. */
static void add_faults(const struct gd_kinds *kinds, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "\t\tcase ${COMP_WORDS[2]} in\n");
	for (size_t i = 0; i < kinds->n_faults; i++) {
		const struct gd_shape *args = kinds->faults[i].args;

		gd_strbuf_addf(out, "\t\t%s) words='", kinds->faults[i].name);
		for (size_t k = 0; k < args->n_fields; k++)
			if (!(args->fields[k].flags & GD_FIELD_HIDDEN))
				gd_strbuf_addf(out, "%s%s=", k ? " " : "",
					       args->fields[k].name);
		gd_strbuf_adds(out, "' ;;\n");
	}
	gd_strbuf_adds(out, "\t\tesac\n\t\t[ \"$COMP_CWORD\" -eq 2 ] && words='");
	for (size_t i = 0; i < kinds->n_faults; i++)
		gd_strbuf_addf(out, "%s%s", i ? " " : "", kinds->faults[i].name);
	gd_strbuf_adds(out, "'\n");
}

int gd_complete_bash(const struct gd_kinds *kinds, struct gd_strbuf *out,
		     struct gd_error *err)
{
	gd_strbuf_adds(out, head);
	for (const struct gd_cmd *const *c = gd_cmd_table; *c; c++)
		gd_strbuf_addf(out, "%s ", (*c)->name);
	gd_strbuf_adds(out, "help' -- \"$cur\")\n\t\treturn\n\tfi\n\tcase $cmd in\n");
	for (const struct gd_cmd *const *c = gd_cmd_table; *c; c++) {
		struct gd_operands o;

		if (gd_operands_read(*c, &o, err) < 0)
			return -1;
		gd_strbuf_addf(out, "\t%s)\n\t\toptions='", (*c)->name);
		add_options(*c, out);
		gd_strbuf_addf(out, "'\n\t\twords='%s' kind='%s%s'\n", o.words,
			       o.files ? " files" : "", o.runs ? " runs" : "");
		add_option_values(*c, out);
		if (o.faults)
			add_faults(kinds, out);
		gd_strbuf_adds(out, "\t\t;;\n");
	}
	gd_strbuf_adds(out, tail);
	return 0;
}
