/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/torture/print.h"

#include <stdlib.h>

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

void gd_cell_print(const struct gd_cell *c, FILE *out)
{
	double s = (double)c->took_ms / 1e3;

	switch (c->outcome) {
	case GD_OUTCOME_SAME:
		(void)fprintf(out, "as before after %.1f s", s);
		break;
	case GD_OUTCOME_DIFF:
		(void)fprintf(out, "DIFFERS after %.1f s", s);
		break;
	case GD_OUTCOME_MISSED:
		(void)fputs("MISSED", out);
		break;
	case GD_OUTCOME_HUNG:
		(void)fprintf(out, "the runner HUNG for %.1f s", s);
		break;
	case GD_OUTCOME_NONE:
		(void)fputs("not tried", out);
		break;
	}
	if (c->status >= 0 && c->status < 128)
		(void)fprintf(out, ", the run ended with %d", c->status);
	(void)fputc('\n', out);
	if (c->why)
		(void)fprintf(out, "%s", c->why);
}

static void print_row(const char *name, const struct gd_cell *cells, FILE *out)
{
	(void)fprintf(out, "%-22s", name);
	for (size_t v = 0; v < GD_N_VICTIMS; v++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "%s", outcome_names[cells[v].outcome]);
		if (cells[v].outcome == GD_OUTCOME_SAME ||
		    cells[v].outcome == GD_OUTCOME_DIFF)
			(void)snprintf(text, sizeof(text), "%s %.1f",
				       outcome_names[cells[v].outcome],
				       (double)cells[v].took_ms / 1e3);
		(void)fprintf(out, " %-14s", text);
	}
	(void)fputc('\n', out);
}

void gd_matrix_print(const struct gd_matrix *m, const struct gd_bed *b, FILE *out)
{
	(void)fprintf(out,
		      "%s on %s: who was struck, and the seconds until the host was "
		      "as before\n%-22s",
		      b->name, b->host, "step");
	for (size_t v = 0; v < GD_N_VICTIMS; v++)
		(void)fprintf(out, " %-14s", gd_victim_name((enum gd_victim)v));
	(void)fputc('\n', out);
	for (size_t i = 0; i < m->n_steps; i++)
		print_row(m->steps[i].name, m->cells[i], out);
	if (m->manual.outcome != GD_OUTCOME_NONE) {
		(void)fprintf(out, "undone by hand: ");
		gd_cell_print(&m->manual, out);
	}
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
	cJSON *list = json ? cJSON_AddArrayToObject(json, "trials") : NULL;
	bool ok = list && gd_json_set_str(json, "scenario", b->name) &&
		  gd_json_set_str(json, "host", b->host);

	for (size_t i = 0; ok && i < m->n_steps; i++)
		for (size_t v = 0; ok && v < GD_N_VICTIMS; v++)
			if (m->cells[i][v].outcome != GD_OUTCOME_NONE)
				ok = cJSON_AddItemToArray(
					list, cell_json(m->steps[i].name,
							gd_victim_name((enum gd_victim)v),
							&m->cells[i][v]));
	if (ok && m->manual.outcome != GD_OUTCOME_NONE)
		ok = cJSON_AddItemToArray(list, cell_json("held", "by hand", &m->manual));
	return ok ? gd_steal_ptr(&json) : NULL;
}
