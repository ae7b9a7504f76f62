/* SPDX-License-Identifier: Apache-2.0 */
/*
 * undo.md in the run's directory: for whoever stands before a host that nobody undoes. It
 * grows as faults go in and each section is on disk before the stage is measured, so it is
 * there when this program is not.
 */
#include "gameday/runner/session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

static void add_head(const struct gd_run *r, struct gd_strbuf *out)
{
	gd_strbuf_addf(
		out,
		"# Undo by hand\n\n"
		"Every fault of run %s as it went in. They were undone by the run itself unless "
		"its report\nsays otherwise; `gameday status -i %s` asks the hosts. First try\n\n"
		"    gameday revert --all -i %s\n\n"
		"If that is not possible, type these lines on the hosts, the last section "
		"first.\n",
		gd_record_id(r->rec), r->opt->inventory, r->opt->inventory);
}

static void add_block(struct gd_strbuf *out, const char *title, const char *text)
{
	gd_strbuf_addf(out, "\n%s\n\n", title);
	gd_strbuf_add_indented(out, "    ", text);
}

static int append(const char *path, const struct gd_strbuf *text, struct gd_error *err)
{
	GD_AUTO_FD int fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return gd_raise_errno(err, "%s", path);
	if (gd_fd_write_all(fd, text->data, text->len, err) < 0)
		return gd_wrap(err, "%s: ", path);
	return fdatasync(fd) < 0 ? gd_raise_errno(err, "%s: sync", path) : 0;
}

void gd_undo_page_add(struct gd_run *r, const struct gd_live_fault *f, const cJSON *reply)
{
	GD_AUTO_FREE char *path = gd_path_join(gd_record_dir(r->rec), "undo.md");
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(what);
	GD_AUTO_STRBUF(out);
	char when[32];
	struct stat st;

	/* One that comes and goes is told once. */
	if (f->cycle > 0)
		return;
	f->plan->kind->describe(f->plan->args, &what);
	if (path && stat(path, &st) < 0)
		add_head(r, &out);
	gd_strbuf_addf(&out, "\n## %s: %s\n\n%s, in since %s\n", f->member->inv->name,
		       f->plan->use->kind, gd_strbuf_str(&what),
		       gd_wall_format(gd_wall_now(), when));
	add_block(&out, "To undo it:", gd_json_str(reply, "manual", ""));
	add_block(&out, "How it was before:", gd_json_str(reply, "before", ""));
	if (!path || out.failed || what.failed)
		(void)gd_raise_nomem(&err);
	else if (append(path, &out, &err) == 0)
		return;
	gd_view_event(r->view, GD_TONE_BAD, "record   %s", err.text);
}
