/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/file.h"
#include "gameday/report/model.h"
#include "gameday/report/rundir.h"

enum { MAX_REPORT = 64 << 20 };

static void row_fini(struct gd_history_row *row)
{
	free(row->run);
	free(row->scenario);
	free(row->started);
	free(row->verdict);
	free(row->reason);
	free(row->worst);
}

void gd_history_fini(struct gd_history *h)
{
	for (size_t i = 0; i < h->n; i++)
		row_fini(&h->rows[i]);
	free(h->rows);
	*h = (struct gd_history){0};
}

/* --- figures of a report -------------------------------------------------------------- */

static const cJSON *member(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key);
}

static bool is_kind(const cJSON *report, const char *stage, const char *kind)
{
	const cJSON *list = member(report, "stages"), *s;

	cJSON_ArrayForEach(s, list)
	{
		if (strcmp(gd_json_str(s, "stage", ""), stage) == 0)
			return strcmp(gd_json_str(s, "kind", ""), kind) == 0;
	}
	return false;
}

static bool of_same_client(const cJSON *a, const cJSON *b)
{
	return strcmp(gd_json_str(a, "load", ""), gd_json_str(b, "load", "")) == 0 &&
	       strcmp(gd_json_str(a, "client", ""), gd_json_str(b, "client", "")) == 0;
}

/* The figures of the client that a fault hit hardest, and its baseline. */
static void take_figures(const cJSON *report, struct gd_history_row *row)
{
	const cJSON *list = member(report, "figures"), *f, *worst = NULL;

	cJSON_ArrayForEach(f, list)
	{
		double p99 = gd_json_num(f, "p99_ns", (double)NAN);
		double success = gd_json_num(f, "success", (double)NAN);

		if (!is_kind(report, gd_json_str(f, "stage", ""), "fault"))
			continue;
		row->success = fmin(row->success, success);
		if (!worst || p99 > row->worst_p99) {
			worst = f;
			row->worst_p99 = p99;
		}
	}
	if (!worst)
		return;
	free(row->worst);
	row->worst = gd_strf("%s.%s in %s", gd_json_str(worst, "load", ""),
			     gd_json_str(worst, "client", ""),
			     gd_json_str(worst, "stage", ""));
	cJSON_ArrayForEach(f, list)
	{
		if (of_same_client(f, worst) &&
		    is_kind(report, gd_json_str(f, "stage", ""), "baseline"))
			row->baseline_p99 = gd_json_num(f, "p99_ns", (double)NAN);
	}
}

/* The runbook's detections, and what the people noted. */
static void take_detection(const cJSON *report, struct gd_history_row *row)
{
	double harm = gd_json_num(member(report, "harm"), "seconds", (double)NAN),
	       first = (double)NAN;
	const cJSON *list = member(report, "detections"), *o;

	cJSON_ArrayForEach(o, list)
	{
		if (strcmp(gd_json_str(o, "outcome", ""), "holds") == 0)
			first = fmin(first, gd_json_num(o, "first_s", (double)NAN));
	}
	list = member(report, "notes");
	cJSON_ArrayForEach(o, list)
	{
		if (strcmp(gd_json_str(o, "kind", ""), "detected") == 0)
			first = fmin(first, gd_json_num(o, "seconds", (double)NAN));
	}
	row->detect_s = first - harm;
}

/* --- rows ----------------------------------------------------------------------------- */

static int set_texts(struct gd_history_row *row, const char *run, const char *scenario,
		     const char *started, const char *verdict, const char *reason,
		     struct gd_error *err)
{
	*row = (struct gd_history_row){.run = strdup(run),
				       .scenario = strdup(scenario),
				       .started = strdup(started),
				       .verdict = strdup(verdict),
				       .reason = strdup(reason),
				       .worst = strdup(""),
				       .baseline_p99 = (double)NAN,
				       .worst_p99 = (double)NAN,
				       .success = (double)NAN,
				       .detect_s = (double)NAN};
	if (row->run && row->scenario && row->started && row->verdict && row->reason &&
	    row->worst)
		return 0;
	row_fini(row);
	return gd_raise_nomem(err);
}

/* 0, or 1 when there is no report.json that could be read. */
static int row_from_report(const char *dir, const char *name, struct gd_history_row *row,
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
	run = member(report, "run");
	verdict = member(report, "verdict");
	if (set_texts(row, name, gd_json_str(run, "scenario", ""),
		      gd_json_str(member(run, "started"), "utc", ""),
		      gd_json_str(verdict, "verdict", "?"),
		      gd_json_str(verdict, "reason", ""), err) < 0)
		return -1;
	take_figures(report, row);
	take_detection(report, row);
	if (row->worst)
		return 0;
	row_fini(row);
	return gd_raise_nomem(err);
}

static int row_from_journal(const char *dir, const char *name, struct gd_history_row *row,
			    struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	char started[32] = "";

	if (gd_report_load_journal(dir, &r, err) < 0)
		return -1;
	if (r->started_ns)
		(void)gd_wall_format((struct gd_wall){r->started_ns}, started);
	return set_texts(row, name, gd_report_text(r, "scenario"), started,
			 gd_json_str(r->run_ended, "verdict", "no report"),
			 r->run_ended
				 ? "render it with gameday report"
				 : "the journal has no end: going on, or the runner died",
			 err);
}

static int add_row(struct gd_history *h, const char *parent, const char *name,
		   const char *scenario, struct gd_error *err)
{
	GD_AUTO_FREE char *dir = gd_path_join(parent, name);
	struct gd_history_row *row = &h->rows[h->n];
	int rc;

	if (!dir)
		return gd_raise_nomem(err);
	rc = row_from_report(dir, name, row, err);
	if (rc == 1)
		rc = row_from_journal(dir, name, row, err);
	if (rc < 0)
		return -1;
	if (*scenario && strcmp(row->scenario, scenario) != 0)
		row_fini(row);
	else
		h->n++;
	return 0;
}

int gd_history_load(const char *dir, const char *scenario, struct gd_history *ret,
		    struct gd_error *err)
{
	struct gd_history h = {0};
	struct gd_rundirs runs;
	int rc = 0;

	if (gd_rundirs_list(dir, &runs, err) < 0)
		return -1;
	h.rows = calloc(runs.n + 1, sizeof(*h.rows));
	if (!h.rows)
		rc = gd_raise_nomem(err);
	for (size_t i = 0; rc == 0 && i < runs.n; i++)
		rc = add_row(&h, dir, runs.names[i], scenario, err);
	gd_rundirs_fini(&runs);
	if (rc < 0)
		gd_history_fini(&h);
	else
		*ret = h;
	return rc;
}
