/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/report/section.h"
#include "gameday/report/writer.h"

/* Without sync: a chart that a crash took is drawn again with the report. */
static int write_file(const char *dir, const struct gd_doc_file *f, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, f->path);
	GD_AUTO_FD int fd = -1;

	if (!path)
		return gd_raise_nomem(err);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return gd_raise_errno(err, "cannot write %s", path);
	return gd_fd_write_all(fd, f->text, strlen(f->text), err);
}

static int write_files(const struct gd_report *r, const struct gd_doc *d,
		       struct gd_error *err)
{
	GD_AUTO_FREE char *dir = gd_path_join(r->dir, "charts");
	const struct gd_doc_file *f = gd_doc_figure_file(d, 0);

	if (!dir)
		return gd_raise_nomem(err);
	if (f && gd_mkdir_p(dir, 0755, err) < 0)
		return -1;
	for (size_t i = 0; f; f = gd_doc_figure_file(d, ++i))
		if (write_file(r->dir, f, err) < 0)
			return -1;
	return 0;
}

static int write_doc(const struct gd_report *r, struct gd_strbuf *out, bool files,
		     struct gd_error *err)
{
	GD_AUTO(gd_doc) struct gd_doc *d = gd_doc_md_new(out);

	if (!d)
		return gd_raise_nomem(err);
	gd_sections_write(r, d);
	if (gd_doc_finish(d, err) < 0)
		return -1;
	return files ? write_files(r, d, err) : 0;
}

static int write_md(const struct gd_report *r, struct gd_strbuf *out,
		    struct gd_error *err)
{
	return write_doc(r, out, false, err);
}

static int write_md_with_charts(const struct gd_report *r, struct gd_strbuf *out,
				struct gd_error *err)
{
	return write_doc(r, out, true, err);
}

const struct gd_report_writer gd_report_md = {"md", "report.md", write_md,
					      write_md_with_charts};
