/* SPDX-License-Identifier: Apache-2.0 */
/* Faults in and out again; session.c says in which order things happen. */
#include "injectors/agent/session_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "injectors/agent/ceiling.h"

/* --- what injectors say -------------------------------------------------------------- */

void gd_session_note(void *session, const char *text)
{
	struct gd_session *s = session;

	s->note(s->note_ctx, text);
	gd_said_note(&s->said, text);
}

void gd_session_figure(void *session, const char *name, int64_t value)
{
	struct gd_session *s = session;

	gd_said_figure(&s->said, name, value);
}

/* --- undoing ------------------------------------------------------------------------- */

int gd_session_add_restored(cJSON *list, const struct gd_record *r,
			    const struct gd_restored *res, const cJSON *facts,
			    struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *obj = cJSON_CreateObject();

	if (!obj || !gd_json_set_str(obj, "ref", r->ref) ||
	    !gd_json_set_str(obj, "kind", r->kind) ||
	    !gd_json_set_str(obj, "target", r->target) ||
	    !gd_json_set_str(obj, "before", r->before) ||
	    !gd_json_set_str(obj, "after", res->after ? res->after : "") ||
	    !gd_json_set_bool(obj, "equal", res->equal) ||
	    !gd_json_set_int(obj, "took_ms", res->took_ms) ||
	    (res->problem.code && !gd_json_set_str(obj, "error", res->problem.text)))
		return gd_raise_nomem(err);
	if (gd_undone_add(obj, facts, err) < 0)
		return -1;
	if (!cJSON_AddItemToArray(list, obj))
		return gd_raise_nomem(err);
	(void)gd_steal_ptr(&obj);
	return 0;
}

/*
 * Restores fault i and tells the journal. Who asked for it has read its effect before; when
 * nobody did, this is the last moment to. *ret_facts (owned by the caller): what there is to
 * tell of it; NULL when there was no memory for that.
 */
static void undo_one(struct gd_session *s, size_t i, const char *reason,
		     struct gd_restored *res, cJSON **ret_facts)
{
	struct gd_undone u = {.by = "agent", .reason = reason};
	struct live *f = &s->faults[i];
	struct gd_error err = GD_ERROR_INIT;

	s->said = (struct gd_said){0};
	u.has_effect = reason && f->phase == GD_PHASE_ACTIVE &&
		       gd_fault_effect(&s->ports, &f->record, &u.effect, &err) == 0;
	gd_fault_restore(&s->ports, &f->record, res);
	gd_undone_now(&u, res->took_ms);
	u.said = s->said;
	*ret_facts = gd_undone_to_json(&u, &err);
	f->phase = res->equal ? GD_PHASE_CLEAN : GD_PHASE_LEFT_BEHIND;
	/* The host comes before its log: what can't be written is found open and looked
	 * at again by `recover`. */
	if (gd_journal_step(&s->journal, f->record.id, f->phase, res->after,
			    res->problem.code ? res->problem.text : NULL, *ret_facts,
			    &err) < 0 &&
	    !res->problem.code)
		res->problem = err;
}

static int undo_listed(struct gd_session *s, size_t i, const char *reason, cJSON *list,
		       struct gd_error *err)
{
	GD_AUTO_RESTORED struct gd_restored res = {0};
	GD_AUTO(cJSON) cJSON *facts = NULL;
	int rc;

	undo_one(s, i, reason, &res, &facts);
	rc = gd_session_add_restored(list, &s->faults[i].record, &res, facts, err);
	if (s->faults[i].phase == GD_PHASE_CLEAN)
		gd_session_remove_fault(s, i);
	return rc;
}

/* Has fault i's own lease passed? */
static bool trial_lapsed(struct gd_session *s, size_t i)
{
	struct gd_instant trial;

	(void)pthread_mutex_lock(&s->lock);
	trial = s->faults[i].trial;
	(void)pthread_mutex_unlock(&s->lock);
	return trial.ns && trial.ns <= gd_now().ns;
}

/*
 * Undoes in reverse order: the fault named ref, or all (ref NULL), or those whose trial
 * lease lapsed. Never stops at the first failure.
 */
int gd_session_undo_faults(struct gd_session *s, const char *ref, bool only_lapsed,
			   const char *reason, cJSON *list, struct gd_error *err)
{
	int rc = 0;

	gd_session_busy(s);
	for (size_t i = s->n_faults; i-- > 0;) {
		struct live *f = &s->faults[i];

		if (ref && strcmp(ref, f->record.ref) != 0)
			continue;
		if (only_lapsed && !trial_lapsed(s, i))
			continue;
		(void)pthread_mutex_lock(&s->lock);
		f->trial.ns = 0;
		(void)pthread_mutex_unlock(&s->lock);
		if (undo_listed(s, i, reason, list, err) < 0)
			rc = -1;
	}
	gd_session_no_longer_busy(s);
	return rc;
}

int gd_session_op_revert(struct gd_session *s, const cJSON *request, cJSON *reply,
			 struct gd_error *err)
{
	const char *ref = gd_json_str(request, "ref", NULL);
	bool all = gd_json_bool(request, "all", false);
	cJSON *list = cJSON_CreateArray();

	if (!gd_json_set(reply, "faults", list))
		return gd_raise_nomem(err);
	if (!ref == !all)
		return gd_raise(err, GD_E_INPUT, "revert: give either ref or all");
	if (gd_session_undo_faults(s, all ? NULL : ref, false, NULL, list, err) < 0)
		return -1;
	if (!all && cJSON_GetArraySize(list) == 0)
		return gd_raise(err, GD_E_INPUT, "revert: no fault %.60s is in", ref);
	return 0;
}

/* Why everything has to go now, or NULL. */
static const char *lapse_reason(struct gd_session *s)
{
	struct gd_instant now = gd_now();
	const char *reason;

	(void)pthread_mutex_lock(&s->lock);
	reason = s->deadline.ns <= now.ns        ? "deadline"
		 : s->lease.ns <= now.ns         ? "lease lapsed"
		 : gd_ceiling_passed(s->ceiling) ? "the wall clock passed the deadline"
						 : NULL;
	(void)pthread_mutex_unlock(&s->lock);
	return reason;
}

int gd_session_undo(struct gd_session *s, const char *everything, cJSON **ret_event,
		    struct gd_error *err)
{
	const char *all_why = everything ? everything : lapse_reason(s);
	const char *reason = all_why ? all_why : "trial lease lapsed";
	GD_AUTO(cJSON) cJSON *event = cJSON_CreateObject();
	cJSON *list = cJSON_CreateArray();
	int rc;

	*ret_event = NULL;
	if (!event || !gd_json_set(event, "faults", list) ||
	    !gd_json_set_str(event, "event", "reverted") ||
	    !gd_json_set_str(event, "reason", reason))
		return gd_raise_nomem(err);
	rc = gd_session_undo_faults(s, NULL, !all_why, reason, list, err);
	/* Without a lease there is no claim: somebody else may come. */
	if (all_why && s->claimed)
		gd_session_give_up_claim(s);
	if (cJSON_GetArraySize(list) > 0)
		*ret_event = gd_steal_ptr(&event);
	return rc;
}

int gd_session_guardian_died(struct gd_session *s, cJSON **ret_event,
			     struct gd_error *err)
{
	gd_guardian_free(gd_session_take_guardian(s));
	return gd_session_undo(s, "guardian died", ret_event, err);
}

static int need_claim(const struct gd_session *s, struct gd_error *err)
{
	if (s->claimed)
		return 0;
	return gd_raise(err, GD_E_REFUSED,
			"this session holds no claim on the host (never claimed, or its "
			"lease lapsed)");
}

/* --- injecting ----------------------------------------------------------------------- */

int gd_session_op_resolve(struct gd_session *s, const cJSON *request, cJSON *reply,
			  struct gd_error *err)
{
	cJSON *names = NULL;

	if (gd_names_ask(s->names.host,
			 cJSON_GetObjectItemCaseSensitive(request, "names"), &names,
			 err) < 0)
		return -1;
	return gd_json_set(reply, "names", names) ? 0 : gd_raise_nomem(err);
}

/* What the runner says that host names mean holds for one request. */
static void know_names(struct gd_session *s, const cJSON *request)
{
	s->names.known = cJSON_GetObjectItemCaseSensitive(request, "names");
}

int gd_session_op_preflight(struct gd_session *s, const cJSON *request, cJSON *reply,
			    struct gd_error *err)
{
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(request, "args");
	GD_AUTO_STRBUF(state);
	int rc;

	know_names(s, request);
	rc = gd_fault_preflight(&s->ports, gd_json_str(request, "kind", ""), args,
				cJSON_GetObjectItemCaseSensitive(request, "later"),
				&state, err);
	s->names.known = NULL;
	if (rc < 0)
		return -1;
	if (!gd_json_set_str(reply, "state", gd_strbuf_str(&state)))
		return gd_raise_nomem(err);
	return 0;
}

static int check_conflicts(const struct gd_session *s, const struct gd_record *r,
			   struct gd_error *err)
{
	if (s->n_faults == MAX_FAULTS)
		return gd_raise(err, GD_E_REFUSED, "%d faults are in already",
				(int)MAX_FAULTS);
	for (size_t i = 0; i < s->n_faults; i++) {
		const struct gd_record *o = &s->faults[i].record;

		if (strcmp(o->ref, r->ref) == 0)
			return gd_raise(err, GD_E_REFUSED, "fault %s is in already",
					r->ref);
		if (strcmp(o->kind, r->kind) == 0 && strcmp(o->target, r->target) == 0)
			return gd_raise(err, GD_E_REFUSED,
					"%s on %s is in already, as %s", r->kind,
					r->target, o->ref);
	}
	return 0;
}

/* The rest of a captured record: whose it is and how long it may last. */
static int complete_record(const struct gd_session *s, const char *ref,
			   struct gd_record *r, struct gd_error *err)
{
	if (gd_copy_text(r->ref, sizeof(r->ref), ref, "ref", err) < 0)
		return -1;
	(void)snprintf(r->run, sizeof(r->run), "%s", s->who.run);
	(void)snprintf(r->runner, sizeof(r->runner), "%s", s->who.runner);
	gd_boot_id(r->boot_id);
	r->wall_ns = gd_wall_now().ns;
	r->deadline_ns = r->wall_ns + gd_between(gd_now(), s->deadline).ns;
	return 0;
}

/*
 * From here on the fault is known wherever it must be: guardian, journal, table. The
 * guardian is first: wherever the agent dies, it closes every entry the journal has.
 */
static int announce(struct gd_session *s, struct gd_record *r, struct gd_span trial,
		    struct gd_error *err)
{
	struct gd_instant until = {trial.ns ? gd_after(gd_now(), trial).ns : 0};
	GD_AUTO_RECORD struct gd_record copy = {0};

	if (!s->guardian)
		return gd_raise(err, GD_E_REFUSED, "there is no guardian");
	r->id = gd_journal_next_id(&s->journal);
	if (gd_record_copy(r, &copy, err) < 0 ||
	    gd_guardian_hold(s->guardian, r, err) < 0)
		return -1;
	if (gd_journal_begin(&s->journal, r, err) < 0) {
		gd_guardian_drop(s->guardian, r->id);
		return -1;
	}
	(void)pthread_mutex_lock(&s->lock);
	if (until.ns)
		gd_guardian_trial(s->guardian, r->id, until);
	s->faults[s->n_faults++] =
		(struct live){.record = copy, .phase = GD_PHASE_OPEN, .trial = until};
	(void)pthread_mutex_unlock(&s->lock);
	copy = (struct gd_record){0};
	return 0;
}

/* After a step of fault i that failed: it is undone at once, and err says so. */
static int undo_at_once(struct gd_session *s, size_t i, const char *why,
			struct gd_error *err)
{
	GD_AUTO_RESTORED struct gd_restored res = {0};
	GD_AUTO(cJSON) cJSON *facts = NULL;

	undo_one(s, i, why, &res, &facts);
	if (res.equal) {
		gd_session_remove_fault(s, i);
		return gd_wrap(err, "undone at once, nothing is left: ");
	}
	err->code = GD_E_LEFT_BEHIND;
	return gd_wrap(err,
		       "failed, and undoing it failed too (%.150s): ", res.problem.text);
}

/* Applies the last fault of the table; on failure it is undone at once. */
static int apply_last(struct gd_session *s, struct gd_error *err)
{
	size_t i = s->n_faults - 1;
	struct live *f = &s->faults[i];

	if (gd_fault_apply(&s->ports, &f->record, err) == 0 &&
	    gd_journal_step(&s->journal, f->record.id, GD_PHASE_ACTIVE, NULL, NULL, NULL,
			    err) == 0) {
		f->phase = GD_PHASE_ACTIVE;
		return 0;
	}
	return undo_at_once(s, i, "it did not go in", err);
}

/*
 * A new connection that is made with what the host knew before proves little: a fault that
 * keeps neighbours from being found would cut the way back minutes later.
 */
static void forget_way_back(struct gd_session *s, const struct gd_record *r)
{
	const struct gd_injector *i = gd_injector_find(r->kind);
	const struct gd_control *c = &s->ports.control;
	struct gd_error err = GD_ERROR_INIT;
	char text[200];
	int64_t n;

	if (!i || !i->network || c->kind != GD_CONTROL_SSH)
		return;
	if (s->ports.neighbour->forget(s->ports.neighbour->ctx, c->family, c->addr, &n,
				       &err) == 0)
		return;
	(void)snprintf(text, sizeof(text),
		       "the way back is proved with neighbours as known before: %.120s",
		       err.text);
	s->ports.note(s->ports.note_ctx, text);
}

int gd_session_op_inject(struct gd_session *s, const cJSON *request, cJSON *reply,
			 struct gd_error *err)
{
	GD_AUTO_RECORD struct gd_record r = {0};
	struct gd_instant start = gd_now();
	struct gd_span trial = {0};
	GD_AUTO_STRBUF(manual);
	GD_AUTO_STRBUF(after);
	int rc;

	s->said = (struct gd_said){0};
	if (need_claim(s, err) < 0)
		return -1;
	if (cJSON_HasObjectItem(request, "lease_ms") &&
	    gd_session_read_lease(request, "lease_ms", MAX_LEASE_MS, &trial, err) < 0)
		return -1;
	know_names(s, request);
	rc = gd_fault_capture(&s->ports, gd_json_str(request, "kind", ""),
			      cJSON_GetObjectItemCaseSensitive(request, "args"),
			      cJSON_GetObjectItemCaseSensitive(request, "later"), &r,
			      err);
	s->names.known = NULL;
	if (rc < 0 || complete_record(s, gd_json_str(request, "ref", ""), &r, err) < 0 ||
	    check_conflicts(s, &r, err) < 0 || announce(s, &r, trial, err) < 0 ||
	    apply_last(s, err) < 0)
		return -1;
	if (trial.ns)
		forget_way_back(s, &r);
	if (gd_fault_state(&s->ports, &r, &after, err) < 0 ||
	    gd_fault_manual(&r, &manual, err) < 0)
		return -1;
	if (!gd_json_set_str(reply, "before", r.before) ||
	    !gd_json_set_str(reply, "after_apply", gd_strbuf_str(&after)) ||
	    !gd_json_set_str(reply, "manual", gd_strbuf_str(&manual)) ||
	    !gd_json_set_int(reply, "took_ms",
			     gd_between(start, gd_now()).ns / GD_NS_PER_MS))
		return gd_raise_nomem(err);
	return gd_said_add(reply, &s->said, err);
}

static int find_fault(struct gd_session *s, const cJSON *request, size_t *ret,
		      struct gd_error *err)
{
	const char *ref = gd_json_str(request, "ref", "");

	for (size_t i = 0; i < s->n_faults; i++)
		if (strcmp(s->faults[i].record.ref, ref) == 0) {
			*ret = i;
			return 0;
		}
	return gd_raise(err, GD_E_INPUT, "no fault %.60s is in", ref);
}

/*
 * The undo record is left as it is: what was captured first is what comes back. A request
 * that is wrong changes nothing; a change that fails undoes the fault.
 */
int gd_session_op_change(struct gd_session *s, const cJSON *request, cJSON *reply,
			 struct gd_error *err)
{
	const cJSON *asked = cJSON_GetObjectItemCaseSensitive(request, "args");
	GD_AUTO(cJSON) cJSON *args = NULL;
	struct gd_instant start = gd_now();
	struct live *f;
	size_t i;

	s->said = (struct gd_said){0};
	if (need_claim(s, err) < 0 || find_fault(s, request, &i, err) < 0)
		return -1;
	f = &s->faults[i];
	if (f->phase != GD_PHASE_ACTIVE)
		return gd_raise(err, GD_E_REFUSED, "fault %s is %s, not active",
				f->record.ref, gd_phase_name(f->phase));
	if (gd_fault_check_change(&f->record, asked, &args, err) < 0 ||
	    gd_journal_change(&s->journal, f->record.id, args, err) < 0)
		return -1;
	cJSON_Delete(f->record.args);
	f->record.args = gd_steal_ptr(&args);
	if (gd_fault_change(&s->ports, &f->record, err) < 0)
		return undo_at_once(s, i, "a change failed", err);
	if (!gd_json_set_int(reply, "took_ms",
			     gd_between(start, gd_now()).ns / GD_NS_PER_MS))
		return gd_raise_nomem(err);
	return gd_said_add(reply, &s->said, err);
}

int gd_session_op_keep(struct gd_session *s, const cJSON *request, cJSON *reply GD_UNUSED,
		       struct gd_error *err)
{
	size_t i;

	if (find_fault(s, request, &i, err) < 0)
		return -1;
	(void)pthread_mutex_lock(&s->lock);
	s->faults[i].trial.ns = 0;
	if (s->guardian)
		gd_guardian_trial(s->guardian, s->faults[i].record.id,
				  (struct gd_instant){0});
	(void)pthread_mutex_unlock(&s->lock);
	return 0;
}

int gd_session_op_effect(struct gd_session *s, const cJSON *request, cJSON *reply,
			 struct gd_error *err)
{
	struct gd_effect e = {0};
	size_t i;

	if (find_fault(s, request, &i, err) < 0 ||
	    gd_fault_effect(&s->ports, &s->faults[i].record, &e, err) < 0)
		return -1;
	return gd_effect_add(reply, &e, err);
}
