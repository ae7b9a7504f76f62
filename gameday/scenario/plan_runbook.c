/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/plan_runbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/mitigate.h"

/* --- what is tried --------------------------------------------------------------------- */

static int add_arg(struct gd_node *args, const char *key, const char *text,
		   struct gd_pos pos)
{
	struct gd_node *value = gd_node_scalar(text, true, pos);

	return value ? gd_node_append(args, key, pos, value) : -1;
}

/* The parameters of a mitigation, from the runbook. NULL: no memory. */
static struct gd_node *args_of(const struct gd_runbook *r, const struct gd_mitigation *m,
			       struct gd_pos pos)
{
	GD_AUTO(gd_node) struct gd_node *args = gd_node_new(GD_NODE_MAP, pos);
	const char *undo = gd_runbook_undo(r, m);
	char timeout[32];

	if (!args || add_arg(args, "action", m->action, pos) < 0 ||
	    add_arg(args, "command", m->command ? m->command : "", pos) < 0 ||
	    add_arg(args, "undo", undo ? undo : "", pos) < 0 ||
	    add_arg(args, "state", m->state ? m->state : "", pos) < 0 ||
	    add_arg(args, "timeout", gd_span_format(m->timeout, timeout), pos) < 0)
		return NULL;
	return gd_steal_ptr(&args);
}

static void use_free(struct gd_fault_use *use)
{
	if (!use)
		return;
	free(use->kind);
	free(use->on);
	(void)gd_node_free(use->args);
	free(use);
}

GD_DEFINE_AUTO(gd_fault_use, use_free);

void gd_plan_tries_fini(struct gd_plan *p)
{
	for (size_t i = 0; i < p->n_tries; i++)
		use_free(p->tries[i]);
	free(p->tries);
	p->tries = NULL;
	p->n_tries = 0;
}

static int no_memory(struct gd_diags *diags, struct gd_pos pos)
{
	gd_diag_error(diags, pos, "out of memory");
	return -1;
}

/* Action number n of a stage, on one role. */
static int try_on(struct gd_plan *p, const struct gd_stage *stage, size_t n,
		  const struct gd_mitigation *m, const char *role,
		  const struct gd_kind_row *kind, struct gd_diags *diags)
{
	const struct gd_mitigate_use *from =
		GD_AT(&stage->mitigate, const struct gd_mitigate_use, n);
	GD_AUTO(gd_fault_use) struct gd_fault_use *use = calloc(1, sizeof(*use));
	struct gd_fault_use **grown =
		reallocarray(p->tries, p->n_tries + 1, sizeof(*p->tries));
	int len;

	if (grown)
		p->tries = grown;
	if (!use || !grown)
		return no_memory(diags, from->pos);
	*use = (struct gd_fault_use){.kind = strdup(kind->name),
				     .on = strdup(role),
				     .after = from->after,
				     .args = args_of(p->scenario->book, m, from->pos),
				     .pos = from->pos,
				     .on_pos = from->on_pos,
				     .after_pos = from->pos};
	if (!use->kind || !use->on || !use->args)
		return no_memory(diags, from->pos);
	len = snprintf(use->ref, sizeof(use->ref), "%s.try%zu.%s", stage->name, n + 1,
		       kind->name);
	if (len < 0 || (size_t)len >= sizeof(use->ref)) {
		gd_diag_error(diags, from->pos, "the name of this stage is too long");
		return -1;
	}
	p->tries[p->n_tries++] = use;
	return gd_plan_add_try(p, stage, m, gd_steal_ptr(&use), kind, diags);
}

static int try_action(struct gd_plan *p, const struct gd_stage *stage, size_t n,
		      const struct gd_kind_row *kind, struct gd_diags *diags)
{
	const struct gd_mitigate_use *use =
		GD_AT(&stage->mitigate, const struct gd_mitigate_use, n);
	const struct gd_runbook *book = p->scenario->book;
	const struct gd_mitigation *m =
		book ? gd_runbook_action(book, use->action) : NULL;
	const char *roles[GD_MOST_ROLES];
	size_t n_roles;

	if (!m || !kind) {
		gd_diag_error(diags, use->pos, "mitigation \"%.60s\" can't be tried",
			      use->action);
		return -1;
	}
	n_roles = gd_mitigate_roles(p->scenario, stage, use, m, roles);
	for (size_t i = 0; i < n_roles; i++)
		if (try_on(p, stage, n, m, roles[i], kind, diags) < 0)
			return -1;
	return 0;
}

int gd_plan_add_tries(struct gd_plan *p, const struct gd_kinds *kinds,
		      struct gd_diags *diags)
{
	int rc = 0;

	for (size_t i = 0; i < p->scenario->stages.n; i++) {
		const struct gd_stage *stage =
			GD_AT(&p->scenario->stages, const struct gd_stage, i);

		for (size_t k = 0; k < stage->mitigate.n; k++)
			if (try_action(p, stage, k, kinds->mitigation, diags) < 0)
				rc = -1;
	}
	return rc;
}

/* --- what is looked at ------------------------------------------------------------------ */

static bool has_fault(const struct gd_plan *p, const struct gd_stage *stage,
		      const struct gd_inventory_host *host)
{
	for (size_t i = 0; i < p->n_faults; i++)
		if (p->faults[i].stage == stage && !p->faults[i].remedy &&
		    p->hosts[p->faults[i].host].host == host)
			return true;
	return false;
}

/* Is it run on host number h? A host that plays two roles is asked once. */
static bool is_looked_at(const struct gd_plan *p, const struct gd_stage *stage,
			 const struct gd_diagnosis *step, size_t h)
{
	const struct gd_plan_host *host = &p->hosts[h];

	if (step->on)
		return strcmp(step->on, host->role->name) == 0;
	for (size_t i = 0; i < h; i++)
		if (p->hosts[i].host == host->host)
			return false;
	return has_fault(p, stage, host->host);
}

static void warn_of_role(const struct gd_plan *p, const struct gd_diagnosis *step,
			 size_t number, struct gd_diags *diags)
{
	const struct gd_node *node = gd_node_get(p->scenario->tree, "runbook");

	if (step->on && !gd_scenario_role(p->scenario, step->on))
		gd_diag_warning(diags,
				node ? node->pos
				     : (struct gd_pos){p->scenario->path, 0, 0},
				"step %zu of the runbook is run on role %s, which this "
				"scenario has not: it is left out",
				number, step->on);
}

static void add_looks_of(struct gd_plan *p, const struct gd_stage *stage,
			 const struct gd_diagnosis *step, size_t number)
{
	for (size_t h = 0; h < p->n_hosts; h++) {
		struct gd_plan_look *l = &p->looks[p->n_looks];

		if (!is_looked_at(p, stage, step, h))
			continue;
		*l = (struct gd_plan_look){
			.stage = stage, .step = step, .number = number, .host = h};
		(void)snprintf(l->ref, sizeof(l->ref), "%.40s.look%zu@%.60s", stage->name,
			       number, p->hosts[h].host->name);
		p->n_looks++;
	}
}

int gd_plan_add_looks(struct gd_plan *p, struct gd_diags *diags)
{
	const struct gd_runbook *book = p->scenario->book;
	const struct gd_list *stages = &p->scenario->stages;

	if (!book)
		return 0;
	p->looks =
		calloc(stages->n * book->diagnosis.n * p->n_hosts + 1, sizeof(*p->looks));
	if (!p->looks)
		return no_memory(diags, (struct gd_pos){p->scenario->path, 0, 0});
	for (size_t i = 0; i < book->diagnosis.n; i++) {
		const struct gd_diagnosis *step =
			GD_AT(&book->diagnosis, const struct gd_diagnosis, i);

		if (step->run)
			warn_of_role(p, step, i + 1, diags);
	}
	for (size_t k = 0; k < stages->n; k++) {
		const struct gd_stage *stage = GD_AT(stages, const struct gd_stage, k);

		for (size_t i = 0; stage->faults.n > 0 && i < book->diagnosis.n; i++) {
			const struct gd_diagnosis *step =
				GD_AT(&book->diagnosis, const struct gd_diagnosis, i);

			if (step->run)
				add_looks_of(p, stage, step, i + 1);
		}
	}
	return 0;
}

/* A step's hosts, told once: those of the looks from `first` on in the same stage. */
static void print_look(const struct gd_plan *p, size_t first, struct gd_strbuf *out)
{
	const struct gd_plan_look *l = &p->looks[first];
	char buf[32];

	gd_strbuf_adds(out, "        on ");
	for (size_t i = first; i < p->n_looks; i++)
		if (p->looks[i].stage == l->stage && p->looks[i].step == l->step)
			gd_strbuf_addf(out, "%s%s", i > first ? ", " : "",
				       p->hosts[p->looks[i].host].host->name);
	gd_strbuf_addf(out, ", %s, within %s: %s\n",
		       l->step->root ? "as root" : "as the user who logs in",
		       gd_span_format(l->step->timeout, buf),
		       l->step->step ? l->step->step : "");
	gd_strbuf_add_indented(out, "          ", l->step->command);
}

void gd_plan_print_looks(const struct gd_plan *p, const struct gd_stage *stage,
			 struct gd_strbuf *out)
{
	const struct gd_diagnosis *told = NULL;

	/* The hosts of a step follow each other. */
	for (size_t i = 0; i < p->n_looks; i++) {
		if (p->looks[i].stage != stage || p->looks[i].step == told)
			continue;
		if (!told)
			gd_strbuf_addf(
				out,
				"      looked at while a fault is in, once, output of "
				"at most %d KiB each:\n",
				GD_LOOK_MAX_OUTPUT / 1024);
		told = p->looks[i].step;
		print_look(p, i, out);
	}
}

static cJSON *look_json(const struct gd_plan *p, const struct gd_plan_look *l)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();

	if (json && gd_json_set_str(json, "ref", l->ref) &&
	    gd_json_set_str(json, "host", p->hosts[l->host].host->name) &&
	    gd_json_set_str(json, "step", l->step->step) &&
	    gd_json_set_str(json, "command", l->step->command) &&
	    gd_json_set_int(json, "timeout_ns", l->step->timeout.ns) &&
	    gd_json_set_bool(json, "root", l->step->root))
		return gd_steal_ptr(&json);
	return NULL;
}

cJSON *gd_plan_looks_json(const struct gd_plan *p, const struct gd_stage *stage)
{
	GD_AUTO(cJSON) cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; list && i < p->n_looks; i++) {
		cJSON *one;

		if (p->looks[i].stage != stage)
			continue;
		one = look_json(p, &p->looks[i]);
		if (!one || !cJSON_AddItemToArray(list, one)) {
			cJSON_Delete(one);
			return NULL;
		}
	}
	return gd_steal_ptr(&list);
}
