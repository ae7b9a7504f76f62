/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trial: start `gameday run`, wait for the moment, strike, let everybody who is still alive
 * finish, then look. The moment inside the agent is seen by strike.sh on the host, which reads
 * the journal of faults and kills right behind the line; the others by the run's own journal.
 */
#include "gameday/torture/trial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/torture/look.h"

enum {
	LEASE_S = 10, /* of a run, DESIGN 7 */
	MARGIN_S = 6, /* a ring change keeps the carrier away for 3 s */
	MOMENT_LIMIT_S = 40,
	RUNNER_LIMIT_S = 75,
	MAX_JOURNAL = 4 << 20,
};

static const char *const victim_names[GD_N_VICTIMS] = {
	[GD_VICTIM_RUNNER] = "runner",     [GD_VICTIM_AGENT] = "agent",
	[GD_VICTIM_GUARDIAN] = "guardian", [GD_VICTIM_BOTH] = "agent+guardian",
	[GD_VICTIM_ALL] = "all-three",     [GD_VICTIM_SESSION] = "sshd-session",
};

const char *gd_victim_name(enum gd_victim v)
{
	return victim_names[v];
}

/* --- the run ------------------------------------------------------------------------- */

struct child {
	pid_t pid;   /* 0: ended */
	int in, out; /* its standard input and output */
	int status;
};

static void child_fini(struct child *c)
{
	struct gd_error ignored = GD_ERROR_INIT;

	if (c->pid > 0) {
		(void)kill(c->pid, SIGKILL);
		if (gd_proc_wait(c->pid, gd_span_s(5), &c->status, &ignored) < 0)
			c->status = -1;
	}
	gd_close_fd(&c->in);
	gd_close_fd(&c->out);
}

#define AUTO_CHILD(name)                                                                 \
	__attribute__((cleanup(child_fini))) struct child name = {.in = -1, .out = -1}

static int child_start(struct child *c, const char *const argv[], int err_fd,
		       struct gd_error *err)
{
	return gd_proc_spawn(argv, err_fd, &c->pid, &c->in, &c->out, err);
}

/* 0, or 1 when it had to be killed. */
static int child_wait(struct child *c, struct gd_span limit, struct gd_error *err)
{
	int rc = gd_proc_wait(c->pid, limit, &c->status, err);

	c->pid = 0;
	if (rc < 0 && err->code == GD_E_TIMEOUT)
		return 1;
	return rc;
}

/* The runs of one trial have a folder of their own, so the only run in it is ours. */
static char *run_file(const char *runs, const char *name)
{
	DIR *d = opendir(runs);
	struct dirent *e;
	char *path = NULL;

	while (d && !path && (e = readdir(d)))
		if (e->d_name[0] != '.')
			path = gd_strf("%s/%s/%s", runs, e->d_name, name);
	if (d)
		(void)closedir(d);
	return path;
}

typedef bool moment_fn(const cJSON *line, void *ctx);

/* Has any line of the run's journal what `fn` looks for? */
static bool journal_has(const char *runs, moment_fn *fn, void *ctx)
{
	GD_AUTO_FREE char *path = run_file(runs, "journal.jsonl");
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err = GD_ERROR_INIT;
	const char *line, *end;
	size_t size;

	if (!path || gd_file_read(path, MAX_JOURNAL, &text, &size, &err) < 0)
		return false;
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		GD_AUTO(cJSON) cJSON *json = NULL;

		if (gd_json_parse(line, (size_t)(end - line), &json, &err) == 0 &&
		    fn(json, ctx))
			return true;
	}
	return false;
}

struct moment {
	enum gd_when when;
	bool fault_stage;
};

static bool is_moment(const cJSON *line, void *ctx)
{
	struct moment *m = ctx;
	const char *event = gd_json_str(line, "event", "");
	const char *kind = gd_json_str(line, "kind", "");
	bool begins = strcmp(event, "stage_begin") == 0;

	if (begins)
		m->fault_stage = strcmp(kind, "fault") == 0;
	switch (m->when) {
	case GD_WHEN_HOST_LINE:
		/* Claimed: agent and guardian are there, and nothing is in yet. */
		return strcmp(event, "preflight") == 0;
	case GD_WHEN_BASELINE:
		return begins && strcmp(kind, "baseline") == 0;
	case GD_WHEN_HELD:
		return strcmp(event, "stage_measured") == 0 && m->fault_stage;
	case GD_WHEN_RECOVERY:
		return begins && strcmp(kind, "recovery") == 0;
	}
	return false;
}

/* Waits for the moment; false when the run ended or the time passed before it. */
static bool await_moment(const char *runs, enum gd_when when, const struct child *run)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(MOMENT_LIMIT_S));

	while (gd_now().ns < end.ns) {
		struct moment m = {.when = when};
		siginfo_t si = {0};

		if (journal_has(runs, is_moment, &m))
			return true;
		if (waitid(P_PID, (id_t)run->pid, &si, WEXITED | WNOHANG | WNOWAIT) ==
			    0 &&
		    si.si_pid)
			return false;
		gd_sleep(gd_span_ms(20));
	}
	return false;
}

/* --- the strike ---------------------------------------------------------------------- */

/* What strike.sh calls them; the runner is not its business. */
static const char *const remote_victims[GD_N_VICTIMS] = {
	[GD_VICTIM_RUNNER] = "runner",     [GD_VICTIM_AGENT] = "agent",
	[GD_VICTIM_GUARDIAN] = "guardian", [GD_VICTIM_BOTH] = "both",
	[GD_VICTIM_ALL] = "both",          [GD_VICTIM_SESSION] = "session",
};

/* Reads what strike.sh says until it struck or ended; true when it struck at `word`. */
static bool await_strike(int fd, const struct gd_step *s, struct gd_strbuf *said)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(MOMENT_LIMIT_S + 5));
	GD_AUTO_FREE char *wanted = gd_strf("\"step\":\"%s\"", s->word ? s->word : "");

	while (wanted && gd_now().ns < end.ns) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		const char *struck = strstr(gd_strbuf_str(said), "struck ");
		char chunk[4096];
		ssize_t n;

		if (struck && strchr(struck, '\n'))
			return !strstr(gd_strbuf_str(said), "nobody there") &&
			       (s->when != GD_WHEN_HOST_LINE || strstr(struck, wanted));
		if (poll(&pfd, 1, 200) <= 0)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		gd_strbuf_add(said, chunk, (size_t)n);
	}
	return false;
}

/* On the host; 1 when it was not what was wanted, and `why` says so. */
static int strike(const struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
		  struct gd_strbuf *why, struct gd_error *err)
{
	GD_AUTO_FREE char *script = gd_strf("line=%d victim=%s\n%s", s->line,
					    remote_victims[v], gd_bed_file("strike.sh"));
	const char *const argv[] = {b->self, "lab", "ssh", b->host, script, NULL};
	GD_AUTO_STRBUF(said);
	AUTO_CHILD(c);

	if (!script)
		return gd_raise_nomem(err);
	if (child_start(&c, argv, -1, err) < 0)
		return -1;
	if (await_strike(c.out, s, &said))
		return 0;
	gd_strbuf_addf(why, "the step did not come: %s\n", gd_strbuf_str(&said));
	return 1;
}

/* --- afterwards ---------------------------------------------------------------------- */

static struct gd_instant in_time(struct gd_instant struck)
{
	struct gd_instant t = gd_after(struck, gd_span_s(LEASE_S + MARGIN_S));
	struct gd_instant now = gd_after(gd_now(), gd_span_s(MARGIN_S));

	return t.ns > now.ns ? t : now;
}

static int revert(const struct gd_bed *b, struct gd_strbuf *why, struct gd_error *err)
{
	const char *const args[] = {"revert", "--on", b->host, "-i", "lab", NULL};
	struct gd_proc_result r = {0};
	GD_AUTO_FREE char *out = NULL;

	if (gd_bed_gameday(b, args, gd_span_s(60), &r, err) < 0)
		return -1;
	out = r.out;
	if (r.status == 0)
		return 0;
	gd_strbuf_addf(why, "gameday revert: status %d: %s\n", r.status, out);
	return 1;
}

static void judge(struct gd_bed *b, struct gd_cell *c, enum gd_outcome o,
		  struct gd_instant struck, struct gd_strbuf *why)
{
	c->outcome = o;
	c->took_ms = gd_between(struck, gd_now()).ns / GD_NS_PER_MS;
	if (o == GD_OUTCOME_SAME)
		return;
	b->keep = true;
	c->why = gd_strbuf_steal(why);
}

/* From the strike on: the runner's end, then the host. */
static int aftermath(struct gd_bed *b, struct child *run, enum gd_victim v,
		     struct gd_cell *ret, struct gd_error *err)
{
	struct gd_instant struck = gd_now();
	GD_AUTO_STRBUF(why);
	int rc;

	if (v == GD_VICTIM_RUNNER || v == GD_VICTIM_ALL)
		(void)kill(run->pid, SIGKILL);
	rc = child_wait(run, gd_span_s(RUNNER_LIMIT_S), err);
	ret->status = run->status;
	if (rc < 0)
		return -1;
	if (rc > 0) {
		judge(b, ret, GD_OUTCOME_HUNG, struck, &why);
		return 0;
	}
	if (v == GD_VICTIM_ALL)
		rc = revert(b, &why, err);
	if (rc == 0)
		rc = gd_look_until(b, in_time(struck), &why, err);
	if (rc < 0)
		return -1;
	judge(b, ret, rc > 0 ? GD_OUTCOME_DIFF : GD_OUTCOME_SAME, struck, &why);
	return 0;
}

/* --- the trial ----------------------------------------------------------------------- */

/* What it complains about goes into a file beside its runs. */
static int start_run(const struct gd_bed *b, const char *runs, struct child *run,
		     struct gd_error *err)
{
	const char *const argv[] = {b->self, "run", b->scenario, "-i", "lab",
				    "-o",    runs,  "--yes",     NULL};
	GD_AUTO_FREE char *log = gd_strf("%s.log", runs);
	GD_AUTO_FD int fd = -1;

	if (!log)
		return gd_raise_nomem(err);
	if (gd_mkdir_p(runs, 0700, err) < 0)
		return -1;
	fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return gd_raise_errno(err, "%s", log);
	return child_start(run, argv, fd, err);
}

/* The host must look as at the very start, or the trial would prove nothing. */
static int expect_idle(const struct gd_bed *b, struct gd_error *err)
{
	GD_AUTO_STRBUF(diff);
	int rc = gd_look_until(b, gd_after(gd_now(), gd_span_s(MARGIN_S)), &diff, err);

	if (rc > 0)
		return gd_raise(
			err, GD_E_REFUSED,
			"%s does not look as it did when torture began, so the next "
			"trial would prove nothing; `gameday revert --on %s -i lab` or "
			"a new lab helps:\n%.300s",
			b->host, b->host, gd_strbuf_str(&diff));
	return rc;
}

/* A run up to the moment, and the strike: 0, or 1 when it was missed (ret is filled). */
static int run_until_struck(struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
			    const char *runs, struct child *run, struct gd_cell *ret,
			    struct gd_error *err)
{
	GD_AUTO_STRBUF(why);
	int rc = 0;

	if (expect_idle(b, err) < 0 || start_run(b, runs, run, err) < 0)
		return -1;
	if (!await_moment(runs, s->when, run)) {
		gd_strbuf_adds(&why, "the run did not come to its step\n");
		rc = 1;
	} else {
		rc = strike(b, s, v, &why, err);
	}
	if (rc <= 0)
		return rc;
	if (child_wait(run, gd_span_s(RUNNER_LIMIT_S), err) < 0)
		return -1;
	ret->status = run->status;
	judge(b, ret, GD_OUTCOME_MISSED, gd_now(), &why);
	return 1;
}

int gd_trial_run(struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
		 struct gd_cell *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *runs =
		gd_strf("%s/%s %s %s", b->dir, b->name, s->name, victim_names[v]);
	AUTO_CHILD(run);
	int rc;

	if (!runs)
		return gd_raise_nomem(err);
	*ret = (struct gd_cell){.status = -1};
	rc = run_until_struck(b, s, v, runs, &run, ret, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return aftermath(b, &run, v, ret, err);
}

/* --- by hand ------------------------------------------------------------------------- */

/* Puts the lines of each fault before those of the faults that went in earlier. */
static bool take_lines(const cJSON *line, void *ctx)
{
	struct gd_strbuf *out = ctx;
	GD_AUTO_STRBUF(sum);
	const char *manual = gd_json_str(line, "manual", NULL);

	if (strcmp(gd_json_str(line, "event", ""), "fault_injected") != 0 || !manual)
		return false;
	gd_strbuf_adds(&sum, manual);
	gd_strbuf_adds(&sum, gd_strbuf_str(out));
	gd_strbuf_clear(out);
	gd_strbuf_adds(out, gd_strbuf_str(&sum));
	return false;
}

static int type_lines(struct gd_bed *b, const char *runs, struct gd_cell *ret,
		      struct gd_error *err)
{
	struct gd_instant start = gd_now();
	struct gd_proc_result r = {0};
	GD_AUTO_FREE char *out = NULL;
	GD_AUTO_STRBUF(lines);
	GD_AUTO_STRBUF(why);
	int rc;

	(void)journal_has(runs, take_lines, &lines);
	const char *const args[] = {"lab", "ssh", b->host, gd_strbuf_str(&lines), NULL};

	if (gd_bed_gameday(b, args, gd_span_s(30), &r, err) < 0)
		return -1;
	out = r.out;
	rc = gd_look_until(b, gd_after(gd_now(), gd_span_s(MARGIN_S)), &why, err);
	if (rc < 0)
		return -1;
	if (rc > 0)
		gd_strbuf_addf(&why, "after typing:\n%sthey said: %s\n",
			       gd_strbuf_str(&lines), out);
	judge(b, ret, rc > 0 || lines.len == 0 ? GD_OUTCOME_DIFF : GD_OUTCOME_SAME, start,
	      &why);
	return 0;
}

int gd_trial_manual(struct gd_bed *b, struct gd_cell *ret, struct gd_error *err)
{
	const struct gd_step held = {.when = GD_WHEN_HELD, .name = "held"};
	GD_AUTO_FREE char *runs = gd_strf("%s/%s by hand", b->dir, b->name);
	GD_AUTO_STRBUF(why);
	AUTO_CHILD(run);
	int rc;

	if (!runs)
		return gd_raise_nomem(err);
	*ret = (struct gd_cell){.status = -1};
	rc = run_until_struck(b, &held, GD_VICTIM_ALL, runs, &run, ret, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	(void)kill(run.pid, SIGKILL);
	if (child_wait(&run, gd_span_s(5), err) < 0 || type_lines(b, runs, ret, err) < 0)
		return -1;
	/* The journal learns that it is over; there is nothing left to do for it. */
	rc = revert(b, &why, err);
	if (rc > 0 && ret->outcome == GD_OUTCOME_SAME)
		judge(b, ret, GD_OUTCOME_DIFF, gd_now(), &why);
	return rc < 0 ? -1 : 0;
}
