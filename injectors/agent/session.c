/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order is all here. To inject: read and capture; guardian's copy, acknowledged; journal,
 * synced; only then apply. To undo: restore and compare; journal; guardian drops its
 * copy. Wherever the agent dies in between, journal and guardian know at least as much as
 * was done.
 *
 * The fault table belongs to the worker thread. Lease, deadline, trial leases and the
 * pointer to the guardian are shared with the loop's thread, under `lock`.
 */
#include "injectors/agent/session.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "injectors/agent/claim.h"
#include "injectors/agent/control.h"
#include "injectors/agent/fault.h"
#include "injectors/agent/guardian.h"
#include "injectors/agent/undo.h"

enum {
	MAX_FAULTS = 128,
	MIN_LEASE_MS = 200,
	MAX_LEASE_MS = 10 * 60 * 1000,
	MAX_DEADLINE_MS = 24 * 60 * 60 * 1000,
	UNDO_TAKES_S = 25,
};

struct live {
	struct gd_record record;
	enum gd_phase phase;
	struct gd_instant trial; /* under lock; 0: none */
};

struct gd_session {
	struct gd_ports ports;
	char *state_dir;
	bool leave_cgroup;
	int crash_at;
	struct gd_holder who;
	bool claimed;
	int claim_fd;
	struct gd_journal journal;
	struct live faults[MAX_FAULTS];
	size_t n_faults;
	pthread_mutex_t lock;
	struct gd_guardian *guardian;      /* under lock */
	struct gd_instant lease, deadline; /* under lock */
};

static const struct gd_instant never = {INT64_MAX};

/* --- making -------------------------------------------------------------------------- */

int gd_session_new(const struct gd_session_options *opt, struct gd_session **ret,
		   struct gd_error *err)
{
	struct gd_session *s = calloc(1, sizeof(*s));

	if (!s)
		return gd_raise_nomem(err);
	s->ports = *opt->ports;
	s->leave_cgroup = opt->leave_cgroup;
	s->crash_at = opt->crash_at;
	s->claim_fd = s->journal.fd = -1;
	s->lease = s->deadline = never;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)snprintf(s->who.run, sizeof(s->who.run), "unnamed");
	(void)snprintf(s->who.runner, sizeof(s->who.runner), "unknown");
	s->state_dir = strdup(opt->state_dir);
	if (!s->state_dir) {
		gd_session_free(s);
		return gd_raise_nomem(err);
	}
	*ret = s;
	return 0;
}

void gd_session_free(struct gd_session *s)
{
	if (!s)
		return;
	gd_guardian_free(s->guardian);
	for (size_t i = 0; i < s->n_faults; i++)
		gd_record_fini(&s->faults[i].record);
	gd_journal_close(&s->journal);
	gd_close_fd(&s->claim_fd);
	(void)pthread_mutex_destroy(&s->lock);
	free(s->state_dir);
	free(s);
}

int gd_session_hello(struct gd_session *s, const cJSON *request, struct gd_error *err)
{
	const char *connection = gd_json_str(request, "ssh_connection", "");

	if (s->claimed)
		return gd_raise(err, GD_E_INPUT, "hello after claim");
	if (gd_copy_text(s->who.run, sizeof(s->who.run),
			 gd_json_str(request, "run", "unnamed"), "run", err) < 0 ||
	    gd_copy_text(s->who.runner, sizeof(s->who.runner),
			 gd_json_str(request, "runner", "unknown"), "runner", err) < 0)
		return -1;
	/* What the agent was started with is first-hand, so it goes before. */
	if (s->ports.control.kind == GD_CONTROL_UNKNOWN && *connection)
		return gd_control_parse(connection, &s->ports.control, err);
	return 0;
}

/* --- leases -------------------------------------------------------------------------- */

static int read_lease(const cJSON *request, const char *key, int64_t most,
		      struct gd_span *ret, struct gd_error *err)
{
	int64_t ms = gd_json_int(request, key, 0);

	if (ms < MIN_LEASE_MS || ms > most)
		return gd_raise(err, GD_E_INPUT,
				"%s is %" PRId64 ", wanted: %d to %" PRId64, key, ms,
				(int)MIN_LEASE_MS, most);
	*ret = gd_span_ms(ms);
	return 0;
}

/* Under lock. */
static void tell_lease(struct gd_session *s)
{
	s->who.lease_until_boot_ns = s->lease.ns;
	if (s->guardian)
		gd_guardian_lease(s->guardian, s->lease, s->deadline);
	if (s->claim_fd >= 0)
		gd_claim_write(s->claim_fd, &s->who);
}

int gd_session_renew(struct gd_session *s, int64_t lease_ms, int64_t *ret_left_ms,
		     struct gd_error *err)
{
	struct gd_instant now = gd_now();
	int rc = 0;

	if (lease_ms < MIN_LEASE_MS || lease_ms > MAX_LEASE_MS)
		return gd_raise(err, GD_E_INPUT,
				"lease_ms is %" PRId64 ", wanted: %d to %d", lease_ms,
				(int)MIN_LEASE_MS, (int)MAX_LEASE_MS);
	(void)pthread_mutex_lock(&s->lock);
	if (!s->guardian || s->lease.ns <= now.ns || s->deadline.ns <= now.ns) {
		rc = gd_raise(err, GD_E_REFUSED,
			      s->guardian ? "the lease has lapsed"
					  : "nothing is claimed here");
	} else {
		s->lease = gd_after(now, gd_span_ms(lease_ms));
		tell_lease(s);
		*ret_left_ms = lease_ms;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return rc;
}

struct gd_instant gd_session_next_lapse(struct gd_session *s)
{
	struct gd_instant t;

	(void)pthread_mutex_lock(&s->lock);
	t = s->lease.ns < s->deadline.ns ? s->lease : s->deadline;
	for (size_t i = 0; i < s->n_faults; i++)
		if (s->faults[i].trial.ns && s->faults[i].trial.ns < t.ns)
			t = s->faults[i].trial;
	(void)pthread_mutex_unlock(&s->lock);
	return t;
}

void gd_session_busy(struct gd_session *s)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->guardian)
		gd_guardian_busy(s->guardian,
				 gd_after(gd_now(), gd_span_s(UNDO_TAKES_S)));
	(void)pthread_mutex_unlock(&s->lock);
}

/* Under lock or not: the lapse counts from now on as it did before the undo. */
static void no_longer_busy(struct gd_session *s)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->guardian)
		gd_guardian_busy(s->guardian, (struct gd_instant){0});
	(void)pthread_mutex_unlock(&s->lock);
}

int gd_session_guardian_fd(const struct gd_session *s)
{
	return s->guardian ? gd_guardian_fd(s->guardian) : -1;
}

/* --- claim and release --------------------------------------------------------------- */

static void host_name(char *ret, size_t size)
{
	if (gethostname(ret, size) < 0)
		(void)snprintf(ret, size, "HOST");
	ret[size - 1] = '\0';
}

/* Nothing of a dead session may be left. */
static int check_leftovers(const struct gd_session *s, struct gd_error *err)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	char host[65];

	if (gd_journal_load(s->state_dir, &v, err) < 0)
		return -1;
	host_name(host, sizeof(host));
	if (v.n)
		return gd_raise(err, GD_E_REFUSED,
				"%s on %s is left from run %s of %s (%zu in all): run "
				"`gameday revert --on %s`",
				v.entries[0].record.kind, v.entries[0].record.target,
				v.entries[0].record.run, v.entries[0].record.runner, v.n,
				host);
	if (v.n_damaged)
		return gd_raise(err, GD_E_REFUSED,
				"line %zu of %s/journal is damaged, so what is left "
				"here is not certain: look at the host, then run "
				"`gameday revert --on %s`",
				v.first_damaged, s->state_dir, host);
	return 0;
}

/* Undoes the first half of a claim. */
static void unclaim(struct gd_session *s)
{
	gd_journal_close(&s->journal);
	gd_close_fd(&s->claim_fd);
	s->claimed = false;
}

static int start_guardian(struct gd_session *s, struct gd_span lease,
			  struct gd_span deadline, struct gd_error *err)
{
	struct gd_instant now = gd_now();
	struct gd_guardian_options opt = {.ports = &s->ports,
					  .claim_fd = s->claim_fd,
					  .journal_fd = s->journal.fd,
					  .lease = gd_after(now, lease),
					  .deadline = gd_after(now, deadline),
					  .leave_cgroup = s->leave_cgroup};
	struct gd_guardian *g = NULL;

	if (gd_guardian_start(&opt, &g, err) < 0)
		return -1;
	(void)pthread_mutex_lock(&s->lock);
	s->guardian = g;
	s->lease = opt.lease;
	s->deadline = opt.deadline;
	tell_lease(s);
	(void)pthread_mutex_unlock(&s->lock);
	return 0;
}

static int op_claim(struct gd_session *s, const cJSON *request, cJSON *reply GD_UNUSED,
		    struct gd_error *err)
{
	struct gd_span lease, deadline;

	if (s->claimed)
		return gd_raise(err, GD_E_INPUT, "this session has its claim already");
	if (read_lease(request, "lease_ms", MAX_LEASE_MS, &lease, err) < 0 ||
	    read_lease(request, "deadline_ms", MAX_DEADLINE_MS, &deadline, err) < 0)
		return -1;
	s->who.since_wall_ns = gd_wall_now().ns;
	s->who.lease_until_boot_ns = gd_after(gd_now(), lease).ns;
	if (gd_claim_take(s->state_dir, &s->who, &s->claim_fd, err) < 0)
		return -1;
	s->claimed = true;
	if (check_leftovers(s, err) < 0 ||
	    gd_journal_open(s->state_dir, &s->journal, err) < 0 ||
	    start_guardian(s, lease, deadline, err) < 0) {
		unclaim(s);
		return -1;
	}
	s->journal.crash_at = s->crash_at;
	return 0;
}

static struct gd_guardian *take_guardian(struct gd_session *s)
{
	struct gd_guardian *g;

	(void)pthread_mutex_lock(&s->lock);
	g = s->guardian;
	s->guardian = NULL;
	s->lease = s->deadline = never;
	(void)pthread_mutex_unlock(&s->lock);
	return g;
}

/* Forgets fault i; what the journal says of it stays. */
static void remove_fault(struct gd_session *s, size_t i)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->guardian)
		gd_guardian_drop(s->guardian, s->faults[i].record.id);
	gd_record_fini(&s->faults[i].record);
	memmove(&s->faults[i], &s->faults[i + 1],
		(s->n_faults - i - 1) * sizeof(s->faults[0]));
	s->n_faults--;
	(void)pthread_mutex_unlock(&s->lock);
}

/* The claim is given up. Faults that could not be undone are the journal's now. */
static void give_up_claim(struct gd_session *s)
{
	struct gd_guardian *g;

	while (s->n_faults > 0)
		remove_fault(s, s->n_faults - 1);
	g = take_guardian(s);
	if (g)
		gd_guardian_dismiss(g);
	unclaim(s);
}

static int op_release(struct gd_session *s, const cJSON *request GD_UNUSED,
		      cJSON *reply GD_UNUSED, struct gd_error *err)
{
	for (size_t i = 0; i < s->n_faults; i++)
		if (s->faults[i].phase != GD_PHASE_LEFT_BEHIND)
			return gd_raise(err, GD_E_REFUSED,
					"fault %s is still in: revert it first",
					s->faults[i].record.ref);
	give_up_claim(s);
	return 0;
}

static int need_claim(const struct gd_session *s, struct gd_error *err)
{
	if (s->claimed)
		return 0;
	return gd_raise(err, GD_E_REFUSED,
			"this session holds no claim on the host (never claimed, or its "
			"lease lapsed)");
}

/* --- undoing ------------------------------------------------------------------------- */

static int add_restored(cJSON *list, const struct gd_record *r,
			const struct gd_restored *res, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *obj = cJSON_CreateObject();

	if (!obj || !gd_json_set_str(obj, "ref", r->ref) ||
	    !gd_json_set_str(obj, "kind", r->kind) ||
	    !gd_json_set_str(obj, "target", r->target) ||
	    !gd_json_set_str(obj, "before", r->before) ||
	    !gd_json_set_str(obj, "after", res->after ? res->after : "") ||
	    !gd_json_set_bool(obj, "equal", res->equal) ||
	    !gd_json_set_int(obj, "took_ms", res->took_ms) ||
	    (res->problem.code && !gd_json_set_str(obj, "error", res->problem.text)) ||
	    !cJSON_AddItemToArray(list, obj))
		return gd_raise_nomem(err);
	(void)gd_steal_ptr(&obj);
	return 0;
}

/* Restores fault i, tells the journal, and forgets it if it is gone. */
static void undo_one(struct gd_session *s, size_t i, struct gd_restored *res)
{
	struct live *f = &s->faults[i];
	struct gd_error err = GD_ERROR_INIT;

	gd_fault_restore(&s->ports, &f->record, res);
	f->phase = res->equal ? GD_PHASE_CLEAN : GD_PHASE_LEFT_BEHIND;
	/* The host comes before its log: what can't be written is found open and looked
	 * at again by `recover`. */
	if (gd_journal_step(&s->journal, f->record.id, f->phase, res->after,
			    res->problem.code ? res->problem.text : NULL, &err) < 0 &&
	    !res->problem.code)
		res->problem = err;
}

static int undo_listed(struct gd_session *s, size_t i, cJSON *list, struct gd_error *err)
{
	GD_AUTO_RESTORED struct gd_restored res = {0};
	int rc;

	undo_one(s, i, &res);
	rc = add_restored(list, &s->faults[i].record, &res, err);
	if (s->faults[i].phase == GD_PHASE_CLEAN)
		remove_fault(s, i);
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
static int undo_faults(struct gd_session *s, const char *ref, bool only_lapsed,
		       cJSON *list, struct gd_error *err)
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
		if (undo_listed(s, i, list, err) < 0)
			rc = -1;
	}
	no_longer_busy(s);
	return rc;
}

static int op_revert(struct gd_session *s, const cJSON *request, cJSON *reply,
		     struct gd_error *err)
{
	const char *ref = gd_json_str(request, "ref", NULL);
	bool all = gd_json_bool(request, "all", false);
	cJSON *list = cJSON_CreateArray();

	if (!gd_json_set(reply, "faults", list))
		return gd_raise_nomem(err);
	if (!ref == !all)
		return gd_raise(err, GD_E_INPUT, "revert: give either ref or all");
	if (undo_faults(s, all ? NULL : ref, false, list, err) < 0)
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
	reason = s->deadline.ns <= now.ns ? "deadline"
		 : s->lease.ns <= now.ns  ? "lease lapsed"
					  : NULL;
	(void)pthread_mutex_unlock(&s->lock);
	return reason;
}

int gd_session_undo(struct gd_session *s, const char *everything, cJSON **ret_event,
		    struct gd_error *err)
{
	const char *reason = everything ? everything : lapse_reason(s);
	GD_AUTO(cJSON) cJSON *event = cJSON_CreateObject();
	cJSON *list = cJSON_CreateArray();
	bool all = reason != NULL;
	int rc;

	*ret_event = NULL;
	if (!event || !gd_json_set(event, "faults", list) ||
	    !gd_json_set_str(event, "event", "reverted") ||
	    !gd_json_set_str(event, "reason", all ? reason : "trial lease lapsed"))
		return gd_raise_nomem(err);
	rc = undo_faults(s, NULL, !all, list, err);
	/* Without a lease there is no claim: somebody else may come. */
	if (all && s->claimed)
		give_up_claim(s);
	if (cJSON_GetArraySize(list) > 0)
		*ret_event = gd_steal_ptr(&event);
	return rc;
}

int gd_session_guardian_died(struct gd_session *s, cJSON **ret_event,
			     struct gd_error *err)
{
	gd_guardian_free(take_guardian(s));
	return gd_session_undo(s, "guardian died", ret_event, err);
}

/* --- injecting ----------------------------------------------------------------------- */

static int op_preflight(struct gd_session *s, const cJSON *request, cJSON *reply,
			struct gd_error *err)
{
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(request, "args");
	GD_AUTO_STRBUF(state);

	if (gd_fault_preflight(&s->ports, gd_json_str(request, "kind", ""), args, &state,
			       err) < 0)
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

/* Applies the last fault of the table; on failure it is undone at once. */
static int apply_last(struct gd_session *s, struct gd_error *err)
{
	size_t i = s->n_faults - 1;
	GD_AUTO_RESTORED struct gd_restored res = {0};
	struct live *f = &s->faults[i];

	if (gd_fault_apply(&s->ports, &f->record, err) == 0 &&
	    gd_journal_step(&s->journal, f->record.id, GD_PHASE_ACTIVE, NULL, NULL,
			    err) == 0) {
		f->phase = GD_PHASE_ACTIVE;
		return 0;
	}
	undo_one(s, i, &res);
	if (res.equal) {
		remove_fault(s, i);
		return gd_wrap(err, "undone at once, nothing is left: ");
	}
	err->code = GD_E_LEFT_BEHIND;
	return gd_wrap(err,
		       "failed, and undoing it failed too (%.150s): ", res.problem.text);
}

static int op_inject(struct gd_session *s, const cJSON *request, cJSON *reply,
		     struct gd_error *err)
{
	GD_AUTO_RECORD struct gd_record r = {0};
	struct gd_instant start = gd_now();
	struct gd_span trial = {0};
	GD_AUTO_STRBUF(after);

	if (need_claim(s, err) < 0)
		return -1;
	if (cJSON_HasObjectItem(request, "lease_ms") &&
	    read_lease(request, "lease_ms", MAX_LEASE_MS, &trial, err) < 0)
		return -1;
	if (gd_fault_capture(&s->ports, gd_json_str(request, "kind", ""),
			     cJSON_GetObjectItemCaseSensitive(request, "args"), &r,
			     err) < 0 ||
	    complete_record(s, gd_json_str(request, "ref", ""), &r, err) < 0 ||
	    check_conflicts(s, &r, err) < 0 || announce(s, &r, trial, err) < 0 ||
	    apply_last(s, err) < 0)
		return -1;
	if (gd_fault_state(&s->ports, &r, &after, err) < 0)
		return -1;
	if (!gd_json_set_str(reply, "before", r.before) ||
	    !gd_json_set_str(reply, "after_apply", gd_strbuf_str(&after)) ||
	    !gd_json_set_int(reply, "took_ms",
			     gd_between(start, gd_now()).ns / GD_NS_PER_MS))
		return gd_raise_nomem(err);
	return 0;
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

static int op_keep(struct gd_session *s, const cJSON *request, cJSON *reply GD_UNUSED,
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

static int op_effect(struct gd_session *s, const cJSON *request, cJSON *reply,
		     struct gd_error *err)
{
	cJSON *counters = cJSON_CreateObject();
	struct gd_effect e = {0};
	bool ok = counters != NULL;
	size_t i;

	if (!gd_json_set(reply, "counters", counters))
		return gd_raise_nomem(err);
	if (find_fault(s, request, &i, err) < 0 ||
	    gd_fault_effect(&s->ports, &s->faults[i].record, &e, err) < 0)
		return -1;
	for (size_t n = 0; ok && n < e.n_counters; n++)
		ok = gd_json_set_num(counters, e.counters[n].name, e.counters[n].value);
	if (!ok || !gd_json_set_bool(reply, "seen", e.seen) ||
	    !gd_json_set_str(reply, "text", e.text))
		return gd_raise_nomem(err);
	return 0;
}

/* --- what is here -------------------------------------------------------------------- */

static int64_t left_ms(int64_t until_ns)
{
	int64_t left = until_ns - gd_now().ns;

	return left > 0 ? left / GD_NS_PER_MS : 0;
}

static int add_status(cJSON *list, const struct gd_record *r, enum gd_phase phase,
		      int64_t lease_left, bool live, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *obj = cJSON_CreateObject();

	if (!obj || !gd_json_set_str(obj, "ref", r->ref) ||
	    !gd_json_set_str(obj, "kind", r->kind) ||
	    !gd_json_set_str(obj, "target", r->target) ||
	    !gd_json_set_str(obj, "phase", gd_phase_name(phase)) ||
	    !gd_json_set_str(obj, "run", r->run) ||
	    !gd_json_set_str(obj, "runner", r->runner) ||
	    !gd_json_set_int(obj, "since_wall_ns", r->wall_ns) ||
	    !gd_json_set_int(obj, "lease_left_ms", lease_left) ||
	    !gd_json_set_bool(obj, "live", live) || !cJSON_AddItemToArray(list, obj))
		return gd_raise_nomem(err);
	(void)gd_steal_ptr(&obj);
	return 0;
}

static int op_status(struct gd_session *s, const cJSON *request GD_UNUSED, cJSON *reply,
		     struct gd_error *err)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	cJSON *list = cJSON_CreateArray();
	struct gd_holder who = {0};
	bool live = false;

	if (!gd_json_set(reply, "faults", list))
		return gd_raise_nomem(err);
	if (gd_claim_look(s->state_dir, &live, &who, err) < 0 ||
	    gd_journal_load(s->state_dir, &v, err) < 0)
		return -1;
	for (size_t i = 0; i < v.n; i++)
		if (add_status(list, &v.entries[i].record, v.entries[i].phase,
			       live ? left_ms(who.lease_until_boot_ns) : 0, live,
			       err) < 0)
			return -1;
	if (v.n_damaged &&
	    !gd_json_set_int(reply, "damaged_line", (int64_t)v.first_damaged))
		return gd_raise_nomem(err);
	return 0;
}

cJSON *gd_session_holder(const struct gd_session *s)
{
	GD_AUTO(cJSON) cJSON *obj = NULL;
	struct gd_holder who = {0};
	struct gd_error err;
	bool held = false;

	if (gd_claim_look(s->state_dir, &held, &who, &err) < 0 || !held)
		return NULL;
	obj = cJSON_CreateObject();
	if (!obj || !gd_json_set_str(obj, "run", who.run) ||
	    !gd_json_set_str(obj, "runner", who.runner) ||
	    !gd_json_set_int(obj, "since_wall_ns", who.since_wall_ns) ||
	    !gd_json_set_int(obj, "lease_left_ms", left_ms(who.lease_until_boot_ns)) ||
	    !gd_json_set_bool(obj, "live", true))
		return NULL;
	return gd_steal_ptr(&obj);
}

static int add_doctor(const struct gd_session *s, const struct gd_injector *i,
		      cJSON *list, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *obj = cJSON_CreateObject();
	struct gd_error why = GD_ERROR_INIT;
	GD_AUTO_STRBUF(text);
	bool ok = gd_fault_doctor(&s->ports, i, &text, &why) == 0;

	if (!obj || !gd_json_set_str(obj, "kind", i->name) ||
	    !gd_json_set_bool(obj, "ok", ok) ||
	    !gd_json_set_str(obj, "text", ok ? gd_strbuf_str(&text) : why.text) ||
	    !cJSON_AddItemToArray(list, obj))
		return gd_raise_nomem(err);
	(void)gd_steal_ptr(&obj);
	return 0;
}

static int op_doctor(struct gd_session *s, const cJSON *request GD_UNUSED, cJSON *reply,
		     struct gd_error *err)
{
	cJSON *list = cJSON_CreateArray();

	if (!gd_json_set(reply, "faults", list))
		return gd_raise_nomem(err);
	for (size_t i = 0; gd_injectors[i]; i++)
		if (add_doctor(s, gd_injectors[i], list, err) < 0)
			return -1;
	return 0;
}

/* --- leftovers ----------------------------------------------------------------------- */

/* Undoes one entry of a dead session and closes it if nothing is left of it. */
static int recover_entry(struct gd_session *s, const struct gd_journal_entry *e,
			 bool accept, cJSON *list, struct gd_error *err)
{
	GD_AUTO_RESTORED struct gd_restored res = {0};
	bool over;

	gd_fault_restore(&s->ports, &e->record, &res);
	over = res.equal || accept;
	if (gd_journal_step(&s->journal, e->record.id,
			    over ? GD_PHASE_CLEAN : GD_PHASE_LEFT_BEHIND, res.after,
			    res.problem.code ? res.problem.text : NULL, err) < 0)
		return -1;
	return add_restored(list, &e->record, &res, err);
}

static int recover_all(struct gd_session *s, bool accept, cJSON *list,
		       struct gd_error *err)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	int rc = 0;

	if (gd_journal_load(s->state_dir, &v, err) < 0 ||
	    gd_journal_open(s->state_dir, &s->journal, err) < 0)
		return -1;
	s->journal.crash_at = s->crash_at;
	for (size_t i = v.n; i-- > 0;)
		if (recover_entry(s, &v.entries[i], accept, list, err) < 0)
			rc = -1;
	if (rc == 0 && v.n_damaged && accept)
		return gd_journal_set_aside(s->state_dir, err);
	if (rc == 0 && v.n_damaged)
		return gd_raise(err, GD_E_LEFT_BEHIND,
				"line %zu of %s/journal is damaged: look at the host, "
				"then `gameday-agent recover --accept` sets it aside",
				v.first_damaged, s->state_dir);
	return rc;
}

int gd_session_recover(struct gd_session *s, bool accept, cJSON *reply,
		       struct gd_error *err)
{
	cJSON *list = cJSON_CreateArray();
	int rc;

	if (!gd_json_set(reply, "faults", list))
		return gd_raise_nomem(err);
	if (s->claimed)
		return undo_faults(s, NULL, false, list, err);
	s->who.since_wall_ns = gd_wall_now().ns;
	s->who.lease_until_boot_ns = 0;
	if (gd_claim_take(s->state_dir, &s->who, &s->claim_fd, err) < 0)
		return -1;
	rc = recover_all(s, accept, list, err);
	unclaim(s);
	return rc;
}

static int op_recover(struct gd_session *s, const cJSON *request, cJSON *reply,
		      struct gd_error *err)
{
	return gd_session_recover(s, gd_json_bool(request, "accept", false), reply, err);
}

/* --- the table ----------------------------------------------------------------------- */

typedef int op_fn(struct gd_session *s, const cJSON *request, cJSON *reply,
		  struct gd_error *err);

static const struct op {
	const char *name;
	op_fn *run;
} ops[] = {
	{"claim", op_claim},   {"release", op_release}, {"preflight", op_preflight},
	{"inject", op_inject}, {"keep", op_keep},       {"effect", op_effect},
	{"revert", op_revert}, {"recover", op_recover}, {"status", op_status},
	{"doctor", op_doctor},
};

static const struct op *find_op(const char *name)
{
	for (size_t i = 0; i < GD_N_ELEMS(ops); i++)
		if (strcmp(ops[i].name, name) == 0)
			return &ops[i];
	return NULL;
}

bool gd_session_knows(const char *op)
{
	return find_op(op) != NULL;
}

int gd_session_run(struct gd_session *s, const char *op, const cJSON *request,
		   cJSON *reply, struct gd_error *err)
{
	const struct op *o = find_op(op);

	if (!o)
		return gd_raise(err, GD_E_INPUT, "no operation \"%.40s\"", op);
	return o->run(s, request, reply, err);
}
