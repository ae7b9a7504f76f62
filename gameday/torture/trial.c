/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/torture/trial.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/torture/look.h"
#include "gameday/torture/run.h"

enum {
	LEASE_S = 10,   /* of a run, DESIGN 7 */
	MARGIN_S = 8,   /* a ring change keeps the carrier away for 3 s */
	CUT_S = 12,     /* longer than the lease and the guardian's grace */
	CLOCK_S = 7200, /* how far the clock jumps */
	STEP_LIMIT_S = 90,
	RUNNER_LIMIT_S = 75,
	ATTEMPTS = 3,
};

/* What they are called, and what host.sh calls them; the runner is not its business. */
static const struct {
	const char *name, *there;
} victims[GD_N_VICTIMS] = {
	[GD_VICTIM_RUNNER] = {"runner", "none"},
	[GD_VICTIM_STOPPED] = {"stopped-runner", "none"},
	[GD_VICTIM_AGENT] = {"agent", "agent"},
	[GD_VICTIM_GUARDIAN] = {"guardian", "guardian"},
	[GD_VICTIM_BOTH] = {"agent+guardian", "both"},
	[GD_VICTIM_ALL] = {"all-three", "both"},
	[GD_VICTIM_SESSION] = {"sshd-session", "session"},
	[GD_VICTIM_LINK] = {"link", "link"},
	[GD_VICTIM_CLOCK] = {"clock", "clock"},
};

const char *gd_victim_name(enum gd_victim v)
{
	return victims[v].name;
}

/* --- the strike ---------------------------------------------------------------------- */

/* The host's next line that begins with `word`; 1: another came, or the run ended first. */
static int await_word(struct gd_bed *b, const struct gd_trial_child *run,
		      const char *word, struct gd_strbuf *said, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(STEP_LIMIT_S));
	bool told = false;

	for (;;) {
		GD_AUTO_FREE char *line = NULL;
		struct gd_error e = GD_ERROR_INIT;

		if (gd_far_line(&b->far, gd_after(gd_now(), gd_span_ms(500)), &line,
				&e) == 0) {
			gd_strbuf_clear(said);
			gd_strbuf_addf(said, "%s\n", line);
			return strncmp(line, word, strlen(word)) == 0 ? 0 : 1;
		}
		if (e.code != GD_E_TIMEOUT || gd_now().ns > end.ns) {
			*err = e;
			return -1;
		}
		if (!told && gd_trial_child_ended(run)) {
			told = true;
			if (gd_far_say(&b->far, err, "stop") < 0)
				return -1;
		}
	}
}

static void strike_runner(const struct gd_trial_child *run, enum gd_victim v)
{
	if (v == GD_VICTIM_RUNNER || v == GD_VICTIM_ALL)
		(void)kill(run->pid, SIGKILL);
	if (v == GD_VICTIM_STOPPED)
		(void)kill(run->pid, SIGSTOP);
}

/* 0; 1: the run did not come there. */
static int await_moment(const struct gd_trial_child *run, enum gd_when when,
			struct gd_strbuf *said)
{
	if (gd_trial_child_await(run, when))
		return 0;
	gd_strbuf_adds(said, "the run did not come to its step\n");
	return 1;
}

/* At the moment that the run's own journal tells. */
static int strike_now(struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
		      const struct gd_trial_child *run, struct gd_strbuf *said,
		      struct gd_error *err)
{
	int rc = await_moment(run, s->when, said);

	if (rc != 0)
		return rc;
	strike_runner(run, v);
	if (gd_far_say(&b->far, err, "now") < 0)
		return -1;
	return await_word(b, run, "struck", said, err);
}

/* At the moment that the host's journal tells. */
static int strike_at_line(struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
			  const struct gd_trial_child *run, struct gd_strbuf *said,
			  struct gd_error *err)
{
	GD_AUTO_FREE char *wanted = gd_strf("\"step\":\"%s\"", s->word);
	int rc = await_word(b, run, "struck", said, err);

	if (!wanted)
		return gd_raise_nomem(err);
	if (rc != 0)
		return rc;
	strike_runner(run, v);
	return strstr(gd_strbuf_str(said), wanted) ? 0 : 1;
}

static int strike(struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
		  const struct gd_trial_child *run, struct gd_strbuf *said,
		  struct gd_error *err)
{
	int seconds = v == GD_VICTIM_LINK ? CUT_S : s->line % 2 ? -CLOCK_S : CLOCK_S;
	int rc = await_moment(run, GD_WHEN_CLAIMED, said);

	if (rc != 0)
		return rc;
	if (gd_far_say(&b->far, err, "strike %d %s %d", s->line, victims[v].there,
		       seconds) < 0)
		return -1;
	rc = await_word(b, run, "ready", said, err);
	if (rc != 0)
		return rc;
	return s->when == GD_WHEN_HOST_LINE ? strike_at_line(b, s, v, run, said, err)
					    : strike_now(b, s, v, run, said, err);
}

/* The host must look as at the very start, or the trial would prove nothing. */
static int expect_idle(struct gd_bed *b, struct gd_error *err)
{
	GD_AUTO_STRBUF(diff);
	int rc;

	if (b->as_before) {
		b->as_before = false;
		return 0;
	}
	rc = gd_look_until(b, gd_after(gd_now(), gd_span_s(MARGIN_S)), false, &diff, err);
	if (rc > 0)
		return gd_raise(
			err, GD_E_REFUSED,
			"%s does not look as it did when torture began, so the next "
			"trial would prove nothing; `gameday revert --on %s -i lab` or "
			"a new lab helps:\n%.300s",
			b->host, b->host, gd_strbuf_str(&diff));
	return rc;
}

int gd_trial_strike(struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
		    struct gd_trial_child *run, struct gd_cell *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *name = gd_strf("%s %s %s", b->name, s->name, victims[v].name);
	GD_AUTO_STRBUF(said);
	int rc;

	if (!name)
		return gd_raise_nomem(err);
	if (expect_idle(b, err) < 0 || gd_far_open(&b->far, b->self, b->host, err) < 0 ||
	    gd_trial_child_start(b, name, run, err) < 0)
		return -1;
	rc = strike(b, s, v, run, &said, err);
	if (rc <= 0)
		return rc;
	/* What it was about to say no longer counts. */
	gd_far_close(&b->far);
	(void)kill(run->pid, SIGCONT);
	if (gd_trial_child_wait(run, gd_span_s(RUNNER_LIMIT_S), err) < 0)
		return -1;
	ret->status = run->status;
	gd_trial_judge(b, ret, GD_OUTCOME_MISSED, gd_now(), &said);
	return 1;
}

/* --- afterwards ---------------------------------------------------------------------- */

static struct gd_instant in_time(struct gd_instant struck)
{
	struct gd_instant t = gd_after(struck, gd_span_s(LEASE_S + MARGIN_S));
	struct gd_instant now = gd_after(gd_now(), gd_span_s(MARGIN_S));

	return t.ns > now.ns ? t : now;
}

int gd_trial_revert(const struct gd_bed *b, struct gd_strbuf *why, struct gd_error *err)
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

void gd_trial_judge(struct gd_bed *b, struct gd_cell *c, enum gd_outcome o,
		    struct gd_instant struck, struct gd_strbuf *why)
{
	c->outcome = o;
	c->took_ms = gd_between(struck, gd_now()).ns / GD_NS_PER_MS;
	b->as_before = o == GD_OUTCOME_SAME;
	if (o == GD_OUTCOME_SAME)
		return;
	b->keep = true;
	c->why = gd_strbuf_steal(why);
}

/* What has to pass before the host is asked. 1: the host differs, `diff` says in what. */
static int pass_time(struct gd_bed *b, const struct gd_trial_child *run, enum gd_victim v,
		     struct gd_instant struck, struct gd_strbuf *diff,
		     struct gd_error *err)
{
	int rc;

	if (v == GD_VICTIM_LINK)
		gd_sleep(gd_span_s(CUT_S));
	if (v != GD_VICTIM_STOPPED)
		return 0;
	/* It renews nothing: the host must be as before although its agent lives. */
	gd_sleep(gd_span_s(LEASE_S + 1));
	rc = gd_look_until(b, in_time(struck), true, diff, err);
	(void)kill(run->pid, SIGCONT);
	return rc;
}

/* A run that lives to tell must not say that something stayed behind. */
static bool says_left_behind(const struct gd_cell *c, struct gd_strbuf *why)
{
	if (c->status != GD_EXIT_LEFT_BEHIND)
		return false;
	gd_strbuf_adds(why, "the host is as before, and the run says it is not\n");
	return true;
}

/* From the strike on: the runner's end, then the host. */
static int aftermath(struct gd_bed *b, struct gd_trial_child *run, enum gd_victim v,
		     struct gd_cell *ret, struct gd_error *err)
{
	struct gd_instant struck = gd_now();
	enum gd_outcome o = GD_OUTCOME_SAME;
	GD_AUTO_STRBUF(why);
	int rc = pass_time(b, run, v, struck, &why, err);
	int hung;

	if (rc < 0)
		return -1;
	hung = gd_trial_child_wait(run, gd_span_s(RUNNER_LIMIT_S), err);
	ret->status = run->status;
	if (hung < 0)
		return -1;
	if (rc == 0 && v == GD_VICTIM_ALL)
		rc = gd_trial_revert(b, &why, err);
	if (rc == 0)
		rc = gd_look_until(b, in_time(struck), false, &why, err);
	if (rc < 0)
		return -1;
	if (rc > 0 || says_left_behind(ret, &why))
		o = GD_OUTCOME_DIFF;
	else if (hung)
		o = GD_OUTCOME_HUNG;
	gd_trial_judge(b, ret, o, struck, &why);
	return 0;
}

int gd_trial_run(struct gd_bed *b, const struct gd_step *s, enum gd_victim v,
		 struct gd_cell *ret, struct gd_error *err)
{
	for (int i = 1;; i++) {
		GD_AUTO_TRIAL_CHILD(run);
		int rc;

		free(ret->why);
		*ret = (struct gd_cell){.status = -1};
		rc = gd_trial_strike(b, s, v, &run, ret, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return aftermath(b, &run, v, ret, err);
		if (i == ATTEMPTS)
			return 0;
	}
}
