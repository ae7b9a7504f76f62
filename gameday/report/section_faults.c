/* SPDX-License-Identifier: Apache-2.0 */
/* Each fault: what it did, and the proof that it is gone. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gameday/report/section.h"
#include "gameday/report/story.h"

enum { MAX_STATE = 16384, MAX_MANUAL = 8192 };

static void write_in(const struct gd_report *r, const struct gd_fault_view *f,
		     struct gd_doc *d)
{
	gd_doc_begin(d, GD_DOC_ITEM);
	if (f->injected_ns)
		gd_doc_textf(d, "In: %.1f s after the start of the run",
			     gd_report_seconds(r, f->injected_ns));
	else
		gd_doc_text(d, "In: never confirmed");
	if (f->times > 1)
		gd_doc_textf(d,
			     " for the first time, %" PRId64
			     " times in all, undone and compared each time; the last",
			     f->times);
	if (!isnan(f->inject_ms))
		gd_doc_textf(d, ", within %.4g ms", f->inject_ms);
	gd_doc_end(d, GD_DOC_ITEM);
}

static void write_changes(const struct gd_report *r, const struct gd_fault_view *f,
			  struct gd_doc *d)
{
	if (f->n_changes == 0)
		return;
	gd_doc_begin(d, GD_DOC_ITEM);
	gd_doc_textf(d, "Changed in place %zu %s, at seconds after the start: ",
		     f->n_changes, f->n_changes == 1 ? "time" : "times");
	for (size_t i = 0; i < f->n_changes; i++)
		gd_doc_textf(d, "%s%.1f: %s", i ? "; " : "",
			     gd_report_seconds(r, f->changes[i].wall_ns),
			     f->changes[i].text);
	gd_doc_end(d, GD_DOC_ITEM);
}

static void write_effect(const struct gd_report *r, const struct gd_fault_view *f,
			 struct gd_doc *d)
{
	gd_doc_begin(d, GD_DOC_ITEM);
	if (f->has_effect)
		gd_doc_textf(d, "Effect: %s: %s", f->effect_seen ? "seen" : "NONE SEEN",
			     f->effect);
	else
		gd_doc_text(d, "Effect: not asked for");
	if (f->drift_ns)
		gd_doc_textf(d, "; from %.1f s on OUT, by somebody else: %s",
			     gd_report_seconds(r, f->drift_ns), f->drift);
	gd_doc_end(d, GD_DOC_ITEM);
}

static void write_restoration(const struct gd_report *r, const struct gd_fault_view *f,
			      struct gd_doc *d)
{
	gd_doc_begin(d, GD_DOC_ITEM);
	gd_doc_text(d, "Restoration: ");
	if (f->has_revert && f->equal) {
		gd_doc_mark(d, GD_DOC_GOOD, "proved");
		gd_doc_text(d, ": the state after equals the state before");
	} else if (f->has_revert) {
		gd_doc_mark(d, GD_DOC_BAD, "NOT as before: LEFT BEHIND");
	} else if (gd_story_unwitnessed(r, f)) {
		gd_doc_mark(d, GD_DOC_WARN, "not witnessed by the runner");
	} else {
		gd_doc_mark(d, GD_DOC_BAD, "nobody saw it put back: LEFT BEHIND");
	}
	if (f->has_revert && *f->reason)
		gd_doc_textf(d, " (%s)", f->reason);
	if (!isnan(f->revert_ms))
		gd_doc_textf(d, ", undone in %.4g ms", f->revert_ms);
	if (*f->error)
		gd_doc_textf(d, ": %s", f->error);
	if (!f->equal)
		gd_doc_textf(d, ". Run: gameday status --on %s",
			     *f->host ? f->host : "HOST");
	gd_doc_end(d, GD_DOC_ITEM);
}

static void write_states(const struct gd_fault_view *f, struct gd_doc *d)
{
	if (f->equal && strcmp(f->before, f->after) == 0) {
		gd_doc_code_block(d, "State before, and after", f->before, MAX_STATE);
	} else {
		gd_doc_code_block(d, "State before", f->before, MAX_STATE);
		gd_doc_code_block(d, "State after",
				  f->has_revert ? f->after : "not known", MAX_STATE);
	}
	if (*f->manual)
		gd_doc_code_block(d, "By hand, it is undone with", f->manual, MAX_MANUAL);
}

static void write_fault(const struct gd_report *r, const struct gd_fault_view *f,
			struct gd_doc *d)
{
	gd_doc_heading(d, 3, NULL, "%s on %s (%s)", *f->describe ? f->describe : f->ref,
		       f->host, f->role);
	gd_doc_begin(d, GD_DOC_LIST);
	gd_doc_itemf(d, "Reference: %s, stage %s, parameters %s", f->ref, f->stage,
		     *f->args ? f->args : "not recorded");
	write_in(r, f, d);
	write_changes(r, f, d);
	write_effect(r, f, d);
	write_restoration(r, f, d);
	gd_doc_end(d, GD_DOC_LIST);
	write_states(f, d);
}

void gd_section_faults(const struct gd_report *r, struct gd_doc *d)
{
	size_t n = gd_results_n_faults(r->results);

	gd_doc_heading(d, 2, "faults", "Faults and proof of restoration");
	if (n == 0)
		gd_doc_para(d, "No fault was injected.");
	for (size_t i = 0; i < n; i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		write_fault(r, &f, d);
	}
}
