/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/base/strbuf.h"

enum { MAX_RUNS = 10000, MAX_NOTE = 4096 };

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

/* A crash may have cut the last line: then the note starts a line of its own. */
static bool ends_in_line(int fd)
{
	struct stat st;
	char last = '\n';

	if (fstat(fd, &st) < 0 || st.st_size == 0)
		return true;
	return pread(fd, &last, 1, st.st_size - 1) != 1 || last == '\n';
}

static char *note_line(const char *kind, const char *text)
{
	GD_AUTO(cJSON) cJSON *line = cJSON_CreateObject();

	if (!gd_json_set_int(line, "wall_ns", gd_wall_now().ns) ||
	    !gd_json_set_int(line, "mono_ns", gd_now().ns) ||
	    !gd_json_set_str(line, "event", "note") ||
	    !gd_json_set_str(line, "kind", kind) || !gd_json_set_str(line, "text", text))
		return NULL;
	return gd_json_print(line);
}

int gd_rundir_note(const char *dir, const char *kind, const char *text,
		   struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, "journal.jsonl");
	GD_AUTO_FREE char *line = note_line(kind, text);
	GD_AUTO_STRBUF(out);
	GD_AUTO_FD int fd = -1;

	if (strlen(text) > MAX_NOTE)
		return gd_raise(err, GD_E_INPUT,
				"a note has at most %d bytes, this one %zu", MAX_NOTE,
				strlen(text));
	if (!path || !line)
		return gd_raise_nomem(err);
	fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return gd_raise_errno(err, "%s", path);
	if (!ends_in_line(fd))
		gd_strbuf_addc(&out, '\n');
	gd_strbuf_addf(&out, "%s\n", line);
	if (out.failed)
		return gd_raise_nomem(err);
	return gd_fd_write_all(fd, out.data, out.len, err);
}
