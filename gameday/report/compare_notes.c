/* SPDX-License-Identifier: Apache-2.0 */
/* What makes runs hard to compare, in sentences. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/report/compare_impl.h"

static int note(struct gd_comparison *c, struct gd_error *err, const char *fmt, ...)
	GD_PRINTF(3, 4);

static int note(struct gd_comparison *c, struct gd_error *err, const char *fmt, ...)
{
	GD_AUTO_STRBUF(text);
	struct gd_finding *notes;
	va_list ap;

	va_start(ap, fmt);
	gd_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	notes = realloc(c->notes, (c->n_notes + 1) * sizeof(*notes));
	if (!notes)
		return gd_raise_nomem(err);
	c->notes = notes;
	notes[c->n_notes].text = gd_strbuf_steal(&text);
	if (!notes[c->n_notes].text)
		return gd_raise_nomem(err);
	c->n_notes++;
	return 0;
}

static bool differs(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") != 0;
}

static double stage_seconds(const struct gd_report *r, const char *name)
{
	for (size_t i = 0; i < gd_results_n_stages(r->results); i++) {
		struct gd_stage_span st = gd_results_stage(r->results, i);

		if (strcmp(st.name, name) == 0 && st.measured_ns && st.figures_end_ns)
			return (double)(st.figures_end_ns - st.measured_ns) / 1e9;
	}
	return (double)NAN;
}

static int note_stages(struct gd_comparison *c, const struct gd_report *first,
		       const struct gd_report *r, struct gd_error *err)
{
	for (size_t i = 0; i < gd_results_n_stages(first->results); i++) {
		const char *name = gd_results_stage(first->results, i).name;
		double a = stage_seconds(first, name), b = stage_seconds(r, name);

		if (!(fabs(a - b) > 0.1 * fmax(a, b)))
			continue;
		if (note(c, err,
			 "stage %s counts %.1f s in %s and %.1f s in %s: maxima and high "
			 "percentiles grow with time",
			 name, a, first->name, b, r->name) < 0)
			return -1;
	}
	return 0;
}

static int note_against(struct gd_comparison *c, const struct gd_report *first,
			const struct gd_report *r, struct gd_error *err)
{
	int rc = 0;

	if (differs(gd_report_text(first, "scenario"), gd_report_text(r, "scenario")))
		rc = note(c, err, "%s is of the scenario %s, %s of %s", first->name,
			  gd_report_text(first, "scenario"), r->name,
			  gd_report_text(r, "scenario"));
	else if (first->has_scenario && r->has_scenario &&
		 differs(first->scenario.source, r->scenario.source))
		rc = note(c, err,
			  "the text of the scenario differs between %s and %s: see the "
			  "scenario.yaml of both",
			  first->name, r->name);
	if (rc == 0 &&
	    differs(gd_report_text(first, "version"), gd_report_text(r, "version")))
		rc = note(c, err, "%s was made by gameday %s, %s by %s", first->name,
			  gd_report_text(first, "version"), r->name,
			  gd_report_text(r, "version"));
	return rc == 0 ? note_stages(c, first, r, err) : rc;
}

static int note_run(struct gd_comparison *c, const struct gd_report *r,
		    struct gd_error *err)
{
	size_t behind = 0, n = 0;

	if (r->verdict.kind != GD_VERDICT_HELD && r->verdict.kind != GD_VERDICT_REFUTED &&
	    note(c, err, "%s did not end as it should: %s", r->name, r->verdict.reason) <
		    0)
		return -1;
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		size_t n_intervals = gd_results_n_intervals(r->results, i);

		for (size_t k = 0; k < n_intervals; k++)
			behind += gd_results_interval(r->results, i, k)->behind;
		n += n_intervals;
	}
	if (behind == 0)
		return 0;
	return note(c, err,
		    "in %s the load generator was behind its schedule in %zu of %zu "
		    "intervals: latencies there include its own delay",
		    r->name, behind, n);
}

int gd_comparison_find_notes(struct gd_comparison *c, struct gd_error *err)
{
	const struct gd_report *first = c->sides[0].runs[0];

	for (size_t s = 0; s < c->n_sides; s++) {
		for (size_t i = 0; i < c->sides[s].n; i++) {
			const struct gd_report *r = c->sides[s].runs[i];

			if (note_run(c, r, err) < 0 ||
			    (r != first && note_against(c, first, r, err) < 0))
				return -1;
		}
	}
	return 0;
}
