/* SPDX-License-Identifier: Apache-2.0 */
/* What was expected and what was required, and whether it was so. */
#include <string.h>

#include "gameday/report/section.h"

static void add_outcome(struct gd_doc *d, enum gd_cond_outcome o)
{
	static const struct {
		enum gd_doc_tone tone;
		const char *word;
	} words[] = {
		{GD_DOC_GOOD, "pass"}, {GD_DOC_BAD, "FAIL"}, {GD_DOC_WARN, "no data"}};

	gd_doc_begin(d, GD_DOC_CELL);
	gd_doc_mark(d, words[o].tone, words[o].word);
	gd_doc_end(d, GD_DOC_CELL);
}

void gd_section_expectations(const struct gd_report *r, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"expected", GD_DOC_LEFT},
		{"outcome", GD_DOC_WORD},
		{"measured", GD_DOC_LEFT},
	};
	size_t n = r->has_scenario ? r->scenario.expect.n : 0;

	gd_doc_heading(d, 2, "expectations", "Expectations");
	if (n == 0) {
		gd_doc_para(d, r->has_scenario ? "The scenario declares none."
					       : "Not known: the scenario as used is "
						 "missing or damaged.");
		return;
	}
	gd_doc_table(d, "Expectations and what was measured", columns,
		     GD_N_ELEMS(columns));
	for (size_t i = 0; i < n; i++) {
		gd_doc_begin(d, GD_DOC_ROW);
		gd_doc_cell(d,
			    GD_AT(&r->scenario.expect, struct gd_condition, i)->source);
		add_outcome(d, r->expect[i].outcome);
		gd_doc_cell(d, r->expect[i].text);
		gd_doc_end(d, GD_DOC_ROW);
	}
	gd_doc_table_end(d);
}

static void add_steady(const cJSON *e, struct gd_doc *d)
{
	bool ok = gd_json_bool(e, "ok", false);

	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cell(d, gd_json_str(e, "condition", "?"));
	gd_doc_begin(d, GD_DOC_CELL);
	gd_doc_mark(d, ok ? GD_DOC_GOOD : GD_DOC_BAD, ok ? "yes" : "NO");
	gd_doc_end(d, GD_DOC_CELL);
	gd_doc_cell(d, gd_json_str(e, "measured", ""));
	gd_doc_end(d, GD_DOC_ROW);
}

void gd_section_steady(const struct gd_report *r, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"condition", GD_DOC_LEFT},
		{"held", GD_DOC_WORD},
		{"measured", GD_DOC_LEFT},
	};
	bool any = false;

	gd_doc_heading(d, 2, "steady-state", "Steady state");
	for (size_t i = 0; i < r->n_events; i++) {
		if (strcmp(gd_json_str(r->events[i], "event", ""), "steady") != 0)
			continue;
		if (!any)
			gd_doc_table(d, "Steady-state conditions", columns,
				     GD_N_ELEMS(columns));
		any = true;
		add_steady(r->events[i], d);
	}
	if (any)
		gd_doc_table_end(d);
	else
		gd_doc_para(d, "No steady-state condition was evaluated in this run.");
}
