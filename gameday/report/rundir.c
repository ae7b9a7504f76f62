/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gameday/base/file.h"

enum { MAX_RUNS = 10000 };

static bool is_run(const char *dir)
{
	GD_AUTO_FREE char *journal = gd_path_join(dir, "journal.jsonl");
	struct stat st;

	return journal && stat(journal, &st) == 0 && S_ISREG(st.st_mode);
}

/* Run names begin with their UTC time, so later is greater. */
static int newest_first(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

void gd_rundirs_fini(struct gd_rundirs *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->names[i]);
	free(r->names);
	*r = (struct gd_rundirs){0};
}

static int add_name(struct gd_rundirs *r, const char *name, struct gd_error *err)
{
	char **names = realloc(r->names, (r->n + 1) * sizeof(*names));

	if (!names)
		return gd_raise_nomem(err);
	r->names = names;
	names[r->n] = strdup(name);
	if (!names[r->n])
		return gd_raise_nomem(err);
	r->n++;
	return 0;
}

static int scan(DIR *d, const char *parent, struct gd_rundirs *r, struct gd_error *err)
{
	const struct dirent *e;

	while (r->n < MAX_RUNS && (e = readdir(d))) {
		GD_AUTO_FREE char *path = NULL;

		if (e->d_name[0] == '.')
			continue;
		path = gd_path_join(parent, e->d_name);
		if (!path)
			return gd_raise_nomem(err);
		if (is_run(path) && add_name(r, e->d_name, err) < 0)
			return -1;
	}
	return 0;
}

int gd_rundirs_list(const char *parent, struct gd_rundirs *ret, struct gd_error *err)
{
	struct gd_rundirs r = {0};
	DIR *d = opendir(parent);
	int rc;

	*ret = r;
	if (!d)
		return errno == ENOENT ? 0 : gd_raise_errno(err, "%s", parent);
	rc = scan(d, parent, &r, err);
	(void)closedir(d);
	if (rc < 0) {
		gd_rundirs_fini(&r);
		return -1;
	}
	if (r.n > 0)
		qsort(r.names, r.n, sizeof(*r.names), newest_first);
	*ret = r;
	return 0;
}

static int find_latest(char **ret, struct gd_error *err)
{
	struct gd_rundirs runs;

	if (gd_rundirs_list(GD_RUNS_DIR, &runs, err) < 0)
		return -1;
	if (runs.n == 0)
		return gd_raise(err, GD_E_INPUT,
				"there is no run under %s/ here: give the path of one",
				GD_RUNS_DIR);
	*ret = gd_path_join(GD_RUNS_DIR, runs.names[0]);
	gd_rundirs_fini(&runs);
	return *ret ? 0 : gd_raise_nomem(err);
}

int gd_rundir_find(const char *run, char **ret, struct gd_error *err)
{
	GD_AUTO_FREE char *under = NULL;

	if (is_run(run)) {
		*ret = strdup(run);
		return *ret ? 0 : gd_raise_nomem(err);
	}
	if (strcmp(run, "latest") == 0)
		return find_latest(ret, err);
	under = gd_path_join(GD_RUNS_DIR, run);
	if (!under)
		return gd_raise_nomem(err);
	if (!strchr(run, '/') && is_run(under)) {
		*ret = gd_steal_ptr(&under);
		return 0;
	}
	return gd_raise(
		err, GD_E_INPUT,
		"%s is not a run: no journal.jsonl in %s or in %s (`gameday history` "
		"lists the runs here, `latest` is the newest)",
		run, run, under);
}
