/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/strbuf.h"
#include "gameday/cli/cmd.h"
#include "gameday/report/findings.h"
#include "gameday/report/model.h"
#include "gameday/report/note.h"
#include "gameday/report/people.h"
#include "gameday/report/rundir.h"
#include "gameday/report/text.h"

extern const struct gd_cmd gd_cmd_note;

struct options {
	char *by, *at;
	char *owner, *ticket, *retest;
	int severity;
};

static const struct gd_field fields[] = {
	{.name = "by",
	 .help = "who noticed, did or found it",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, by),
	 .min = 1,
	 .max = GD_NOTE_WHO_MAX},
	{.name = "at",
	 .help = "when it happened: 14:32:10 (local time; 14:32:10Z is UTC), -2m (before now), "
		 "+95s (after the run began); now when not given",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, at)},
	{.name = "owner",
	 .help = "of a finding: who sees to it",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, owner)},
	{.name = "ticket",
	 .help = "of a finding: its number or address in the tracker",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, ticket)},
	{.name = "retest",
	 .help = "of a finding: the day it is tried again, as 2027-01-15",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, retest)},
	{.name = "severity",
	 .help = "of a finding: low, medium, high or critical",
	 .kind = GD_KIND_ENUM,
	 GD_MEMBER(struct options, severity),
	 .choices = gd_severities},
};

static int join(const struct gd_cmd_args *args, size_t first, struct gd_strbuf *ret,
		struct gd_error *err)
{
	for (size_t i = first; i < args->n_operands; i++)
		gd_strbuf_addf(ret, "%s%s", i > first ? " " : "", args->operands[i]);
	return ret->failed ? gd_raise_nomem(err) : 0;
}

static bool is_blank(const struct gd_strbuf *text)
{
	return strspn(gd_strbuf_str(text), " \t\r\n") == text->len;
}

/* --- findings ------------------------------------------------------------------------- */

static int add_finding(const char *dir, const struct options *o, struct gd_strbuf *text,
		       struct gd_error *err)
{
	struct gd_noted f = {.finding = text->data,
			     .owner = o->owner,
			     .ticket = o->ticket,
			     .by = o->by,
			     .retest = o->retest,
			     .severity = o->severity};

	if (is_blank(text))
		return gd_raise(err, GD_E_INPUT,
				"an empty finding: write what was found behind the word");
	if (o->at)
		return gd_raise(err, GD_E_INPUT,
				"--at goes with a note: a finding has no moment");
	if (gd_noted_append(dir, &f, err) < 0)
		return -1;
	(void)printf("added to %s/" GD_FINDINGS_FILE "\n", dir);
	return GD_EXIT_HELD;
}

/* --- notes ---------------------------------------------------------------------------- */

static int check_note(const struct options *o, bool is_kind, const struct gd_strbuf *text,
		      struct gd_error *err)
{
	const char *words[] = {"detected", "diagnosed", "mitigated", "recovered",
			       "finding"};
	const char *near;

	if (o->owner || o->ticket || o->retest || o->severity)
		return gd_raise(err, GD_E_INPUT,
				"--owner, --ticket, --retest and --severity go with a "
				"finding: gameday note RUN finding TEXT --owner NAME");
	if (is_kind)
		return 0;
	if (is_blank(text))
		return gd_raise(err, GD_E_INPUT,
				"an empty note: write detected, diagnosed, mitigated, "
				"recovered or a text");
	near = gd_suggest(gd_strbuf_str(text), words, GD_N_ELEMS(words));
	if (near)
		return gd_raise(err, GD_E_INPUT,
				"did you mean \"%s\"? (a note of that one word needs "
				"another beside it)",
				near);
	return 0;
}

/* The directory bears the scenario's name, which a blind run does not give away. */
static bool is_secret(const struct gd_report *r)
{
	return gd_people_blindness(r).blind && !gd_people_blindness(r).revealed_ns &&
	       !r->run_ended;
}

static void say(const char *dir, const struct gd_note *note, const struct gd_report *r)
{
	int64_t started = r->started_ns;
	int64_t at = note->at_ns ? note->at_ns : gd_wall_now().ns;
	char when[32];
	GD_AUTO_STRBUF(out);

	gd_strbuf_adds(&out, "noted in ");
	gd_text_plain(&out, is_secret(r) ? "the blind run" : dir, GD_NOTE_MAX);
	gd_strbuf_addf(&out, ": %s at %s", note->kind,
		       gd_wall_format((struct gd_wall){at}, when));
	if (started)
		gd_strbuf_addf(&out, ", %.1f s after the run began",
			       (double)(at - started) / (double)GD_NS_PER_S);
	if (note->by) {
		gd_strbuf_adds(&out, ", by ");
		gd_text_plain(&out, note->by, GD_NOTE_WHO_MAX);
	}
	(void)puts(gd_strbuf_str(&out));
}

static int add_note(const char *dir, const struct options *o, const char *kind,
		    const struct gd_strbuf *text, struct gd_error *err)
{
	struct gd_note note = {.kind = kind, .text = gd_strbuf_str(text), .by = o->by};
	GD_AUTO(gd_report) struct gd_report *r = NULL;

	if (gd_report_load_journal(dir, &r, err) < 0)
		return -1;
	if (o->at &&
	    gd_note_time(o->at, r->started_ns, gd_wall_now().ns, &note.at_ns, err) < 0)
		return -1;
	if (gd_note_write(dir, &note, err) < 0)
		return -1;
	say(dir, &note, r);
	return GD_EXIT_HELD;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	const char *word = args->operands[1];
	bool is_kind = gd_note_is_kind(word), is_finding = strcmp(word, "finding") == 0;
	GD_AUTO_FREE char *dir = NULL;
	GD_AUTO_STRBUF(text);

	if (join(args, is_kind || is_finding ? 2 : 1, &text, err) < 0)
		return -1;
	if (!is_finding && check_note(o, is_kind, &text, err) < 0)
		return -1;
	if (gd_rundir_find(args->operands[0], &dir, err) < 0)
		return -1;
	if (is_finding)
		return add_finding(dir, o, &text, err);
	return add_note(dir, o, is_kind ? word : "text", &text, err);
}

const struct gd_cmd gd_cmd_note = {
	.name = "note",
	.synopsis =
		"RUN detected|diagnosed|mitigated|recovered|finding|TEXT... [--by NAME] "
		"[--at TIME]",
	.summary = "put what the people saw, did and found into a run",
	.details =
		"RUN is a run's directory, its name under runs/, or latest; it may be going on or\n"
		"over. A text may follow each of the words, and must follow finding. Notes go into\n"
		"the run's timeline; findings into its " GD_FINDINGS_FILE
		", which is yours to edit.\n`gameday report RUN` renders both. Put -- before a "
		"text that begins with a dash.",
	.example =
		"gameday note latest diagnosed --by Ada 'rx ring of eth0 is 128 of 4096'",
	.options = GD_SHAPE("note", fields, struct options),
	.min_operands = 2,
	.max_operands = 1000,
	.run = run,
};
