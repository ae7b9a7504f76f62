/* SPDX-License-Identifier: Apache-2.0 */
/* What is not a number (NAN) is null: JSON has no other word for it. */
#include "gameday/live/snapshot.h"

#include <math.h>

static bool set_num(cJSON *o, const char *key, double v)
{
	return gd_json_set(o, key,
			   isfinite(v) ? cJSON_CreateNumber(v) : cJSON_CreateNull());
}

/* Adds an object to the list and returns it; NULL when out of memory. */
static cJSON *next(cJSON *list)
{
	cJSON *o = cJSON_CreateObject();

	if (!cJSON_AddItemToArray(list, o)) {
		cJSON_Delete(o);
		return NULL;
	}
	return o;
}

static bool add_stages(cJSON *list, const struct gd_snapshot *s)
{
	static const char *const names[] = {[GD_SNAP_TO_COME] = "to-come",
					    [GD_SNAP_NOW] = "now",
					    [GD_SNAP_PAST] = "past"};

	for (size_t i = 0; i < s->n_stages; i++) {
		const struct gd_snap_stage *st = &s->stages[i];
		cJSON *o = next(list);

		if (!gd_json_set_str(o, "name", st->name) ||
		    !gd_json_set_str(o, "when", names[st->when]) ||
		    !gd_json_set_bool(o, "fault", st->fault) ||
		    !set_num(o, "seconds", st->seconds))
			return false;
	}
	return true;
}

/* [[rate, success, p99 in ms, fault], ...], oldest first. */
static bool add_history(cJSON *o, const struct gd_snap_series *se)
{
	cJSON *list = cJSON_CreateArray();

	if (!gd_json_set(o, "history", list))
		return false;
	for (size_t i = 0; i < se->n_history; i++) {
		const struct gd_snap_point *p = &se->history[i];
		const double v[] = {(double)p->rate, (double)p->success,
				    round((double)p->p99 / 1e3) / 1e3, p->fault};
		cJSON *point = cJSON_CreateArray();

		if (!cJSON_AddItemToArray(list, point)) {
			cJSON_Delete(point);
			return false;
		}
		for (size_t k = 0; k < GD_N_ELEMS(v); k++)
			if (!cJSON_AddItemToArray(
				    point, isfinite(v[k]) ? cJSON_CreateNumber(v[k])
							  : cJSON_CreateNull()))
				return false;
	}
	return true;
}

static bool add_series(cJSON *list, const struct gd_snapshot *s)
{
	for (size_t i = 0; i < s->n_series; i++) {
		const struct gd_snap_series *se = &s->series[i];
		cJSON *o = next(list);

		if (!gd_json_set_str(o, "load", se->load) ||
		    !gd_json_set_str(o, "client", se->client) ||
		    !set_num(o, "rate", se->rate) ||
		    !set_num(o, "success", se->success) ||
		    !set_num(o, "p50_ns", se->p50) || !set_num(o, "p99_ns", se->p99) ||
		    !set_num(o, "attempts_per_request", se->attempts_per_request) ||
		    !set_num(o, "requests", (double)se->requests) ||
		    !set_num(o, "errors", (double)se->errors) ||
		    !set_num(o, "retries", (double)se->retries) ||
		    !gd_json_set_bool(o, "behind", se->behind) || !add_history(o, se))
			return false;
	}
	return true;
}

static bool add_faults(cJSON *list, const struct gd_snapshot *s)
{
	for (size_t i = 0; i < s->n_faults; i++) {
		const struct gd_snap_fault *f = &s->faults[i];
		cJSON *o = next(list);

		if (!gd_json_set_str(o, "host", f->host) ||
		    !gd_json_set_str(o, "what", f->what) ||
		    !gd_json_set_str(o, "effect", f->effect) ||
		    !gd_json_set_bool(o, "coming", f->coming) ||
		    !set_num(o, "seconds", f->seconds))
			return false;
	}
	return true;
}

static bool add_expects(cJSON *list, const struct gd_snapshot *s)
{
	static const char *const names[] = {
		[GD_SNAP_WAITING] = "waiting", [GD_SNAP_HOLDS] = "holds",
		[GD_SNAP_FAILS] = "fails",     [GD_SNAP_MET] = "met",
		[GD_SNAP_MISSED] = "missed",
	};

	for (size_t i = 0; i < s->n_expects; i++) {
		const struct gd_snap_expect *e = &s->expects[i];
		cJSON *o = next(list);

		if (!gd_json_set_str(o, "condition", e->condition) ||
		    !gd_json_set_str(o, "measured", e->measured) ||
		    !gd_json_set_str(o, "met", names[e->met]))
			return false;
	}
	return true;
}

static bool add_watches(cJSON *list, const struct gd_snapshot *s)
{
	for (size_t i = 0; i < s->n_watches; i++) {
		const struct gd_snap_watch *w = &s->watches[i];
		cJSON *o = next(list);

		if (!gd_json_set_str(o, "name", w->name) ||
		    !gd_json_set_str(o, "value", w->value) ||
		    !gd_json_set_bool(o, "expected", w->expected))
			return false;
	}
	return true;
}

static bool add_warnings(cJSON *list, const struct gd_snapshot *s)
{
	for (size_t i = 0; i < s->n_warnings; i++)
		if (!cJSON_AddItemToArray(list, cJSON_CreateString(s->warnings[i])))
			return false;
	return true;
}

static bool add_events(cJSON *list, const struct gd_snapshot *s)
{
	static const char *const names[] = {[GD_TONE_PLAIN] = "plain",
					    [GD_TONE_GOOD] = "good",
					    [GD_TONE_BAD] = "bad",
					    [GD_TONE_FAULT] = "fault"};

	for (size_t i = 0; i < s->n_events; i++) {
		const struct gd_snap_event *e = &s->events[i];
		cJSON *o = next(list);

		if (!set_num(o, "seconds", e->seconds) ||
		    !gd_json_set_str(o, "tone", names[e->tone]) ||
		    !gd_json_set_str(o, "text", e->text))
			return false;
	}
	return true;
}

static bool add_head(cJSON *o, const struct gd_snapshot *s)
{
	char when[32];

	return gd_json_set_str(o, "time",
			       gd_wall_format((struct gd_wall){s->wall_ns}, when)) &&
	       gd_json_set_str(o, "title", s->title) &&
	       gd_json_set_str(o, "run", s->run) &&
	       gd_json_set_str(o, "doing", s->doing) &&
	       gd_json_set_bool(o, "in_stage", s->in_stage) &&
	       gd_json_set_bool(o, "in_fault_stage", s->in_fault_stage) &&
	       gd_json_set_bool(o, "undoing", s->undoing) &&
	       set_num(o, "stage_seconds", s->stage_seconds) &&
	       set_num(o, "stage_left", s->stage_left) &&
	       set_num(o, "elapsed", s->elapsed) && set_num(o, "left", s->left) &&
	       set_num(o, "more_watches", (double)s->more_watches) &&
	       gd_json_set_bool(o, "no_load", s->no_load) &&
	       gd_json_set_bool(o, "blind", s->blind) &&
	       gd_json_set_bool(o, "over", s->over) &&
	       gd_json_set_str(o, "verdict", s->verdict) &&
	       gd_json_set_str(o, "reason", s->reason);
}

int gd_snapshot_to_json(const struct gd_snapshot *s, cJSON **ret, struct gd_error *err)
{
	static const struct {
		const char *key;
		bool (*add)(cJSON *list, const struct gd_snapshot *s);
	} lists[] = {
		{"stages", add_stages},   {"series", add_series},
		{"faults", add_faults},   {"expects", add_expects},
		{"watches", add_watches}, {"warnings", add_warnings},
		{"events", add_events},
	};
	GD_AUTO(cJSON) cJSON *o = cJSON_CreateObject();

	if (!add_head(o, s))
		return gd_raise_nomem(err);
	for (size_t i = 0; i < GD_N_ELEMS(lists); i++) {
		cJSON *list = cJSON_CreateArray();

		if (!gd_json_set(o, lists[i].key, list) || !lists[i].add(list, s))
			return gd_raise_nomem(err);
	}
	*ret = gd_steal_ptr(&o);
	return 0;
}
