/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each scenario hurts a host of its own. Those whose names are the same up to the first '-'
 * touch each other's hosts and make a lane: they take turns. Lanes go side by side, a thread
 * each. The lab has one clock for all its hosts, so the clock is the last victim everywhere, and
 * there the lanes take turns too.
 */
#include "gameday/torture/torture.h"

#include <fnmatch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/torture/files.h"
#include "gameday/torture/print.h"

enum { MAX_SCENARIOS = 8 };

enum phase { PHASE_BEDS, PHASE_TRIALS, PHASE_CLOCK };

struct subject {
	const struct gd_torture_file *file;
	struct gd_bed bed;
	struct gd_matrix matrix;
	size_t lane, turn; /* which lane, and the how manieth in it */
	bool made;
};

struct torture {
	const struct gd_torture_options *o;
	FILE *progress;
	struct subject subjects[MAX_SCENARIOS];
	size_t n, n_lanes;
};

struct lane {
	struct torture *t;
	size_t number;
	pthread_t thread;
	struct gd_error err;
	enum phase phase;
	int result;
};

/* --- which of them ------------------------------------------------------------------- */

/* The moments that tell most: all is in, or about to be, or about to end. */
static size_t telling_step(const struct subject *s, size_t n)
{
	size_t held = 2 + 2 * s->bed.n_faults;
	const size_t steps[] = {held - 1, held, held - 2, held + 1};

	return steps[n % GD_N_ELEMS(steps)];
}

/* Each victim once and each scenario at least once, spread over the lanes. */
static bool is_quick(const struct torture *t, const struct subject *s, size_t step,
		     size_t v)
{
	size_t turns = 0, round;

	for (size_t i = 0; i < t->n; i++)
		turns += t->subjects[i].lane == s->lane;
	if (t->n_lanes == 0 || turns == 0)
		return false;
	round = v / t->n_lanes;
	return v % t->n_lanes == s->lane && round % turns == s->turn &&
	       step == telling_step(s, round);
}

/* Is it what the user's pattern names: STEP/VICTIM, or of one host HOST:STEP/VICTIM? */
static bool is_only(const struct torture *t, const struct subject *s, const char *step,
		    const char *victim)
{
	char pair[192];

	(void)snprintf(pair, sizeof(pair), "%s:%s/%s", s->bed.host, step, victim);
	return fnmatch(t->o->only, pair, 0) == 0 ||
	       fnmatch(t->o->only, strchr(pair, ':') + 1, 0) == 0;
}

static bool wanted(const struct torture *t, const struct subject *s, size_t step,
		   size_t v)
{
	if (t->o->only)
		return is_only(t, s, s->matrix.steps[step].name,
			       gd_victim_name((enum gd_victim)v));
	return !t->o->quick || is_quick(t, s, step, v);
}

static bool manual_wanted(const struct torture *t, const struct subject *s)
{
	if (t->o->only)
		return is_only(t, s, "held", "by-hand");
	return !t->o->quick || s->turn == 0;
}

/* --- trials -------------------------------------------------------------------------- */

/* One call, so that the lanes' lines don't mix. */
static void tell(const struct torture *t, const struct subject *s, const char *step,
		 const char *victim, const struct gd_cell *c)
{
	GD_AUTO_STRBUF(text);

	gd_cell_print(c, &text);
	(void)fprintf(t->progress, "%s %s/%s: %s", s->bed.host, step, victim,
		      gd_strbuf_str(&text));
	(void)fflush(t->progress);
}

/* So that the next trial begins on a host as it was, whatever this one left. */
static int clear_up(struct subject *s, const struct gd_cell *c, struct gd_error *err)
{
	GD_AUTO_STRBUF(ignored);

	if (c->outcome == GD_OUTCOME_SAME)
		return 0;
	return gd_trial_revert(&s->bed, &ignored, err) < 0 ? -1 : 0;
}

static int try_one(struct torture *t, struct subject *s, size_t step, size_t v,
		   struct gd_error *err)
{
	struct gd_cell *c = &s->matrix.cells[step][v];
	const char *victim = gd_victim_name((enum gd_victim)v);
	const char *name = s->matrix.steps[step].name;

	if (gd_trial_run(&s->bed, &s->matrix.steps[step], (enum gd_victim)v, c, err) < 0)
		return gd_wrap(err, "%s %s/%s: ", s->bed.host, name, victim);
	tell(t, s, name, victim, c);
	return clear_up(s, c, err);
}

static int try_phase(struct torture *t, struct subject *s, enum phase phase,
		     struct gd_error *err)
{
	for (size_t i = 0; i < s->matrix.n_steps; i++)
		for (size_t v = 0; v < GD_N_VICTIMS; v++)
			if ((v == GD_VICTIM_CLOCK) == (phase == PHASE_CLOCK) &&
			    wanted(t, s, i, v) && try_one(t, s, i, v, err) < 0)
				return -1;
	if (phase == PHASE_CLOCK || !manual_wanted(t, s))
		return 0;
	if (gd_trial_manual(&s->bed, &s->matrix.manual, err) < 0)
		return gd_wrap(err, "%s held/by-hand: ", s->bed.host);
	tell(t, s, "held", "by-hand", &s->matrix.manual);
	return clear_up(s, &s->matrix.manual, err);
}

static int make(struct subject *s, struct gd_error *err)
{
	if (gd_bed_make(s->file->name, s->file->text, &s->bed, err) < 0)
		return -1;
	s->made = true;
	s->matrix.n_steps = gd_steps_list(&s->bed, s->matrix.steps);
	return 0;
}

/* --- lanes --------------------------------------------------------------------------- */

static void *run_lane(void *arg)
{
	struct lane *l = arg;

	for (size_t i = 0; i < l->t->n && l->result == 0; i++) {
		struct subject *s = &l->t->subjects[i];

		if (s->lane != l->number)
			continue;
		l->result = l->phase == PHASE_BEDS
				    ? make(s, &l->err)
				    : try_phase(l->t, s, l->phase, &l->err);
	}
	return NULL;
}

/* All lanes through one phase; the first error, after all have ended. */
static int run_phase(struct torture *t, enum phase phase, struct gd_error *err)
{
	struct lane lanes[MAX_SCENARIOS] = {0};
	size_t started = 0;
	int result = 0;

	for (; started < t->n_lanes; started++) {
		struct lane *l = &lanes[started];

		*l = (struct lane){.t = t, .number = started, .phase = phase};
		if (pthread_create(&l->thread, NULL, run_lane, l) != 0) {
			result = gd_raise(err, GD_E_SYSTEM, "a thread can't be started");
			break;
		}
	}
	for (size_t i = 0; i < started; i++) {
		(void)pthread_join(lanes[i].thread, NULL);
		if (result == 0 && lanes[i].result < 0) {
			result = -1;
			*err = lanes[i].err;
		}
	}
	return result;
}

/* One after the other: a jump would reach the others' faults and end them before their time. */
static int run_clock(struct torture *t, struct gd_error *err)
{
	for (size_t i = 0; i < t->n; i++) {
		if (try_phase(t, &t->subjects[i], PHASE_CLOCK, err) < 0)
			return -1;
	}
	return 0;
}

/* Where a scenario of this name belongs: with the last of the same group, or alone. */
static void find_lane(struct torture *t, struct subject *s)
{
	size_t len = strcspn(s->file->name, "-.");

	s->lane = t->n_lanes;
	for (size_t i = 0; i < t->n; i++) {
		const struct subject *other = &t->subjects[i];

		if (strcspn(other->file->name, "-.") != len ||
		    strncmp(other->file->name, s->file->name, len) != 0)
			continue;
		s->lane = other->lane;
		s->turn = other->turn + 1;
	}
	if (s->lane == t->n_lanes)
		t->n_lanes++;
}

static int list_subjects(struct torture *t, struct gd_error *err)
{
	for (const struct gd_torture_file *f = gd_torture_files; f->name; f++) {
		const char *dot = strrchr(f->name, '.');
		struct subject *s = &t->subjects[t->n];

		if (!dot || strcmp(dot, ".yaml") != 0)
			continue;
		if (t->n == MAX_SCENARIOS)
			return gd_raise(err, GD_E_BUG, "more than %d scenarios",
					(int)MAX_SCENARIOS);
		s->file = f;
		find_lane(t, s);
		t->n++;
	}
	return 0;
}

/* --- the result ---------------------------------------------------------------------- */

static int print_json(const struct torture *t, const struct gd_tally *tally, FILE *out,
		      struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	cJSON *list = json ? cJSON_AddArrayToObject(json, "scenarios") : NULL;
	GD_AUTO_FREE char *text = NULL;
	bool ok = list && gd_json_set_int(json, "trials", (int64_t)tally->n) &&
		  gd_json_set_int(json, "differences", (int64_t)tally->n_differ) &&
		  gd_json_set_int(json, "missed", (int64_t)tally->n_missed);

	for (size_t i = 0; ok && i < t->n; i++)
		ok = cJSON_AddItemToArray(list, gd_matrix_json(&t->subjects[i].matrix,
							       &t->subjects[i].bed));
	text = ok ? gd_json_print_pretty(json) : NULL;
	if (!text)
		return gd_raise_nomem(err);
	(void)fprintf(out, "%s\n", text);
	return 0;
}

static int print_result(const struct torture *t, const struct gd_tally *tally,
			struct gd_span took, FILE *out, struct gd_error *err)
{
	if (t->o->json)
		return print_json(t, tally, out, err);
	for (size_t i = 0; i < t->n; i++)
		if (t->subjects[i].made)
			gd_matrix_print(&t->subjects[i].matrix, &t->subjects[i].bed, out);
	(void)fprintf(out, "\n%zu trials in %lld s: %zu differences, %zu missed\n",
		      tally->n, (long long)(took.ns / GD_NS_PER_S), tally->n_differ,
		      tally->n_missed);
	return 0;
}

static int try_everything(struct torture *t, FILE *out, struct gd_error *err)
{
	struct gd_instant start = gd_now();
	struct gd_tally tally = {0};
	struct gd_error failure = GD_ERROR_INIT;
	int rc;

	if (run_phase(t, PHASE_BEDS, err) < 0)
		return -1;
	rc = run_phase(t, PHASE_TRIALS, &failure);
	if (rc == 0)
		rc = run_clock(t, &failure);
	for (size_t i = 0; i < t->n; i++)
		gd_matrix_count(&t->subjects[i].matrix, &tally);
	/* What was seen up to a failure counts as well. */
	if (print_result(t, &tally, gd_between(start, gd_now()), out, err) < 0)
		return -1;
	(void)fflush(out);
	if (rc < 0) {
		*err = failure;
		return -1;
	}
	if (tally.n == 0)
		return gd_raise(err, GD_E_INPUT,
				"there is no \"%s\"; STEP/VICTIM is wanted, as in "
				"held/agent or '*/link'",
				t->o->only ? t->o->only : "");
	if (tally.n_differ > 0)
		return GD_EXIT_LEFT_BEHIND;
	return tally.n_missed > 0 ? GD_EXIT_INVALID : GD_EXIT_HELD;
}

int gd_torture(const struct gd_torture_options *o, FILE *out, struct gd_error *err)
{
	struct torture *t = calloc(1, sizeof(*t));
	int status;

	if (!t)
		return gd_raise_nomem(err);
	t->o = o;
	t->progress = o->json ? stderr : out;
	status = list_subjects(t, err) < 0 ? -1 : try_everything(t, out, err);
	for (size_t i = 0; i < t->n; i++) {
		struct subject *s = &t->subjects[i];

		if (!s->made)
			continue;
		s->bed.keep |= status < 0;
		if (s->bed.keep)
			(void)fprintf(stderr, "kept: %s\n", s->bed.dir);
		gd_matrix_fini(&s->matrix);
		gd_bed_fini(&s->bed);
	}
	free(t);
	return status < 0 ? gd_wrap(err, "torture: ") : status;
}
