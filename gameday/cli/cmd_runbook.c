/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/cli/cmd.h"
#include "gameday/report/report.h"
#include "gameday/report/runbook_match.h"
#include "gameday/report/runbook_page.h"
#include "gameday/report/rundir.h"
#include "gameday/report/story.h"
#include "gameday/report/text.h"

extern const struct gd_cmd gd_cmd_runbook;

enum { MAX_SOURCE = 1 << 20 };

struct options {
	char *dir;
	bool json;
};

static const struct gd_field fields[] = {
	{.name = "dir",
	 .help = "where the runbooks are",
	 .dflt = "runbooks",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct options, dir)},
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

static int list_one(const char *path, const char *name, bool json, cJSON *rows,
		    struct gd_error *err)
{
	struct gd_error why = GD_ERROR_INIT;
	cJSON *row = cJSON_CreateObject();
	struct gd_runbook r = {0};
	GD_AUTO_DIAGS(diags);
	bool ok, readable = gd_runbook_load(path, &r, &diags) == 0;
	GD_AUTO_STRBUF(line);

	if (!readable && gd_diags_to_error(&diags, &why) == 0)
		why.text[0] = '\0';
	gd_strbuf_addf(&line, "%-28s %-4s ", name,
		       readable && r.severity ? r.severity : "");
	gd_text_plain(&line, readable ? r.incident_type : why.text, 90);
	if (!json)
		(void)puts(gd_strbuf_str(&line));
	ok = gd_json_set_str(row, "name", name) && gd_json_set_str(row, "path", path) &&
	     gd_json_set_str(row, "incident_type", r.incident_type) &&
	     gd_json_set_str(row, "severity", r.severity) &&
	     gd_json_set_str(row, "error", readable ? NULL : why.text) &&
	     cJSON_AddItemToArray(rows, row);
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
	for (size_t i = 0; rc == 0 && i < files.n; i++)
		rc = list_one(files.paths[i], files.names[i], o->json, rows, err);
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
		*ret_path = strdup(name);
		*ret_name = strdup(name);
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
	size_t size;

	if (find_runbook(o, operand, &path, &name, err) < 0 ||
	    gd_file_read(path, MAX_SOURCE, &text, &size, err) < 0)
		return -1;
	(void)fwrite(text, 1, size, stdout);
	return 0;
}

static int do_render(const struct options *o, const char *operand, struct gd_error *err)
{
	GD_AUTO_FREE char *path = NULL, *name = NULL;
	struct gd_runbook r = {0};
	GD_AUTO_DIAGS(diags);
	GD_AUTO_STRBUF(out);
	GD_AUTO(gd_doc) struct gd_doc *d = gd_doc_md_new(&out);
	int rc;

	if (!d)
		return gd_raise_nomem(err);
	if (find_runbook(o, operand, &path, &name, err) < 0)
		return -1;
	if (gd_runbook_load(path, &r, &diags) < 0) {
		gd_diags_render(&diags, r.source, r.source_size, &out);
		(void)fputs(gd_strbuf_str(&out), stderr);
		rc = gd_raise(err, GD_E_INPUT, "%s is not a valid runbook", path);
	} else {
		gd_runbook_page(&r, name, d);
		rc = gd_doc_finish(d, err);
		if (rc == 0)
			(void)fputs(gd_strbuf_str(&out), stdout);
	}
	gd_runbook_fini(&r);
	return rc;
}

/* --- match ---------------------------------------------------------------------------- */

static const char *item_word(const struct gd_match_item *item)
{
	if (!item->detected.evaluated)
		return "for people";
	if (item->detected.item.outcome == GD_COND_NO_DATA)
		return "no data";
	if (item->in_baseline)
		return "true before the fault too";
	return item->detected.item.outcome == GD_COND_HOLDS ? "fired" : "did not fire";
}

static void print_item(const struct gd_report *r, const struct gd_match_item *item)
{
	const struct gd_detection *d = item->detected.detection;
	GD_AUTO_STRBUF(line);

	gd_strbuf_addf(&line, "      %-12s ", item_word(item));
	if (item->weight > 0)
		gd_strbuf_addf(&line, "(weight %d) ", item->weight);
	gd_text_plain(&line, d->alert ? d->alert : d->symptom ? d->symptom : "?", 60);
	if (item->detected.evaluated) {
		gd_strbuf_adds(&line, ": ");
		gd_text_plain(&line, item->detected.item.text, 160);
		if (item->detected.item.outcome == GD_COND_HOLDS) {
			gd_strbuf_adds(&line, "; ");
			gd_story_when(r, &item->detected.item, &line);
		}
	}
	(void)puts(gd_strbuf_str(&line));
}

static void print_matches(const struct gd_report *r, const struct gd_matches *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct gd_match *b = &m->items[i];

		(void)printf("%5.0f  %s%s: %zu of %zu detections fired\n", b->score,
			     b->name, b->own ? " (the scenario's own)" : "", b->n_fired,
			     b->n_judged);
		for (size_t k = 0; k < b->runbook.detection.n; k++)
			print_item(r, &b->items[k]);
	}
	if (m->n == 0)
		(void)puts("no runbook could be matched");
	if (m->n_unreadable > 0)
		(void)printf("%zu files are no valid runbook, the first: %s\n",
			     m->n_unreadable, m->first_unreadable);
	(void)puts(
		"\nscore = 100 x weight fired / (weight judged + 1); a host signal weighs 2, "
		"what clients felt 1");
}

static cJSON *match_json(const struct gd_match *b)
{
	cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "detections");
	bool ok = gd_json_set_str(o, "runbook", b->name) &&
		  gd_json_set_num(o, "score", b->score) &&
		  gd_json_set_int(o, "fired", (int64_t)b->n_fired) &&
		  gd_json_set_int(o, "judged", (int64_t)b->n_judged) &&
		  gd_json_set_bool(o, "scenario_names_it", b->own);

	for (size_t k = 0; ok && k < b->runbook.detection.n; k++) {
		const struct gd_match_item *item = &b->items[k];
		cJSON *d = cJSON_CreateObject();

		ok = cJSON_AddItemToArray(list, d) &&
		     gd_json_set_str(d, "when", item->detected.detection->when) &&
		     gd_json_set_str(d, "outcome", item_word(item)) &&
		     gd_json_set_int(d, "weight", item->weight) &&
		     gd_json_set_str(d, "text", item->detected.item.text);
	}
	if (ok)
		return o;
	cJSON_Delete(o);
	return NULL;
}

static int print_matches_json(const struct gd_matches *m, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < m->n; i++) {
		cJSON *b = match_json(&m->items[i]);

		if (!b || !cJSON_AddItemToArray(list, b)) {
			cJSON_Delete(b);
			return gd_raise_nomem(err);
		}
	}
	return print_json(list, err);
}

static int do_match(const struct options *o, const char *operand, struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	GD_AUTO_FREE char *dir = NULL;
	struct gd_matches m;
	int rc = 0;

	if (gd_rundir_find(operand, &dir, err) < 0 || gd_report_load(dir, &r, err) < 0 ||
	    gd_runbook_match(r, o->dir, &m, err) < 0)
		return -1;
	if (o->json)
		rc = print_matches_json(&m, err);
	else
		print_matches(r, &m);
	gd_matches_fini(&m);
	return rc;
}

static const struct {
	const char *name;
	size_t n_operands;
	int (*run)(const struct options *o, const char *operand, struct gd_error *err);
} verbs[] = {
	{"list", 1, do_list},
	{"show", 2, do_show},
	{"render", 2, do_render},
	{"match", 2, do_match},
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
	return gd_raise(err, GD_E_INPUT,
			"runbook %s: use list, show NAME, render NAME or match RUN",
			verb);
}

const struct gd_cmd gd_cmd_runbook = {
	.name = "runbook",
	.synopsis = "list | show NAME | render NAME | match RUN [--dir DIR] [--json]",
	.summary = "a runbook as a page, or which one a run's evidence points to",
	.details =
		"list names the runbooks, show prints one as it is written, render prints it as a\n"
		"Markdown page. match ranks all of them by how well their detections fit what a run\n"
		"measured, and explains each score. NAME is a file name without .yaml, or a path.",
	.example = "gameday runbook match latest",
	.options = GD_SHAPE("runbook", fields, struct options),
	.min_operands = 1,
	.max_operands = 2,
	.run = run,
};
