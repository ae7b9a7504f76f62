/* SPDX-License-Identifier: Apache-2.0 */
/* The runbook: what fired and when, diagnosis and mitigation. */
#include "gameday/report/runbook_page.h"
#include "gameday/report/section.h"
#include "gameday/report/story.h"

static void add_evidence(const struct gd_detected *item, struct gd_doc *d)
{
	gd_doc_begin(d, GD_DOC_CELL);
	if (!item->evaluated)
		gd_doc_text(d, "not judged");
	else if (item->item.outcome == GD_COND_HOLDS)
		gd_doc_strong(d, "fired");
	else
		gd_doc_text(d, item->item.outcome == GD_COND_FAILS ? "did not fire"
								   : "no data");
	gd_doc_end(d, GD_DOC_CELL);
}

static void detection_row(const struct gd_report *r, const struct gd_detected *item,
			  struct gd_doc *d)
{
	const struct gd_detection *of = item->detection;
	GD_AUTO_STRBUF(when);

	if (item->evaluated && item->item.outcome == GD_COND_HOLDS)
		gd_story_when(r, &item->item, &when);
	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cell(d, of->alert ? of->alert : of->symptom ? of->symptom : "?");
	gd_doc_cell(d, of->when ? of->when : "for people");
	add_evidence(item, d);
	gd_doc_cell(d, gd_strbuf_str(&when));
	gd_doc_cell(d, item->evaluated ? item->item.text : "");
	gd_doc_end(d, GD_DOC_ROW);
}

static void write_detections(const struct gd_report *r, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"detection", GD_DOC_LEFT}, {"when", GD_DOC_LEFT},
		{"evidence", GD_DOC_WORD},  {"time", GD_DOC_LEFT},
		{"measured", GD_DOC_LEFT},
	};

	if (r->runbook.detection.n == 0)
		return;
	gd_doc_table(d, "Detections of the runbook", columns, GD_N_ELEMS(columns));
	for (size_t i = 0; i < r->runbook.detection.n; i++)
		detection_row(r, &r->detected[i], d);
	gd_doc_table_end(d);
	gd_doc_para(
		d, "A detection is judged over each fault stage; its time is that of the "
		   "first interval or sample with which it was true, from the stage's "
		   "first counted moment on.");
}

void gd_section_runbook(const struct gd_report *r, struct gd_doc *d)
{
	int64_t injected = gd_report_injected(r, NULL);

	gd_doc_heading(d, 2, "runbook", "Runbook%s%s", r->has_runbook ? ": " : "",
		       r->has_runbook ? r->runbook.incident_type : "");
	if (!r->has_runbook) {
		gd_doc_para(d, "The run has none that could be read.");
		return;
	}
	if (r->harm_ns)
		gd_doc_paraf(
			d, "Clients were first hurt %.1f s after the injection (%s).",
			(double)(r->harm_ns - injected) / (double)GD_NS_PER_S, r->harm);
	else if (injected)
		gd_doc_para(d, "No interval shows clients worse off than the baseline's "
			       "worst.");
	write_detections(r, d);
	gd_doc_heading(d, 3, "diagnosis", "Diagnosis");
	gd_runbook_diagnosis(&r->runbook, d);
	gd_doc_heading(d, 3, "mitigation", "Mitigation");
	gd_runbook_mitigation(&r->runbook, d);
}
