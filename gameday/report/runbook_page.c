/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/runbook_page.h"

enum { MAX_BLOCK = 16384 };

static void say_none(struct gd_doc *d, const char *what)
{
	gd_doc_paraf(d, "The runbook has no %s.", what);
}

void gd_runbook_diagnosis(const struct gd_runbook *r, struct gd_doc *d)
{
	if (r->diagnosis.n == 0) {
		say_none(d, "diagnosis step");
		return;
	}
	gd_doc_begin(d, GD_DOC_NUMBERED);
	for (size_t i = 0; i < r->diagnosis.n; i++) {
		const struct gd_diagnosis *step =
			GD_AT(&r->diagnosis, struct gd_diagnosis, i);

		gd_doc_begin(d, GD_DOC_ITEM);
		gd_doc_text(d, step->step ? step->step : "run");
		if (step->command)
			gd_doc_code_block(d, NULL, step->command, MAX_BLOCK);
		gd_doc_end(d, GD_DOC_ITEM);
	}
	gd_doc_end(d, GD_DOC_NUMBERED);
}

static void add_mitigation(const struct gd_mitigation *m, struct gd_doc *d)
{
	const char *blocks[] = {m->command, m->config};

	gd_doc_begin(d, GD_DOC_ITEM);
	gd_doc_text(d, m->action ? m->action : "act");
	for (size_t i = 0; i < GD_N_ELEMS(blocks); i++)
		if (blocks[i])
			gd_doc_code_block(d, NULL, blocks[i], MAX_BLOCK);
	if (m->steps.n > 0 || m->escalation)
		gd_doc_begin(d, GD_DOC_LIST);
	for (size_t i = 0; i < m->steps.n; i++)
		gd_doc_item(d, GD_AT(&m->steps, struct gd_text, i)->text);
	if (m->escalation)
		gd_doc_itemf(d, "escalate: %s", m->escalation);
	if (m->steps.n > 0 || m->escalation)
		gd_doc_end(d, GD_DOC_LIST);
	gd_doc_end(d, GD_DOC_ITEM);
}

void gd_runbook_mitigation(const struct gd_runbook *r, struct gd_doc *d)
{
	if (r->mitigation.n == 0) {
		say_none(d, "mitigation");
		return;
	}
	gd_doc_begin(d, GD_DOC_NUMBERED);
	for (size_t i = 0; i < r->mitigation.n; i++)
		add_mitigation(GD_AT(&r->mitigation, struct gd_mitigation, i), d);
	gd_doc_end(d, GD_DOC_NUMBERED);
}

static void write_detections(const struct gd_runbook *r, struct gd_doc *d)
{
	if (r->detection.n == 0) {
		say_none(d, "detection");
		return;
	}
	gd_doc_begin(d, GD_DOC_LIST);
	for (size_t i = 0; i < r->detection.n; i++) {
		const struct gd_detection *of =
			GD_AT(&r->detection, struct gd_detection, i);

		gd_doc_begin(d, GD_DOC_ITEM);
		gd_doc_textf(d, "%s: %s", of->alert ? "Alert" : "Symptom",
			     of->alert     ? of->alert
			     : of->symptom ? of->symptom
					   : "?");
		if (of->when)
			gd_doc_textf(d, " (gameday judges: %s)", of->when);
		gd_doc_end(d, GD_DOC_ITEM);
	}
	gd_doc_end(d, GD_DOC_LIST);
}

static void write_prevention(const struct gd_runbook *r, struct gd_doc *d)
{
	if (r->prevention.n == 0) {
		say_none(d, "prevention");
		return;
	}
	gd_doc_begin(d, GD_DOC_LIST);
	for (size_t i = 0; i < r->prevention.n; i++)
		gd_doc_item(d, GD_AT(&r->prevention, struct gd_text, i)->text);
	gd_doc_end(d, GD_DOC_LIST);
}

void gd_runbook_page(const struct gd_runbook *r, const char *name, struct gd_doc *d)
{
	gd_doc_heading(d, 1, NULL, "Runbook: %s", name);
	gd_doc_heading(d, 2, "meaning", "Meaning");
	gd_doc_para(d, r->incident_type);
	gd_doc_heading(d, 2, "impact", "Impact");
	gd_doc_paraf(d, "Severity: %s", r->severity ? r->severity : "not given");
	gd_doc_heading(d, 2, "detection", "Detection");
	write_detections(r, d);
	gd_doc_heading(d, 2, "diagnosis", "Diagnosis");
	gd_runbook_diagnosis(r, d);
	gd_doc_heading(d, 2, "mitigation", "Mitigation");
	gd_runbook_mitigation(r, d);
	gd_doc_heading(d, 2, "prevention", "Prevention");
	write_prevention(r, d);
}
