/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/formats.h"
#include "gameday/scenario/mitigate.h"
#include "gameday/scenario/source.h"
#include "gameday/scenario/timing.h"

enum { MAX_STAGES = 64, MAX_FAULTS = 64 };

/* --- `- KIND: {on: ROLE, ...}` ------------------------------------------------------- */

/* A fault's or watch's own keys; what is left goes to the kind's shape. */
struct use {
	char *on;
	struct gd_span after, every, hold, spread;
	int64_t count;
};

#define TIME_ROW(row_name, text)                                                         \
	{                                                                                \
		.name = #row_name, .help = (text), .kind = GD_KIND_DURATION,             \
		GD_MEMBER(struct use, row_name), .max = 24 * 3600 * GD_NS_PER_S          \
	}

static const struct gd_field use_fields[] = {
	{.name = "on",
	 .help = "the role it is done on",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct use, on),
	 .min = 1,
	 .max = GD_NAME_MAX},
	TIME_ROW(after, "time from the stage's start"),
	TIME_ROW(every, "it comes again so long after it came; needs hold"),
	TIME_ROW(hold, "it stays so long each time; else to the end of the stage"),
	TIME_ROW(spread, "each coming is late by up to this, the same in every run"),
	{.name = "count",
	 .help = "how often it comes; else as often as the stage has time for",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct use, count),
	 .max = GD_MAX_CYCLES},
};

const struct gd_shape gd_use_shape = GD_SHAPE("fault", use_fields, struct use);

/* The single entry of an item, or NULL with a message that shows the form. */
static const struct gd_node_entry *single(const struct gd_node *node, const char *what,
					  const char *form, struct gd_diags *diags)
{
	const struct gd_node_entry *e = gd_node_single(node);

	if (e)
		return e;
	if (node->kind == GD_NODE_MAP && node->n_entries > 1 &&
	    node->entries[0].value->kind == GD_NODE_NULL)
		gd_diag_error(
			diags, node->entries[1].key_pos,
			"%s: \"%.60s\" must be indented deeper than \"%.60s\", which it "
			"belongs to",
			what, node->entries[1].key, node->entries[0].key);
	else
		gd_diag_error(diags, node->pos, "%s: wanted: %s", what, form);
	return NULL;
}

/* Parts node into the keys of `own` (first n_own rows of use_fields) and the rest. */
static int part(const struct gd_node *node, size_t n_own, struct gd_node *own,
		struct gd_node *rest)
{
	for (size_t i = 0; i < node->n_entries; i++) {
		const struct gd_node_entry *e = &node->entries[i];
		struct gd_node *to = rest;

		for (size_t k = 0; k < n_own; k++)
			if (strcmp(use_fields[k].name, e->key) == 0)
				to = own;
		if (gd_node_append(to, e->key, e->key_pos, gd_node_copy(e->value)) < 0)
			return -1;
	}
	return 0;
}

/*
 * Decodes the first n_own rows of use_fields; *ret_args is the rest, owned by the caller.
 * With a mistake in these, the rest is still there to be checked; on is then NULL.
 */
static int decode_use(const struct gd_node_entry *e, size_t n_own, struct use *ret,
		      struct gd_node **ret_args, struct gd_pos *ret_on_pos,
		      struct gd_diags *diags)
{
	const struct gd_shape shape = {.name = e->key,
				       .fields = use_fields,
				       .n_fields = n_own,
				       .size = sizeof(struct use),
				       .key_offset = GD_NO_OFFSET,
				       .node_offset = GD_NO_OFFSET,
				       .given_offset = GD_NO_OFFSET};
	GD_AUTO(gd_node) struct gd_node *own = gd_node_new(GD_NODE_MAP, e->key_pos);
	GD_AUTO(gd_node) struct gd_node *rest = gd_node_new(GD_NODE_MAP, e->key_pos);

	if (e->value->kind == GD_NODE_SCALAR || e->value->kind == GD_NODE_LIST) {
		gd_diag_error(diags, e->value->pos,
			      "%.60s: wanted: a map of keys, as in {on: ROLE}", e->key);
		return -1;
	}
	if (!own || !rest || part(e->value, n_own, own, rest) < 0) {
		gd_diag_error(diags, e->key_pos, "out of memory");
		return -1;
	}
	if (gd_shape_decode(&shape, own, ret, diags) < 0)
		gd_shape_fini(&shape, ret);
	*ret_on_pos = gd_node_get(own, "on") ? gd_node_get(own, "on")->pos : e->key_pos;
	*ret_args = gd_steal_ptr(&rest);
	return 0;
}

int gd_watch_decode(const struct gd_node *node, struct gd_watch_use *ret,
		    struct gd_diags *diags)
{
	const struct gd_node_entry *e =
		single(node, "watch", "a list of - KIND: {on: ROLE, ...}", diags);
	struct use use = {0};

	if (!e || decode_use(e, 1, &use, &ret->args, &ret->on_pos, diags) < 0)
		return -1;
	ret->on = use.on;
	ret->pos = e->key_pos;
	ret->kind = strdup(e->key);
	if (ret->kind)
		return 0;
	gd_diag_error(diags, e->key_pos, "out of memory");
	free(ret->on);
	(void)gd_node_free(ret->args);
	*ret = (struct gd_watch_use){0};
	return -1;
}

static void fini_fault(struct gd_fault_use *f)
{
	free(f->kind);
	free(f->on);
	(void)gd_node_free(f->args);
	*f = (struct gd_fault_use){0};
}

static int decode_fault(const struct gd_node *node, struct gd_fault_use *ret,
			struct gd_diags *diags)
{
	const struct gd_node_entry *e =
		single(node, "faults", "a list of - FAULT: {on: ROLE, ...}", diags);
	struct use use = {0};

	if (!e || decode_use(e, GD_N_ELEMS(use_fields), &use, &ret->args, &ret->on_pos,
			     diags) < 0)
		return -1;
	ret->on = use.on;
	ret->after = use.after;
	ret->every = use.every;
	ret->hold = use.hold;
	ret->spread = use.spread;
	ret->count = use.count;
	ret->pos = e->key_pos;
	ret->after_pos = gd_node_key_pos(e->value, "after");
	ret->kind = strdup(e->key);
	if (ret->kind)
		return 0;
	gd_diag_error(diags, e->key_pos, "out of memory");
	fini_fault(ret);
	return -1;
}

/* --- one stage ----------------------------------------------------------------------- */

struct stage_map {
	struct gd_span length;
	const struct gd_node *faults, *mitigate;
};
static const struct gd_field stage_fields[] = {
	{.name = "for",
	 .help = "how long it lasts",
	 .kind = GD_KIND_DURATION,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct stage_map, length),
	 .min = GD_NS_PER_S,
	 .max = 24 * 3600 * GD_NS_PER_S},
	{.name = "faults",
	 .help = "what is done to whom",
	 .kind = GD_KIND_NODE,
	 GD_MEMBER(struct stage_map, faults)},
	{.name = "mitigate",
	 .help = "actions of the runbook that are tried against it",
	 .kind = GD_KIND_NODE,
	 GD_MEMBER(struct stage_map, mitigate)},
};

const struct gd_shape gd_stage_shape = GD_SHAPE("stage", stage_fields, struct stage_map);

/* The place of a fault's key in the file, or of the fault when it was not given. */
static struct gd_pos time_pos(const struct gd_node *node, const char *key)
{
	const struct gd_node_entry *e = gd_node_single(node);

	return e && gd_node_get(e->value, key) ? gd_node_key_pos(e->value, key)
					       : node->pos;
}

/* Relations between the times of one fault; the first mistake is told. */
static void check_times(const struct gd_node *node, const struct gd_stage *stage,
			const struct gd_fault_use *f, struct gd_diags *diags)
{
	struct gd_error err = GD_ERROR_INIT;
	const char *key;

	if (gd_cycle_check(f, stage->length, &key, &err) < 0)
		gd_diag_error(diags, time_pos(node, key), "%.60s: %s", f->kind, err.text);
}

/* "lossy.1.netem": fits, because names are bounded; a kind too long is no kind anyway. */
static void name_fault(const struct gd_stage *stage, struct gd_fault_use *f,
		       size_t number, struct gd_diags *diags)
{
	int len = snprintf(f->ref, sizeof(f->ref), "%s.%zu.%s", stage->name, number,
			   f->kind);

	if (len < 0 || (size_t)len >= sizeof(f->ref))
		gd_diag_error(diags, f->pos,
			      "the names of this stage and fault are too long");
}

static void decode_faults(const struct gd_node *node, struct gd_stage *stage,
			  struct gd_diags *diags)
{
	if (node->kind != GD_NODE_LIST || node->n_entries > MAX_FAULTS) {
		gd_diag_error(
			diags, node->pos,
			"faults: wanted: a list of at most %d - FAULT: {on: ROLE, ...}",
			MAX_FAULTS);
		return;
	}
	if (node->n_entries == 0)
		return;
	stage->faults.items = calloc(node->n_entries, sizeof(struct gd_fault_use));
	if (!stage->faults.items) {
		gd_diag_error(diags, node->pos, "out of memory");
		return;
	}
	for (size_t i = 0; i < node->n_entries; i++) {
		struct gd_fault_use *f =
			GD_AT(&stage->faults, struct gd_fault_use, stage->faults.n);

		if (decode_fault(node->entries[i].value, f, diags) < 0)
			continue;
		stage->faults.n++;
		name_fault(stage, f, i + 1, diags);
		check_times(node->entries[i].value, stage, f, diags);
	}
}

static enum gd_stage_kind kind_of(const char *name)
{
	if (strcmp(name, "baseline") == 0)
		return GD_STAGE_BASELINE;
	return strcmp(name, "recovery") == 0 ? GD_STAGE_RECOVERY : GD_STAGE_FAULT;
}

static int decode_stage(const struct gd_node *node, struct gd_stage *ret,
			struct gd_diags *diags)
{
	const struct gd_node_entry *e =
		single(node, "stages", "a list of - NAME: {for: DURATION, faults: [...]}",
		       diags);
	const struct gd_shape shape = {.name = e ? e->key : "",
				       .fields = stage_fields,
				       .n_fields = GD_N_ELEMS(stage_fields),
				       .size = sizeof(struct stage_map),
				       .key_offset = GD_NO_OFFSET,
				       .node_offset = GD_NO_OFFSET,
				       .given_offset = GD_NO_OFFSET};
	struct stage_map map;

	if (!e)
		return -1;
	ret->name = strdup(e->key);
	if (!ret->name) {
		gd_diag_error(diags, e->key_pos, "out of memory");
		return -1;
	}
	(void)gd_name_check(e->key, "stage", e->key_pos, diags);
	ret->kind = kind_of(e->key);
	ret->pos = e->key_pos;
	/* With a mistake in it the stage stays, so that conditions still find its name. */
	if (gd_shape_decode(&shape, e->value, &map, diags) == 0)
		ret->length = map.length;
	if (map.mitigate && map.mitigate->kind != GD_NODE_NULL)
		gd_mitigate_decode(map.mitigate, ret, diags);
	if (!map.faults || map.faults->kind == GD_NODE_NULL)
		return 0;
	if (ret->kind != GD_STAGE_FAULT)
		gd_diag_error(
			diags, gd_node_key_pos(e->value, "faults"),
			"stage %s has no faults by definition: put them into a stage with "
			"another name",
			ret->name);
	else
		decode_faults(map.faults, ret, diags);
	return 0;
}

/* --- all stages ---------------------------------------------------------------------- */

static void check_twice(const struct gd_list *stages, size_t i, struct gd_diags *diags)
{
	const struct gd_stage *stage = GD_AT(stages, const struct gd_stage, i);

	for (size_t j = 0; j < i; j++) {
		const struct gd_stage *other = GD_AT(stages, const struct gd_stage, j);

		if (!other->name || !stage->name || strcmp(other->name, stage->name) != 0)
			continue;
		gd_diag_error(diags, stage->pos,
			      "stage \"%.60s\" is defined twice, first in line %d",
			      stage->name, other->pos.line);
		return;
	}
}

static void check_order(const struct gd_list *stages, struct gd_diags *diags)
{
	size_t last = stages->n - 1;
	size_t n_faults = 0;

	for (size_t i = 0; i < stages->n; i++) {
		const struct gd_stage *stage = GD_AT(stages, const struct gd_stage, i);

		check_twice(stages, i, diags);
		n_faults += stage->faults.n;
		if (i == 0 && stage->kind != GD_STAGE_BASELINE)
			gd_diag_error(
				diags, stage->pos,
				"the first stage must be baseline: without it there is "
				"nothing to compare with");
		if (i == last && stage->kind != GD_STAGE_RECOVERY)
			gd_diag_error(
				diags, stage->pos,
				"the last stage must be recovery: it shows that all is well "
				"again");
		if (i > 0 && stage->kind == GD_STAGE_BASELINE)
			gd_diag_error(diags, stage->pos,
				      "baseline must be the first stage");
		if (i < last && stage->kind == GD_STAGE_RECOVERY)
			gd_diag_error(diags, stage->pos,
				      "recovery must be the last stage");
	}
	if (n_faults == 0 && diags->n_errors == 0)
		gd_diag_warning(diags, GD_AT(stages, const struct gd_stage, 0)->pos,
				"no stage has a fault: nothing will be injected");
}

void gd_stages_decode(const struct gd_node *node, struct gd_list *ret,
		      struct gd_diags *diags)
{
	if (node->kind != GD_NODE_LIST || node->n_entries == 0 ||
	    node->n_entries > MAX_STAGES) {
		gd_diag_error(
			diags, node->pos,
			"stages: wanted: a list of at most %d stages, as in - baseline: "
			"{for: 20s}",
			MAX_STAGES);
		return;
	}
	ret->items = calloc(node->n_entries, sizeof(struct gd_stage));
	if (!ret->items) {
		gd_diag_error(diags, node->pos, "out of memory");
		return;
	}
	for (size_t i = 0; i < node->n_entries; i++)
		if (decode_stage(node->entries[i].value,
				 GD_AT(ret, struct gd_stage, ret->n), diags) == 0)
			ret->n++;
	if (ret->n == node->n_entries)
		check_order(ret, diags);
}

void gd_watches_fini(struct gd_list *watches)
{
	for (size_t i = 0; i < watches->n; i++) {
		struct gd_watch_use *w = GD_AT(watches, struct gd_watch_use, i);

		free(w->kind);
		free(w->on);
		(void)gd_node_free(w->args);
	}
	free(watches->items);
	*watches = (struct gd_list){0};
}

void gd_stages_fini(struct gd_list *stages)
{
	for (size_t i = 0; i < stages->n; i++) {
		struct gd_stage *stage = GD_AT(stages, struct gd_stage, i);

		for (size_t k = 0; k < stage->faults.n; k++)
			fini_fault(GD_AT(&stage->faults, struct gd_fault_use, k));
		free(stage->faults.items);
		gd_mitigate_fini(&stage->mitigate);
		free(stage->name);
	}
	free(stages->items);
	*stages = (struct gd_list){0};
}
