/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/torture/torture.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/torture/files.h"
#include "gameday/torture/print.h"

/* --- which steps and which victims --------------------------------------------------- */

static void add_step(struct gd_matrix *m, enum gd_when when, int line, const char *word,
		     const char *kind)
{
	struct gd_step *s = &m->steps[m->n_steps++];

	*s = (struct gd_step){.when = when, .line = line, .word = word};
	(void)snprintf(s->name, sizeof(s->name), "%s%s%s", word, kind ? "-" : "",
		       kind ? kind : "");
}

/* In the order a run takes them: in one by one, out in reverse. */
static void list_steps(const struct gd_bed *b, struct gd_matrix *m)
{
	int line = 0;

	add_step(m, GD_WHEN_BASELINE, 0, "baseline", NULL);
	for (size_t i = 0; i < b->n_faults; i++) {
		add_step(m, GD_WHEN_HOST_LINE, ++line, "open", b->kinds[i]);
		add_step(m, GD_WHEN_HOST_LINE, ++line, "active", b->kinds[i]);
	}
	add_step(m, GD_WHEN_HELD, 0, "held", NULL);
	for (size_t i = b->n_faults; i-- > 0;)
		add_step(m, GD_WHEN_HOST_LINE, ++line, "clean", b->kinds[i]);
	add_step(m, GD_WHEN_RECOVERY, 0, "recovery", NULL);
}

/* Two minutes' worth: each way to die once, at the step where it hurts most. */
static bool is_quick(const struct gd_step *s, enum gd_victim v)
{
	static const struct {
		enum gd_when when;
		int line;
		enum gd_victim victim;
	} pairs[] = {
		{GD_WHEN_HOST_LINE, 1, GD_VICTIM_AGENT},
		{GD_WHEN_HOST_LINE, 2, GD_VICTIM_RUNNER},
		{GD_WHEN_HOST_LINE, 3, GD_VICTIM_SESSION},
		{GD_WHEN_HELD, 0, GD_VICTIM_ALL},
	};

	for (size_t i = 0; i < GD_N_ELEMS(pairs); i++)
		if (s->when == pairs[i].when && s->line == pairs[i].line &&
		    v == pairs[i].victim)
			return true;
	return false;
}

static bool wanted(const struct gd_torture_options *o, const struct gd_matrix *m,
		   size_t step, enum gd_victim v)
{
	const char *slash = o->only ? strchr(o->only, '/') : NULL;
	const char *name = m->steps[step].name;

	if (!o->only)
		return !o->quick || is_quick(&m->steps[step], v);
	return slash && strlen(name) == (size_t)(slash - o->only) &&
	       strncmp(name, o->only, (size_t)(slash - o->only)) == 0 &&
	       strcmp(gd_victim_name(v), slash + 1) == 0;
}

/* --- all of them --------------------------------------------------------------------- */

static int worse(int status, const struct gd_cell *c)
{
	if (c->outcome == GD_OUTCOME_DIFF || c->outcome == GD_OUTCOME_HUNG ||
	    status == GD_EXIT_LEFT_BEHIND)
		return GD_EXIT_LEFT_BEHIND;
	return c->outcome == GD_OUTCOME_MISSED ? GD_EXIT_INVALID : status;
}

static int try_all(const struct gd_torture_options *o, struct gd_bed *b,
		   struct gd_matrix *m, FILE *progress, struct gd_error *err)
{
	int status = GD_EXIT_HELD, n = 0;

	for (size_t i = 0; i < m->n_steps; i++)
		for (size_t v = 0; v < GD_N_VICTIMS; v++) {
			struct gd_cell *c = &m->cells[i][v];

			if (!wanted(o, m, i, (enum gd_victim)v))
				continue;
			(void)fprintf(progress, "%s/%s: ", m->steps[i].name,
				      gd_victim_name((enum gd_victim)v));
			(void)fflush(progress);
			if (gd_trial_run(b, &m->steps[i], (enum gd_victim)v, c, err) < 0)
				return gd_wrap(err, "%s/%s: ", m->steps[i].name,
					       gd_victim_name((enum gd_victim)v));
			gd_cell_print(c, progress);
			status = worse(status, c);
			n++;
		}
	if (o->only && n == 0)
		return gd_raise(
			err, GD_E_INPUT,
			"torture: there is no \"%s\"; STEP/VICTIM is wanted, as in "
			"held/agent",
			o->only);
	if (o->only)
		return status;
	(void)fprintf(progress, "held/by-hand: ");
	(void)fflush(progress);
	if (gd_trial_manual(b, &m->manual, err) < 0)
		return -1;
	gd_cell_print(&m->manual, progress);
	return worse(status, &m->manual);
}

static int print_json(const struct gd_matrix *m, const struct gd_bed *b, FILE *out,
		      struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = gd_matrix_json(m, b);
	GD_AUTO_FREE char *text = json ? gd_json_print_pretty(json) : NULL;

	if (!text)
		return gd_raise_nomem(err);
	(void)fprintf(out, "%s\n", text);
	return 0;
}

static int torture_scenario(const struct gd_torture_options *o,
			    const struct gd_torture_file *f, FILE *out,
			    struct gd_error *err)
{
	struct gd_matrix *m = calloc(1, sizeof(*m));
	struct gd_bed b = {0};
	int status = -1;

	if (!m)
		return gd_raise_nomem(err);
	if (gd_bed_make(f->name, f->text, &b, err) == 0) {
		list_steps(&b, m);
		status = try_all(o, &b, m, o->json ? stderr : out, err);
		if (status < 0)
			b.keep = true;
		else if (!o->json)
			gd_matrix_print(m, &b, out);
		else if (print_json(m, &b, out, err) < 0)
			status = -1;
		(void)fflush(out);
		if (b.keep)
			(void)fprintf(stderr, "kept: %s\n", b.dir);
	}
	gd_matrix_fini(m);
	free(m);
	gd_bed_fini(&b);
	return status;
}

static bool is_scenario(const struct gd_torture_file *f)
{
	const char *dot = strrchr(f->name, '.');

	return dot && strcmp(dot, ".yaml") == 0;
}

int gd_torture(const struct gd_torture_options *o, FILE *out, struct gd_error *err)
{
	int status = GD_EXIT_HELD;

	for (const struct gd_torture_file *f = gd_torture_files; f->name; f++) {
		int one;

		if (!is_scenario(f))
			continue;
		one = torture_scenario(o, f, out, err);
		if (one < 0)
			return gd_wrap(err, "torture: ");
		if (status != GD_EXIT_LEFT_BEHIND && one != GD_EXIT_HELD)
			status = one;
	}
	return status;
}
