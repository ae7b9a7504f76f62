/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every load starts at one instant, wherever its traffic comes from: it is named on our
 * CLOCK_BOOTTIME, and each host is told what its own will say then. So intervals of the same
 * number are of the same time everywhere, and a step of a wall clock moves none of them.
 */
#include "gameday/runner/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "gameday/base/auto.h"

/* From the question to a host until its first request; a host is asked for all its loads. */
enum { LEAD_MS = 1000, LEAD_HERE_MS = 50, START_LIMIT_S = 15 };

/* The first stage begins a little before the traffic, so that its first second is whole. */
enum { STAGE_AHEAD_MS = 30 };

/* A copy that differs in the URLs alone, so that only these are ours to free. */
static int with_urls(struct gd_run *r, struct gd_load_spec *spec, struct gd_list *urls,
		     struct gd_error *err)
{
	const char *key = NULL;
	struct gd_list *given = gd_load_spec_urls(spec, &key);

	if (gd_plan_urls(&r->plan, spec, urls, err) < 0)
		return gd_wrap(err, "load %s: ", spec->name);
	if (given)
		*given = *urls;
	return 0;
}

static int start_here(struct gd_live_load *l, const struct gd_load_spec *spec,
		      struct gd_instant start, struct gd_error *err)
{
	struct gd_load_options opt = {.interval = gd_span_ms(GD_LOAD_INTERVAL_MS),
				      .start = start,
				      .vantage = l->index,
				      .n_vantages = l->of};

	if (gd_load_start(spec, &opt, &l->here, err) < 0)
		return -1;
	return gd_loop_io(l->run->fleet.loop, gd_load_fd(l->here), EPOLLIN,
			  gd_traffic_on_local, l, &l->io, err);
}

static int request_of(const struct gd_live_load *l, const struct gd_load_spec *spec,
		      struct gd_instant start, cJSON **ret, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *req = gd_message_request("load");
	cJSON *spec_json = NULL;

	if (!req)
		return gd_raise_nomem(err);
	if (gd_shape_to_json(&gd_load_shape, spec, &spec_json, err) < 0)
		return -1;
	if (!gd_json_set(req, "spec", spec_json) ||
	    !gd_json_set_str(req, "ref", spec->name) ||
	    !gd_json_set_int(req, "interval_ms", GD_LOAD_INTERVAL_MS) ||
	    !gd_json_set_int(req, "start_boot_ns",
			     start.ns + l->member->clock.boot_offset_ns) ||
	    !gd_json_set_int(req, "vantage", l->index) ||
	    !gd_json_set_int(req, "vantages", l->of) ||
	    !gd_json_set_int(req, "needed_ms", gd_traffic_needed_ms(l->run)))
		return gd_raise_nomem(err);
	*ret = gd_steal_ptr(&req);
	return 0;
}

/* Here it runs afterwards; a host has been asked, its answer is still to come. */
static int launch(struct gd_live_load *l, struct gd_instant start, struct gd_call *call,
		  struct gd_error *err)
{
	struct gd_load_spec spec = *l->spec;
	struct gd_list urls = {0};
	cJSON *req = NULL;
	int rc = with_urls(l->run, &spec, &urls, err);

	*call = (struct gd_call){.done = true};
	if (rc == 0 && !l->member)
		rc = start_here(l, &spec, start, err);
	else if (rc == 0)
		rc = request_of(l, &spec, start, &req, err);
	if (req)
		gd_fleet_call(&l->run->fleet, l->member, req, gd_span_s(START_LIMIT_S),
			      call);
	gd_load_urls_fini(&urls);
	if (rc < 0)
		return gd_wrap(err, "load %s from %s: ", l->spec->name, l->vantage);
	return 0;
}

/* One entry for each load and vantage point. */
static int make_entries(struct gd_run *r, struct gd_error *err)
{
	struct gd_vantage all[GD_LOAD_MAX_VANTAGES];
	size_t most = r->scenario.loads.n * GD_LOAD_MAX_VANTAGES;

	r->loads = calloc(most + 1, sizeof(*r->loads));
	if (!r->loads)
		return gd_raise_nomem(err);
	r->n_loads = 0;
	for (size_t i = 0; i < r->scenario.loads.n; i++) {
		const struct gd_load_spec *spec =
			GD_AT(&r->scenario.loads, struct gd_load_spec, i);
		size_t n = gd_plan_vantages(&r->plan, spec, all);

		for (size_t k = 0; k < n; k++)
			r->loads[r->n_loads++] = (struct gd_live_load){
				.run = r,
				.spec = spec,
				.vantage = all[k].name,
				.index = (uint32_t)k,
				.of = (uint32_t)n,
				.member = all[k].here
						  ? NULL
						  : &r->fleet.members
							     [r->member_of[all[k].host]],
			};
	}
	return 0;
}

/* What the report needs to tell who measured from where, and how well their clocks agree. */
static void record_start(struct gd_run *r)
{
	cJSON *m = cJSON_CreateObject(), *list = cJSON_CreateArray();
	bool ok = m && list;

	for (size_t i = 0; ok && i < r->n_loads; i++) {
		const struct gd_live_load *l = &r->loads[i];
		cJSON *o = cJSON_CreateObject();

		ok = o && cJSON_AddItemToArray(list, o) &&
		     gd_json_set_str(o, "load", l->spec->name) &&
		     gd_json_set_str(o, "from", l->vantage) &&
		     gd_json_set_int(o, "clock_offset_ns",
				     l->member ? l->member->clock.wall_offset_ns : 0) &&
		     gd_json_set_int(o, "clock_error_ns",
				     l->member ? l->member->clock.error_ns : 0);
	}
	ok = gd_json_set(m, "vantages", list) && ok;
	if (ok && gd_json_set_int(m, "start_wall_ns", r->loads_start.ns))
		gd_record_event(r->rec, "loads_started", m);
	else
		cJSON_Delete(m);
}

/* The first thing that went wrong; every answer has come. */
static int check_answers(const struct gd_run *r, const struct gd_call *calls,
			 struct gd_error *err)
{
	for (size_t i = 0; i < r->n_loads; i++) {
		const struct gd_live_load *l = &r->loads[i];

		if (!l->member || calls[i].reply)
			continue;
		*err = calls[i].err;
		return gd_wrap(err, "load %s: ", l->spec->name);
	}
	return 0;
}

int gd_launch_loads(struct gd_run *r, struct gd_error *err)
{
	struct gd_call *calls;
	struct gd_instant start;
	bool far = false;
	int rc = make_entries(r, err);

	if (rc < 0)
		return -1;
	for (size_t i = 0; i < r->n_loads; i++)
		far = far || r->loads[i].member;
	start = gd_after(gd_now(), gd_span_ms(far ? LEAD_MS : LEAD_HERE_MS));
	r->loads_start.ns = gd_wall_now().ns + (start.ns - gd_now().ns);
	calls = calloc(r->n_loads + 1, sizeof(*calls));
	if (!calls)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < r->n_loads; i++)
		calls[i].done = true;
	for (size_t i = 0; rc == 0 && i < r->n_loads; i++)
		rc = launch(&r->loads[i], start, &calls[i], err);
	/* Also after a failure: the answers that are under way arrive in these calls. */
	if (gd_fleet_wait(&r->fleet, calls, r->n_loads, err) < 0)
		rc = -1;
	if (rc == 0)
		rc = check_answers(r, calls, err);
	gd_calls_free(calls, r->n_loads);
	if (rc < 0)
		return -1;
	record_start(r);
	start.ns -= STAGE_AHEAD_MS * GD_NS_PER_MS;
	return gd_fleet_sleep(&r->fleet, start, err) < 0 ? -1 : 0;
}
