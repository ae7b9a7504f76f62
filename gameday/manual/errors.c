/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gameday-errors(7): what each exit status, class of error and outcome of a request means, and
 * what to do. The build appends every message of the program (messages.pl).
 */
#include <stdio.h>

#include "gameday/load/interval.h"
#include "gameday/manual/page.h"

static void add_statuses(struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "# EXIT STATUS\n\n");
	for (const struct gd_exit_row *e = gd_exit_rows; e->name; e++) {
		char term[64];

		(void)snprintf(term, sizeof(term), "**%d** (%s)", (int)e->status,
			       e->name);
		gd_strbuf_addf(out, "%s\n:   ", term);
		gd_page_text(e->meaning, out);
		gd_strbuf_adds(out, ". ");
		gd_page_text(e->next, out);
		gd_strbuf_adds(out, ".\n\n");
	}
}

static void add_classes(struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "# CLASSES OF ERRORS\n\nEvery error belongs to a class; "
			    "records and replies name it.\n\n");
	for (int c = GD_E_INPUT; c <= GD_E_BUG; c++) {
		const struct gd_errc_row *row = gd_errc_row((enum gd_errc)c);

		gd_strbuf_addf(out, "**%s**\n:   ", row->name);
		gd_page_text(row->meaning, out);
		gd_strbuf_adds(out, ". ");
		gd_page_text(row->next, out);
		gd_strbuf_adds(out, ".\n\n");
	}
}

static void add_outcomes(struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "# OUTCOMES OF REQUESTS\n\n");
	for (int o = 0; o < GD_N_OUTCOMES; o++) {
		char term[64];

		(void)snprintf(term, sizeof(term), "**%s**",
			       gd_outcome_name((enum gd_outcome)o));
		gd_page_entry(term, gd_outcome_meaning((enum gd_outcome)o), out);
	}
}

int gd_manual_errors(const struct gd_manual *m, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);

	gd_page_head("gameday-errors", 7, "what errors mean, and what to do", &text);
	gd_strbuf_adds(
		&text,
		"# DESCRIPTION\n\nAn error is one line: what happened, with its place, "
		"host or object. What is about a file begins with FILE:LINE:COLUMN.\n\n");
	add_statuses(&text);
	add_classes(&text);
	add_outcomes(&text);
	return m->put(m->ctx, "gameday-errors.7.md", &text, err);
}
