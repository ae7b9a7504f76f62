/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/runner/fault_request.h"

#include "gameday/base/auto.h"

static cJSON *args_of(const struct gd_level *level, struct gd_error *err)
{
	cJSON *json = NULL;

	if (gd_node_to_json(level->node, &json, err) < 0)
		return NULL;
	if (!json)
		(void)gd_raise_nomem(err);
	return json;
}

/* The args of all levels but the first as `later`, when there are any. */
static int add_later(cJSON *req, const struct gd_list *levels, struct gd_error *err)
{
	cJSON *later;

	if (levels->n < 2)
		return 0;
	later = cJSON_AddArrayToObject(req, "later");
	if (!later)
		return gd_raise_nomem(err);
	for (size_t i = 1; i < levels->n; i++) {
		cJSON *args = args_of(GD_AT(levels, const struct gd_level, i), err);

		if (!args)
			return -1;
		if (!cJSON_AddItemToArray(later, args)) {
			cJSON_Delete(args);
			return gd_raise_nomem(err);
		}
	}
	return 0;
}

/* A request with the args of one level. */
static cJSON *with_args(const char *op, const char *ref, const struct gd_level *level,
			struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *req = gd_fault_request_by_ref(op, ref);
	cJSON *args = args_of(level, err);

	if (!args)
		return NULL;
	if (!req) {
		cJSON_Delete(args);
		(void)gd_raise_nomem(err);
		return NULL;
	}
	if (!gd_json_set(req, "args", args)) {
		(void)gd_raise_nomem(err);
		return NULL;
	}
	return gd_steal_ptr(&req);
}

cJSON *gd_fault_request(const char *op, const char *ref, const char *kind,
			const struct gd_list *levels, const cJSON *names,
			struct gd_error *err)
{
	GD_AUTO(cJSON)
	cJSON *req = with_args(op, ref, GD_AT(levels, const struct gd_level, 0), err);

	if (!req || add_later(req, levels, err) < 0)
		return NULL;
	if (!gd_json_set_str(req, "kind", kind) ||
	    (names && !gd_json_set(req, "names", cJSON_Duplicate(names, 1)))) {
		(void)gd_raise_nomem(err);
		return NULL;
	}
	return gd_steal_ptr(&req);
}

cJSON *gd_fault_request_change(const char *ref, const struct gd_level *level,
			       struct gd_error *err)
{
	return with_args("change", ref, level, err);
}

cJSON *gd_fault_request_by_ref(const char *op, const char *ref)
{
	GD_AUTO(cJSON) cJSON *req = gd_message_request(op);

	if (!req || (ref ? !gd_json_set_str(req, "ref", ref)
			 : !gd_json_set_bool(req, "all", true)))
		return NULL;
	return gd_steal_ptr(&req);
}

int gd_fault_ask_effect(struct gd_fleet *f, struct gd_member *m, const char *ref,
			struct gd_span limit, cJSON **ret, struct gd_error *err)
{
	return gd_fleet_ask(f, m, gd_fault_request_by_ref("effect", ref), limit, ret,
			    err);
}
