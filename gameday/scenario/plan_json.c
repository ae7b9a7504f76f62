/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/plan.h"

#include "gameday/base/auto.h"
#include "gameday/base/json.h"
#include "gameday/scenario/plan_runbook.h"
#include "gameday/scenario/timing.h"

static bool add_text(cJSON *obj, const char *key, struct gd_strbuf *text)
{
	return !text->failed && gd_json_set_str(obj, key, gd_strbuf_str(text));
}

/* Members of a list; takes json in every case. */
static bool append(cJSON *list, cJSON *json)
{
	if (json && cJSON_AddItemToArray(list, json))
		return true;
	cJSON_Delete(json);
	return false;
}

static cJSON *host_json(const struct gd_plan_host *h)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();

	if (json && gd_json_set_str(json, "role", h->role->name) &&
	    gd_json_set_str(json, "name", h->host->name) &&
	    gd_json_set_str(json, "host", h->host->host) &&
	    gd_json_set_str(json, "address", h->host->address) &&
	    gd_json_set_int(json, "port", h->host->port) &&
	    gd_json_set_str(json, "user", h->host->user))
		return gd_steal_ptr(&json);
	return NULL;
}

/* When it is in, from the stage's start; NULL: out of memory. */
static cJSON *cycles_json(const struct gd_plan_fault *f)
{
	GD_AUTO(cJSON) cJSON *list = cJSON_CreateArray();
	struct gd_cycle c;

	for (int64_t i = 0; list && gd_cycle_at(f->use, f->stage->length, i, &c); i++) {
		GD_AUTO(cJSON) cJSON *one = cJSON_CreateObject();

		if (!one || !gd_json_set_int(one, "in_ns", c.in.ns) ||
		    !gd_json_set_int(one, "out_ns", c.out.ns) ||
		    !append(list, gd_steal_ptr(&one)))
			return NULL;
	}
	return gd_steal_ptr(&list);
}

/* The parameters over time, from the moment it is in; NULL: out of memory. */
static cJSON *levels_json(const struct gd_plan_fault *f, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; list && i < f->levels.n; i++) {
		const struct gd_level *l = GD_AT(&f->levels, const struct gd_level, i);
		GD_AUTO(cJSON) cJSON *one = cJSON_CreateObject();
		cJSON *args = NULL;

		if (!one || gd_shape_to_json(f->kind->args, l->args, &args, err) < 0 ||
		    !gd_json_set(one, "args", args) ||
		    !gd_json_set_int(one, "at_ns", l->at.ns) ||
		    !gd_json_set_str(one, "text", l->text) ||
		    !append(list, gd_steal_ptr(&one)))
			return NULL;
	}
	return gd_steal_ptr(&list);
}

static cJSON *fault_json(const struct gd_plan *p, const struct gd_plan_fault *f,
			 struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	GD_AUTO_STRBUF(describe);
	GD_AUTO_STRBUF(manual);
	cJSON *args = NULL;

	if (!json || gd_shape_to_json(f->kind->args, f->args, &args, err) < 0)
		return NULL;
	if (f->kind->describe)
		f->kind->describe(f->args, &describe);
	if (f->kind->manual)
		f->kind->manual(f->args, &manual);
	if (gd_json_set(json, "args", args) && gd_json_set_str(json, "ref", f->ref) &&
	    gd_json_set_str(json, "kind", f->use->kind) &&
	    gd_json_set_str(json, "role", f->use->on) &&
	    gd_json_set_str(json, "host", p->hosts[f->host].host->name) &&
	    gd_json_set_int(json, "after_ns", f->use->after.ns) &&
	    (!f->remedy || gd_json_set_str(json, "mitigation", f->remedy->action)) &&
	    gd_json_set(json, "cycles", cycles_json(f)) &&
	    (f->levels.n < 2 || gd_json_set(json, "levels", levels_json(f, err))) &&
	    (!f->names || gd_json_set(json, "names", cJSON_Duplicate(f->names, 1))) &&
	    add_text(json, "describe", &describe) && add_text(json, "manual", &manual))
		return gd_steal_ptr(&json);
	return NULL;
}

static cJSON *stage_json(const struct gd_plan *p, const struct gd_stage *stage,
			 struct gd_span start, struct gd_error *err)
{
	static const char *const kinds[] = {
		[GD_STAGE_BASELINE] = "baseline",
		[GD_STAGE_FAULT] = "fault",
		[GD_STAGE_RECOVERY] = "recovery",
	};
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	GD_AUTO(cJSON) cJSON *faults = cJSON_CreateArray();

	if (!json || !faults)
		return NULL;
	for (size_t i = 0; i < p->n_faults; i++)
		if (p->faults[i].stage == stage &&
		    !append(faults, fault_json(p, &p->faults[i], err)))
			return NULL;
	if (gd_json_set_str(json, "name", stage->name) &&
	    gd_json_set_str(json, "kind", kinds[stage->kind]) &&
	    gd_json_set_int(json, "start_ns", start.ns) &&
	    gd_json_set_int(json, "length_ns", stage->length.ns) &&
	    gd_json_set(json, "faults", gd_steal_ptr(&faults)) &&
	    gd_json_set(json, "looks", gd_plan_looks_json(p, stage)))
		return gd_steal_ptr(&json);
	return NULL;
}

static cJSON *conditions_json(const struct gd_list *list)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateArray();

	for (size_t i = 0; json && i < list->n; i++)
		if (!append(json,
			    cJSON_CreateString(
				    GD_AT(list, const struct gd_condition, i)->source)))
			return NULL;
	return gd_steal_ptr(&json);
}

/* Where the load really goes: "http" and the like have it as written. */
static bool add_urls(cJSON *json, const struct gd_list *urls)
{
	cJSON *list = cJSON_AddArrayToObject(json, "urls");

	for (size_t i = 0; list && i < urls->n; i++)
		if (!append(list,
			    cJSON_CreateString(
				    GD_AT(urls, const struct gd_url_spec, i)->text)))
			return false;
	return list;
}

static cJSON *load_json(const struct gd_plan *p, const struct gd_load_spec *spec,
			struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_list urls = {0};
	bool ok;

	if (gd_shape_to_json(&gd_load_shape, spec, &json, err) < 0 ||
	    gd_plan_urls(p, spec, &urls, err) < 0)
		return NULL;
	ok = add_urls(json, &urls);
	gd_load_urls_fini(&urls);
	return ok ? gd_steal_ptr(&json) : NULL;
}

static bool add_lists(const struct gd_plan *p, cJSON *hosts, cJSON *loads, cJSON *stages,
		      struct gd_error *err)
{
	const struct gd_scenario *s = p->scenario;
	struct gd_span start = {0};

	for (size_t i = 0; i < p->n_hosts; i++)
		if (!append(hosts, host_json(&p->hosts[i])))
			return false;
	for (size_t i = 0; i < s->loads.n; i++)
		if (!append(loads,
			    load_json(p, GD_AT(&s->loads, const struct gd_load_spec, i),
				      err)))
			return false;
	for (size_t i = 0; i < s->stages.n; i++) {
		const struct gd_stage *stage =
			GD_AT(&s->stages, const struct gd_stage, i);

		if (!append(stages, stage_json(p, stage, start, err)))
			return false;
		start.ns += stage->length.ns;
	}
	return true;
}

int gd_plan_to_json(const struct gd_plan *p, cJSON **ret, struct gd_error *err)
{
	const struct gd_scenario *s = p->scenario;
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	GD_AUTO(cJSON) cJSON *hosts = cJSON_CreateArray();
	GD_AUTO(cJSON) cJSON *loads = cJSON_CreateArray();
	GD_AUTO(cJSON) cJSON *stages = cJSON_CreateArray();

	err->code = GD_OK;
	if (!json || !hosts || !loads || !stages ||
	    !add_lists(p, hosts, loads, stages, err) ||
	    !gd_json_set_str(json, "scenario", s->name) ||
	    !gd_json_set_str(json, "title", s->title) ||
	    !gd_json_set_str(json, "hypothesis", s->hypothesis) ||
	    !gd_json_set_str(json, "severity", s->severity) ||
	    !gd_json_set_str(json, "runbook", s->runbook) ||
	    !gd_json_set(json, "hosts", gd_steal_ptr(&hosts)) ||
	    !gd_json_set(json, "load", gd_steal_ptr(&loads)) ||
	    !gd_json_set(json, "stages", gd_steal_ptr(&stages)) ||
	    !gd_json_set(json, "steady", conditions_json(&s->steady)) ||
	    !gd_json_set(json, "abort", conditions_json(&s->abort)) ||
	    !gd_json_set(json, "expect", conditions_json(&s->expect)))
		return err->code == GD_OK ? gd_raise_nomem(err) : -1;
	*ret = gd_steal_ptr(&json);
	return 0;
}
