/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/findings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/base/strbuf.h"
#include "gameday/report/text.h"
#include "gameday/scenario/yaml.h"

enum { MAX_FINDINGS = 500, MAX_TEXT = 4000, MAX_NAME = 80, MAX_TICKET = 400 };

/* --- the form ------------------------------------------------------------------------- */

const struct gd_choice gd_severities[] = {
	{"low", "can wait", GD_SEVERITY_LOW},
	{"medium", "should be seen to", GD_SEVERITY_MEDIUM},
	{"high", "will hurt in the next incident", GD_SEVERITY_HIGH},
	{"critical", "hurts already", GD_SEVERITY_CRITICAL},
	{NULL, NULL, 0},
};

const char *gd_severity_name(int severity)
{
	for (size_t i = 0; gd_severities[i].name; i++)
		if (gd_severities[i].value == severity)
			return gd_severities[i].name;
	return "";
}

static const struct gd_field noted_fields[] = {
	{.name = "finding",
	 .help = "what was found",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct gd_noted, finding),
	 .min = 1,
	 .max = MAX_TEXT},
	{.name = "owner",
	 .help = "who sees to it",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_noted, owner),
	 .min = 1,
	 .max = MAX_NAME},
	{.name = "ticket",
	 .help = "its number or address in the tracker",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_noted, ticket),
	 .min = 1,
	 .max = MAX_TICKET},
	{.name = "retest",
	 .help = "the day it is tried again: 2027-01-15",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_noted, retest),
	 .min = 1,
	 .max = MAX_NAME},
	{.name = "severity",
	 .help = "how bad it is",
	 .kind = GD_KIND_ENUM,
	 GD_MEMBER(struct gd_noted, severity),
	 .choices = gd_severities},
	{.name = "by",
	 .help = "who found it",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_noted, by),
	 .min = 1,
	 .max = MAX_NAME},
};
const struct gd_shape gd_noted_shape = {
	.name = "finding",
	.fields = noted_fields,
	.n_fields = GD_N_ELEMS(noted_fields),
	.size = sizeof(struct gd_noted),
	.key_offset = GD_NO_OFFSET,
	.node_offset = offsetof(struct gd_noted, node),
	.given_offset = GD_NO_OFFSET,
};

static bool is_day(const char *text)
{
	static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day, end = 0;
	bool leap;

	if (strspn(text, "0123456789-") != 10 || *text == '-' ||
	    sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 || end != 10 ||
	    text[10] != '\0' || year < 1970 || month < 1 || month > 12)
		return false;
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return day >= 1 && day <= lengths[month - 1] - (month == 2 && !leap);
}

/* --- reading -------------------------------------------------------------------------- */

/* A file of nothing but comments has no finding, and is right. */
static bool says_nothing(const char *text)
{
	while (*text) {
		text += strspn(text, " \t\r\n");
		if (*text == '#')
			text += strcspn(text, "\n");
		else if (*text)
			return false;
	}
	return true;
}

static bool decode(const struct gd_node *node, struct gd_noted *ret,
		   struct gd_diags *diags)
{
	if (gd_shape_decode(&gd_noted_shape, node, ret, diags) == 0) {
		if (!ret->retest || is_day(ret->retest))
			return true;
		gd_diag_error(diags, gd_node_get(node, "retest")->pos,
			      "finding: retest: \"%.40s\" is no day: write 2027-01-15",
			      ret->retest);
	}
	gd_shape_fini(&gd_noted_shape, ret);
	return false;
}

static void decode_all(struct gd_noted_list *list, struct gd_diags *diags)
{
	const struct gd_node *root = list->tree;
	size_t n = root->n_entries;

	if (root->kind != GD_NODE_LIST) {
		gd_diag_error(
			diags, root->pos,
			"wanted: a list, each item of the form \"- finding: TEXT\"");
		return;
	}
	if (n > MAX_FINDINGS) {
		gd_diag_error(diags, root->entries[MAX_FINDINGS].value->pos,
			      "more than %d findings", MAX_FINDINGS);
		n = MAX_FINDINGS;
	}
	list->items = calloc(n + 1, sizeof(*list->items));
	for (size_t i = 0; list->items && i < n; i++)
		list->n += decode(root->entries[i].value, &list->items[list->n], diags);
}

/* Takes source. */
static void parse(char *source, const char *path, struct gd_noted_list *ret,
		  struct gd_diags *diags)
{
	*ret = (struct gd_noted_list){.source = source, .path = strdup(path)};
	if (!ret->path) {
		gd_diag_error(diags, (struct gd_pos){0}, "out of memory");
		return;
	}
	if (says_nothing(source))
		return;
	if (gd_yaml_parse(source, strlen(source), ret->path, &ret->tree, diags) == 0 ||
	    ret->tree)
		decode_all(ret, diags);
}

void gd_noted_load(const char *path, struct gd_noted_list *ret, struct gd_diags *diags)
{
	struct gd_error err = GD_ERROR_INIT;
	char *source = NULL;
	size_t size;

	*ret = (struct gd_noted_list){0};
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return;
	if (gd_file_read(path, GD_YAML_MAX_SIZE, &source, &size, &err) < 0)
		gd_diag_error(diags, (struct gd_pos){0}, "%s", err.text);
	else if (strlen(source) != size)
		gd_diag_error(diags, (struct gd_pos){0},
			      "the file holds a NUL byte: it is not a text file");
	else
		parse(gd_steal_ptr(&source), path, ret, diags);
	free(source);
}

void gd_noted_fini(struct gd_noted_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		gd_shape_fini(&gd_noted_shape, &list->items[i]);
	free(list->items);
	(void)gd_node_free(list->tree);
	free(list->source);
	free(list->path);
	*list = (struct gd_noted_list){0};
}

/* --- adding --------------------------------------------------------------------------- */

static const char intro[] =
	"# What was found in this run. Edit it as you like: gameday only adds to its end.\n"
	"#\n"
	"# - finding: what was found\n"
	"#   owner: who sees to it\n"
	"#   ticket: its number or address in the tracker\n"
	"#   retest: 2027-01-15\n"
	"#   severity: low, medium, high or critical\n";

/* As a JSON string, which is a quoted text in YAML as well. */
static int add_text(struct gd_strbuf *out, const char *text)
{
	GD_AUTO_STRBUF(plain);
	GD_AUTO(cJSON) cJSON *string = NULL;
	GD_AUTO_FREE char *quoted = NULL;

	gd_text_plain(&plain, text, MAX_TEXT);
	string = cJSON_CreateString(gd_strbuf_str(&plain));
	quoted = string && !plain.failed ? gd_json_print(string) : NULL;
	if (!quoted)
		return -1;
	gd_strbuf_adds(out, quoted);
	return 0;
}

/* The lines of one finding, each behind `indent` blanks. */
static int add_lines(struct gd_strbuf *out, const struct gd_noted *f, int indent)
{
	const char *head = "- ";

	for (size_t i = 0; i < GD_N_ELEMS(noted_fields); i++) {
		const struct gd_field *row = &noted_fields[i];
		const char *member = (const char *)f + row->offset, *text;

		if (row->kind == GD_KIND_ENUM)
			text = gd_severity_name(f->severity);
		else
			memcpy(&text, member, sizeof(text));
		if (!text || !*text)
			continue;
		gd_strbuf_addf(out, "%*s%s%s: ", indent, "", head, row->name);
		head = "  ";
		if (row->kind == GD_KIND_ENUM)
			gd_strbuf_adds(out, text);
		else if (add_text(out, text) < 0)
			return -1;
		gd_strbuf_addc(out, '\n');
	}
	return out->failed ? -1 : 0;
}

/* How far the list is indented: where the dash of its first item stands. */
static int indent_of(const struct gd_noted_list *list)
{
	const char *line = list->source;

	if (!list->tree || list->tree->n_entries == 0)
		return 0;
	for (int i = 1; i < list->tree->entries[0].value->pos.line && line; i++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return line ? (int)strspn(line, " ") : 0;
}

/* "findings.yaml:3:5: ..." */
static int refuse(const struct gd_diags *diags, const char *why, struct gd_error *err)
{
	struct gd_error first = GD_ERROR_INIT;

	if (gd_diags_to_error(diags, &first) == 0)
		return gd_raise(err, GD_E_INPUT, GD_FINDINGS_FILE ": %s", why);
	return gd_raise(err, GD_E_INPUT, GD_FINDINGS_FILE ":%d:%d: %s: %s",
			first.pos.line, first.pos.column, first.text, why);
}

/* What to write behind `old`, so that the whole has one finding more, and that is f. */
static int compose(const char *old, const struct gd_noted *f, struct gd_strbuf *ret,
		   struct gd_error *err)
{
	static const char mend[] = "mend it, then add the finding";
	struct gd_noted_list before, after;
	size_t len = strlen(old), n;
	GD_AUTO_STRBUF(whole);
	GD_AUTO_DIAGS(diags);
	char *text = strdup(old);
	int indent;

	if (!text)
		return gd_raise_nomem(err);
	parse(text, GD_FINDINGS_FILE, &before, &diags);
	indent = indent_of(&before);
	n = before.n;
	gd_noted_fini(&before);
	if (diags.n_errors > 0)
		return refuse(&diags, mend, err);
	if (len == 0)
		gd_strbuf_adds(ret, intro);
	else if (old[len - 1] != '\n')
		gd_strbuf_addc(ret, '\n');
	if (add_lines(ret, f, indent) < 0)
		return gd_raise_nomem(err);
	gd_strbuf_addf(&whole, "%s%s", old, gd_strbuf_str(ret));
	text = gd_strbuf_steal(&whole);
	if (!text)
		return gd_raise_nomem(err);
	parse(text, GD_FINDINGS_FILE, &after, &diags);
	len = after.n;
	gd_noted_fini(&after);
	if (diags.n_errors > 0 || len != n + 1)
		return refuse(&diags,
			      "a finding can't be added at its end: write the list with "
			      "a dash per finding, or add it by hand",
			      err);
	return 0;
}

/* By itself, so that what is wrong with it is not told as a mistake of the file. */
static int check(const struct gd_noted *f, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);
	GD_AUTO_DIAGS(diags);
	struct gd_noted_list list;
	char *source;

	if (f->retest && !is_day(f->retest))
		return gd_raise(err, GD_E_INPUT,
				"the re-test date \"%.40s\" is no day: write 2027-01-15",
				f->retest);
	if (add_lines(&text, f, 0) < 0 || !(source = gd_strbuf_steal(&text)))
		return gd_raise_nomem(err);
	parse(source, GD_FINDINGS_FILE, &list, &diags);
	gd_noted_fini(&list);
	return gd_diags_to_error(&diags, err);
}

static int append_locked(int fd, const struct gd_noted *f, struct gd_error *err)
{
	GD_AUTO_FREE char *old = NULL;
	GD_AUTO_STRBUF(text);
	size_t size;

	if (gd_fd_read_all(fd, GD_YAML_MAX_SIZE, &old, &size, err) < 0)
		return -1;
	if (strlen(old) != size)
		return gd_raise(err, GD_E_INPUT, "it holds a NUL byte: it is no text");
	if (compose(old, f, &text, err) < 0)
		return -1;
	return gd_fd_write_all(fd, text.data, text.len, err);
}

int gd_noted_append(const char *dir, const struct gd_noted *f, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, GD_FINDINGS_FILE);
	GD_AUTO_FD int fd = -1;

	if (check(f, err) < 0)
		return -1;
	if (!path)
		return gd_raise_nomem(err);
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
	if (fd < 0)
		return gd_raise_errno(err, "%s", path);
	/* Two at once come one after the other; held for one read and one write. */
	if (flock(fd, LOCK_EX) < 0)
		return gd_raise_errno(err, "%s: lock", path);
	if (append_locked(fd, f, err) < 0)
		return gd_wrap(err, "%s: ", dir);
	return 0;
}
