/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/section.h"
#include "gameday/report/writer.h"

static int write_md(const struct gd_report *r, struct gd_strbuf *out,
		    struct gd_error *err)
{
	GD_AUTO(gd_doc) struct gd_doc *d = gd_doc_md_new(out);

	if (!d)
		return gd_raise_nomem(err);
	gd_sections_write(r, d);
	return gd_doc_finish(d, err);
}

const struct gd_report_writer gd_report_md = {"md", "report.md", write_md};
