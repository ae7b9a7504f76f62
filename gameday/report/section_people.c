/* SPDX-License-Identifier: Apache-2.0 */
/* The people: roles, their timeline against the truth, notes, and what they found. */
#include <math.h>
#include <string.h>

#include "gameday/report/people.h"
#include "gameday/report/section.h"

/* --- roles ---------------------------------------------------------------------------- */

static void write_roles(const struct gd_report *r, struct gd_doc *d)
{
	const cJSON *roles = gd_people_roles(r), *role, *person;

	if (!roles) {
		gd_doc_begin(d, GD_DOC_PARA);
		gd_doc_text(d, "Nobody is named in a role (");
		gd_doc_code(d, "gameday run --role coordinator=NAME");
		gd_doc_text(d, " names one).");
		gd_doc_end(d, GD_DOC_PARA);
		return;
	}
	gd_doc_begin(d, GD_DOC_LIST);
	cJSON_ArrayForEach(role, roles)
	{
		const char *between = ": ";

		gd_doc_begin(d, GD_DOC_ITEM);
		gd_doc_strong(d, role->string);
		cJSON_ArrayForEach(person, role)
		{
			if (!cJSON_IsString(person))
				continue;
			gd_doc_textf(d, "%s%s", between, person->valuestring);
			between = ", ";
		}
		gd_doc_end(d, GD_DOC_ITEM);
	}
	gd_doc_end(d, GD_DOC_LIST);
}

static void write_blindness(const struct gd_report *r, struct gd_doc *d)
{
	struct gd_blindness b = gd_people_blindness(r);
	int64_t injected = gd_report_injected(r, NULL);
	char when[32];

	if (!b.blind)
		return;
	if (!b.revealed_ns) {
		gd_doc_para(d, "The run was blind: what was injected was hidden from the "
			       "live view, and nobody is recorded to have revealed it.");
		return;
	}
	(void)gd_wall_format((struct gd_wall){b.revealed_ns}, when);
	if (injected)
		gd_doc_paraf(d,
			     "The run was blind: what was injected was hidden from the "
			     "live view until %s, %+.1f s from the injection, when it "
			     "was revealed %s.",
			     when, (double)(b.revealed_ns - injected) / 1e9, b.why);
	else
		gd_doc_paraf(d, "The run was blind until %s, when it was revealed %s.",
			     when, b.why);
}

/* --- the timeline against the truth ------------------------------------------------------ */

static void add_who(const struct gd_report *r, const struct gd_moment *m,
		    struct gd_doc *d)
{
	const char *role = *m->by ? gd_people_role_of(r, m->by) : NULL;

	if (!m->at_ns)
		gd_doc_cell(d, "");
	else if (!m->by_people)
		gd_doc_cell(d, "measured");
	else if (!*m->by)
		gd_doc_cell(d, "not named");
	else if (role)
		gd_doc_cellf(d, "%s (%s)", m->by, role);
	else
		gd_doc_cell(d, m->by);
}

static void moment_row(const struct gd_report *r, const struct gd_moment *m,
		       struct gd_doc *d)
{
	char when[32];

	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cell(d, m->name);
	if (!m->at_ns)
		gd_doc_cell(d, "missing");
	else if (r->harm_ns)
		gd_doc_cellf(d, "%+.1f s",
			     (double)(m->at_ns - r->harm_ns) / (double)GD_NS_PER_S);
	else
		gd_doc_cell(d, "");
	gd_doc_cell(d, m->text);
	add_who(r, m, d);
	gd_doc_cell(d, m->at_ns ? gd_report_clock(r, m->at_ns, when) : "");
	gd_doc_end(d, GD_DOC_ROW);
}

/* Where nobody took a note, rows that say so once each would hide what was measured. */
static bool is_told(const struct gd_moment *m, bool noted)
{
	return noted || !m->by_people;
}

static void write_moments(const struct gd_report *r,
			  const struct gd_moment moments[GD_N_MOMENTS], bool noted,
			  struct gd_doc *d)
{
	/* On a phone the first three columns are what is seen without scrolling. */
	static const struct gd_doc_column columns[] = {{"moment", GD_DOC_WORD},
						       {"since harm", GD_DOC_RIGHT},
						       {"what", GD_DOC_LEFT},
						       {"who", GD_DOC_LEFT},
						       {"clock", GD_DOC_WORD}};
	struct gd_moment sorted[GD_N_MOMENTS];

	memcpy(sorted, moments, sizeof(sorted));
	gd_people_sort(sorted);
	gd_doc_heading(d, 3, "moments", "What people noticed, and what was true");
	gd_doc_table(d, "What people noticed and did, and what was true", columns,
		     GD_N_ELEMS(columns));
	for (size_t i = 0; i < GD_N_MOMENTS; i++)
		if (is_told(&sorted[i], noted))
			moment_row(r, &sorted[i], d);
	gd_doc_table_end(d);
}

static void write_gaps(const struct gd_moment moments[GD_N_MOMENTS], bool noted,
		       struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {{"from, to", GD_DOC_WORD},
						       {"took", GD_DOC_RIGHT}};
	struct gd_people_gap gaps[GD_N_PEOPLE_GAPS];

	gd_people_gaps(moments, gaps);
	gd_doc_heading(d, 3, "steps", "How long each step took");
	gd_doc_table(d, "How long each step took", columns, GD_N_ELEMS(columns));
	for (size_t i = 0; i < GD_N_PEOPLE_GAPS; i++) {
		if (!is_told(&moments[gaps[i].from], noted) ||
		    !is_told(&moments[gaps[i].to], noted))
			continue;
		gd_doc_begin(d, GD_DOC_ROW);
		gd_doc_cell(d, gaps[i].name);
		if (isnan(gaps[i].seconds))
			gd_doc_cell(d, "missing");
		else if (gaps[i].seconds < 0)
			gd_doc_cellf(d, "%.1f s before", -gaps[i].seconds);
		else
			gd_doc_cellf(d, "%.1f s", gaps[i].seconds);
		gd_doc_end(d, GD_DOC_ROW);
	}
	gd_doc_table_end(d);
}

/* --- notes ---------------------------------------------------------------------------- */

static void add_note(const struct gd_report *r, const cJSON *e, int64_t injected,
		     struct gd_doc *d)
{
	char when[32];
	const char *kind = gd_json_str(e, "kind", "text");
	const char *text = gd_json_str(e, "text", ""), *by = gd_json_str(e, "by", "");
	int64_t at = gd_report_event_time(e);

	kind = strcmp(kind, "text") == 0 ? "" : kind;
	gd_doc_begin(d, GD_DOC_ITEM);
	if (at)
		gd_doc_text(d, gd_report_clock(r, at, when));
	if (at && injected)
		gd_doc_textf(d, ", %.1f s %s the injection",
			     fabs((double)(at - injected)) / (double)GD_NS_PER_S,
			     at < injected ? "before" : "after");
	gd_doc_text(d, at ? ": " : "");
	if (*by)
		gd_doc_textf(d, "%s: ", by);
	gd_doc_textf(d, "%s%s%s", kind, *kind && *text ? ": " : "", text);
	gd_doc_end(d, GD_DOC_ITEM);
}

static void write_notes(const struct gd_report *r, struct gd_doc *d)
{
	int64_t injected = gd_report_injected(r, NULL);

	gd_doc_heading(d, 3, "notes", "Notes");
	if (gd_people_noted(r)) {
		gd_doc_begin(d, GD_DOC_LIST);
		for (size_t i = 0; i < r->n_events; i++)
			if (gd_people_is_note(r->events[i]))
				add_note(r, r->events[i], injected, d);
		gd_doc_end(d, GD_DOC_LIST);
		return;
	}
	gd_doc_begin(d, GD_DOC_PARA);
	gd_doc_text(d, "No note was taken (");
	gd_doc_code(d, "gameday note RUN detected");
	gd_doc_text(d, " takes one).");
	gd_doc_end(d, GD_DOC_PARA);
}

void gd_section_people(const struct gd_report *r, struct gd_doc *d)
{
	struct gd_moment moments[GD_N_MOMENTS];
	bool noted = gd_people_noted(r);

	gd_people_moments(r, moments);
	gd_doc_heading(d, 2, "people", "What the people did");
	write_roles(r, d);
	write_blindness(r, d);
	write_moments(r, moments, noted, d);
	write_gaps(moments, noted, d);
	write_notes(r, d);
}

/* --- findings ------------------------------------------------------------------------- */

static void add_ticket(const char *ticket, struct gd_doc *d)
{
	gd_doc_begin(d, GD_DOC_CELL);
	if (ticket &&
	    (strncmp(ticket, "https://", 8) == 0 || strncmp(ticket, "http://", 7) == 0))
		gd_doc_link(d, ticket, ticket);
	else
		gd_doc_text(d, ticket ? ticket : "none");
	gd_doc_end(d, GD_DOC_CELL);
}

/* What a finding must have one day; until then it stands out. */
static void add_needed(const char *text, const char *missing, struct gd_doc *d)
{
	gd_doc_begin(d, GD_DOC_CELL);
	if (text)
		gd_doc_text(d, text);
	else
		gd_doc_mark(d, GD_DOC_WARN, missing);
	gd_doc_end(d, GD_DOC_CELL);
}

void gd_section_noted(const struct gd_report *r, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"finding", GD_DOC_LEFT}, {"severity", GD_DOC_WORD},
		{"owner", GD_DOC_WORD},   {"re-test", GD_DOC_WORD},
		{"ticket", GD_DOC_LEFT},  {"found by", GD_DOC_WORD}};

	if (r->noted.n == 0)
		return;
	gd_doc_heading(d, 3, "noted", "What people found");
	gd_doc_table(d, "Findings of people, and who sees to them", columns,
		     GD_N_ELEMS(columns));
	for (size_t i = 0; i < r->noted.n; i++) {
		const struct gd_noted *f = &r->noted.items[i];

		gd_doc_begin(d, GD_DOC_ROW);
		gd_doc_cell(d, f->finding);
		gd_doc_cell(d, f->severity ? gd_severity_name(f->severity) : "not told");
		add_needed(f->owner, "nobody yet", d);
		add_needed(f->retest, "no date", d);
		add_ticket(f->ticket, d);
		gd_doc_cell(d, f->by ? f->by : "");
		gd_doc_end(d, GD_DOC_ROW);
	}
	gd_doc_table_end(d);
	gd_doc_begin(d, GD_DOC_PARA);
	gd_doc_text(d, "They are kept in ");
	gd_doc_code(d, GD_FINDINGS_FILE);
	gd_doc_text(d, " beside this report, which is edited by hand or by ");
	gd_doc_code(d, "gameday note RUN finding");
	gd_doc_text(d, ".");
	gd_doc_end(d, GD_DOC_PARA);
}
