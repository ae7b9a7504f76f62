/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/cli/cmd.h"
#include "gameday/cli/kinds.h"
#include "gameday/cli/runbook_print.h"
#include "gameday/report/report.h"
#include "gameday/report/runbook_match.h"
#include "gameday/report/runbook_page.h"
#include "gameday/report/rundir.h"
#include "gameday/report/text.h"
#include "gameday/scenario/draft.h"

extern const struct gd_cmd gd_cmd_runbook;

enum { MAX_SOURCE = 1 << 20 };

struct options {
	char *dir, *runs, *from, *out;
	bool json;
	int format;
};

enum { FORMAT_MD, FORMAT_HTML };

static const struct gd_choice formats[] = {
	{"md", "Markdown", FORMAT_MD},
	{"html", "a page of its own, without network", FORMAT_HTML},
	{0},
};

static const struct gd_field fields[] = {
	{.name = "dir",
	 .help = "where the runbooks are",
	 .dflt = "runbooks",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct options, dir)},
	{.name = "runs",
	 .help = "where the runs are that tell when a runbook was last exercised",
	 .dflt = GD_RUNS_DIR,
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct options, runs)},
	{.name = "format",
	 .help = "what render writes",
	 .dflt = "md",
	 .kind = GD_KIND_ENUM,
	 .choices = formats,
	 GD_MEMBER(struct options, format)},
	{.name = "from",
	 .help = "new: the scenario it is drafted from",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct options, from)},
	{.name = "out",
	 .help = "new, render: write there; a file that exists is not replaced",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct options, out)},
	{.name = "json",
	 .help = "print JSON (list, match)",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, json)},
};

static int print_json(const cJSON *json, struct gd_error *err)
{
	GD_AUTO_FREE char *text = gd_json_print_pretty(json);

	if (!text)
		return gd_raise_nomem(err);
	(void)puts(text);
	return 0;
}

/* --- list ----------------------------------------------------------------------------- */

/* The run, its date, and how long it took people or the runbook; nulls when never. */
static bool add_exercised(cJSON *row, const struct gd_exercised *e)
{
	cJSON *o = e->runs ? cJSON_CreateObject() : cJSON_CreateNull();

	if (e->runs &&
	    (!gd_json_set_str(o, "run", e->run) ||
	     !gd_json_set_str(o, "started", e->started) ||
	     !gd_json_set_str(o, "verdict", e->verdict) ||
	     !gd_json_set_int(o, "runs", (int64_t)e->runs) ||
	     (!isnan(e->detect_s) && !gd_json_set_num(o, "detect_s", e->detect_s)) ||
	     (!isnan(e->mitigate_s) &&
	      !gd_json_set_num(o, "mitigate_s", e->mitigate_s)))) {
		cJSON_Delete(o);
		return false;
	}
	return gd_json_set(row, "last_exercised", o);
}

static int list_one(const struct options *o, const char *path, const char *name,
		    cJSON *rows, struct gd_error *err)
{
	struct gd_error why = GD_ERROR_INIT;
	cJSON *row = cJSON_CreateObject();
	struct gd_runbook r = {0};
	struct gd_exercised last = {0};
	GD_AUTO_DIAGS(diags);
	bool ok, readable = gd_runbook_load(path, &r, &diags) == 0;
	GD_AUTO_STRBUF(line);

	if (!readable && gd_diags_to_error(&diags, &why) == 0)
		why.text[0] = '\0';
	if (gd_exercised_find(o->runs, name, &last, err) < 0) {
		gd_runbook_fini(&r);
		cJSON_Delete(row);
		return -1;
	}
	gd_strbuf_addf(&line, "%-20s %-4s %-11.10s ", name,
		       readable && r.severity ? r.severity : "",
		       last.runs ? last.started : "never");
	gd_text_plain(&line, readable ? r.incident_type : why.text, 90);
	if (!o->json)
		(void)puts(gd_strbuf_str(&line));
	ok = gd_json_set_str(row, "name", name) && gd_json_set_str(row, "path", path) &&
	     gd_json_set_str(row, "incident_type", r.incident_type) &&
	     gd_json_set_str(row, "severity", r.severity) &&
	     gd_json_set_str(row, "error", readable ? NULL : why.text) &&
	     add_exercised(row, &last) && cJSON_AddItemToArray(rows, row);
	gd_runbook_fini(&r);
	if (ok)
		return 0;
	cJSON_Delete(row);
	return gd_raise_nomem(err);
}

static int do_list(const struct options *o, const char *operand, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *rows = cJSON_CreateArray();
	struct gd_runbook_files files;
	int rc = 0;

	(void)operand;
	if (gd_runbook_files(o->dir, &files, err) < 0)
		return -1;
	if (files.n > 0 && !o->json)
		(void)printf("%-20s %-4s %-11s %s\n", "runbook", "", "exercised",
			     "what for");
	for (size_t i = 0; rc == 0 && i < files.n; i++)
		rc = list_one(o, files.paths[i], files.names[i], rows, err);
	if (files.n == 0 && !o->json)
		(void)printf("no runbooks in %s\n", o->dir);
	gd_runbook_files_fini(&files);
	return rc == 0 && o->json ? print_json(rows, err) : rc;
}

/* --- show, render --------------------------------------------------------------------- */

/* NAME is a path when it looks like one, else the name of a file in the directory. */
static int find_runbook(const struct options *o, const char *name, char **ret_path,
			char **ret_name, struct gd_error *err)
{
	struct gd_runbook_files files;
	GD_AUTO_FREE const char **names = NULL;
	const char *near;
	int rc = 1;

	if (strchr(name, '/') || strchr(name, '.')) {
		const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
		size_t len = strcspn(base, ".");

		*ret_path = strdup(name);
		*ret_name = strndup(base, len ? len : strlen(base));
		return *ret_path && *ret_name ? 0 : gd_raise_nomem(err);
	}
	if (gd_runbook_files(o->dir, &files, err) < 0)
		return -1;
	names = calloc(files.n + 1, sizeof(*names));
	for (size_t i = 0; i < files.n; i++) {
		if (names)
			names[i] = files.names[i];
		if (strcmp(files.names[i], name) != 0)
			continue;
		*ret_path = strdup(files.paths[i]);
		*ret_name = strdup(files.names[i]);
		rc = *ret_path && *ret_name ? 0 : gd_raise_nomem(err);
		break;
	}
	if (rc == 1) {
		near = names ? gd_suggest(name, names, files.n) : NULL;
		rc = near ? gd_raise(err, GD_E_INPUT,
				     "there is no runbook %s in %s: did you mean %s?",
				     name, o->dir, near)
			  : gd_raise(err, GD_E_INPUT,
				     "there is no runbook %s in %s: gameday runbook list",
				     name, o->dir);
	}
	gd_runbook_files_fini(&files);
	return rc;
}

static int do_show(const struct options *o, const char *operand, struct gd_error *err)
{
	GD_AUTO_FREE char *path = NULL, *name = NULL, *text = NULL;
	struct gd_exercised last;
	GD_AUTO_STRBUF(say);
	GD_AUTO_STRBUF(line);
	size_t size;

	if (find_runbook(o, operand, &path, &name, err) < 0 ||
	    gd_file_read(path, MAX_SOURCE, &text, &size, err) < 0)
		return -1;
	if (gd_exercised_find(o->runs, name, &last, err) < 0)
		return -1;
	/* As it is written, to the byte; what we know of it follows as a comment. */
	(void)fwrite(text, 1, size, stdout);
	gd_exercised_say(&last, &say);
	gd_text_plain(&line, gd_strbuf_str(&say), 400);
	(void)printf("%s# last exercised: %s\n",
		     size > 0 && text[size - 1] != '\n' ? "\n" : "",
		     gd_strbuf_str(&line));
	return 0;
}

/* To --out, which must not be there yet, or to standard output. */
static int deliver(const struct options *o, const struct gd_strbuf *text,
		   struct gd_error *err)
{
	GD_AUTO_FD int fd = -1;

	if (text->failed)
		return gd_raise_nomem(err);
	if (!o->out) {
		(void)fputs(gd_strbuf_str(text), stdout);
		return 0;
	}
	fd = open(o->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return gd_raise_errno(err, "%s", o->out);
	if (gd_fd_write_all(fd, text->data, text->len, err) < 0)
		return gd_wrap(err, "%s: ", o->out);
	(void)printf("wrote %s\n", o->out);
	return 0;
}

/* Says what is wrong with it, line by line. */
static int refuse(const char *path, struct gd_diags *diags, const char *source,
		  size_t size, const char *what, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);

	gd_diags_sort(diags);
	gd_diags_render(diags, source, size, &text);
	(void)fputs(gd_strbuf_str(&text), stderr);
	return gd_raise(err, GD_E_INPUT, "%s is not a valid %s", path, what);
}

static int render(const struct options *o, const struct gd_runbook *r, const char *name,
		  struct gd_error *err)
{
	GD_AUTO_STRBUF(out);
	GD_AUTO(gd_doc)
	struct gd_doc *d = o->format == FORMAT_HTML ? gd_doc_html_new(&out, name)
						    : gd_doc_md_new(&out);
	struct gd_exercised last;

	if (!d)
		return gd_raise_nomem(err);
	if (gd_exercised_find(o->runs, name, &last, err) < 0)
		return -1;
	gd_runbook_page(r, name, &last, d);
	return gd_doc_finish(d, err) < 0 ? -1 : deliver(o, &out, err);
}

static int do_render(const struct options *o, const char *operand, struct gd_error *err)
{
	GD_AUTO_FREE char *path = NULL, *name = NULL;
	struct gd_runbook r = {0};
	GD_AUTO_DIAGS(diags);
	int rc;

	if (find_runbook(o, operand, &path, &name, err) < 0)
		return -1;
	if (gd_runbook_load(path, &r, &diags) < 0)
		rc = refuse(path, &diags, r.source, r.source_size, "runbook", err);
	else
		rc = render(o, &r, name, err);
	gd_runbook_fini(&r);
	return rc;
}

/* --- new ------------------------------------------------------------------------------ */

static int draft(const struct options *o, const struct gd_kinds *kinds,
		 struct gd_error *err)
{
	struct gd_scenario s = {0};
	GD_AUTO_DIAGS(diags);
	GD_AUTO_STRBUF(out);
	int rc = gd_scenario_load(o->from, &s, &diags);

	if (rc == 0)
		gd_scenario_open_book(&s, NULL, &diags);
	if (rc < 0 || gd_scenario_check(&s, NULL, kinds, &diags) < 0)
		rc = refuse(o->from, &diags, s.source, s.source_size, "scenario", err);
	else
		rc = gd_runbook_draft(&s, kinds, &out, err);
	gd_scenario_fini(&s);
	return rc < 0 ? -1 : deliver(o, &out, err);
}

static int do_new(const struct options *o, const char *operand, struct gd_error *err)
{
	struct gd_kinds kinds = {0};
	int rc;

	(void)operand;
	if (!o->from)
		return gd_raise(
			err, GD_E_INPUT,
			"runbook new needs --from SCENARIO: what it is drafted from");
	if (gd_cli_kinds(&kinds, err) < 0)
		return -1;
	rc = draft(o, &kinds, err);
	gd_cli_kinds_fini(&kinds);
	return rc;
}

/* --- match ---------------------------------------------------------------------------- */

static int do_match(const struct options *o, const char *operand, struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	GD_AUTO_FREE char *dir = NULL;
	struct gd_matches m;
	int rc = 0;

	if (gd_rundir_find(operand, &dir, err) < 0 || gd_report_load(dir, &r, err) < 0 ||
	    gd_runbook_match(r, o->dir, &m, err) < 0)
		return -1;
	if (o->json) {
		GD_AUTO(cJSON) cJSON *json = gd_matches_json(&m);

		rc = json ? print_json(json, err) : gd_raise_nomem(err);
	} else {
		gd_matches_print(r, &m);
	}
	gd_matches_fini(&m);
	return rc;
}

static const struct {
	const char *name;
	size_t n_operands;
	int (*run)(const struct options *o, const char *operand, struct gd_error *err);
} verbs[] = {
	{"list", 1, do_list}, {"show", 2, do_show},   {"render", 2, do_render},
	{"new", 1, do_new},   {"match", 2, do_match},
};

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const char *verb = args->operands[0];

	for (size_t i = 0; i < GD_N_ELEMS(verbs); i++) {
		if (strcmp(verbs[i].name, verb) != 0)
			continue;
		if (args->n_operands != verbs[i].n_operands)
			return gd_raise(err, GD_E_INPUT, "runbook %s takes %s", verb,
					verbs[i].n_operands == 1     ? "no operand"
					: strcmp(verb, "match") == 0 ? "one run"
								     : "one runbook");
		return verbs[i].run(args->options, args->operands[1], err) < 0
			       ? -1
			       : GD_EXIT_HELD;
	}
	return gd_raise(
		err, GD_E_INPUT,
		"runbook %s: use list, show NAME, render NAME, new --from SCENARIO or "
		"match RUN",
		verb);
}

const struct gd_cmd gd_cmd_runbook = {
	.name = "runbook",
	.synopsis = "list | show NAME | render NAME | new --from SCENARIO | match RUN",
	.summary = "a runbook as a page, a first draft, or which one a run points to",
	.details =
		"list names the runbooks, show prints one as it is written, render makes a page of it\n"
		"in the headings people know. new drafts one from a scenario's faults, watches and\n"
		"expectations. match ranks all of them by how well their detections fit what a run\n"
		"measured, and explains each score. Each tells when it was last exercised, from the\n"
		"runs in --runs. NAME is a file name without .yaml, or a path.",
	.example = "gameday runbook match latest",
	.options = GD_SHAPE("runbook", fields, struct options),
	.short_options = "o=out",
	.min_operands = 1,
	.max_operands = 2,
	.run = run,
};
