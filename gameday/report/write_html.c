/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/file.h"
#include "gameday/report/section.h"
#include "gameday/report/writer.h"

static int write_html(const struct gd_report *r, struct gd_strbuf *out,
		      struct gd_error *err)
{
	const char *verdict = gd_verdict_name(r->verdict.kind);
	GD_AUTO_FREE char *title = gd_strf("%s: %s", verdict, r->name);
	GD_AUTO(gd_doc) struct gd_doc *d = title ? gd_doc_html_new(out, title) : NULL;

	if (!d)
		return gd_raise_nomem(err);
	gd_sections_write(r, d);
	return gd_doc_finish(d, err);
}

const struct gd_report_writer gd_report_html = {"html", "report.html", write_html, NULL};
