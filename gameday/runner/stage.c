/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults in and out. Everything that may be on a host is tracked from the moment the
 * request to inject it leaves: a lost answer counts as "may be in". Undoing is done by the
 * agents from their own journals; what this side adds is the record and the judgement that
 * a fault nobody saw put back is not put back.
 */
#include "gameday/runner/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/runner/fault_request.h"
#include "gameday/runner/names.h"
#include "gameday/shape/peers.h"

/* Time limits of one call. A ring change keeps the carrier away for seconds. */
static const struct gd_span CALL_LIMIT = {15 * GD_NS_PER_S};
static const struct gd_span INJECT_LIMIT = {30 * GD_NS_PER_S};
/* sshd on a busy host takes seconds to let somebody in. */
static const struct gd_span PROBE_LIMIT = {12 * GD_NS_PER_S};
/* After a carrier is back. Traffic was seen to stall 1 s longer; twice that is waited. */
enum { SETTLE_MS = 2000 };
/* A fault lives this long on trial, until a new SSH connection has got through. */
enum { TRIAL_LEASE_MS = 15000 };
/* No fault outlives the planned run by more than this, whatever renews the lease. */
enum { DEADLINE_SLACK_MS = 120000 };

/* --- preflight ----------------------------------------------------------------------- */

static int64_t planned_ms(const struct gd_run *r)
{
	int64_t ns = 0;

	for (size_t i = 0; i < r->scenario.stages.n; i++)
		ns += GD_AT(&r->scenario.stages, struct gd_stage, i)->length.ns;
	return ns / GD_NS_PER_MS + DEADLINE_SLACK_MS;
}

static bool hosts_a_fault(const struct gd_run *r, const struct gd_member *m)
{
	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (r->faults[i].member == m)
			return true;
	return false;
}

static int claim(struct gd_run *r, struct gd_error *err)
{
	for (size_t i = 0; i < r->fleet.n; i++) {
		struct gd_member *m = &r->fleet.members[i];
		cJSON *req, *reply = NULL;

		if (!hosts_a_fault(r, m))
			continue;
		req = gd_message_request("claim");
		if (!req ||
		    !gd_json_set_int(req, "lease_ms", r->fleet.lease.ns / GD_NS_PER_MS) ||
		    !gd_json_set_int(req, "deadline_ms", planned_ms(r))) {
			cJSON_Delete(req);
			return gd_raise_nomem(err);
		}
		if (gd_fleet_ask(&r->fleet, m, req, CALL_LIMIT, &reply, err) < 0)
			return -1;
		cJSON_Delete(reply);
		m->claimed = true;
	}
	return 0;
}

static void record_preflight(struct gd_run *r, const struct gd_live_fault *f,
			     const char *error)
{
	cJSON *m = cJSON_CreateObject();

	if (m) {
		(void)gd_json_set_str(m, "ref", f->plan->ref);
		(void)gd_json_set_str(m, "role", f->plan->use->on);
		(void)gd_json_set_str(m, "host", f->member->inv->name);
		(void)gd_json_set_str(m, "kind", f->plan->use->kind);
		(void)gd_json_set_bool(m, "ok", !error);
		if (error)
			(void)gd_json_set_str(m, "error", error);
	}
	gd_record_event(r->rec, "preflight", m);
}

/* Sends one request per fault index in `which` and waits for all; the caller frees calls. */
static struct gd_call *call_faults(struct gd_run *r, const char *op, const size_t *which,
				   size_t n, struct gd_span limit, struct gd_error *err)
{
	struct gd_call *calls = calloc(n + 1, sizeof(*calls));

	if (!calls) {
		(void)gd_raise_nomem(err);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		struct gd_live_fault *f = &r->faults[which[i]];
		cJSON *req = gd_fault_request(op, f->plan->ref, f->plan->use->kind,
					      &f->plan->levels, f->plan->names, err);

		if (req && strcmp(op, "inject") == 0) {
			if (!f->proved)
				(void)gd_json_set_int(req, "lease_ms", TRIAL_LEASE_MS);
			f->phase = GD_FAULT_ASKED;
			f->effect_asked = false;
			f->resting = false;
			f->level = 0;
		}
		gd_fleet_call(&r->fleet, f->member, req, limit, &calls[i]);
	}
	if (gd_fleet_wait(&r->fleet, calls, n, err) < 0) {
		gd_calls_free(calls, n);
		return NULL;
	}
	return calls;
}

static void record_names(struct gd_run *r, const struct gd_live_fault *f)
{
	cJSON *m = cJSON_CreateObject();
	GD_AUTO_STRBUF(text);

	if (!f->plan->names) {
		cJSON_Delete(m);
		return;
	}
	gd_peer_names_print(f->plan->names, &text);
	if (m) {
		(void)gd_json_set_str(m, "ref", f->plan->ref);
		(void)gd_json_set_str(m, "host", f->member->inv->name);
		(void)gd_json_set(m, "names", cJSON_Duplicate(f->plan->names, 1));
	}
	gd_record_event(r->rec, "names", m);
	gd_view_secret(r->view, GD_TONE_PLAIN, "names    %s: %s", f->member->inv->name,
		       gd_strbuf_str(&text));
}

/* Each host is asked once for all names; what they mean holds for the run. */
static int resolve_names(struct gd_run *r, struct gd_error *err)
{
	for (size_t i = 0; i < r->plan.n_faults; i++) {
		struct gd_live_fault *f = &r->faults[i];

		if (gd_names_of_host(&r->fleet, f->member, &r->plan, err) < 0) {
			record_preflight(r, f, err->text);
			return -1;
		}
	}
	for (size_t i = 0; i < r->plan.n_faults; i++)
		record_names(r, &r->faults[i]);
	return 0;
}

int gd_stage_preflight(struct gd_run *r, struct gd_error *err)
{
	GD_AUTO_FREE size_t *which = calloc(r->plan.n_faults + 1, sizeof(*which));
	struct gd_call *calls;
	int result = 0;

	if (!which)
		return gd_raise_nomem(err);
	if (claim(r, err) < 0 || resolve_names(r, err) < 0)
		return -1;
	for (size_t i = 0; i < r->plan.n_faults; i++)
		which[i] = i;
	calls = call_faults(r, "preflight", which, r->plan.n_faults, CALL_LIMIT, err);
	if (!calls)
		return -1;
	for (size_t i = 0; i < r->plan.n_faults; i++) {
		record_preflight(r, &r->faults[i],
				 calls[i].reply ? NULL : calls[i].err.text);
		if (calls[i].reply || result < 0)
			continue;
		*err = calls[i].err;
		result = -1;
	}
	gd_calls_free(calls, r->plan.n_faults);
	return result;
}

/* --- in ------------------------------------------------------------------------------ */

static void record_injecting(struct gd_run *r, const struct gd_live_fault *f)
{
	const struct gd_plan_fault *p = f->plan;
	struct gd_error err = GD_ERROR_INIT;
	cJSON *m = cJSON_CreateObject(), *args = NULL;
	GD_AUTO_STRBUF(what);
	GD_AUTO_STRBUF(manual);

	p->kind->describe(p->args, &what);
	p->kind->manual(p->args, &manual);
	if (gd_node_to_json(p->node, &args, &err) < 0)
		args = NULL;
	if (m) {
		(void)gd_json_set_str(m, "ref", p->ref);
		(void)gd_json_set_str(m, "stage", p->stage->name);
		(void)gd_json_set_str(m, "role", p->use->on);
		(void)gd_json_set_str(m, "host", f->member->inv->name);
		(void)gd_json_set_str(m, "kind", p->use->kind);
		if (p->remedy)
			(void)gd_json_set_str(m, "mitigation", p->remedy->action);
		(void)gd_json_set(m, "args", args ? args : cJSON_CreateObject());
		(void)gd_json_set_str(m, "describe", gd_strbuf_str(&what));
		(void)gd_json_set_str(m, "manual", gd_strbuf_str(&manual));
	} else {
		cJSON_Delete(args);
	}
	gd_record_event(r->rec, "fault_injecting", m);
	gd_view_secret(r->view, GD_TONE_FAULT, "%s %s: %s",
		       p->remedy ? "try     " : "fault   ", f->member->inv->name,
		       gd_strbuf_str(&what));
}

/* Members of an agent's answer that go into the journal as they are. */
static void copy_member(cJSON *to, const cJSON *from, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(from, key);

	if (v)
		(void)gd_json_set(to, key, cJSON_Duplicate(v, 1));
}

/*
 * A device that was taken down and up again passes no traffic for about a second more than
 * its carrier is away: neighbours, queues and TCP's timers have to catch up. That is the
 * change itself and not the fault, so no stage's figures may count it.
 */
static void note_transient(struct gd_run *r, const cJSON *reply)
{
	const cJSON *figures = cJSON_GetObjectItemCaseSensitive(reply, "figures");

	if (gd_json_num(figures, "carrier_away_ms", 0) > 0)
		r->settled = gd_after(gd_now(), gd_span_ms(SETTLE_MS));
}

static void record_injected(struct gd_run *r, const struct gd_live_fault *f,
			    const cJSON *reply)
{
	static const char *const keys[] = {"before",  "after_apply", "manual",
					   "took_ms", "notes",       "figures"};
	cJSON *m = cJSON_CreateObject();

	if (m) {
		(void)gd_json_set_str(m, "ref", f->plan->ref);
		for (size_t i = 0; i < GD_N_ELEMS(keys); i++)
			copy_member(m, reply, keys[i]);
	}
	gd_undo_page_add(r, f, reply);
	gd_record_event(r->rec, "fault_injected", m);
}

struct probe {
	struct gd_member *member;
	struct gd_span took;
	bool done, ok;
	struct gd_error err;
};

static void on_probe(void *ctx, struct gd_span took, const struct gd_error *err)
{
	struct probe *p = ctx;

	p->done = true;
	p->took = took;
	p->ok = !err;
	if (err)
		p->err = *err;
}

static void record_probe(struct gd_run *r, const struct probe *p)
{
	cJSON *m = cJSON_CreateObject();

	if (m) {
		(void)gd_json_set_str(m, "host", p->member->inv->name);
		(void)gd_json_set_bool(m, "ok", p->ok);
		(void)gd_json_set_num(m, "took_ms", (double)p->took.ns / 1e6);
		if (!p->ok)
			(void)gd_json_set_str(m, "error", p->err.text);
	}
	gd_record_event(r->rec, "control_path", m);
}

/* A new SSH connection to the host, made while its faults are in. */
static int prove_way_back(struct gd_run *r, struct gd_member *m, struct gd_error *err)
{
	struct probe p = {.member = m};
	struct gd_instant end = gd_after(gd_now(), PROBE_LIMIT);

	gd_host_probe_new_connection(m->host, PROBE_LIMIT, on_probe, &p);
	while (!p.done)
		if (gd_loop_step(r->fleet.loop, end, err) < 0)
			return -1;
	record_probe(r, &p);
	r->way_back_lost = r->way_back_lost || !p.ok;
	if (!p.ok)
		return gd_raise(
			err, GD_E_REFUSED,
			"host %s: no new SSH connection gets through under the fault; it was "
			"undone: leave the path that SSH uses out of the fault (%s)",
			m->inv->name, p.err.text);
	return 0;
}

static int prove_and_keep(struct gd_run *r, const size_t *which, size_t n,
			  struct gd_error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct gd_member *m = r->faults[which[i]].member;
		bool first = !r->faults[which[i]].proved;

		for (size_t k = 0; k < i; k++)
			if (r->faults[which[k]].member == m &&
			    !r->faults[which[k]].proved)
				first = false;
		if (first && prove_way_back(r, m, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		struct gd_live_fault *f = &r->faults[which[i]];
		cJSON *req, *reply = NULL;

		if (f->proved)
			continue;
		req = gd_fault_request_by_ref("keep", f->plan->ref);
		if (gd_fleet_ask(&r->fleet, f->member, req, CALL_LIMIT, &reply, err) < 0)
			return -1;
		cJSON_Delete(reply);
		f->proved = true;
	}
	return 0;
}

/*
 * A fault on trial whose answer stays away, or comes when the host has undone it already, cut
 * the way back as much as one under which no new connection gets through.
 */
static void note_cut_off(struct gd_run *r, const struct gd_live_fault *f,
			 struct gd_call *call)
{
	struct probe p = {.member = f->member, .took = gd_between(call->sent, gd_now())};
	bool lost = f->member->state == GD_MEMBER_LOST ||
		    (!call->reply && call->err.code == GD_E_TIMEOUT);

	if (call->reply && f->phase != GD_FAULT_ASKED)
		(void)gd_raise(&call->err, GD_E_REFUSED,
			       "host %s: %s was undone already when its answer came",
			       f->member->inv->name, f->plan->use->kind);
	if (f->proved || (!lost && f->phase == GD_FAULT_ASKED))
		return;
	p.err = call->err.code ? call->err : f->member->error;
	record_probe(r, &p);
	r->way_back_lost = true;
	(void)gd_raise(
		&call->err, GD_E_REFUSED,
		"host %s: nothing came back from it under the fault, which it undoes "
		"by itself: leave the path that SSH uses out of the fault (%s)",
		f->member->inv->name, p.err.text);
}

int gd_stage_inject(struct gd_run *r, const size_t *which, size_t n, struct gd_error *err)
{
	struct gd_call *calls;
	int result = 0;

	for (size_t i = 0; i < n; i++)
		record_injecting(r, &r->faults[which[i]]);
	calls = call_faults(r, "inject", which, n, INJECT_LIMIT, err);
	if (!calls)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct gd_live_fault *f = &r->faults[which[i]];

		note_cut_off(r, f, &calls[i]);
		if (calls[i].reply && f->phase == GD_FAULT_ASKED) {
			f->phase = GD_FAULT_IN;
			note_transient(r, calls[i].reply);
			record_injected(r, f, calls[i].reply);
		}
		/* Also of a fault that went in, when its answer came too late. */
		if (result == 0 && calls[i].err.code != GD_OK) {
			*err = calls[i].err;
			result = -1;
		}
	}
	gd_calls_free(calls, n);
	return result < 0 ? -1 : prove_and_keep(r, which, n, err);
}

/* --- another level -------------------------------------------------------------------- */

static void record_changed(struct gd_run *r, const struct gd_live_fault *f,
			   const cJSON *reply)
{
	static const char *const keys[] = {"took_ms", "notes", "figures"};
	const struct gd_level *l = gd_cycle_level(f);
	struct gd_error err = GD_ERROR_INIT;
	cJSON *m = cJSON_CreateObject(), *args = NULL;

	if (m) {
		(void)gd_json_set_str(m, "ref", f->plan->ref);
		(void)gd_json_set_str(m, "host", f->member->inv->name);
		(void)gd_json_set_str(m, "text", l->text);
		(void)gd_json_set_int(m, "at_ns", l->at.ns);
		if (gd_node_to_json(l->node, &args, &err) == 0)
			(void)gd_json_set(m, "args", args);
		for (size_t i = 0; i < GD_N_ELEMS(keys); i++)
			copy_member(m, reply, keys[i]);
	}
	gd_record_event(r->rec, "fault_changed", m);
	gd_view_secret(r->view, GD_TONE_FAULT, "change   %s: %s: %s",
		       f->member->inv->name, f->plan->use->kind, l->text);
}

int gd_stage_change(struct gd_run *r, const size_t *which, size_t n, struct gd_error *err)
{
	struct gd_call *calls = calloc(n + 1, sizeof(*calls));
	int result = 0;

	if (!calls)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < n; i++) {
		struct gd_live_fault *f = &r->faults[which[i]];

		gd_fleet_call(
			&r->fleet, f->member,
			gd_fault_request_change(f->plan->ref, gd_cycle_level(f), err),
			INJECT_LIMIT, &calls[i]);
	}
	if (gd_fleet_wait(&r->fleet, calls, n, err) < 0)
		result = -1;
	for (size_t i = 0; result == 0 && i < n; i++) {
		if (!calls[i].reply) {
			*err = calls[i].err;
			result = -1;
			continue;
		}
		note_transient(r, calls[i].reply);
		record_changed(r, &r->faults[which[i]], calls[i].reply);
	}
	gd_calls_free(calls, n);
	return result;
}

/* --- out ----------------------------------------------------------------------------- */

static struct gd_live_fault *find_fault(struct gd_run *r, const struct gd_member *m,
					const char *ref)
{
	for (size_t i = 0; ref && i < r->plan.n_faults; i++)
		if (r->faults[i].member == m && strcmp(r->plan.faults[i].ref, ref) == 0)
			return &r->faults[i];
	return NULL;
}

static void record_effect(struct gd_run *r, struct gd_live_fault *f, const cJSON *effect)
{
	cJSON *m = cJSON_CreateObject();

	f->effect_seen = gd_json_bool(effect, "seen", false);
	if (m) {
		(void)gd_json_set_str(m, "ref", f->plan->ref);
		copy_member(m, effect, "seen");
		copy_member(m, effect, "text");
		copy_member(m, effect, "counters");
	}
	gd_record_event(r->rec, "fault_effect", m);
	gd_view_secret(r->view, f->effect_seen ? GD_TONE_PLAIN : GD_TONE_BAD,
		       "effect   %s: %s: %s", f->member->inv->name, f->plan->use->kind,
		       gd_json_str(effect, "text", ""));
}

/* When the host undid it, by our wall clock: told by clocks that nobody can step. 0: unknown. */
static int64_t undone_wall_ns(const struct gd_member *m, const cJSON *item)
{
	int64_t boot = gd_json_int(item, "undone_boot_ns", 0);

	if (boot <= 0)
		return 0;
	return gd_wall_now().ns - (gd_now().ns - (boot - m->clock.boot_offset_ns));
}

/* Why it was undone; and by whom and when, if nobody had to ask the host for it. */
static void add_reason(const cJSON *item, const char *asked, int64_t at,
		       struct gd_strbuf *out)
{
	const char *why = gd_json_str(item, "reason", NULL);
	struct gd_wall when = {at ? at : gd_json_int(item, "undone_wall_ns", 0)};
	char buf[32];

	if (why)
		gd_strbuf_addf(out, "undone by the host's %s at %s: %s",
			       gd_json_str(item, "by", "agent"),
			       gd_wall_format(when, buf), why);
	else
		gd_strbuf_adds(out, asked);
}

/* What the host read of a fault before it undid it by itself. */
static void take_effect(struct gd_run *r, struct gd_live_fault *f, const cJSON *item)
{
	const cJSON *effect = cJSON_GetObjectItemCaseSensitive(item, "effect");

	if (!cJSON_IsObject(effect) || f->effect_asked)
		return;
	f->effect_asked = true;
	record_effect(r, f, effect);
}

/* One entry of a reply's or event's "faults". */
static void take_reverted(struct gd_run *r, struct gd_member *m, const cJSON *item,
			  const char *reason)
{
	static const char *const keys[] = {"ref",   "before",  "after",
					   "equal", "took_ms", "error",
					   "notes", "figures", "by"};
	struct gd_live_fault *f = find_fault(r, m, gd_json_str(item, "ref", NULL));
	bool equal = gd_json_bool(item, "equal", false);
	const char *error = gd_json_str(item, "error", "");
	int64_t at = undone_wall_ns(m, item);
	GD_AUTO_STRBUF(why);
	cJSON *event;

	if (!f || f->phase == GD_FAULT_UNDONE)
		return;
	take_effect(r, f, item);
	add_reason(item, reason, at, &why);
	f->phase = equal ? GD_FAULT_UNDONE : GD_FAULT_LEFT;
	note_transient(r, item);
	event = cJSON_CreateObject();
	if (event) {
		for (size_t i = 0; i < GD_N_ELEMS(keys); i++)
			copy_member(event, item, keys[i]);
		(void)gd_json_set_str(event, "host", m->inv->name);
		(void)gd_json_set_str(event, "reason", gd_strbuf_str(&why));
		if (at)
			(void)gd_json_set_int(event, "undone_wall_ns", at);
		if (f->resting)
			(void)gd_json_set_bool(event, "stage_goes_on", true);
	}
	gd_record_event(r->rec, "fault_reverted", event);
	if (equal)
		gd_view_secret(r->view, GD_TONE_GOOD,
			       "restored %s: %s is exactly as before (%s)", m->inv->name,
			       f->plan->use->kind, gd_strbuf_str(&why));
	else
		gd_view_event(r->view, GD_TONE_BAD,
			      "LEFT     %s: %s is not as before: %s", m->inv->name,
			      f->plan->use->kind, error);
}

static void take_all_reverted(struct gd_run *r, struct gd_member *m, const cJSON *reply,
			      const char *reason)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(reply, "faults");
	const cJSON *item;

	cJSON_ArrayForEach(item, list) take_reverted(r, m, item, reason);
}

/* Somebody else took a fault out: what is measured from here on is not under it. */
static void take_drift(struct gd_run *r, const struct gd_member *m, const cJSON *event)
{
	cJSON *record = cJSON_CreateObject();

	if (record) {
		(void)gd_json_set_str(record, "host", m->inv->name);
		copy_member(record, event, "ref");
		copy_member(record, event, "text");
	}
	gd_record_event(r->rec, "fault_drift", record);
	gd_view_secret(r->view, GD_TONE_BAD, "drift    %s: %s: %s", m->inv->name,
		       gd_json_str(event, "ref", ""), gd_json_str(event, "text", ""));
}

bool gd_stage_event(struct gd_run *r, struct gd_member *m, const cJSON *event)
{
	const char *reason = gd_json_str(event, "reason", "undone by the host itself");

	if (strcmp(gd_json_str(event, "event", ""), "drift") == 0) {
		take_drift(r, m, event);
		return true;
	}
	if (strcmp(gd_json_str(event, "event", ""), "reverted") != 0)
		return false;
	take_all_reverted(r, m, event, reason);
	gd_fleet_stop(&r->fleet, GD_STOP_REVERTED,
		      "host %s undid its faults by itself: %s", m->inv->name, reason);
	return true;
}

static void ask_effect(struct gd_run *r, struct gd_live_fault *f)
{
	struct gd_error err = GD_ERROR_INIT;
	cJSON *reply = NULL, *m;

	f->effect_asked = true;
	if (gd_fault_ask_effect(&r->fleet, f->member, f->plan->ref, CALL_LIMIT, &reply,
				&err) == 0) {
		record_effect(r, f, reply);
		cJSON_Delete(reply);
		return;
	}
	/* The host may have undone it by itself, and told what it had done before that. */
	f->effect_asked = false;
	if (f->effect_seen)
		return;
	m = cJSON_CreateObject();
	if (m) {
		(void)gd_json_set_str(m, "ref", f->plan->ref);
		(void)gd_json_set_bool(m, "seen", false);
		(void)gd_json_set_str(m, "text", err.text);
	}
	gd_record_event(r->rec, "fault_effect", m);
}

static void revert_one(struct gd_run *r, struct gd_live_fault *f, const char *reason)
{
	cJSON *req = gd_fault_request_by_ref("revert", f->plan->ref), *reply = NULL;
	struct gd_error err = GD_ERROR_INIT;

	if (gd_fleet_ask(&r->fleet, f->member, req, INJECT_LIMIT, &reply, &err) < 0) {
		gd_view_event(r->view, GD_TONE_BAD, "undo     %s: %s",
			      f->member->inv->name, err.text);
		return;
	}
	take_all_reverted(r, f->member, reply, reason);
	cJSON_Delete(reply);
}

static bool may_be_in(const struct gd_live_fault *f)
{
	return f->phase == GD_FAULT_ASKED || f->phase == GD_FAULT_IN;
}

int gd_stage_rest(struct gd_run *r, struct gd_live_fault *f, struct gd_error *err)
{
	ask_effect(r, f);
	f->resting = true;
	revert_one(r, f, "its time is over");
	if (f->phase == GD_FAULT_UNDONE)
		return 0;
	f->resting = false;
	return gd_raise(err, GD_E_LEFT_BEHIND, "host %s: %s could not be put back",
			f->member->inv->name, f->plan->use->kind);
}

int gd_stage_undo(struct gd_run *r, const struct gd_stage *st, struct gd_error *err)
{
	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (r->plan.faults[i].stage == st && r->faults[i].phase == GD_FAULT_IN)
			ask_effect(r, &r->faults[i]);
	for (size_t i = r->plan.n_faults; i-- > 0;)
		if (r->plan.faults[i].stage == st && may_be_in(&r->faults[i]))
			revert_one(r, &r->faults[i], "the stage is over");
	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (r->plan.faults[i].stage == st &&
		    r->faults[i].phase != GD_FAULT_UNDONE &&
		    r->faults[i].phase != GD_FAULT_IDLE)
			return gd_raise(err, GD_E_LEFT_BEHIND,
					"host %s: %s could not be put back",
					r->faults[i].member->inv->name,
					r->plan.faults[i].use->kind);
	return 0;
}

static bool member_may_hold(const struct gd_run *r, const struct gd_member *m)
{
	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (r->faults[i].member == m && may_be_in(&r->faults[i]))
			return true;
	return false;
}

/* A host that was lost undoes its faults by itself; find out whether it did. */
static int look_at_lost(struct gd_run *r, struct gd_member *m, struct gd_error *err)
{
	struct gd_span limit = {r->fleet.lease.ns + 20 * GD_NS_PER_S};

	gd_view_event(r->view, GD_TONE_BAD,
		      "lost     %s: waiting for its lease to lapse, then asking it again",
		      m->inv->name);
	if (gd_fleet_reconnect(&r->fleet, m, limit, err) < 0)
		return -1;
	return 0;
}

/*
 * Asks until the host is nobody's: the guardian of the lost session may still be at work, or
 * wait for the lease. What it undid is told, too, since this session names the same run.
 */
static int recover(struct gd_run *r, struct gd_member *m, cJSON **ret,
		   struct gd_error *err)
{
	struct gd_span patience = {r->fleet.lease.ns + 5 * GD_NS_PER_S};
	struct gd_instant end = gd_after(gd_now(), patience);

	for (;;) {
		struct gd_instant next = gd_after(gd_now(), gd_span_ms(500));

		if (gd_fleet_ask(&r->fleet, m, gd_message_request("recover"),
				 INJECT_LIMIT, ret, err) == 0)
			return 0;
		if (err->code != GD_E_REFUSED || gd_now().ns > end.ns)
			return -1;
		while (gd_now().ns < next.ns)
			if (gd_loop_step(r->fleet.loop, next, err) < 0)
				return -1;
	}
}

static int revert_everything(struct gd_run *r, struct gd_member *m, cJSON **ret,
			     struct gd_error *err)
{
	return gd_fleet_ask(&r->fleet, m, gd_fault_request_by_ref("revert", NULL),
			    INJECT_LIMIT, ret, err);
}

/*
 * The host has told all that its journal has of this run, open and closed. A fault that was
 * asked for and is not among them was never announced there, so it never was in.
 */
static void close_unanswered(struct gd_run *r, struct gd_member *m)
{
	for (size_t i = 0; i < r->plan.n_faults; i++) {
		struct gd_live_fault *f = &r->faults[i];
		cJSON *event;

		if (f->member != m || f->phase != GD_FAULT_ASKED)
			continue;
		f->phase = GD_FAULT_UNDONE;
		event = cJSON_CreateObject();
		if (event) {
			(void)gd_json_set_str(event, "ref", f->plan->ref);
			(void)gd_json_set_str(event, "host", m->inv->name);
			(void)gd_json_set_bool(event, "equal", true);
			(void)gd_json_set_str(
				event, "reason",
				"the host's journal has nothing of it left: "
				"it is not in");
		}
		gd_record_event(r->rec, "fault_reverted", event);
		gd_view_secret(r->view, GD_TONE_GOOD, "restored %s: %s is not in",
			       m->inv->name, f->plan->use->kind);
	}
}

static void revert_all_on(struct gd_run *r, struct gd_member *m)
{
	struct gd_error err = GD_ERROR_INIT;
	cJSON *reply = NULL;
	bool ours = m->state == GD_MEMBER_READY && m->claimed;
	int rc = ours ? revert_everything(r, m, &reply, &err) : -1;

	/* It may have been lost over that, as when the fault cut the way back. */
	if (rc < 0 && (!ours || m->state == GD_MEMBER_LOST))
		rc = look_at_lost(r, m, &err) < 0 ? -1 : recover(r, m, &reply, &err);
	if (rc < 0) {
		gd_view_event(r->view, GD_TONE_BAD, "undo     %s", err.text);
		return;
	}
	take_all_reverted(r, m, reply, "stopped");
	close_unanswered(r, m);
	cJSON_Delete(reply);
}

void gd_stage_undo_all(struct gd_run *r)
{
	r->undoing = true;
	if (r->stage)
		gd_diagnose_end(r, r->stage);
	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (r->faults[i].phase == GD_FAULT_IN && !r->faults[i].effect_asked &&
		    r->faults[i].member->state == GD_MEMBER_READY &&
		    r->fleet.stop == GD_STOP_NONE)
			ask_effect(r, &r->faults[i]);
	for (size_t i = 0; i < r->fleet.n; i++)
		if (member_may_hold(r, &r->fleet.members[i]))
			revert_all_on(r, &r->fleet.members[i]);
	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (may_be_in(&r->faults[i]))
			r->faults[i].phase = GD_FAULT_LEFT;
}

void gd_stage_release(struct gd_run *r)
{
	for (size_t i = 0; i < r->fleet.n; i++) {
		struct gd_member *m = &r->fleet.members[i];
		struct gd_error err = GD_ERROR_INIT;
		cJSON *reply = NULL;

		if (!m->claimed || m->state != GD_MEMBER_READY)
			continue;
		m->claimed = false;
		if (gd_fleet_ask(&r->fleet, m, gd_message_request("release"), CALL_LIMIT,
				 &reply, &err) < 0)
			gd_view_event(r->view, GD_TONE_BAD, "release  %s: %s",
				      m->inv->name, err.text);
		cJSON_Delete(reply);
	}
}
