/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/runner/fault_request.h"

#include "gameday/base/auto.h"

cJSON *gd_fault_request(const char *op, const char *ref, const char *kind,
			const struct gd_node *args, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *req = gd_fault_request_by_ref(op, ref);
	cJSON *json = NULL;

	if (args && gd_node_to_json(args, &json, err) < 0)
		return NULL;
	if (!json)
		json = cJSON_CreateObject();
	if (!req) {
		cJSON_Delete(json);
		(void)gd_raise_nomem(err);
		return NULL;
	}
	if (!gd_json_set(req, "args", json) || !gd_json_set_str(req, "kind", kind)) {
		(void)gd_raise_nomem(err);
		return NULL;
	}
	return gd_steal_ptr(&req);
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
