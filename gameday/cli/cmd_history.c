/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per run, from report.json where there is one: its verdict took the figures into
 * account. A run without a report shows how its journal ends.
 */
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/cli/cmd.h"
#include "gameday/report/model.h"
#include "gameday/report/rundir.h"
#include "gameday/report/text.h"

extern const struct gd_cmd gd_cmd_history;

enum { MAX_REPORT = 64 << 20 };

struct options {
	char *dir;
	bool json;
};

static const struct gd_field fields[] = {
	{.name = "dir",
	 .help = "where the runs are",
	 .dflt = GD_RUNS_DIR,
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct options, dir)},
	GD_CLI_JSON(struct options),
};

static bool set_all(cJSON *row, const char *name, const char *scenario,
		    const char *started, const char *verdict, const char *reason)
{
	return gd_json_set_str(row, "run", name) &&
	       gd_json_set_str(row, "scenario", scenario) &&
	       gd_json_set_str(row, "started", started) &&
	       gd_json_set_str(row, "verdict", verdict) &&
	       gd_json_set_str(row, "reason", reason);
}

/* 0, or 1 when there is no report.json that could be read. */
static int row_from_report(const char *dir, const char *name, cJSON *row,
			   struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, "report.json"), *text = NULL;
	struct gd_error why = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *report = NULL;
	const cJSON *run, *verdict;
	size_t size;

	if (!path)
		return gd_raise_nomem(err);
	if (gd_file_read(path, MAX_REPORT, &text, &size, &why) < 0 ||
	    gd_json_parse(text, size, &report, &why) < 0)
		return 1;
	run = cJSON_GetObjectItemCaseSensitive(report, "run");
	verdict = cJSON_GetObjectItemCaseSensitive(report, "verdict");
	if (!set_all(row, name, gd_json_str(run, "scenario", ""),
		     gd_json_str(cJSON_GetObjectItemCaseSensitive(run, "started"), "utc",
				 ""),
		     gd_json_str(verdict, "verdict", "?"),
		     gd_json_str(verdict, "reason", "")))
		return gd_raise_nomem(err);
	return 0;
}

static int row_from_journal(const char *dir, const char *name, cJSON *row,
			    struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	char started[32] = "";

	if (gd_report_load_journal(dir, &r, err) < 0)
		return -1;
	if (r->started_ns)
		(void)gd_wall_format((struct gd_wall){r->started_ns}, started);
	if (!set_all(row, name, gd_report_text(r, "scenario"), started,
		     gd_json_str(r->run_ended, "verdict", "no report"),
		     r->run_ended
			     ? "render it with gameday report"
			     : "the journal has no end: going on, or the runner died"))
		return gd_raise_nomem(err);
	return 0;
}

static int add_row(cJSON *rows, const char *parent, const char *name,
		   struct gd_error *err)
{
	GD_AUTO_FREE char *dir = gd_path_join(parent, name);
	cJSON *row = cJSON_CreateObject();
	int rc;

	if (!dir || !row || !cJSON_AddItemToArray(rows, row)) {
		cJSON_Delete(row);
		return gd_raise_nomem(err);
	}
	rc = row_from_report(dir, name, row, err);
	return rc == 1 ? row_from_journal(dir, name, row, err) : rc;
}

static void print_row(const cJSON *row)
{
	GD_AUTO_STRBUF(line);

	gd_strbuf_addf(&line, "%-12s ", gd_json_str(row, "verdict", "?"));
	gd_text_plain(&line, gd_json_str(row, "run", ""), 60);
	gd_strbuf_adds(&line, "  ");
	gd_text_plain(&line, gd_json_str(row, "reason", ""), 80);
	(void)puts(gd_strbuf_str(&line));
}

static int print_rows(const struct options *o, const cJSON *rows, struct gd_error *err)
{
	GD_AUTO_FREE char *text = NULL;
	const cJSON *row;

	if (o->json) {
		text = gd_json_print_pretty(rows);
		if (!text)
			return gd_raise_nomem(err);
		(void)puts(text);
		return 0;
	}
	cJSON_ArrayForEach(row, rows) print_row(row);
	if (cJSON_GetArraySize(rows) == 0)
		(void)printf("no runs under %s/\n", o->dir);
	return 0;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	GD_AUTO(cJSON) cJSON *rows = cJSON_CreateArray();
	struct gd_rundirs runs;
	int rc = 0;

	if (!rows)
		return gd_raise_nomem(err);
	if (gd_rundirs_list(o->dir, &runs, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < runs.n; i++)
		rc = add_row(rows, o->dir, runs.names[i], err);
	gd_rundirs_fini(&runs);
	if (rc < 0 || print_rows(o, rows, err) < 0)
		return -1;
	return GD_EXIT_HELD;
}

const struct gd_cmd gd_cmd_history = {
	.name = "history",
	.synopsis = "[--dir DIR] [--json]",
	.summary = "the runs so far, newest first, with their verdicts",
	.details =
		"Reads each run's report.json, or its journal when there is no report.",
	.example = "gameday history",
	.options = GD_SHAPE("history", fields, struct options),
	.run = run,
};
