/* SPDX-License-Identifier: Apache-2.0 */
/* gameday(1) and a page per command, from the rows that parse its options. */
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/cli/options.h"
#include "gameday/cli/table.h"
#include "gameday/manual/page.h"

static void add_exits(struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "# EXIT STATUS\n\n");
	for (const struct gd_exit_row *e = gd_exit_rows; e->name; e++) {
		char term[16];

		(void)snprintf(term, sizeof(term), "**%d**", (int)e->status);
		gd_page_entry(term, e->meaning, out);
	}
}

static void add_options(const struct gd_cmd *cmd, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "# OPTIONS\n\n");
	for (size_t i = 0; i < cmd->options.n_fields; i++) {
		const struct gd_field *f = &cmd->options.fields[i];
		char name[GD_OPTION_NAME], c = gd_option_short(cmd, i);

		if (f->flags & GD_FIELD_HIDDEN)
			continue;
		gd_option_long(f, name);
		if (c)
			gd_strbuf_addf(out, "**-%c**, ", c);
		gd_strbuf_addf(out, "**\\-\\-%s**", name);
		if (f->kind != GD_KIND_BOOL)
			gd_strbuf_adds(out, " *VALUE*");
		gd_strbuf_adds(out, "\n:   ");
		gd_page_text(f->help, out);
		if (f->kind != GD_KIND_BOOL) {
			GD_AUTO_STRBUF(form);

			gd_field_describe(f, &form);
			gd_strbuf_adds(out, " (");
			gd_page_text(gd_strbuf_str(&form), out);
			gd_strbuf_addf(out, "%s%s)", f->dflt ? "; default " : "",
				       f->dflt ? f->dflt : "");
		}
		gd_strbuf_adds(out, "\n\n");
	}
	gd_page_entry("**-h**, **\\-\\-help**", "a summary of this page", out);
}

static void command_page(const struct gd_cmd *cmd, const char *name,
			 struct gd_strbuf *out)
{
	gd_page_head(name, 1, cmd->summary, out);
	gd_strbuf_addf(out, "# SYNOPSIS\n\n**gameday %s** ", cmd->name);
	gd_page_text(cmd->synopsis, out);
	gd_strbuf_adds(out, "\n\n# DESCRIPTION\n\n");
	gd_page_details(cmd->details ? cmd->details : cmd->summary, out);
	add_options(cmd, out);
	add_exits(out);
	gd_strbuf_addf(out, "# EXAMPLE\n\n```\n%s\n```\n\n", cmd->example);
	gd_strbuf_adds(out, "# SEE ALSO\n\n**gameday**(1), **gameday-errors**(7)\n");
}

static int put_command(const struct gd_manual *m, const struct gd_cmd *cmd,
		       struct gd_error *err)
{
	GD_AUTO_FREE char *name = gd_strf("gameday-%s", cmd->name);
	GD_AUTO_FREE char *file = gd_strf("gameday-%s.1.md", cmd->name);
	GD_AUTO_STRBUF(text);

	if (!name || !file)
		return gd_raise_nomem(err);
	command_page(cmd, name, &text);
	return m->put(m->ctx, file, &text, err);
}

static void add_files(struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "# FILES\n\n");
	gd_page_entry("*scenarios/NAME.yaml*", "see gameday-scenario(5)", out);
	gd_page_entry("*runbooks/NAME.yaml*", "see gameday-runbook(5)", out);
	gd_page_entry("*INVENTORY.yaml*", "see gameday-inventory(5)", out);
	gd_page_entry("*runs/UTC-SCENARIO/*",
		      "one run: its journal, figures, histograms, undo.md and reports",
		      out);
	gd_strbuf_adds(out, "# ENVIRONMENT\n\n");
	gd_page_entry("**GAMEDAY\\_LAB\\_DIR**",
		      "where the rehearsal lab keeps its state", out);
	gd_page_entry("**NO\\_COLOR**", "set to anything: no colours on the terminal",
		      out);
}

static int put_overview(const struct gd_manual *m, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);

	gd_page_head("gameday", 1,
		     "game days against gray failures, on real hosts, with everything "
		     "put back",
		     &text);
	gd_strbuf_adds(&text, "# SYNOPSIS\n\n**gameday** *COMMAND* [*ARGUMENTS*]\n\n"
			      "# COMMANDS\n\n");
	for (const struct gd_cmd *const *c = gd_cmd_table; *c; c++) {
		GD_AUTO_FREE char *term = gd_strf("**gameday-%s**(1)", (*c)->name);

		gd_page_entry(term ? term : "", (*c)->summary, &text);
	}
	add_exits(&text);
	add_files(&text);
	gd_strbuf_adds(&text,
		       "# EXAMPLE\n\n```\ngameday lab up\ngameday run "
		       "scenarios/silent-nic-drops.yaml -i lab\n```\n\n# SEE ALSO\n\n"
		       "**gameday-scenario**(5), **gameday-runbook**(5), "
		       "**gameday-inventory**(5), **gameday-report**(5), "
		       "**gameday-errors**(7), **gameday-agent**(8)\n");
	return m->put(m->ctx, "gameday.1.md", &text, err);
}

int gd_manual_commands(const struct gd_manual *m, struct gd_error *err)
{
	if (put_overview(m, err) < 0)
		return -1;
	for (const struct gd_cmd *const *c = gd_cmd_table; *c; c++)
		if (put_command(m, *c, err) < 0)
			return -1;
	return 0;
}
