/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/mitigate.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/source.h"

enum { MAX_MITIGATIONS = 16, MAX_NAMES = 200 };

/* --- decoding ------------------------------------------------------------------------- */

static const struct gd_field use_fields[] = {
	{.name = "action",
	 .help = "an action of the runbook",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct gd_mitigate_use, action),
	 .min = 1,
	 .max = 1000},
	{.name = "on",
	 .help = "the role it is done on; else as the runbook says",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_mitigate_use, on),
	 .min = 1,
	 .max = GD_NAME_MAX},
	{.name = "after",
	 .help = "time from the stage's start",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_mitigate_use, after),
	 .max = 24 * 3600 * GD_NS_PER_S},
};
static const struct gd_shape use_shape =
	GD_SHAPE("mitigate", use_fields, struct gd_mitigate_use);

static int decode_one(const struct gd_node *node, struct gd_mitigate_use *ret,
		      struct gd_diags *diags)
{
	const struct gd_node *on = NULL;

	if (node->kind == GD_NODE_SCALAR) {
		*ret = (struct gd_mitigate_use){.action = strdup(node->text)};
		if (!ret->action)
			gd_diag_error(diags, node->pos, "out of memory");
	} else if (gd_shape_decode(&use_shape, node, ret, diags) < 0) {
		gd_shape_fini(&use_shape, ret);
		return -1;
	} else {
		on = gd_node_get(node, "on");
	}
	ret->pos = node->pos;
	ret->on_pos = on ? on->pos : node->pos;
	return ret->action ? 0 : -1;
}

static void add(const struct gd_node *node, struct gd_stage *stage,
		struct gd_diags *diags)
{
	struct gd_mitigate_use *use =
		GD_AT(&stage->mitigate, struct gd_mitigate_use, stage->mitigate.n);

	if (decode_one(node, use, diags) < 0)
		return;
	stage->mitigate.n++;
	if (stage->length.ns > 0 && use->after.ns >= stage->length.ns)
		gd_diag_error(diags, gd_node_key_pos(node, "after"),
			      "mitigate: it comes after the stage is over");
}

void gd_mitigate_decode(const struct gd_node *node, struct gd_stage *stage,
			struct gd_diags *diags)
{
	size_t n = node->kind == GD_NODE_LIST ? node->n_entries : 1;

	if (stage->kind != GD_STAGE_FAULT) {
		gd_diag_error(diags, node->pos,
			      "stage %s has no faults by definition, so nothing is tried "
			      "against them",
			      stage->name);
		return;
	}
	if (n == 0 || n > MAX_MITIGATIONS) {
		gd_diag_error(
			diags, node->pos,
			"mitigate: wanted: an action of the runbook, or a list of at "
			"most %d",
			MAX_MITIGATIONS);
		return;
	}
	stage->mitigate.items = calloc(n, sizeof(struct gd_mitigate_use));
	if (!stage->mitigate.items) {
		gd_diag_error(diags, node->pos, "out of memory");
		return;
	}
	if (node->kind != GD_NODE_LIST)
		add(node, stage, diags);
	for (size_t i = 0; node->kind == GD_NODE_LIST && i < n; i++)
		add(node->entries[i].value, stage, diags);
}

void gd_mitigate_fini(struct gd_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		gd_shape_fini(&use_shape, GD_AT(list, struct gd_mitigate_use, i));
	free(list->items);
	*list = (struct gd_list){0};
}

/* --- the runbook ---------------------------------------------------------------------- */

static bool needs_book(const struct gd_scenario *s)
{
	for (size_t i = 0; i < s->stages.n; i++)
		if (GD_AT(&s->stages, const struct gd_stage, i)->mitigate.n > 0)
			return true;
	return false;
}

static void report_bad_book(const struct gd_scenario *s, const char *path,
			    const struct gd_diags *book, struct gd_diags *diags)
{
	const struct gd_node *node = s->tree ? gd_node_get(s->tree, "runbook") : NULL;
	struct gd_pos pos = node ? node->pos : (struct gd_pos){s->path, 0, 0};
	struct gd_error why = GD_ERROR_INIT;

	if (gd_diags_to_error(book, &why) == 0)
		return;
	(needs_book(s) ? gd_diag_error
		       : gd_diag_warning)(diags, pos, "%s:%d: %s: see gameday check %s",
					  path, why.pos.line, why.text, path);
}

void gd_scenario_open_book(struct gd_scenario *s, const char *path,
			   struct gd_diags *diags)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *found = NULL;
	GD_AUTO_DIAGS(book);

	if (s->book || !s->runbook || strchr(s->runbook, '/'))
		return;
	if (!path && gd_runbook_locate(s->path, NULL, s->runbook, &found, &err) != 0)
		return;
	s->book = calloc(1, sizeof(*s->book));
	if (!s->book) {
		gd_diag_error(diags, (struct gd_pos){s->path, 0, 0}, "out of memory");
		return;
	}
	if (gd_runbook_load(path ? path : found, s->book, &book) == 0)
		return;
	report_bad_book(s, path ? path : found, &book, diags);
	gd_runbook_fini(s->book);
	free(s->book);
	s->book = NULL;
}

size_t gd_mitigate_roles(const struct gd_scenario *s, const struct gd_stage *stage,
			 const struct gd_mitigate_use *use, const struct gd_mitigation *m,
			 const char *ret[GD_MOST_ROLES])
{
	size_t n = 0;

	if (use->on) {
		ret[n++] = use->on;
		return n;
	}
	for (size_t i = 0; i < m->applies_to.n && n < GD_MOST_ROLES; i++) {
		const char *role = GD_AT(&m->applies_to, struct gd_text, i)->text;

		if (role && gd_scenario_role(s, role))
			ret[n++] = role;
	}
	for (size_t i = 0; m->applies_to.n == 0 && i < stage->faults.n; i++) {
		const char *role = GD_AT(&stage->faults, struct gd_fault_use, i)->on;
		bool there = !role;

		for (size_t k = 0; !there && k < n; k++)
			there = strcmp(ret[k], role) == 0;
		if (!there && n < GD_MOST_ROLES)
			ret[n++] = role;
	}
	return n;
}

bool gd_mitigate_uses(const struct gd_scenario *s, const struct gd_stage *stage,
		      const char *role)
{
	for (size_t i = 0; s->book && i < stage->mitigate.n; i++) {
		const struct gd_mitigate_use *use =
			GD_AT(&stage->mitigate, const struct gd_mitigate_use, i);
		const struct gd_mitigation *m = gd_runbook_action(s->book, use->action);
		const char *roles[GD_MOST_ROLES];
		size_t n = m ? gd_mitigate_roles(s, stage, use, m, roles) : 0;

		for (size_t k = 0; k < n; k++)
			if (strcmp(roles[k], role) == 0)
				return true;
	}
	for (size_t i = 0; s->book && stage->faults.n > 0 && i < s->book->diagnosis.n;
	     i++) {
		const struct gd_diagnosis *d =
			GD_AT(&s->book->diagnosis, const struct gd_diagnosis, i);

		if (d->run && d->on && strcmp(d->on, role) == 0)
			return true;
	}
	return false;
}

static void report_no_action(const struct gd_runbook *r,
			     const struct gd_mitigate_use *use, struct gd_diags *diags)
{
	const char *names[MAX_NAMES];
	size_t n = 0;
	char near[96];

	for (size_t i = 0; i < r->mitigation.n && n < MAX_NAMES; i++) {
		const char *action =
			GD_AT(&r->mitigation, const struct gd_mitigation, i)->action;

		if (action)
			names[n++] = action;
	}
	gd_diag_error(diags, use->pos, "runbook %s has no mitigation \"%.60s\"%s",
		      r->path, use->action, gd_near_miss(use->action, names, n, near));
}

static void check_use(const struct gd_scenario *s, const struct gd_stage *stage,
		      const struct gd_mitigate_use *use, struct gd_diags *diags)
{
	const struct gd_mitigation *m = gd_runbook_action(s->book, use->action);
	const char *roles[GD_MOST_ROLES];

	if (!m) {
		report_no_action(s->book, use, diags);
		return;
	}
	if (!m->command || !m->state || !gd_runbook_undo(s->book, m))
		gd_diag_error(diags, use->pos,
			      "mitigation \"%.60s\" can't be tried: in %s it lacks %s",
			      use->action, s->book->path,
			      !m->command ? "a command"
			      : !m->state
				      ? "state, the command that prints what it changes"
				      : "undo, the command that takes it back");
	if (use->on && !gd_scenario_role(s, use->on))
		gd_diag_error(diags, use->on_pos, "role \"%.60s\" is not under hosts",
			      use->on);
	else if (gd_mitigate_roles(s, stage, use, m, roles) == 0)
		gd_diag_error(diags, use->pos,
			      "mitigation \"%.60s\" is for roles that this scenario has "
			      "not: say which with {action: ..., on: ROLE}",
			      use->action);
}

void gd_mitigate_check(const struct gd_scenario *s, struct gd_diags *diags)
{
	for (size_t i = 0; i < s->stages.n; i++) {
		const struct gd_stage *stage =
			GD_AT(&s->stages, const struct gd_stage, i);

		for (size_t k = 0; k < stage->mitigate.n; k++) {
			const struct gd_mitigate_use *use =
				GD_AT(&stage->mitigate, const struct gd_mitigate_use, k);

			if (s->book)
				check_use(s, stage, use, diags);
			else
				gd_diag_error(
					diags, use->pos,
					"mitigate names an action of the runbook, and "
					"there is none that can be read: runbook: NAME");
		}
	}
}
