/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/runbook_match.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/evidence.h"

enum { MAX_RUNBOOKS = 500, WEIGHT_SIGNAL = 2, WEIGHT_CLIENT = 1 };

/* --- files ---------------------------------------------------------------------------- */

void gd_runbook_files_fini(struct gd_runbook_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->paths[i]);
		free(f->names[i]);
	}
	free(f->paths);
	free(f->names);
	*f = (struct gd_runbook_files){0};
}

static bool is_yaml(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot && dot != e->d_name &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int is_yaml_filter(const struct dirent *e)
{
	return is_yaml(e);
}

static int add_file(struct gd_runbook_files *f, const char *dir, const char *file,
		    struct gd_error *err)
{
	f->paths[f->n] = gd_path_join(dir, file);
	f->names[f->n] = strdup(file);
	if (!f->paths[f->n] || !f->names[f->n]) {
		free(f->paths[f->n]);
		free(f->names[f->n]);
		return gd_raise_nomem(err);
	}
	*strrchr(f->names[f->n], '.') = '\0';
	f->n++;
	return 0;
}

int gd_runbook_files(const char *dir, struct gd_runbook_files *ret, struct gd_error *err)
{
	struct gd_runbook_files f = {0};
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_yaml_filter, alphasort), rc = 0;

	if (n < 0)
		return gd_raise_errno(err, "runbooks in %s (--dir names another place)",
				      dir);
	f.paths = calloc((size_t)n + 1, sizeof(*f.paths));
	f.names = calloc((size_t)n + 1, sizeof(*f.names));
	if (!f.paths || !f.names)
		rc = gd_raise_nomem(err);
	for (int i = 0; i < n; i++) {
		if (rc == 0 && i < MAX_RUNBOOKS)
			rc = add_file(&f, dir, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	if (rc < 0) {
		gd_runbook_files_fini(&f);
		return -1;
	}
	*ret = f;
	return 0;
}

/* --- scores --------------------------------------------------------------------------- */

static void match_fini(struct gd_match *m)
{
	free(m->name);
	free(m->items);
	gd_runbook_fini(&m->runbook);
	*m = (struct gd_match){0};
}

void gd_matches_fini(struct gd_matches *m)
{
	for (size_t i = 0; i < m->n; i++)
		match_fini(&m->items[i]);
	free(m->items);
	*m = (struct gd_matches){0};
}

static bool is_client_metric(const char *name)
{
	for (size_t i = 0; gd_load_metrics[i].name; i++)
		if (strcmp(gd_load_metrics[i].name, name) == 0)
			return true;
	return false;
}

static int judge_item(const struct gd_report *r, struct gd_match *m,
		      struct gd_match_item *item, double *judged, double *fired,
		      struct gd_error *err)
{
	const struct gd_detected *d = &item->detected;

	if (!d->evaluated || d->item.outcome == GD_COND_NO_DATA)
		return 0;
	item->weight = is_client_metric(d->detection->condition.metric) ? WEIGHT_CLIENT
									: WEIGHT_SIGNAL;
	m->n_judged++;
	*judged += item->weight;
	if (d->item.outcome != GD_COND_HOLDS)
		return 0;
	if (gd_evidence_true_before(r, &item->detected, &item->in_baseline, err) < 0)
		return -1;
	if (item->in_baseline)
		return 0;
	m->n_fired++;
	*fired += item->weight;
	return 0;
}

static int score(const struct gd_report *r, struct gd_match *m, struct gd_error *err)
{
	GD_AUTO_FREE struct gd_detected *detected = NULL;
	double judged = 0, fired = 0;
	size_t n = m->runbook.detection.n;

	if (gd_report_detect(r, &m->runbook, &detected, err) < 0)
		return -1;
	m->items = calloc(n + 1, sizeof(*m->items));
	if (!m->items)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < n; i++) {
		m->items[i].detected = detected[i];
		if (judge_item(r, m, &m->items[i], &judged, &fired, err) < 0)
			return -1;
	}
	m->score = 100 * fired / (judged + 1);
	return 0;
}

static void remember_unreadable(struct gd_matches *all, const char *path,
				const struct gd_diags *diags)
{
	struct gd_error why = GD_ERROR_INIT;

	if (all->n_unreadable++ > 0 || gd_diags_to_error(diags, &why) == 0)
		return;
	(void)snprintf(all->first_unreadable, sizeof(all->first_unreadable),
		       "%.80s:%d: %.100s", path, why.pos.line, why.text);
}

/* 0, 1 when the file is no runbook, -1 on error. */
static int match_one(const struct gd_report *r, const char *path, const char *name,
		     struct gd_matches *all, struct gd_match *m, struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);

	if (gd_runbook_load(path, &m->runbook, &diags) < 0) {
		remember_unreadable(all, path, &diags);
		return 1;
	}
	m->name = strdup(name);
	if (!m->name)
		return gd_raise_nomem(err);
	m->own = strcmp(gd_report_text(r, "runbook"), name) == 0;
	return score(r, m, err);
}

static int best_first(const void *a, const void *b)
{
	const struct gd_match *x = a, *y = b;

	if (x->score > y->score || x->score < y->score)
		return x->score < y->score ? 1 : -1;
	if (x->n_judged != y->n_judged)
		return x->n_judged < y->n_judged ? 1 : -1;
	return strcmp(x->name, y->name);
}

static int match_files(const struct gd_report *r, const struct gd_runbook_files *files,
		       struct gd_matches *all, struct gd_error *err)
{
	all->items = calloc(files->n + 1, sizeof(*all->items));
	if (!all->items)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < files->n; i++) {
		struct gd_match *m = &all->items[all->n];
		int rc = match_one(r, files->paths[i], files->names[i], all, m, err);

		if (rc != 0)
			match_fini(m);
		if (rc < 0)
			return -1;
		all->n += rc == 0;
	}
	qsort(all->items, all->n, sizeof(*all->items), best_first);
	return 0;
}

int gd_runbook_match(const struct gd_report *r, const char *dir, struct gd_matches *ret,
		     struct gd_error *err)
{
	struct gd_runbook_files files;
	struct gd_matches all = {0};
	int rc;

	if (gd_runbook_files(dir, &files, err) < 0)
		return -1;
	rc = match_files(r, &files, &all, err);
	gd_runbook_files_fini(&files);
	if (rc < 0) {
		gd_matches_fini(&all);
		return -1;
	}
	*ret = all;
	return 0;
}
