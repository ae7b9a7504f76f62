/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fault that needs no kernel: it replaces what a file holds. It can be told to be slow, to
 * fail half-way, or not to be undoable while a file PATH.stuck exists. Real enough for
 * everything that is about journal, guardian and leases.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "injectors/injector.h"
#include "injectors/ports.h"

enum { FAIL_NONE, FAIL_APPLY, FAIL_VERIFY };

struct args {
	char *path, *content, *peer;
	struct gd_span takes;
	int fail;
};

struct undo {
	char *path, *content;
};

static const struct gd_choice fails[] = {
	{"none", "", FAIL_NONE},
	{"apply", "half-way", FAIL_APPLY},
	{"verify", "", FAIL_VERIFY},
	{0},
};

static const struct gd_field arg_rows[] = {
	{.name = "path",
	 .help = "the file",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct args, path)},
	{.name = "content",
	 .help = "what it shall hold",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct args, content)},
	{.name = "peer",
	 .help = "a host name that is resolved",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_PEER,
	 GD_MEMBER(struct args, peer)},
	{.name = "takes",
	 .help = "how long applying takes",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct args, takes)},
	{.name = "fail",
	 .help = "which step fails",
	 .dflt = "none",
	 .kind = GD_KIND_ENUM,
	 GD_MEMBER(struct args, fail),
	 .choices = fails},
};

static const struct gd_field undo_rows[] = {
	{.name = "path",
	 .help = "the file",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct undo, path)},
	{.name = "content",
	 .help = "what it held",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct undo, content)},
};

static int put(const char *path, const char *text, struct gd_error *err)
{
	return gd_file_write(path, text, strlen(text), 0600, err);
}

static int get(const char *path, char **ret, struct gd_error *err)
{
	size_t size;

	return gd_file_read(path, 4096, ret, &size, err);
}

static int check(const void *args, struct gd_error *err)
{
	const struct args *a = args;

	if (a->path[0] != '/')
		return gd_raise(err, GD_E_INPUT, "path is not absolute");
	if (*a->content)
		return 0;
	(void)gd_raise(err, GD_E_INPUT, "nothing is asked for");
	return GD_CHECK_IDLE;
}

static void describe(const void *args, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "write to %s", ((const struct args *)args)->path);
}

static void manual_captured(const void *args GD_UNUSED, const void *undo,
			    struct gd_strbuf *out)
{
	const struct undo *u = undo;

	gd_strbuf_adds(out, "printf %s ");
	gd_strbuf_add_word(out, u->content);
	gd_strbuf_adds(out, " >");
	gd_strbuf_add_word(out, u->path);
	gd_strbuf_addc(out, '\n');
}

static void look(const void *args, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "cat %s", ((const struct args *)args)->path);
}

static int doctor(const struct gd_ports *p GD_UNUSED, struct gd_strbuf *out,
		  struct gd_error *err GD_UNUSED)
{
	gd_strbuf_adds(out, "any file");
	return 0;
}

static int find_peer(const struct gd_ports *p, const char *peer, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);

	if (!peer)
		return 0;
	if (p->name->resolve(p->name->ctx, peer, &text, err) != 0)
		return gd_raise(err, GD_E_REFUSED, "%s is nobody", peer);
	p->note(p->note_ctx, gd_strbuf_str(&text));
	return 0;
}

static int preflight(const struct gd_ports *p, const void *args, struct gd_error *err)
{
	const struct args *a = args;

	if (find_peer(p, a->peer, err) < 0)
		return -1;
	if (access(a->path, W_OK) < 0)
		return gd_raise(err, GD_E_REFUSED, "%s is not there", a->path);
	return 0;
}

static int state(const struct gd_ports *p GD_UNUSED, const void *args,
		 struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO_FREE char *text = NULL;

	if (get(((const struct args *)args)->path, &text, err) < 0)
		return -1;
	gd_strbuf_adds(out, text);
	return 0;
}

static int capture(const struct gd_ports *p GD_UNUSED, const void *args, void *undo,
		   struct gd_error *err)
{
	const struct args *a = args;
	struct undo *u = undo;

	if (get(a->path, &u->content, err) < 0)
		return -1;
	u->path = strdup(a->path);
	return u->path ? 0 : gd_raise_nomem(err);
}

static int apply(const struct gd_ports *p, const void *args, const void *undo GD_UNUSED,
		 struct gd_error *err)
{
	const struct args *a = args;

	if (put(a->path, a->content, err) < 0)
		return -1;
	p->time->sleep(p->time->ctx, a->takes);
	p->note(p->note_ctx, "written");
	p->figure(p->figure_ctx, "bytes", (int64_t)strlen(a->content));
	if (a->fail == FAIL_APPLY)
		return gd_raise(err, GD_E_SYSTEM, "made to fail half-way");
	return 0;
}

static int verify(const struct gd_ports *p GD_UNUSED, const void *args,
		  const void *undo GD_UNUSED, struct gd_error *err)
{
	if (((const struct args *)args)->fail == FAIL_VERIFY)
		return gd_raise(err, GD_E_DRIFT, "made to differ");
	return 0;
}

static int foresee(const struct gd_ports *p GD_UNUSED, const void *args,
		   void *undo GD_UNUSED, struct gd_error *err)
{
	if (strcmp(((const struct args *)args)->content, "never") == 0)
		return gd_raise(err, GD_E_REFUSED, "it can never hold this");
	return 0;
}

static int effect(const struct gd_ports *p GD_UNUSED, const void *args GD_UNUSED,
		  const void *undo GD_UNUSED, struct gd_effect *ret,
		  struct gd_error *err GD_UNUSED)
{
	*ret = (struct gd_effect){.seen = true, .n_counters = 1};
	(void)snprintf(ret->text, sizeof(ret->text), "it is there");
	(void)snprintf(ret->counters[0].name, sizeof(ret->counters[0].name), "files");
	ret->counters[0].value = 1;
	return 0;
}

static int revert(const struct gd_ports *p, const void *undo, struct gd_error *err)
{
	const struct undo *u = undo;
	GD_AUTO_FREE char *stuck = gd_strf("%s.stuck", u->path);

	if (!stuck)
		return gd_raise_nomem(err);
	if (access(stuck, F_OK) == 0)
		return gd_raise(err, GD_E_SYSTEM, "stuck");
	p->figure(p->figure_ctx, "bytes", 1);
	p->figure(p->figure_ctx, "bytes", 1);
	return put(u->path, u->content, err);
}

static const struct gd_injector file_fault = {
	.name = "file",
	.summary = "Replaces what a file holds.",
	.target_field = "path",
	.network = true,
	.args = GD_SHAPE("file", arg_rows, struct args),
	.undo = GD_SHAPE("file undo", undo_rows, struct undo),
	.check = check,
	.describe = describe,
	.manual = describe,
	.manual_captured = manual_captured,
	.look = look,
	.doctor = doctor,
	.preflight = preflight,
	.state = state,
	.capture = capture,
	.apply = apply,
	.verify = verify,
	.foresee = foresee,
	.change = apply,
	.effect = effect,
	.revert = revert,
};

const struct gd_injector *const gd_injectors[] = {&file_fault, NULL};

const struct gd_injector *gd_injector_find(const char *name)
{
	return strcmp(name, file_fault.name) == 0 ? &file_fault : NULL;
}
