/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/torture/print.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_COLUMN = 8 };

static const char *const outcome_names[] = {
	[GD_OUTCOME_NONE] = "-",    [GD_OUTCOME_SAME] = "ok",
	[GD_OUTCOME_DIFF] = "DIFF", [GD_OUTCOME_MISSED] = "MISSED",
	[GD_OUTCOME_HUNG] = "HUNG",
};

void gd_matrix_fini(struct gd_matrix *m)
{
	for (size_t i = 0; i < m->n_steps; i++)
		for (size_t v = 0; v < GD_N_VICTIMS; v++)
			free(m->cells[i][v].why);
	free(m->manual.why);
	*m = (struct gd_matrix){0};
}

void gd_cell_print(const struct gd_cell *c, struct gd_strbuf *out)
{
	double s = (double)c->took_ms / 1e3;

	switch (c->outcome) {
	case GD_OUTCOME_SAME:
		gd_strbuf_addf(out, "as before after %.1f s", s);
		break;
	case GD_OUTCOME_DIFF:
		gd_strbuf_addf(out, "DIFFERS after %.1f s", s);
		break;
	case GD_OUTCOME_MISSED:
		gd_strbuf_adds(out, "MISSED");
		break;
	case GD_OUTCOME_HUNG:
		gd_strbuf_addf(out, "the runner HUNG for %.1f s", s);
		break;
	case GD_OUTCOME_NONE:
		gd_strbuf_adds(out, "not tried");
		break;
	}
	if (c->status >= 0 && c->status < 128)
		gd_strbuf_addf(out, ", the run ended with %d", c->status);
	gd_strbuf_addf(out, "\n%s", c->why ? c->why : "");
}

static int width_of(const struct gd_step *s)
{
	int len = (int)strlen(s->name);

	return len < MIN_COLUMN ? MIN_COLUMN : len;
}

static void print_row(const struct gd_matrix *m, enum gd_victim v, FILE *out)
{
	(void)fprintf(out, "%-15s", gd_victim_name(v));
	for (size_t i = 0; i < m->n_steps; i++) {
		const struct gd_cell *c = &m->cells[i][v];
		char text[32];

		(void)snprintf(text, sizeof(text), "%s", outcome_names[c->outcome]);
		if (c->outcome == GD_OUTCOME_SAME || c->outcome == GD_OUTCOME_DIFF)
			(void)snprintf(text, sizeof(text), "%s %.1f",
				       outcome_names[c->outcome],
				       (double)c->took_ms / 1e3);
		(void)fprintf(out, " %-*s", width_of(&m->steps[i]), text);
	}
	(void)fputc('\n', out);
}

/* What a cell has no room for. */
static void print_whys(const struct gd_matrix *m, FILE *out)
{
	for (size_t i = 0; i < m->n_steps; i++)
		for (int v = 0; v < GD_N_VICTIMS; v++)
			if (m->cells[i][v].why)
				(void)fprintf(out, "%s/%s:\n%s", m->steps[i].name,
					      gd_victim_name((enum gd_victim)v),
					      m->cells[i][v].why);
}

static void count(const struct gd_cell *c, struct gd_tally *tally)
{
	tally->n += c->outcome != GD_OUTCOME_NONE;
	tally->n_missed += c->outcome == GD_OUTCOME_MISSED;
	tally->n_differ += c->outcome == GD_OUTCOME_DIFF || c->outcome == GD_OUTCOME_HUNG;
}

void gd_matrix_count(const struct gd_matrix *m, struct gd_tally *tally)
{
	for (size_t i = 0; i < m->n_steps; i++)
		for (size_t v = 0; v < GD_N_VICTIMS; v++)
			count(&m->cells[i][v], tally);
	count(&m->manual, tally);
}

void gd_matrix_print(const struct gd_matrix *m, const struct gd_bed *b, FILE *out)
{
	struct gd_tally tally = {0};
	GD_AUTO_STRBUF(manual);

	gd_matrix_count(m, &tally);
	if (tally.n == 0)
		return;
	(void)fprintf(out,
		      "\n%s on %s: who was struck, when, and the seconds until the host "
		      "was seen as before\n%-15s",
		      b->name, b->host, "");
	for (size_t i = 0; i < m->n_steps; i++)
		(void)fprintf(out, " %-*s", width_of(&m->steps[i]), m->steps[i].name);
	(void)fputc('\n', out);
	for (int v = 0; v < GD_N_VICTIMS; v++)
		print_row(m, (enum gd_victim)v, out);
	print_whys(m, out);
	if (m->manual.outcome == GD_OUTCOME_NONE)
		return;
	gd_cell_print(&m->manual, &manual);
	(void)fprintf(out, "all dead and undone by hand: %s", gd_strbuf_str(&manual));
}

static cJSON *cell_json(const char *step, const char *victim, const struct gd_cell *c)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();

	if (json && gd_json_set_str(json, "step", step) &&
	    gd_json_set_str(json, "victim", victim) &&
	    gd_json_set_str(json, "outcome", outcome_names[c->outcome]) &&
	    gd_json_set_int(json, "took_ms", c->took_ms) &&
	    gd_json_set_int(json, "run_exit", c->status) &&
	    (!c->why || gd_json_set_str(json, "why", c->why)))
		return gd_steal_ptr(&json);
	return NULL;
}

cJSON *gd_matrix_json(const struct gd_matrix *m, const struct gd_bed *b)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	cJSON *faults = json ? cJSON_AddArrayToObject(json, "faults") : NULL;
	cJSON *list = json ? cJSON_AddArrayToObject(json, "trials") : NULL;
	bool ok = faults && list && gd_json_set_str(json, "scenario", b->name) &&
		  gd_json_set_str(json, "host", b->host);

	for (size_t i = 0; ok && i < b->n_faults; i++)
		ok = cJSON_AddItemToArray(faults, cJSON_CreateString(b->kinds[i]));
	for (size_t i = 0; ok && i < m->n_steps; i++)
		for (size_t v = 0; ok && v < GD_N_VICTIMS; v++)
			if (m->cells[i][v].outcome != GD_OUTCOME_NONE)
				ok = cJSON_AddItemToArray(
					list, cell_json(m->steps[i].name,
							gd_victim_name((enum gd_victim)v),
							&m->cells[i][v]));
	if (ok && m->manual.outcome != GD_OUTCOME_NONE)
		ok = cJSON_AddItemToArray(list, cell_json("held", "by-hand", &m->manual));
	return ok ? gd_steal_ptr(&json) : NULL;
}
