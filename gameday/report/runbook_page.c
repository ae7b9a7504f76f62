/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/runbook_page.h"

#include <string.h>

#include "gameday/report/text.h"

enum { MAX_BLOCK = 16384 };

/* "- text", or a numbered line. */
static void add_item(struct gd_strbuf *out, size_t number, const char *text)
{
	if (number > 0)
		gd_strbuf_addf(out, "%zu. ", number);
	else
		gd_strbuf_adds(out, "- ");
	gd_text_md(out, text);
	gd_strbuf_addc(out, '\n');
}

/* A block under a list item: blank lines around it, no indent needed. */
static void add_block(struct gd_strbuf *out, const char *text)
{
	gd_strbuf_addc(out, '\n');
	gd_text_md_block(out, text, MAX_BLOCK);
	gd_strbuf_addc(out, '\n');
}

static void add_none(struct gd_strbuf *out, size_t n, const char *what)
{
	if (n == 0)
		gd_strbuf_addf(out, "The runbook has no %s.\n", what);
}

void gd_runbook_diagnosis_md(const struct gd_runbook *r, struct gd_strbuf *out)
{
	add_none(out, r->diagnosis.n, "diagnosis step");
	for (size_t i = 0; i < r->diagnosis.n; i++) {
		const struct gd_diagnosis *d =
			GD_AT(&r->diagnosis, struct gd_diagnosis, i);

		add_item(out, i + 1, d->step ? d->step : "run");
		if (d->command)
			add_block(out, d->command);
	}
}

static void add_mitigation(const struct gd_mitigation *m, size_t number,
			   struct gd_strbuf *out)
{
	const char *blocks[] = {m->command, m->config};

	add_item(out, number, m->action ? m->action : "act");
	for (size_t i = 0; i < GD_N_ELEMS(blocks); i++)
		if (blocks[i])
			add_block(out, blocks[i]);
	for (size_t i = 0; i < m->steps.n; i++) {
		gd_strbuf_adds(out, "   ");
		add_item(out, 0, GD_AT(&m->steps, struct gd_text, i)->text);
	}
	if (m->escalation) {
		gd_strbuf_adds(out, "   - escalate: ");
		gd_text_md(out, m->escalation);
		gd_strbuf_addc(out, '\n');
	}
}

void gd_runbook_mitigation_md(const struct gd_runbook *r, struct gd_strbuf *out)
{
	add_none(out, r->mitigation.n, "mitigation");
	for (size_t i = 0; i < r->mitigation.n; i++)
		add_mitigation(GD_AT(&r->mitigation, struct gd_mitigation, i), i + 1,
			       out);
}

static void add_detection(const struct gd_detection *d, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, d->alert ? "- Alert: " : "- Symptom: ");
	gd_text_md(out, d->alert ? d->alert : d->symptom ? d->symptom : "?");
	if (d->when) {
		gd_strbuf_adds(out, " (gameday judges: ");
		gd_text_md(out, d->when);
		gd_strbuf_addc(out, ')');
	}
	gd_strbuf_addc(out, '\n');
}

void gd_runbook_page_md(const struct gd_runbook *r, const char *name,
			struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "# Runbook: ");
	gd_text_md(out, name);
	gd_strbuf_adds(out, "\n\n## Meaning\n\n");
	gd_text_md(out, r->incident_type);
	gd_strbuf_adds(out, "\n\n## Impact\n\nSeverity: ");
	gd_text_md(out, r->severity ? r->severity : "not given");
	gd_strbuf_adds(out, "\n\n## Detection\n\n");
	add_none(out, r->detection.n, "detection");
	for (size_t i = 0; i < r->detection.n; i++)
		add_detection(GD_AT(&r->detection, struct gd_detection, i), out);
	gd_strbuf_adds(out, "\n## Diagnosis\n\n");
	gd_runbook_diagnosis_md(r, out);
	gd_strbuf_adds(out, "\n## Mitigation\n\n");
	gd_runbook_mitigation_md(r, out);
	gd_strbuf_adds(out, "\n## Prevention\n\n");
	add_none(out, r->prevention.n, "prevention");
	for (size_t i = 0; i < r->prevention.n; i++)
		add_item(out, 0, GD_AT(&r->prevention, struct gd_text, i)->text);
}
