/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The people in the summary on the terminal. Times count from when harm began, as in the
 * report; without harm from the injection, else from the run's start.
 */
#include <string.h>

#include "gameday/report/people.h"
#include "gameday/report/text.h"

enum { MAX_NAME = 80, MAX_FINDING = 200, MAX_TICKET = 120, MAX_LINES = 12 };

/* "since harm began at 14:00:09.000Z"; returns the moment. */
static int64_t add_origin(const struct gd_report *r, struct gd_strbuf *out)
{
	int64_t injected = gd_report_injected(r, NULL);
	int64_t at = r->harm_ns ? r->harm_ns : injected ? injected : r->started_ns;
	char when[32];

	gd_strbuf_addf(out, "since %s at %s:",
		       r->harm_ns ? "harm began"
		       : injected ? "the injection (nobody was hurt)"
				  : "the run began",
		       gd_report_clock(r, at, when));
	return at;
}

static void add_moment(const struct gd_moment *m, int64_t origin, const char *before,
		       struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "%s%s %+.1f s", before, m->name,
		       (double)(m->at_ns - origin) / (double)GD_NS_PER_S);
	if (!*m->by)
		return;
	gd_strbuf_adds(out, " (");
	gd_text_plain(out, m->by, MAX_NAME);
	gd_strbuf_addc(out, ')');
}

static void add_moments(const struct gd_report *r, struct gd_strbuf *out)
{
	struct gd_moment moments[GD_N_MOMENTS];
	const char *between = " ";
	int64_t origin;

	gd_people_moments(r, moments);
	gd_people_sort(moments);
	gd_strbuf_adds(out, "\npeople   ");
	origin = add_origin(r, out);
	for (size_t i = 0; i < GD_N_MOMENTS; i++) {
		if (!moments[i].at_ns || strcmp(moments[i].key, "harm") == 0)
			continue;
		add_moment(&moments[i], origin, between, out);
		between = ", ";
	}
	gd_strbuf_addc(out, '\n');
	between = "         nobody noted: ";
	for (size_t i = 0; i < GD_N_MOMENTS; i++) {
		if (moments[i].at_ns || !moments[i].by_people)
			continue;
		gd_strbuf_addf(out, "%s%s", between, moments[i].name);
		between = ", ";
	}
	if (*between == ',')
		gd_strbuf_addc(out, '\n');
}

static void add_finding(const struct gd_noted *f, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "finding  ");
	if (f->severity)
		gd_strbuf_addf(out, "%s: ", gd_severity_name(f->severity));
	gd_text_plain(out, f->finding, MAX_FINDING);
	gd_strbuf_adds(out, " (owner: ");
	gd_text_plain(out, f->owner ? f->owner : "nobody yet", MAX_NAME);
	gd_strbuf_addf(out, ", re-test: %s", f->retest ? f->retest : "no date");
	if (f->ticket) {
		gd_strbuf_adds(out, ", ");
		gd_text_plain(out, f->ticket, MAX_TICKET);
	}
	gd_strbuf_adds(out, ")\n");
}

void gd_people_lines(const struct gd_report *r, struct gd_strbuf *out)
{
	if (gd_people_noted(r))
		add_moments(r, out);
	else if (r->noted.n > 0)
		gd_strbuf_addc(out, '\n');
	for (size_t i = 0; i < r->noted.n && i < MAX_LINES; i++)
		add_finding(&r->noted.items[i], out);
	if (r->noted.n > MAX_LINES)
		gd_strbuf_addf(out,
			       "         and %zu more findings in " GD_FINDINGS_FILE "\n",
			       r->noted.n - MAX_LINES);
}
