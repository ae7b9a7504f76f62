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

#include "injectors/agent/ceiling.h"
#include "injectors/agent/control.h"
#include "injectors/agent/session_impl.h"

static const struct gd_instant never = {INT64_MAX};

/* --- making -------------------------------------------------------------------------- */

int gd_session_new(const struct gd_session_options *opt, struct gd_session **ret,
		   struct gd_error *err)
{
	struct gd_session *s = calloc(1, sizeof(*s));

	if (!s)
		return gd_raise_nomem(err);
	s->ports = *opt->ports;
	s->note = s->ports.note;
	s->note_ctx = s->ports.note_ctx;
	s->ports.note = gd_session_note;
	s->ports.figure = gd_session_figure;
	s->ports.note_ctx = s->ports.figure_ctx = s;
	s->names.host = s->ports.name;
	s->name_port = (struct gd_name_port){&s->names, gd_names_resolve};
	s->ports.name = &s->name_port;
	s->leave_cgroup = opt->leave_cgroup;
	s->crash_at = opt->crash_at;
	s->claim_fd = s->journal.fd = -1;
	s->lease = s->deadline = never;
	s->ceiling = GD_CEILING_NONE;
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

int gd_session_read_lease(const cJSON *request, const char *key, int64_t most,
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
	if (!s->guardian || s->lease.ns <= now.ns || s->deadline.ns <= now.ns ||
	    gd_ceiling_passed(s->ceiling)) {
		rc = gd_raise(err, GD_E_REFUSED, "%s",
			      !s->guardian               ? "nothing is claimed here"
			      : s->deadline.ns <= now.ns ? "the deadline passed"
			      : gd_ceiling_passed(s->ceiling)
				      ? "the wall clock passed the deadline"
				      : "the lease has lapsed");
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

struct gd_wall gd_session_ceiling(struct gd_session *s)
{
	struct gd_wall t;

	(void)pthread_mutex_lock(&s->lock);
	t = s->ceiling;
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
void gd_session_no_longer_busy(struct gd_session *s)
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
void gd_session_unclaim(struct gd_session *s)
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
					  .ceiling = {gd_wall_now().ns + deadline.ns},
					  .leave_cgroup = s->leave_cgroup};
	struct gd_guardian *g = NULL;

	if (gd_guardian_start(&opt, &g, err) < 0)
		return -1;
	(void)pthread_mutex_lock(&s->lock);
	s->guardian = g;
	s->lease = opt.lease;
	s->deadline = opt.deadline;
	s->ceiling = opt.ceiling;
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
	if (gd_session_read_lease(request, "lease_ms", MAX_LEASE_MS, &lease, err) < 0 ||
	    gd_session_read_lease(request, "deadline_ms", MAX_DEADLINE_MS, &deadline,
				  err) < 0)
		return -1;
	s->who.since_wall_ns = gd_wall_now().ns;
	s->who.lease_until_boot_ns = gd_after(gd_now(), lease).ns;
	if (gd_claim_take(s->state_dir, &s->who, &s->claim_fd, err) < 0)
		return -1;
	s->claimed = true;
	if (check_leftovers(s, err) < 0 ||
	    gd_journal_open(s->state_dir, &s->journal, err) < 0 ||
	    start_guardian(s, lease, deadline, err) < 0) {
		gd_session_unclaim(s);
		return -1;
	}
	s->journal.crash_at = s->crash_at;
	return 0;
}

struct gd_guardian *gd_session_take_guardian(struct gd_session *s)
{
	struct gd_guardian *g;

	(void)pthread_mutex_lock(&s->lock);
	g = s->guardian;
	s->guardian = NULL;
	s->lease = s->deadline = never;
	s->ceiling = GD_CEILING_NONE;
	(void)pthread_mutex_unlock(&s->lock);
	return g;
}

/* Forgets fault i; what the journal says of it stays. */
void gd_session_remove_fault(struct gd_session *s, size_t i)
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
void gd_session_give_up_claim(struct gd_session *s)
{
	struct gd_guardian *g;

	while (s->n_faults > 0)
		gd_session_remove_fault(s, s->n_faults - 1);
	g = gd_session_take_guardian(s);
	if (g)
		gd_guardian_dismiss(g);
	gd_session_unclaim(s);
}

static int op_release(struct gd_session *s, const cJSON *request GD_UNUSED,
		      cJSON *reply GD_UNUSED, struct gd_error *err)
{
	for (size_t i = 0; i < s->n_faults; i++)
		if (s->faults[i].phase != GD_PHASE_LEFT_BEHIND)
			return gd_raise(err, GD_E_REFUSED,
					"fault %s is still in: revert it first",
					s->faults[i].record.ref);
	gd_session_give_up_claim(s);
	return 0;
}

/* --- the table ----------------------------------------------------------------------- */

static const struct op {
	const char *name;
	gd_session_op *run;
} ops[] = {
	{"claim", op_claim},
	{"release", op_release},
	{"resolve", gd_session_op_resolve},
	{"preflight", gd_session_op_preflight},
	{"inject", gd_session_op_inject},
	{"keep", gd_session_op_keep},
	{"change", gd_session_op_change},
	{"effect", gd_session_op_effect},
	{"revert", gd_session_op_revert},
	{"recover", gd_session_op_recover},
	{"recovery", gd_session_op_recovery},
	{"status", gd_session_op_status},
	{"doctor", gd_session_op_doctor},
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
