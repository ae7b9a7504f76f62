/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gameday/report/section.h"

static void add_note(const cJSON *e, int64_t injected, struct gd_doc *d)
{
	const char *kind = gd_json_str(e, "kind", "text");
	const char *text = gd_json_str(e, "text", "");
	int64_t at = gd_report_event_time(e);

	kind = strcmp(kind, "text") == 0 ? "" : kind;
	gd_doc_begin(d, GD_DOC_ITEM);
	if (at && injected)
		gd_doc_textf(d, "%+.1f s after the injection: ",
			     (double)(at - injected) / (double)GD_NS_PER_S);
	gd_doc_textf(d, "%s%s%s", kind, *kind && *text ? ": " : "", text);
	gd_doc_end(d, GD_DOC_ITEM);
}

void gd_section_people(const struct gd_report *r, struct gd_doc *d)
{
	int64_t injected = gd_report_injected(r, NULL);
	bool any = false;

	gd_doc_heading(d, 2, "people", "What the people did");
	for (size_t i = 0; i < r->n_events; i++) {
		if (strcmp(gd_json_str(r->events[i], "event", ""), "note") != 0)
			continue;
		if (!any)
			gd_doc_begin(d, GD_DOC_LIST);
		any = true;
		add_note(r->events[i], injected, d);
	}
	if (any) {
		gd_doc_end(d, GD_DOC_LIST);
		return;
	}
	gd_doc_begin(d, GD_DOC_PARA);
	gd_doc_text(d, "No note was taken (");
	gd_doc_code(d, "gameday note RUN detected");
	gd_doc_text(d, " takes one).");
	gd_doc_end(d, GD_DOC_PARA);
}
