/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/section.h"
#include "gameday/report/story.h"

enum { MAX_TIMELINE = 400 };

static void add_event(const struct gd_report *r, const cJSON *e, struct gd_doc *d)
{
	int64_t at = gd_report_event_time(e);
	GD_AUTO_STRBUF(text);
	char when[32];

	gd_story_event(e, &text);
	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cell(d, at ? gd_report_clock(r, at, when) : "?");
	if (at)
		gd_doc_cellf(d, "%+.1f", gd_report_seconds(r, at));
	else
		gd_doc_cell(d, "?");
	gd_doc_cell(d, gd_strbuf_str(&text));
	gd_doc_end(d, GD_DOC_ROW);
}

static void add_left_out(size_t n, struct gd_doc *d)
{
	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cell(d, "");
	gd_doc_cell(d, "");
	gd_doc_cellf(d, "%zu more events, see journal.jsonl", n);
	gd_doc_end(d, GD_DOC_ROW);
}

void gd_section_timeline(const struct gd_report *r, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"UTC", GD_DOC_WORD},
		{"seconds", GD_DOC_RIGHT},
		{"event", GD_DOC_LEFT},
	};
	size_t half = MAX_TIMELINE / 2;

	gd_doc_heading(d, 2, "timeline", "Timeline");
	gd_doc_table(d, "Every event of the run", columns, GD_N_ELEMS(columns));
	for (size_t i = 0; i < r->n_events; i++) {
		if (r->n_events > MAX_TIMELINE && i == half) {
			add_left_out(r->n_events - MAX_TIMELINE, d);
			i = r->n_events - half;
		}
		add_event(r, r->events[i], d);
	}
	gd_doc_table_end(d);
}
