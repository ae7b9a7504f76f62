/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/torture/bed.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/torture/files.h"
#include "gameday/torture/look.h"

enum { MAX_ARGS = 12 };

const char *gd_bed_file(const char *name)
{
	const struct gd_torture_file *f = gd_torture_files;

	while (f->name && strcmp(f->name, name) != 0)
		f++;
	gd_assert(f->name);
	return f->text;
}

int gd_bed_gameday(const struct gd_bed *b, const char *const args[], struct gd_span limit,
		   struct gd_proc_result *ret, struct gd_error *err)
{
	const char *argv[MAX_ARGS + 2] = {b->self};
	size_t n = 1;

	while (args[n - 1]) {
		gd_assert(n <= MAX_ARGS);
		argv[n] = args[n - 1];
		n++;
	}
	return gd_proc_run(argv, limit, ret, err);
}

static int find_self(struct gd_bed *b, struct gd_error *err)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return gd_raise_errno(err, "/proc/self/exe");
	path[n] = '\0';
	b->self = strdup(path);
	return b->self ? 0 : gd_raise_nomem(err);
}

static int make_dir(struct gd_bed *b, struct gd_error *err)
{
	const char *tmp = getenv("TMPDIR");

	b->dir = gd_strf("%s/gameday-torture-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!b->dir)
		return gd_raise_nomem(err);
	if (!mkdtemp(b->dir)) {
		(void)gd_raise_errno(err, "%s", b->dir);
		free(gd_steal_ptr(&b->dir));
		return -1;
	}
	return 0;
}

static int take_fault(struct gd_bed *b, const cJSON *fault, struct gd_error *err)
{
	const char *host = gd_json_str(fault, "host", "");

	if (b->n_faults == GD_BED_MAX_FAULTS)
		return gd_raise(err, GD_E_INPUT, "%s: more than %d faults", b->name,
				(int)GD_BED_MAX_FAULTS);
	if (b->n_faults > 0 && strcmp(b->host, host) != 0)
		return gd_raise(err, GD_E_INPUT,
				"%s: faults on %s and on %s: torture looks at one host",
				b->name, b->host, host);
	(void)snprintf(b->host, sizeof(b->host), "%s", host);
	(void)snprintf(b->kinds[b->n_faults++], sizeof(b->kinds[0]), "%s",
		       gd_json_str(fault, "kind", "?"));
	return 0;
}

static int read_plan(struct gd_bed *b, struct gd_error *err)
{
	const char *const args[] = {"plan", b->scenario, "-i", "lab", "--json", NULL};
	GD_AUTO(cJSON) cJSON *plan = NULL;
	struct gd_proc_result r = {0};
	GD_AUTO_FREE char *out = NULL;
	const cJSON *stage, *fault;

	if (gd_bed_gameday(b, args, gd_span_s(60), &r, err) < 0)
		return -1;
	out = r.out;
	if (r.status != 0)
		return gd_raise(err, GD_E_INPUT, "gameday plan %s: status %d: %.300s",
				b->name, r.status, out);
	if (gd_json_parse(out, strlen(out), &plan, err) < 0)
		return gd_wrap(err, "gameday plan %s: ", b->name);
	cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(plan, "stages"))
		cJSON_ArrayForEach(
			fault, cJSON_GetObjectItemCaseSensitive(
				       stage, "faults")) if (take_fault(b, fault, err) <
							     0) return -1;
	if (b->n_faults == 0)
		return gd_raise(err, GD_E_INPUT, "%s: no fault to be undone", b->name);
	return 0;
}

static int prepare(struct gd_bed *b, const char *text, struct gd_error *err)
{
	if (find_self(b, err) < 0 || make_dir(b, err) < 0)
		return -1;
	b->scenario = gd_path_join(b->dir, b->name);
	if (!b->scenario)
		return gd_raise_nomem(err);
	if (gd_file_write(b->scenario, text, strlen(text), 0600, err) < 0 ||
	    read_plan(b, err) < 0)
		return -1;
	return gd_look(b, &b->before, err);
}

int gd_bed_make(const char *name, const char *text, struct gd_bed *ret,
		struct gd_error *err)
{
	struct gd_bed b = {.far = GD_FAR_INIT};

	(void)snprintf(b.name, sizeof(b.name), "%s", name);
	if (prepare(&b, text, err) < 0) {
		gd_bed_fini(&b);
		return -1;
	}
	*ret = b;
	return 0;
}

void gd_bed_fini(struct gd_bed *b)
{
	struct gd_error err = GD_ERROR_INIT;

	gd_far_close(&b->far);
	if (b->dir && !b->keep && gd_remove_tree(b->dir, &err) < 0)
		(void)fprintf(stderr, "torture: %s\n", err.text);
	free(b->self);
	free(b->dir);
	free(b->scenario);
	free(b->before);
	*b = (struct gd_bed){0};
}
