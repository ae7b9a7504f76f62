/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The undo by hand, as somebody does it who has nothing but the run's directory: the page is
 * read as it lies there, its commands are typed into a shell of the host, last section first.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/torture/look.h"
#include "gameday/torture/run.h"

enum { TYPE_LIMIT_S = 40, SETTLE_LIMIT_S = 15, LEAVE_LIMIT_S = 5 };

/* The indented lines behind "To undo it:" up to the next text, put before `out`'s. */
static const char *take_block(const char *at, struct gd_strbuf *out)
{
	GD_AUTO_STRBUF(sum);

	while (*at) {
		const char *end = strchrnul(at, '\n');
		bool indented = strncmp(at, "    ", 4) == 0;

		if (!indented && end > at)
			break;
		if (indented)
			gd_strbuf_addf(&sum, "%.*s\n", (int)(end - at - 4), at + 4);
		at = *end ? end + 1 : end;
	}
	gd_strbuf_adds(&sum, gd_strbuf_str(out));
	gd_strbuf_clear(out);
	gd_strbuf_adds(out, gd_strbuf_str(&sum));
	return at;
}

static size_t take_page(const char *page, struct gd_strbuf *out)
{
	static const char title[] = "\nTo undo it:\n";
	size_t n = 0;

	while ((page = strstr(page, title))) {
		page = take_block(page + strlen(title), out);
		n++;
	}
	return n;
}

/* 0, or 1: `why` says what was wrong with what was typed. */
static int type_lines(struct gd_bed *b, const char *lines, struct gd_strbuf *why,
		      struct gd_error *err)
{
	const char *const args[] = {"lab", "ssh", b->host, lines, NULL};
	struct gd_instant end = gd_after(gd_now(), gd_span_s(SETTLE_LIMIT_S));
	struct gd_proc_result r = {0};
	GD_AUTO_FREE char *out = NULL;
	int rc;

	if (gd_bed_gameday(b, args, gd_span_s(TYPE_LIMIT_S), &r, err) < 0)
		return -1;
	out = r.out;
	rc = gd_look_until(b, end, false, why, err);
	if (rc > 0)
		gd_strbuf_addf(why, "after typing:\n%sthey said: %s\n", lines, out);
	return rc;
}

/* The journal learns that it is over; there is nothing left to do for it. */
static int close_journal(struct gd_bed *b, struct gd_strbuf *why, struct gd_error *err)
{
	const char *const args[] = {"status", "--on", b->host, "-i", "lab", NULL};
	struct gd_proc_result r = {0};
	GD_AUTO_FREE char *out = NULL;
	int rc = gd_trial_revert(b, why, err);

	if (rc != 0)
		return rc;
	if (gd_bed_gameday(b, args, gd_span_s(30), &r, err) < 0)
		return -1;
	out = r.out;
	/* The agent that answered may still be on its way out. */
	if (r.status == 0 && strstr(out, "nothing left behind"))
		return gd_look_until(b, gd_after(gd_now(), gd_span_s(LEAVE_LIMIT_S)),
				     false, why, err);
	gd_strbuf_addf(why, "gameday status: status %d: %s\n", r.status, out);
	return 1;
}

static int undo_by_hand(struct gd_bed *b, const struct gd_trial_child *run,
			struct gd_cell *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *page = gd_trial_child_file(run, "undo.md");
	struct gd_instant start = gd_now();
	GD_AUTO_STRBUF(lines);
	GD_AUTO_STRBUF(why);
	size_t n = page ? take_page(page, &lines) : 0;
	int rc = 1;

	if (n == b->n_faults)
		rc = type_lines(b, gd_strbuf_str(&lines), &why, err);
	else
		gd_strbuf_addf(&why, "undo.md tells of %zu faults, not of %zu\n", n,
			       b->n_faults);
	if (rc == 0)
		rc = close_journal(b, &why, err);
	if (rc < 0)
		return -1;
	gd_trial_judge(b, ret, rc > 0 ? GD_OUTCOME_DIFF : GD_OUTCOME_SAME, start, &why);
	return 0;
}

int gd_trial_manual(struct gd_bed *b, struct gd_cell *ret, struct gd_error *err)
{
	const struct gd_step held = {.when = GD_WHEN_HELD, .name = "held by hand"};
	GD_AUTO_TRIAL_CHILD(run);
	int rc;

	*ret = (struct gd_cell){.status = -1};
	rc = gd_trial_strike(b, &held, GD_VICTIM_ALL, &run, ret, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (gd_trial_child_wait(&run, gd_span_s(5), err) < 0)
		return -1;
	ret->status = run.status;
	return undo_by_hand(b, &run, ret, err);
}
