/* SPDX-License-Identifier: Apache-2.0 */
/* The runbook: what fired and when, diagnosis and mitigation. */
#include <math.h>
#include <string.h>

#include "gameday/report/evidence.h"
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

static void write_gap(const struct gd_report *r, struct gd_doc *d)
{
	GD_AUTO_STRBUF(text);

	if (!gd_report_injected(r, NULL))
		return;
	gd_evidence_say_gap(r, &text);
	gd_doc_begin(d, GD_DOC_PARA);
	gd_doc_strong(d, gd_strbuf_str(&text));
	gd_doc_end(d, GD_DOC_PARA);
}

static void write_exercised(const struct gd_report *r, struct gd_doc *d)
{
	struct gd_exercised e;
	GD_AUTO_STRBUF(text);

	gd_exercised_in(r, &e);
	gd_exercised_say(&e, &text);
	gd_doc_heading(d, 3, "last-exercised", "Last exercised");
	gd_doc_paraf(d, "%s. Times count from when clients were first hurt.",
		     gd_strbuf_str(&text));
}

/* --- mitigations that were tried -------------------------------------------------------- */

static void tried_item(const struct gd_report *r, const struct gd_tried *t,
		       struct gd_doc *d)
{
	gd_doc_begin(d, GD_DOC_ITEM);
	gd_doc_textf(d, "%s, on %s in stage %s: ", t->action, t->host, t->stage);
	if (!t->injected_ns) {
		gd_doc_text(d, "never done");
		gd_doc_end(d, GD_DOC_ITEM);
		return;
	}
	gd_doc_textf(d, "done %.1f s after the start of the run",
		     gd_report_seconds(r, t->injected_ns));
	if (!isnan(t->took_ms))
		gd_doc_textf(d, " in %.4g ms", t->took_ms);
	gd_doc_text(d, ", ");
	gd_doc_text(d, t->reverted && t->equal ? "taken back, and all is as before"
		       : t->reverted           ? "NOT as before after taking it back"
					       : "not seen taken back");
	gd_doc_end(d, GD_DOC_ITEM);
}

static void two(struct gd_doc *d, double a, double b, enum gd_metric_unit unit)
{
	char before[32], after[32];

	gd_doc_cellf(d, "%s to %s", gd_metric_format(a, unit, before),
		     gd_metric_format(b, unit, after));
}

/* "helped", with the smaller of the two probabilities. */
static void add_verdict(const struct gd_benefit *b, struct gd_doc *d)
{
	double p = fmin(b->p_success, b->p_p99);

	gd_doc_begin(d, GD_DOC_CELL);
	gd_doc_mark(d,
		    b->kind == GD_BENEFIT_HELPED   ? GD_DOC_GOOD
		    : b->kind == GD_BENEFIT_HARMED ? GD_DOC_BAD
						   : GD_DOC_PLAIN,
		    gd_benefit_word(b->kind));
	if (!isnan(p))
		gd_doc_textf(d, p < 0.001 ? " (p < 0.001)" : " (p = %.3f)", p);
	gd_doc_end(d, GD_DOC_CELL);
}

static void benefit_row(const struct gd_report *r, size_t series,
			const struct gd_tried *t, struct gd_doc *d)
{
	struct gd_error err = GD_ERROR_INIT;
	const char *load, *client;
	struct gd_benefit b;

	if (gd_evidence_benefit(r, series, t->without, t->stage, &b, &err) < 0 ||
	    !b.known)
		return;
	gd_results_series(r->results, series, &load, &client);
	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cellf(d, "%s.%s", load, client);
	gd_doc_cellf(d, "%s to %s", t->without, t->stage);
	two(d, b.without.success, b.with.success, GD_UNIT_RATIO);
	two(d, b.without.p50, b.with.p50, GD_UNIT_DURATION);
	two(d, b.without.p99, b.with.p99, GD_UNIT_DURATION);
	two(d, b.without.goodput, b.with.goodput, GD_UNIT_FREQ);
	two(d, b.without.attempts_per_request, b.with.attempts_per_request,
	    GD_UNIT_COUNT);
	add_verdict(&b, d);
	gd_doc_end(d, GD_DOC_ROW);
}

/* Is it the first that was tried in its stage? A stage is compared once. */
static bool first_of_stage(const struct gd_tried *tried, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(tried[k].stage, tried[i].stage) == 0)
			return false;
	return true;
}

static void write_benefits(const struct gd_report *r, const struct gd_tried *tried,
			   size_t n, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"load.client", GD_DOC_LEFT},
		{"without to with", GD_DOC_LEFT},
		{"success", GD_DOC_RIGHT},
		{"p50", GD_DOC_RIGHT},
		{"p99", GD_DOC_RIGHT},
		{"goodput", GD_DOC_RIGHT},
		{"attempts per request", GD_DOC_RIGHT},
		{"it", GD_DOC_LEFT},
	};
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (!tried[i].injected_ns || !first_of_stage(tried, i))
			continue;
		if (!tried[i].without) {
			gd_doc_paraf(
				d,
				"No stage has the faults of %s and no mitigation, so "
				"there is nothing to compare it with.",
				tried[i].stage);
			continue;
		}
		if (!any)
			gd_doc_table(d, "What the mitigations did for clients", columns,
				     GD_N_ELEMS(columns));
		any = true;
		for (size_t k = 0; k < gd_results_n_series(r->results); k++)
			benefit_row(r, k, &tried[i], d);
	}
	if (!any)
		return;
	gd_doc_table_end(d);
	gd_doc_para(d,
		    "It helped when success rose or p99 fell, and neither got worse, "
		    "by more than the stages' intervals vary by themselves (test of "
		    "Mann and Whitney on success and p99 per interval, p < 0.05). What "
		    "several mitigations of one stage did can't be told apart.");
}

static void write_tried(const struct gd_report *r, struct gd_doc *d)
{
	size_t n;
	GD_AUTO_FREE struct gd_tried *tried = gd_evidence_tried(r, &n);

	if (!tried || n == 0)
		return;
	gd_doc_heading(d, 3, "tried", "Mitigations tried");
	gd_doc_begin(d, GD_DOC_LIST);
	for (size_t i = 0; i < n; i++)
		tried_item(r, &tried[i], d);
	gd_doc_end(d, GD_DOC_LIST);
	write_benefits(r, tried, n, d);
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
	write_gap(r, d);
	if (r->harm_ns)
		gd_doc_paraf(
			d, "Clients were first hurt %.1f s after the injection (%s).",
			(double)(r->harm_ns - injected) / (double)GD_NS_PER_S, r->harm);
	else if (injected)
		gd_doc_para(d, "No interval shows clients worse off than the baseline's "
			       "worst.");
	write_detections(r, d);
	gd_doc_heading(d, 3, "diagnosis", "Diagnosis");
	gd_runbook_diagnosis(&r->runbook, r, d);
	gd_doc_heading(d, 3, "mitigation", "Mitigation");
	gd_runbook_mitigation(&r->runbook, d);
	write_tried(r, d);
	gd_doc_heading(d, 3, "prevention", "Prevention");
	gd_runbook_prevention(&r->runbook, d);
	write_exercised(r, d);
}
