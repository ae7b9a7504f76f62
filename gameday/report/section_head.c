/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/key_numbers.h"
#include "gameday/report/section.h"
#include "gameday/report/story.h"

static const enum gd_doc_tone verdict_tones[] = {
	[GD_VERDICT_HELD] = GD_DOC_GOOD,    [GD_VERDICT_REFUTED] = GD_DOC_BAD,
	[GD_VERDICT_INVALID] = GD_DOC_WARN, [GD_VERDICT_ABORTED] = GD_DOC_WARN,
	[GD_VERDICT_NOT_RUN] = GD_DOC_WARN, [GD_VERDICT_LEFT_BEHIND] = GD_DOC_BAD,
};

/* --- facts ---------------------------------------------------------------------------- */

enum { N_FACTS = 3 };

static void say_scenario(const struct gd_report *r, struct gd_strbuf *out)
{
	const char *title = gd_report_text(r, "title");
	const char *severity = gd_report_text(r, "severity");

	gd_strbuf_addf(out, "%s%s%s", gd_report_text(r, "scenario"), *title ? ": " : "",
		       title);
	if (*severity)
		gd_strbuf_addf(out, " (%s)", severity);
}

static void say_run(const struct gd_report *r, struct gd_strbuf *out)
{
	char when[32];

	gd_strbuf_adds(out, r->name);
	if (r->started_ns)
		gd_strbuf_addf(out, ", started %s",
			       gd_wall_format((struct gd_wall){r->started_ns}, when));
	if (r->last_ns > r->started_ns)
		gd_strbuf_addf(out, ", %.1f s long", gd_report_seconds(r, r->last_ns));
}

void gd_section_head(const struct gd_report *r, struct gd_doc *d)
{
	const char *hypothesis = gd_report_text(r, "hypothesis");
	struct gd_doc_number numbers[GD_KEY_NUMBERS];
	GD_AUTO_STRBUF(line);
	GD_AUTO_STRBUF(happened);
	GD_AUTO_STRBUF(next);
	GD_AUTO_STRBUF(scenario);
	GD_AUTO_STRBUF(run);

	gd_story_verdict(r, &line);
	gd_story_happened(r, &happened);
	gd_story_next(r, &next);
	say_scenario(r, &scenario);
	say_run(r, &run);
	gd_doc_banner(d, &(struct gd_doc_banner){
				 .tone = verdict_tones[r->verdict.kind],
				 .word = gd_verdict_name(r->verdict.kind),
				 .line = gd_strbuf_str(&line),
				 .happened = gd_strbuf_str(&happened),
				 .next = gd_strbuf_str(&next),
				 .numbers = numbers,
				 .n_numbers = gd_key_numbers(r, numbers),
				 .facts =
					 (const struct gd_doc_fact[]){
						 {"Scenario", gd_strbuf_str(&scenario)},
						 {"Hypothesis",
						  *hypothesis ? hypothesis
							      : "none was written down"},
						 {"Run", gd_strbuf_str(&run)}},
				 .n_facts = N_FACTS,
			 });
}

void gd_section_findings(const struct gd_report *r, struct gd_doc *d)
{
	if (r->n_findings == 0)
		return;
	gd_doc_heading(d, 2, "findings", "Findings");
	gd_doc_begin(d, GD_DOC_LIST);
	for (size_t i = 0; i < r->n_findings; i++)
		gd_doc_item(d, r->findings[i].text);
	gd_doc_end(d, GD_DOC_LIST);
}
