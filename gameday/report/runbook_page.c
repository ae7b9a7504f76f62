/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/runbook_page.h"

#include <string.h>

/* Of a command; of an output (the whole is in the journal); outputs in all. */
enum { MAX_BLOCK = 65536, MAX_OUTPUT = 8192, MAX_OUTPUTS = 60 };

static void say_none(struct gd_doc *d, const char *what)
{
	gd_doc_paraf(d, "The runbook has no %s.", what);
}

/* --- diagnosis ------------------------------------------------------------------------ */

static void say_end(const cJSON *e, struct gd_strbuf *out)
{
	const char *error = gd_json_str(e, "error", NULL);

	if (error)
		gd_strbuf_addf(out, ": %s", error);
	else if (gd_json_bool(e, "timed_out", false))
		gd_strbuf_addf(out, ": killed after its %.4g s",
			       gd_json_num(e, "limit_ms", 0) / 1e3);
	else if (gd_json_bool(e, "stopped", false))
		gd_strbuf_adds(out, ": killed when the stage ended");
	else if (gd_json_int(e, "signal", 0))
		gd_strbuf_addf(out, ": died of signal %d",
			       (int)gd_json_int(e, "signal", 0));
	else
		gd_strbuf_addf(out, ": status %d after %.4g ms",
			       (int)gd_json_int(e, "status", 0),
			       gd_json_num(e, "took_ms", 0));
	if (gd_json_int(e, "dropped", 0) > 0)
		gd_strbuf_addf(out, ", %lld more bytes were not kept",
			       (long long)gd_json_int(e, "dropped", 0));
}

static void add_output(const struct gd_report *run, const cJSON *e, struct gd_doc *d)
{
	const char *output = gd_json_str(e, "output", "");
	int64_t sent = gd_json_int(e, "sent_wall_ns", 0);
	GD_AUTO_STRBUF(caption);

	gd_strbuf_addf(&caption, "%s, stage %s", gd_json_str(e, "host", "?"),
		       gd_json_str(e, "stage", "?"));
	if (sent > 0)
		gd_strbuf_addf(&caption, ", %.1f s after the start of the run",
			       gd_report_seconds(run, sent));
	say_end(e, &caption);
	gd_doc_code_block(d, gd_strbuf_str(&caption), *output ? output : "(no output)",
			  MAX_OUTPUT);
}

/* What step `number` printed in the run; the number of outputs shown so far in *shown. */
static void add_outputs(const struct gd_report *run, size_t number, size_t *shown,
			struct gd_doc *d)
{
	for (size_t i = 0; i < run->n_events && *shown < MAX_OUTPUTS; i++) {
		const cJSON *e = run->events[i];

		if (strcmp(gd_json_str(e, "event", ""), "diagnosis") != 0 ||
		    gd_json_int(e, "number", 0) != (int64_t)number)
			continue;
		add_output(run, e, d);
		(*shown)++;
	}
}

void gd_runbook_diagnosis(const struct gd_runbook *r, const struct gd_report *run,
			  struct gd_doc *d)
{
	size_t shown = 0;

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
		if (run)
			add_outputs(run, i + 1, &shown, d);
		gd_doc_end(d, GD_DOC_ITEM);
	}
	gd_doc_end(d, GD_DOC_NUMBERED);
	if (shown == MAX_OUTPUTS)
		gd_doc_paraf(d,
			     "More than %d outputs were captured; the others are in "
			     "journal.jsonl.",
			     MAX_OUTPUTS);
}

/* --- mitigation ------------------------------------------------------------------------ */

/* A step of several lines keeps them, below its first. */
static void add_step(const char *text, struct gd_doc *d)
{
	size_t len = strcspn(text, "\n"), rest = len + strspn(text + len, "\n");

	if (!text[rest]) {
		gd_doc_item(d, text);
		return;
	}
	gd_doc_begin(d, GD_DOC_ITEM);
	gd_doc_textf(d, "%.*s", (int)len, text);
	gd_doc_code_block(d, NULL, text + rest, MAX_BLOCK);
	gd_doc_end(d, GD_DOC_ITEM);
}

static void add_mitigation(const struct gd_mitigation *m, struct gd_doc *d)
{
	const struct {
		const char *caption, *text;
	} blocks[] = {{NULL, m->command},
		      {"configuration", m->config},
		      {"takes it back", m->undo},
		      {"shows what it changes", m->state}};

	gd_doc_begin(d, GD_DOC_ITEM);
	gd_doc_text(d, m->action ? m->action : "act");
	if (m->undo_of)
		gd_doc_textf(d, " (takes back: %s)", m->undo_of);
	for (size_t i = 0; i < m->applies_to.n; i++)
		gd_doc_textf(d, "%s%s", i > 0 ? ", " : " (on ",
			     GD_AT(&m->applies_to, struct gd_text, i)->text);
	if (m->applies_to.n > 0)
		gd_doc_text(d, ")");
	for (size_t i = 0; i < GD_N_ELEMS(blocks); i++)
		if (blocks[i].text)
			gd_doc_code_block(d, blocks[i].caption, blocks[i].text,
					  MAX_BLOCK);
	if (m->steps.n > 0 || m->escalation)
		gd_doc_begin(d, GD_DOC_LIST);
	for (size_t i = 0; i < m->steps.n; i++)
		add_step(GD_AT(&m->steps, struct gd_text, i)->text, d);
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

void gd_runbook_prevention(const struct gd_runbook *r, struct gd_doc *d)
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

/* What people notice is what it does to them. */
static void write_impact(const struct gd_runbook *r, struct gd_doc *d)
{
	bool any = false;

	gd_doc_paraf(d, "Severity: %s", r->severity ? r->severity : "not given");
	for (size_t i = 0; i < r->detection.n; i++) {
		const struct gd_detection *of =
			GD_AT(&r->detection, struct gd_detection, i);

		if (!of->symptom)
			continue;
		if (!any)
			gd_doc_begin(d, GD_DOC_LIST);
		any = true;
		gd_doc_item(d, of->symptom);
	}
	if (any)
		gd_doc_end(d, GD_DOC_LIST);
}

static void write_escalation(const struct gd_runbook *r, struct gd_doc *d)
{
	bool any = false;

	for (size_t i = 0; i < r->mitigation.n; i++) {
		const struct gd_mitigation *m =
			GD_AT(&r->mitigation, struct gd_mitigation, i);

		if (!m->escalation)
			continue;
		if (!any)
			gd_doc_begin(d, GD_DOC_LIST);
		any = true;
		gd_doc_item(d, m->escalation);
	}
	if (any)
		gd_doc_end(d, GD_DOC_LIST);
	else
		say_none(d, "escalation");
}

void gd_runbook_page(const struct gd_runbook *r, const char *name,
		     const struct gd_exercised *last, struct gd_doc *d)
{
	GD_AUTO_STRBUF(exercised);

	gd_exercised_say(last, &exercised);
	gd_doc_heading(d, 1, NULL, "Runbook: %s", name);
	gd_doc_heading(d, 2, "meaning", "Meaning");
	gd_doc_para(d, r->incident_type);
	gd_doc_heading(d, 2, "impact", "Impact");
	write_impact(r, d);
	gd_doc_heading(d, 2, "detection", "Detection");
	write_detections(r, d);
	gd_doc_heading(d, 2, "diagnosis", "Diagnosis");
	gd_runbook_diagnosis(r, NULL, d);
	gd_doc_heading(d, 2, "mitigation", "Mitigation");
	gd_runbook_mitigation(r, d);
	gd_doc_heading(d, 2, "escalation", "Escalation");
	write_escalation(r, d);
	gd_doc_heading(d, 2, "prevention", "Prevention");
	gd_runbook_prevention(r, d);
	gd_doc_heading(d, 2, "last-exercised", "Last exercised");
	gd_doc_para(d, gd_strbuf_str(&exercised));
}
