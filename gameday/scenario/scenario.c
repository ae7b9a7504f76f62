/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The top level is one shape; what a table can't express (roles in two forms, items named by
 * their single key, conditions) is decoded here from the nodes it leaves.
 */
#include "gameday/scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/formats.h"
#include "gameday/scenario/source.h"
#include "gameday/scenario/stage.h"

enum {
	MAX_LINE = 2000,
	MAX_LOADS = 16,
	MAX_ROLES = 64,
	MAX_WATCHES = 64,
	MAX_CONDITIONS = 64
};

struct raw {
	char *name, *title, *hypothesis, *severity, *runbook;
	struct gd_crew *crew;
	struct gd_list loads;
	const struct gd_node *hosts, *watch, *steady, *stages, *abort, *expect;
};

#define TEXT_ROW(key, words, member)                                                     \
	{                                                                                \
		.name = (key), .help = (words), .kind = GD_KIND_TEXT,                    \
		GD_MEMBER(struct raw, member), .min = 1, .max = MAX_LINE                 \
	}
#define NODE_ROW(key, words, member, required)                                           \
	{                                                                                \
		.name = (key), .help = (words), .kind = GD_KIND_NODE,                    \
		.flags = (required) ? GD_FIELD_REQUIRED : 0,                             \
		GD_MEMBER(struct raw, member)                                            \
	}

static const struct gd_field scenario_fields[] = {
	{.name = "scenario",
	 .help = "the scenario's name",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct raw, name),
	 .min = 1,
	 .max = MAX_LINE},
	TEXT_ROW("title", "one line, for reports", title),
	TEXT_ROW("hypothesis", "what is believed and put to the test", hypothesis),
	TEXT_ROW("severity", "how bad the incident would be: P1, P2, ...", severity),
	TEXT_ROW("runbook", "name of the runbook that goes with it", runbook),
	{.name = "roles",
	 .help = "who plays which part: coordinator, driver, observer, scribe",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct raw, crew),
	 .shape = &gd_crew_shape},
	NODE_ROW("hosts", "the roles and which hosts play them", hosts, true),
	{.name = "load",
	 .help = "the traffic that is sent",
	 .kind = GD_KIND_LIST,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct raw, loads),
	 .shape = &gd_load_shape,
	 .min = 1,
	 .max = MAX_LOADS},
	NODE_ROW("watch", "host signals sampled during the run", watch, false),
	NODE_ROW("steady", "what must hold in baseline, or nothing is injected", steady,
		 false),
	NODE_ROW("stages", "baseline, fault stages, recovery", stages, true),
	NODE_ROW("abort", "what ends the run at once", abort, false),
	NODE_ROW("expect", "what the hypothesis predicts", expect, false),
};
const struct gd_shape gd_scenario_shape =
	GD_SHAPE("scenario", scenario_fields, struct raw);

/* --- hosts --------------------------------------------------------------------------- */

struct role_map {
	char *host, *tag;
	int64_t count;
};
static const struct gd_field role_fields[] = {
	{.name = "host",
	 .help = "an inventory name",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct role_map, host),
	 .min = 1,
	 .max = 64},
	{.name = "tag",
	 .help = "any hosts with this tag, by inventory order",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct role_map, tag),
	 .min = 1,
	 .max = 64},
	{.name = "count",
	 .help = "how many hosts with that tag",
	 .dflt = "1",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct role_map, count),
	 .min = 1,
	 .max = 64},
};
const struct gd_shape gd_role_shape = GD_SHAPE("role", role_fields, struct role_map);

static void decode_role_map(const struct gd_node *node, struct gd_role *role,
			    struct gd_diags *diags)
{
	struct role_map map = {0};

	if (gd_shape_decode(&gd_role_shape, node, &map, diags) == 0) {
		if (!map.host == !map.tag)
			gd_diag_error(
				diags, node->pos,
				"role %s: wanted: a host's name, or {tag: TAG, count: N}",
				role->name);
		if (map.host && gd_node_get(node, "count"))
			gd_diag_error(diags, gd_node_key_pos(node, "count"),
				      "role %s: count goes with tag, not with host",
				      role->name);
		role->host = gd_steal_ptr(&map.host);
		role->tag = gd_steal_ptr(&map.tag);
		role->count = map.count;
	}
	gd_shape_fini(&gd_role_shape, &map);
}

static void decode_role(const struct gd_node_entry *e, struct gd_role *role,
			struct gd_diags *diags)
{
	role->pos = e->key_pos;
	role->node = e->value;
	role->count = 1;
	role->name = strdup(e->key);
	if (!role->name) {
		gd_diag_error(diags, e->key_pos, "out of memory");
		return;
	}
	if (gd_name_check(e->key, "role", e->key_pos, diags) == 0 &&
	    strcmp(e->key, "runner") == 0)
		gd_diag_error(
			diags, e->key_pos,
			"role name \"runner\" means the machine gameday runs on: choose "
			"another");
	if (e->value->kind == GD_NODE_SCALAR) {
		role->host = strdup(e->value->text);
		if (!role->host)
			gd_diag_error(diags, e->key_pos, "out of memory");
	} else if (e->value->kind == GD_NODE_MAP) {
		decode_role_map(e->value, role, diags);
	} else {
		gd_diag_error(diags, e->value->pos,
			      "role %s: wanted: a host's name, or {tag: TAG, count: N}",
			      e->key);
	}
}

static void decode_hosts(const struct gd_node *node, struct gd_list *ret,
			 struct gd_diags *diags)
{
	if (node->kind != GD_NODE_MAP || node->n_entries == 0 ||
	    node->n_entries > MAX_ROLES) {
		gd_diag_error(
			diags, node->pos,
			"hosts: wanted: a map of 1 to %d roles, as in server: api-1",
			MAX_ROLES);
		return;
	}
	ret->items = calloc(node->n_entries, sizeof(struct gd_role));
	if (!ret->items) {
		gd_diag_error(diags, node->pos, "out of memory");
		return;
	}
	ret->n = node->n_entries;
	for (size_t i = 0; i < ret->n; i++)
		decode_role(&node->entries[i], GD_AT(ret, struct gd_role, i), diags);
}

/* --- load, watch, conditions --------------------------------------------------------- */

static void check_loads(struct gd_scenario *s, struct gd_diags *diags)
{
	for (size_t i = 0; i < s->loads.n; i++) {
		const struct gd_load_spec *spec =
			GD_AT(&s->loads, struct gd_load_spec, i);
		struct gd_error err = GD_ERROR_INIT;
		const struct gd_node *name = gd_node_get(spec->node, "name");

		if (!spec->name || !name || gd_node_troubled(spec->node, diags))
			continue;
		if (gd_load_spec_check(spec, &err) < 0)
			gd_diag_take(diags, &err, spec->node->pos);
		for (size_t j = 0; j < i; j++) {
			const char *other =
				GD_AT(&s->loads, struct gd_load_spec, j)->name;

			if (other && strcmp(other, spec->name) == 0)
				gd_diag_error(diags, name->pos,
					      "load name \"%.60s\" is given twice",
					      other);
		}
	}
}

/* Items of a list that may be absent or a lone item. Borrowed; *ret_n = how many. */
static const struct gd_node *item(const struct gd_node *node, size_t i)
{
	return node->kind == GD_NODE_LIST ? node->entries[i].value : node;
}

static size_t count_items(const struct gd_node *node, const char *what, size_t most,
			  struct gd_diags *diags)
{
	size_t n = !node || node->kind == GD_NODE_NULL ? 0
		   : node->kind == GD_NODE_LIST        ? node->n_entries
						       : 1;

	if (n <= most)
		return n;
	gd_diag_error(diags, node->pos, "%s: %zu items, at most %zu are possible", what,
		      n, most);
	return 0;
}

static void decode_watches(const struct gd_node *node, struct gd_list *ret,
			   struct gd_diags *diags)
{
	size_t n = count_items(node, "watch", MAX_WATCHES, diags);

	if (n == 0)
		return;
	ret->items = calloc(n, sizeof(struct gd_watch_use));
	if (!ret->items) {
		gd_diag_error(diags, node->pos, "out of memory");
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (gd_watch_decode(item(node, i),
				    GD_AT(ret, struct gd_watch_use, ret->n), diags) == 0)
			ret->n++;
}

enum where { IN_STEADY, IN_ABORT, IN_EXPECT };

/* What each list's conditions may and must say. */
static void check_form(enum where where, const struct gd_condition *c,
		       struct gd_diags *diags)
{
	if (where == IN_EXPECT && !c->stage)
		gd_diag_error(diags, c->metric_pos,
			      "expect: which stage? Write \"%.60s in STAGE\"", c->metric);
	if (where == IN_STEADY && c->stage)
		gd_diag_error(
			diags, c->stage_pos,
			"steady: these conditions are about baseline: remove \"in %.60s\"",
			c->stage);
	if (where == IN_ABORT && c->stage)
		gd_diag_error(
			diags, c->stage_pos,
			"abort: these conditions hold in every stage: remove \"in %.60s\"",
			c->stage);
	if (where == IN_STEADY && c->hold.ns)
		gd_diag_error(
			diags, c->hold_pos,
			"steady: these conditions are about the whole of baseline: remove "
			"\"for\"");
	if (where == IN_STEADY && c->relative)
		gd_diag_error(
			diags, c->value_pos,
			"steady: baseline has nothing to compare with: write a value");
}

static void decode_conditions(const struct gd_node *node, enum where where,
			      struct gd_list *ret, struct gd_diags *diags)
{
	static const char *const names[] = {"steady", "abort", "expect"};
	size_t n = count_items(node, names[where], MAX_CONDITIONS, diags);

	if (n == 0)
		return;
	ret->items = calloc(n, sizeof(struct gd_condition));
	if (!ret->items) {
		gd_diag_error(diags, node->pos, "out of memory");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct gd_condition *c = GD_AT(ret, struct gd_condition, ret->n);

		if (gd_condition_decode(item(node, i), names[where], c, diags) < 0)
			continue;
		ret->n++;
		check_form(where, c, diags);
	}
}

/* --- the whole file ------------------------------------------------------------------ */

static void check_names(const struct gd_scenario *s, struct gd_diags *diags)
{
	const struct gd_node *node = gd_node_get(s->tree, "scenario");

	if (s->name && node)
		(void)gd_name_check(s->name, "scenario", node->pos, diags);
	node = gd_node_get(s->tree, "runbook");
	if (s->runbook && node)
		(void)gd_name_check(s->runbook, "runbook", node->pos, diags);
}

static void decode_rest(struct gd_scenario *s, const struct raw *raw,
			struct gd_diags *diags)
{
	check_names(s, diags);
	if (raw->hosts)
		decode_hosts(raw->hosts, &s->hosts, diags);
	check_loads(s, diags);
	decode_watches(raw->watch, &s->watches, diags);
	decode_conditions(raw->steady, IN_STEADY, &s->steady, diags);
	if (raw->stages)
		gd_stages_decode(raw->stages, &s->stages, diags);
	decode_conditions(raw->abort, IN_ABORT, &s->abort, diags);
	decode_conditions(raw->expect, IN_EXPECT, &s->expect, diags);
}

static void move(struct raw *raw, struct gd_scenario *s)
{
	s->name = raw->name;
	s->title = raw->title;
	s->hypothesis = raw->hypothesis;
	s->severity = raw->severity;
	s->runbook = raw->runbook;
	s->crew = raw->crew;
	s->loads = raw->loads;
}

int gd_scenario_load(const char *path, struct gd_scenario *ret, struct gd_diags *diags)
{
	size_t before = diags->n_errors;
	struct raw raw = {0};
	int rc;

	*ret = (struct gd_scenario){0};
	if (gd_source_load(path, &ret->path, &ret->source, &ret->source_size, &ret->tree,
			   diags) < 0)
		return -1;
	rc = gd_shape_decode(&gd_scenario_shape, ret->tree, &raw, diags);
	move(&raw, ret);
	decode_rest(ret, &raw, diags);
	return rc == 0 && diags->n_errors == before ? 0 : -1;
}

static void fini_conditions(struct gd_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		gd_condition_fini(GD_AT(list, struct gd_condition, i));
	free(list->items);
}

static void fini_roles(struct gd_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct gd_role *role = GD_AT(list, struct gd_role, i);

		free(role->name);
		free(role->host);
		free(role->tag);
	}
	free(list->items);
}

void gd_scenario_fini(struct gd_scenario *s)
{
	struct raw raw = {.name = s->name,
			  .title = s->title,
			  .hypothesis = s->hypothesis,
			  .severity = s->severity,
			  .runbook = s->runbook,
			  .crew = s->crew,
			  .loads = s->loads};

	gd_shape_fini(&gd_scenario_shape, &raw);
	fini_roles(&s->hosts);
	gd_watches_fini(&s->watches);
	gd_stages_fini(&s->stages);
	if (s->book)
		gd_runbook_fini(s->book);
	free(s->book);
	fini_conditions(&s->steady);
	fini_conditions(&s->abort);
	fini_conditions(&s->expect);
	(void)gd_node_free(s->tree);
	free(s->source);
	free(s->path);
	*s = (struct gd_scenario){0};
}

const struct gd_role *gd_scenario_role(const struct gd_scenario *s, const char *name)
{
	for (size_t i = 0; i < s->hosts.n; i++) {
		const struct gd_role *role = GD_AT(&s->hosts, const struct gd_role, i);

		if (role->name && strcmp(role->name, name) == 0)
			return role;
	}
	return NULL;
}

const struct gd_stage *gd_scenario_stage(const struct gd_scenario *s, const char *name)
{
	for (size_t i = 0; i < s->stages.n; i++) {
		const struct gd_stage *stage =
			GD_AT(&s->stages, const struct gd_stage, i);

		if (stage->name && strcmp(stage->name, name) == 0)
			return stage;
	}
	return NULL;
}

const struct gd_load_spec *gd_scenario_find_load(const struct gd_scenario *s,
						 const char *name)
{
	for (size_t i = 0; i < s->loads.n; i++) {
		const struct gd_load_spec *spec =
			GD_AT(&s->loads, const struct gd_load_spec, i);

		if (spec->name && strcmp(spec->name, name) == 0)
			return spec;
	}
	return NULL;
}
