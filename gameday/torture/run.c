/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/torture/run.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"

enum { MOMENT_LIMIT_S = 80, MAX_FILE = 4 << 20 };

/* --- the process --------------------------------------------------------------------- */

void gd_trial_child_fini(struct gd_trial_child *c)
{
	struct gd_error ignored = GD_ERROR_INIT;

	if (c->pid > 0) {
		(void)kill(c->pid, SIGKILL);
		if (gd_proc_wait(c->pid, gd_span_s(5), &c->status, &ignored) < 0)
			c->status = -1;
	}
	c->pid = 0;
	gd_close_fd(&c->in);
	gd_close_fd(&c->out);
	free(c->runs);
	c->runs = NULL;
}

int gd_trial_child_start(const struct gd_bed *b, const char *name,
			 struct gd_trial_child *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *runs = gd_strf("%s/%s", b->dir, name);
	GD_AUTO_FREE char *log = gd_strf("%s/%s.log", b->dir, name);
	GD_AUTO_FD int fd = -1;

	if (!log || !runs)
		return gd_raise_nomem(err);
	if (gd_mkdir_p(runs, 0700, err) < 0)
		return -1;
	fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return gd_raise_errno(err, "%s", log);
	/* Killed also when this process is: a runner that is stopped would stay for ever. */
	const char *const argv[] = {"setpriv", "--pdeathsig", "KILL",  b->self,
				    "run",     b->scenario,   "-i",    "lab",
				    "-o",      runs,          "--yes", NULL};

	if (gd_proc_spawn(argv, fd, &ret->pid, &ret->in, &ret->out, err) < 0)
		return -1;
	ret->runs = gd_steal_ptr(&runs);
	return 0;
}

bool gd_trial_child_ended(const struct gd_trial_child *c)
{
	siginfo_t si = {0};

	return waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       si.si_pid != 0;
}

int gd_trial_child_wait(struct gd_trial_child *c, struct gd_span limit,
			struct gd_error *err)
{
	int rc = gd_proc_wait(c->pid, limit, &c->status, err);

	c->pid = 0;
	if (rc < 0 && err->code == GD_E_TIMEOUT)
		return 1;
	return rc;
}

/* --- what it tells ------------------------------------------------------------------- */

char *gd_trial_child_file(const struct gd_trial_child *c, const char *name)
{
	DIR *d = opendir(c->runs);
	GD_AUTO_FREE char *path = NULL;
	struct gd_error err = GD_ERROR_INIT;
	char *text = NULL;
	struct dirent *e;
	size_t size;

	while (d && !path && (e = readdir(d)))
		if (e->d_name[0] != '.')
			path = gd_strf("%s/%s/%s", c->runs, e->d_name, name);
	if (d)
		(void)closedir(d);
	if (!path || gd_file_read(path, MAX_FILE, &text, &size, &err) < 0)
		return NULL;
	return text;
}

struct moment {
	enum gd_when when;
	bool fault_stage;
};

static bool is_moment(const cJSON *line, struct moment *m)
{
	const char *event = gd_json_str(line, "event", "");
	const char *kind = gd_json_str(line, "kind", "");
	bool begins = strcmp(event, "stage_begin") == 0;

	if (begins)
		m->fault_stage = strcmp(kind, "fault") == 0;
	switch (m->when) {
	case GD_WHEN_CLAIMED:
		return strcmp(event, "preflight") == 0;
	case GD_WHEN_READY:
		return begins && strcmp(kind, "baseline") == 0;
	case GD_WHEN_ASKED:
		return strcmp(event, "fault_injecting") == 0;
	case GD_WHEN_HELD:
		return strcmp(event, "stage_measured") == 0 && m->fault_stage;
	case GD_WHEN_UNDOING:
		return strcmp(event, "fault_effect") == 0;
	case GD_WHEN_RECOVERY:
		return begins && strcmp(kind, "recovery") == 0;
	case GD_WHEN_HOST_LINE:
		break;
	}
	return false;
}

static bool journal_has(const struct gd_trial_child *c, enum gd_when when)
{
	GD_AUTO_FREE char *text = gd_trial_child_file(c, "journal.jsonl");
	struct moment m = {.when = when};
	const char *line, *end;

	for (line = text; line && (end = strchr(line, '\n')); line = end + 1) {
		GD_AUTO(cJSON) cJSON *json = NULL;
		struct gd_error err = GD_ERROR_INIT;

		if (gd_json_parse(line, (size_t)(end - line), &json, &err) == 0 &&
		    is_moment(json, &m))
			return true;
	}
	return false;
}

bool gd_trial_child_await(const struct gd_trial_child *c, enum gd_when when)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(MOMENT_LIMIT_S));

	while (gd_now().ns < end.ns) {
		if (journal_has(c, when))
			return true;
		if (gd_trial_child_ended(c))
			return false;
		gd_sleep(gd_span_ms(20));
	}
	return false;
}
