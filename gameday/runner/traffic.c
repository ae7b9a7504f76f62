/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads run here in a thread or on a host in the agent; both deliver intervals. They count
 * from one start (launch.c); what else comes from a host carries its clock, so the offset
 * that was measured is taken off before anything is stored: stages are cut on one clock, the
 * runner's.
 */
#include "gameday/runner/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"

/* An agent takes a runner that is silent for ten seconds as cut off. */
enum {
	WATCH_INTERVAL_MS = 500,
	CONFIRM_EVERY_S = 2,
	NEEDED_SLACK_S = 15,
	UNHEARD_LIMIT_S = 5,
};

static void store_interval(struct gd_run *r, const struct gd_interval *iv)
{
	struct gd_error err = GD_ERROR_INIT;
	cJSON *line = NULL;

	if (gd_interval_to_json(iv, &line, &err) < 0 ||
	    gd_results_add_load(r->results, iv, &err) < 0) {
		cJSON_Delete(line);
		gd_fleet_stop(&r->fleet, GD_STOP_INTERNAL, "measurements: %s", err.text);
		return;
	}
	gd_record_metrics(r->rec, line);
}

/* --- a load of our own --------------------------------------------------------------- */

/*
 * Whose it is, and when: its number counts from the common start, whatever the wall clock of
 * its host says. Where it comes from is said only when there are several vantage points.
 */
static void place_interval(const struct gd_live_load *l, struct gd_interval *iv)
{
	iv->start_wall_ns = l->run->loads_start.ns +
			    (int64_t)iv->index * GD_LOAD_INTERVAL_MS * GD_NS_PER_MS;
	(void)snprintf(iv->load, sizeof(iv->load), "%s", l->spec->name);
	iv->vantage[0] = '\0';
	iv->n_vantages = 0;
	if (l->of < 2)
		return;
	(void)snprintf(iv->vantage, sizeof(iv->vantage), "%s", l->vantage);
	iv->n_vantages = l->of;
}

void gd_traffic_on_local(void *ctx, uint32_t events GD_UNUSED)
{
	struct gd_live_load *l = ctx;
	struct gd_interval iv;
	int got;

	while ((got = gd_load_take(l->here, &iv)) == 1) {
		place_interval(l, &iv);
		store_interval(l->run, &iv);
		gd_interval_fini(&iv);
	}
	if (got == 2) {
		l->ended = true;
		gd_io_remove(l->io);
		l->io = NULL;
	}
}

/* --- watches ------------------------------------------------------------------------- */

/* What the numbers of this watch mean, for the live figures and for the report. */
static int tell_watch(struct gd_run *r, const char *kind, struct gd_error *err)
{
	const struct gd_kinds *kinds = r->opt->kinds;
	const struct gd_kind_row *row =
		gd_kind_find(kinds->watches, kinds->n_watches, kind);
	cJSON *line = NULL;

	if (!row || !row->metrics)
		return 0;
	if (gd_results_watch_info_line(kind, row->metrics, row->gauges, &line, err) < 0)
		return -1;
	if (gd_results_add_metrics_line(r->results, line, err) < 0) {
		cJSON_Delete(line);
		return -1;
	}
	gd_record_metrics(r->rec, line);
	return 0;
}

static cJSON *watch_request(const struct gd_watch_use *use, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *req = gd_message_request("watch");
	cJSON *args = NULL;
	char ref[96];

	(void)snprintf(ref, sizeof(ref), "%s.%s", use->on, use->kind);
	if (use->args && gd_node_to_json(use->args, &args, err) < 0)
		return NULL;
	if (!args)
		args = cJSON_CreateObject();
	if (gd_json_set(req, "args", args) && gd_json_set_str(req, "ref", ref) &&
	    gd_json_set_str(req, "kind", use->kind) &&
	    gd_json_set_int(req, "interval_ms", WATCH_INTERVAL_MS))
		return gd_steal_ptr(&req);
	(void)gd_raise_nomem(err);
	return NULL;
}

static int start_watch(struct gd_run *r, size_t i, struct gd_error *err)
{
	const struct gd_watch_use *use =
		GD_AT(&r->scenario.watches, struct gd_watch_use, i);
	cJSON *req, *reply = NULL;

	if (tell_watch(r, use->kind, err) < 0)
		return -1;
	req = watch_request(use, err);
	if (!req)
		return -1;
	if (gd_fleet_ask(&r->fleet, gd_run_member(r, use->on), req, gd_span_s(15), &reply,
			 err) < 0)
		return gd_wrap(err, "watch %s: ", use->kind);
	cJSON_Delete(reply);
	return 0;
}

/* --- hosts that are cut off for a while ------------------------------------------------ */

/* What a host measures is fetched when it is back; a run of faults elsewhere can go on. */
static void mark_expendable(struct gd_run *r)
{
	for (size_t i = 0; i < r->fleet.n; i++)
		r->fleet.members[i].expendable = !r->fleet.members[i].claimed;
}

void gd_traffic_cut_off(struct gd_run *r, struct gd_member *m)
{
	cJSON *line = cJSON_CreateObject();
	size_t n = 0;

	for (size_t i = 0; i < r->n_loads; i++)
		if (r->loads[i].member == m && !r->loads[i].ended) {
			r->loads[i].link = GD_LINK_CUT;
			n++;
		}
	gd_view_event(r->view, GD_TONE_BAD, "cut off  %s%s", m->error.text,
		      n ? "; its load goes on, what it measures is fetched later" : "");
	if (!line || !gd_json_set_str(line, "host", m->inv->name) ||
	    !gd_json_set_str(line, "error", m->error.text)) {
		cJSON_Delete(line);
		return;
	}
	gd_record_event(r->rec, "host_cut_off", line);
}

/* Stages take a little longer than planned: faults go in and out, carriers come back. */
int64_t gd_traffic_needed_ms(const struct gd_run *r)
{
	int64_t left = gd_plan_length(&r->plan).ns + gd_span_s(NEEDED_SLACK_S).ns;

	if (r->loads_start.ns > 0)
		left -= gd_wall_now().ns - r->loads_start.ns;
	return left > 0 ? left / GD_NS_PER_MS : 1;
}

static void ask_to_attach(struct gd_live_load *l)
{
	GD_AUTO(cJSON) cJSON *req = gd_message_request("load_attach");

	if (!req || !gd_json_set_str(req, "ref", l->spec->name) ||
	    !gd_json_set_int(req, "after", l->last_seq) ||
	    !gd_json_set_int(req, "needed_ms", gd_traffic_needed_ms(l->run)))
		return;
	gd_call_fini(&l->attach);
	l->link = GD_LINK_ASKED;
	gd_fleet_call(&l->run->fleet, l->member, gd_steal_ptr(&req), gd_span_s(15),
		      &l->attach);
}

/* A watch that does not come again lacks samples, as the report says. */
static void watch_again(struct gd_run *r, struct gd_member *m)
{
	for (size_t i = 0; i < r->scenario.watches.n; i++) {
		const struct gd_watch_use *use =
			GD_AT(&r->scenario.watches, struct gd_watch_use, i);
		struct gd_error ignored = GD_ERROR_INIT;

		if (gd_run_member(r, use->on) == m)
			gd_fleet_tell(m, watch_request(use, &ignored));
	}
}

void gd_traffic_back(struct gd_run *r, struct gd_member *m)
{
	int64_t away_ms = gd_between(m->lost_at, gd_now()).ns / GD_NS_PER_MS;
	cJSON *line = cJSON_CreateObject();

	gd_view_event(r->view, GD_TONE_GOOD, "back     host %s, after %.1f s",
		      m->inv->name, (double)away_ms / 1e3);
	for (size_t i = 0; i < r->n_loads; i++)
		if (r->loads[i].member == m && !r->loads[i].ended)
			ask_to_attach(&r->loads[i]);
	watch_again(r, m);
	if (!line || !gd_json_set_str(line, "host", m->inv->name) ||
	    !gd_json_set_int(line, "away_ms", away_ms)) {
		cJSON_Delete(line);
		return;
	}
	gd_record_event(r->rec, "host_back", line);
}

static void lose_load(struct gd_live_load *l, const char *why)
{
	cJSON *line = cJSON_CreateObject();

	l->ended = true;
	gd_view_event(l->run->view, GD_TONE_BAD, "lost     load %s: %s", l->spec->name,
		      why);
	if (!line || !gd_json_set_str(line, "load", l->spec->name) ||
	    !gd_json_set_str(line, "host", l->member->inv->name) ||
	    !gd_json_set_str(line, "error", why)) {
		cJSON_Delete(line);
		return;
	}
	gd_record_event(l->run->rec, "load_lost", line);
}

static void look_at_attach(struct gd_live_load *l)
{
	if (!l->attach.done)
		return;
	if (l->attach.reply)
		l->link = GD_LINK_ON;
	else if (l->member->state == GD_MEMBER_READY)
		lose_load(l, l->attach.err.text);
	else
		l->link = GD_LINK_CUT;
	gd_call_fini(&l->attach);
}

static void confirm(const struct gd_live_load *l)
{
	GD_AUTO(cJSON) cJSON *req = gd_message_request("load_got");

	if (req && gd_json_set_str(req, "ref", l->spec->name) &&
	    gd_json_set_int(req, "seq", l->last_seq))
		gd_fleet_tell(l->member, gd_steal_ptr(&req));
}

static bool is_heard(const struct gd_live_load *l)
{
	return l->here || (l->member && l->link == GD_LINK_ON &&
			   l->member->state == GD_MEMBER_READY);
}

/* Does nobody tell any more what the condition looks at? One vantage point is enough. */
static bool is_unheard(struct gd_run *r, const struct gd_condition *c)
{
	bool is_load = false;

	for (size_t i = 0; i < r->n_loads; i++) {
		if (strcmp(r->loads[i].spec->name, c->subject) != 0)
			continue;
		is_load = true;
		if (is_heard(&r->loads[i]) && !r->loads[i].ended)
			return false;
	}
	for (size_t i = 0; i < r->scenario.watches.n && !is_load; i++) {
		const struct gd_watch_use *u =
			GD_AT(&r->scenario.watches, struct gd_watch_use, i);

		if (strcmp(u->on, c->subject) == 0)
			return gd_run_member(r, u->on)->state != GD_MEMBER_READY;
	}
	return is_load;
}

static bool may_still_hurt(const struct gd_run *r)
{
	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (r->faults[i].phase != GD_FAULT_UNDONE)
			return true;
	return false;
}

/* An abort condition that nobody can tell of is a brake that does not work. */
static void check_brakes(struct gd_run *r)
{
	const struct gd_condition *c = NULL;

	for (size_t i = 0; i < r->scenario.abort.n && !c; i++) {
		c = GD_AT(&r->scenario.abort, struct gd_condition, i);
		if (!is_unheard(r, c))
			c = NULL;
	}
	if (!c || !may_still_hurt(r))
		r->unheard_since.ns = 0;
	else if (r->unheard_since.ns == 0)
		r->unheard_since = gd_now();
	else if (gd_between(r->unheard_since, gd_now()).ns >
		 gd_span_s(UNHEARD_LIMIT_S).ns)
		gd_fleet_stop(
			&r->fleet, GD_STOP_HOST_LOST,
			"nobody tells any more what the abort condition \"%s\" looks "
			"at: let its load come from another place, too",
			c->source);
}

void gd_traffic_tick(struct gd_run *r)
{
	bool due = gd_now().ns >= r->confirm_at.ns;

	for (size_t i = 0; i < r->n_loads; i++) {
		struct gd_live_load *l = &r->loads[i];

		if (!l->member || l->ended)
			continue;
		if (l->link == GD_LINK_ASKED)
			look_at_attach(l);
		if (due && l->link == GD_LINK_ON)
			confirm(l);
	}
	if (due)
		r->confirm_at = gd_after(gd_now(), gd_span_s(CONFIRM_EVERY_S));
	if (r->guarded_from && !r->undoing)
		check_brakes(r);
}

int gd_traffic_start(struct gd_run *r, struct gd_error *err)
{
	for (size_t i = 0; i < r->scenario.watches.n; i++)
		if (start_watch(r, i, err) < 0)
			return -1;
	if (gd_launch_loads(r, err) < 0)
		return -1;
	mark_expendable(r);
	return 0;
}

/* --- what agents tell ---------------------------------------------------------------- */

static struct gd_live_load *find_load(struct gd_run *r, const struct gd_member *m,
				      const char *ref)
{
	for (size_t i = 0; ref && i < r->n_loads; i++)
		if (r->loads[i].member == m && strcmp(r->loads[i].spec->name, ref) == 0)
			return &r->loads[i];
	return NULL;
}

/* What came over a session that was lost may come again over the next. */
static bool take_number(struct gd_live_load *l, const cJSON *event)
{
	int64_t seq = gd_json_int(event, "seq", 0);

	if (seq <= l->last_seq)
		return seq == 0; /* an end that no load said itself */
	if (seq > l->last_seq + 1)
		gd_view_event(l->run->view, GD_TONE_BAD,
			      "missing  load %s: %s could keep no more than its newest "
			      "intervals",
			      l->spec->name, l->member->inv->name);
	l->last_seq = seq;
	return true;
}

static void on_remote_interval(struct gd_run *r, struct gd_member *m, const cJSON *event)
{
	const cJSON *json = cJSON_GetObjectItemCaseSensitive(event, "interval");
	struct gd_live_load *l = find_load(r, m, gd_json_str(event, "ref", NULL));
	struct gd_error err = GD_ERROR_INIT;
	struct gd_interval iv;

	if (!l || !take_number(l, event))
		return;
	if (gd_interval_from_json(json, &iv, &err) < 0) {
		gd_fleet_stop(&r->fleet, GD_STOP_HOST_LOST,
			      "host %s sent a bad interval: %s", m->inv->name, err.text);
		return;
	}
	/* A host may speak for its own load only. */
	place_interval(l, &iv);
	store_interval(r, &iv);
	gd_interval_fini(&iv);
}

static void on_load_end(struct gd_run *r, struct gd_member *m, const cJSON *event)
{
	struct gd_live_load *l = find_load(r, m, gd_json_str(event, "ref", NULL));
	const char *error = gd_json_str(event, "error", NULL);

	if (!l || !take_number(l, event))
		return;
	l->ended = true;
	confirm(l);
	if (error)
		gd_fleet_stop(&r->fleet, GD_STOP_HOST_LOST,
			      "load %s on host %s ended: %s", l->spec->name, m->inv->name,
			      error);
}

/* The role and kind of a watch reference "role.kind", if the scenario has it. */
static const struct gd_watch_use *find_watch(struct gd_run *r, const struct gd_member *m,
					     const char *ref)
{
	for (size_t i = 0; ref && i < r->scenario.watches.n; i++) {
		const struct gd_watch_use *u =
			GD_AT(&r->scenario.watches, struct gd_watch_use, i);
		size_t len = strlen(u->on);

		if (strncmp(ref, u->on, len) == 0 && ref[len] == '.' &&
		    strcmp(ref + len + 1, u->kind) == 0 && gd_run_member(r, u->on) == m)
			return u;
	}
	return NULL;
}

static void on_watch(struct gd_run *r, struct gd_member *m, const cJSON *event)
{
	const struct gd_watch_use *u = find_watch(r, m, gd_json_str(event, "ref", NULL));
	const cJSON *values = cJSON_GetObjectItemCaseSensitive(event, "values");
	int64_t wall = gd_json_int(event, "wall_ns", 0) - m->clock.wall_offset_ns;
	struct gd_error err = GD_ERROR_INIT;
	cJSON *line;

	if (!u || !cJSON_IsObject(values))
		return;
	if (gd_results_add_watch(r->results, u->on, m->inv->name, u->kind, wall, values,
				 &err) < 0) {
		gd_fleet_stop(&r->fleet, GD_STOP_INTERNAL, "measurements: %s", err.text);
		return;
	}
	line = cJSON_CreateObject();
	if (!line || !gd_json_set_str(line, "type", "watch") ||
	    !gd_json_set_str(line, "role", u->on) ||
	    !gd_json_set_str(line, "host", m->inv->name) ||
	    !gd_json_set_str(line, "watch", u->kind) ||
	    !gd_json_set_int(line, "wall_ns", wall) ||
	    !gd_json_set(line, "values", cJSON_Duplicate(values, 1))) {
		cJSON_Delete(line);
		return;
	}
	gd_record_metrics(r->rec, line);
}

bool gd_traffic_event(struct gd_run *r, struct gd_member *m, const cJSON *event)
{
	const char *name = gd_json_str(event, "event", "");

	if (strcmp(name, "load") == 0)
		on_remote_interval(r, m, event);
	else if (strcmp(name, "load_end") == 0)
		on_load_end(r, m, event);
	else if (strcmp(name, "watch") == 0)
		on_watch(r, m, event);
	else
		return false;
	return true;
}

/* --- the end ------------------------------------------------------------------------- */

/* The last interval ends everywhere at this moment, if the hosts hear of it in time. */
enum { STOP_LEAD_MS = 300 };

/* At the end, for a host that is cut off; and for what it has to tell once it is back. */
enum {
	BACK_LIMIT_S = 20,
	BACK_LIMIT_SIGNAL_S = 5,
	QUIET_S = 3,
	DRAIN_LIMIT_S = 60,
	REACH_LIMIT_S = 10,
	LAST_WORD_MS = 200,
};

static cJSON *stop_request(const struct gd_live_load *l, struct gd_instant at)
{
	GD_AUTO(cJSON) cJSON *req = gd_message_request("load_stop");

	if (!req || !gd_json_set_str(req, "ref", l->spec->name) ||
	    !gd_json_set_int(req, "at_boot_ns", at.ns + l->member->clock.boot_offset_ns))
		return NULL;
	return gd_steal_ptr(&req);
}

static int ask_to_stop(struct gd_run *r, struct gd_error *err)
{
	struct gd_instant at = gd_after(gd_now(), gd_span_ms(STOP_LEAD_MS));
	struct gd_call *calls = calloc(r->n_loads + 1, sizeof(*calls));
	int rc;

	if (!calls)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < r->n_loads; i++) {
		const struct gd_live_load *l = &r->loads[i];

		calls[i].done = true;
		if (l->ended || l->link != GD_LINK_ON)
			continue;
		if (l->here)
			gd_load_stop_at(l->here, at);
		else if (l->member && l->member->state == GD_MEMBER_READY)
			gd_fleet_call(&r->fleet, l->member, stop_request(l, at),
				      gd_span_s(10), &calls[i]);
	}
	rc = gd_fleet_wait(&r->fleet, calls, r->n_loads, err);
	for (size_t i = 0; rc == 0 && i < r->n_loads; i++)
		if (calls[i].err.code == GD_E_TIMEOUT)
			gd_fleet_cut_off(calls[i].member, &calls[i].err);
	gd_calls_free(calls, r->n_loads);
	return rc;
}

static bool all_ended(const struct gd_run *r)
{
	for (size_t i = 0; i < r->n_loads; i++)
		if (!r->loads[i].ended && is_heard(&r->loads[i]))
			return false;
	return true;
}

static bool has_unended(const struct gd_run *r, const struct gd_member *m)
{
	for (size_t i = 0; i < r->n_loads; i++)
		if (r->loads[i].member == m && !r->loads[i].ended)
			return true;
	return false;
}

/*
 * A host that had a fault and was given up: its load is still on, and what is sent over the old
 * session may come too late, or never. Not reached, it ends by the agent's own limits.
 */
static void reach_lost(struct gd_run *r)
{
	for (size_t i = 0; i < r->fleet.n; i++) {
		struct gd_member *m = &r->fleet.members[i];
		struct gd_error why = GD_ERROR_INIT;

		if (m->state != GD_MEMBER_LOST || m->expendable || !has_unended(r, m))
			continue;
		if (gd_fleet_reconnect(&r->fleet, m, gd_span_s(REACH_LIMIT_S), &why) < 0)
			gd_view_event(r->view, GD_TONE_BAD, "load     %s", why.text);
	}
}

static const struct gd_live_load *first_away(const struct gd_run *r)
{
	for (size_t i = 0; i < r->n_loads; i++)
		if (!r->loads[i].ended && r->loads[i].link != GD_LINK_ON)
			return &r->loads[i];
	return NULL;
}

/* A host that is not expendable is sought by who undoes its faults (stage.c), or not at all. */
static int wait_for_those_away(struct gd_run *r, struct gd_error *err)
{
	int seconds =
		r->fleet.stop == GD_STOP_SIGNAL ? BACK_LIMIT_SIGNAL_S : BACK_LIMIT_S;
	struct gd_instant end = gd_after(gd_now(), gd_span_s(seconds));
	const struct gd_live_load *l = first_away(r);

	if (l)
		gd_view_event(
			r->view, GD_TONE_PLAIN,
			"load     waiting %d s at most for what %s measured while it "
			"was cut off",
			seconds, l->member->inv->name);
	while (first_away(r) && gd_now().ns < end.ns)
		if (gd_loop_step(r->fleet.loop, end, err) < 0)
			return -1;
	return 0;
}

static int64_t n_arrived(const struct gd_run *r)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->n_loads; i++)
		n += r->loads[i].last_seq;
	return n;
}

/* Until all have told their end: within wait, or as long as there is more coming. */
static int drain(struct gd_run *r, struct gd_span wait, struct gd_error *err)
{
	struct gd_instant last = gd_after(gd_now(), gd_span_s(DRAIN_LIMIT_S));
	struct gd_instant end = gd_after(gd_now(), wait);
	int64_t n = n_arrived(r);

	while (!all_ended(r) && gd_now().ns < end.ns) {
		struct gd_instant more = gd_after(gd_now(), gd_span_s(QUIET_S));

		if (gd_loop_step(r->fleet.loop, end, err) < 0)
			return -1;
		if (n_arrived(r) != n && more.ns > end.ns && more.ns < last.ns)
			end = more;
		n = n_arrived(r);
	}
	return 0;
}

/*
 * Nobody takes what these have still to tell. Of a host that was given up the old session may
 * work again; a word that does not get through is made up for by the agent's own limits.
 */
static int drop_unended(struct gd_run *r, struct gd_error *err)
{
	struct gd_instant until = gd_after(gd_now(), gd_span_ms(LAST_WORD_MS));
	bool any = false;

	for (size_t i = 0; i < r->n_loads; i++) {
		const struct gd_live_load *l = &r->loads[i];
		GD_AUTO(cJSON) cJSON *req = NULL;

		if (l->ended || !l->member)
			continue;
		req = gd_message_request("load_stop");
		if (!req || !gd_json_set_str(req, "ref", l->spec->name) ||
		    !gd_json_set_bool(req, "drop", true))
			return gd_raise_nomem(err);
		gd_fleet_tell(l->member, gd_steal_ptr(&req));
		any = true;
	}
	while (any && gd_now().ns < until.ns)
		if (gd_loop_step(r->fleet.loop, until, err) < 0)
			return -1;
	return 0;
}

int gd_traffic_stop(struct gd_run *r, struct gd_error *err)
{
	struct gd_span wait = gd_span_s(2);

	reach_lost(r);
	/* Twice: one may be found cut off by being asked. */
	for (int i = 0; i < 2; i++)
		if (wait_for_those_away(r, err) < 0 || ask_to_stop(r, err) < 0)
			return -1;
	for (size_t i = 0; i < r->n_loads; i++) {
		const struct gd_live_load *l = &r->loads[i];

		if (gd_load_spec_longest(l->spec).ns + gd_span_s(2).ns > wait.ns)
			wait.ns = gd_load_spec_longest(l->spec).ns + gd_span_s(2).ns;
	}
	if (drain(r, wait, err) < 0)
		return -1;
	if (drop_unended(r, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n_loads; i++)
		if (!r->loads[i].ended && r->loads[i].link != GD_LINK_ON)
			lose_load(&r->loads[i],
				  r->loads[i].member->error.code
					  ? r->loads[i].member->error.text
					  : "its host was not back in time");
	return 0;
}
