/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/session_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/wire/message.h"
#include "injectors/agent/boot.h"
#include "injectors/agent/generators_look.h"

#define UNIT_DIR "/etc/systemd/system"

enum { MAX_UNASKED = 4 };

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
	    !gd_json_set_bool(obj, "live", live) ||
	    !gd_json_set_bool(obj, "earlier_boot", !gd_fault_is_of_this_boot(r)) ||
	    !cJSON_AddItemToArray(list, obj))
		return gd_raise_nomem(err);
	(void)gd_steal_ptr(&obj);
	return 0;
}

/*
 * Adds `undone`: what agent or guardian undid of late without being asked, the newest first,
 * but for the run `besides` (NULL: of any). Their runs may not know yet.
 */
static int add_unasked(const struct gd_journal_view *v, const char *besides, cJSON *reply,
		       struct gd_error *err)
{
	cJSON *list = cJSON_CreateArray();
	int n = 0;

	if (!gd_json_set(reply, "undone", list))
		return gd_raise_nomem(err);
	for (size_t i = v->n_closed; i-- > 0 && n < MAX_UNASKED;) {
		const struct gd_journal_closed *c = &v->closed[i];
		cJSON *obj;

		if (!gd_json_str(c->undone, "reason", NULL) ||
		    (besides && strcmp(c->record.run, besides) == 0))
			continue;
		n++;
		obj = cJSON_CreateObject();
		if (!obj || !cJSON_AddItemToArray(list, obj) ||
		    !gd_json_set_str(obj, "ref", c->record.ref) ||
		    !gd_json_set_str(obj, "kind", c->record.kind) ||
		    !gd_json_set_str(obj, "target", c->record.target) ||
		    !gd_json_set_str(obj, "run", c->record.run))
			return gd_raise_nomem(err);
		if (gd_undone_add(obj, c->undone, err) < 0)
			return -1;
	}
	return 0;
}

int gd_session_op_status(struct gd_session *s, const cJSON *request GD_UNUSED,
			 cJSON *reply, struct gd_error *err)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	cJSON *list = cJSON_CreateArray(), *loads = cJSON_CreateArray();
	struct gd_holder who = {0};
	bool live = false, ok = gd_json_set(reply, "faults", list);

	if (!gd_json_set(reply, "loads", loads) || !ok)
		return gd_raise_nomem(err);
	if (gd_generators_look(s->state_dir, loads, err) < 0)
		return -1;
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
	return add_unasked(&v, NULL, reply, err);
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

int gd_session_op_doctor(struct gd_session *s, const cJSON *request GD_UNUSED,
			 cJSON *reply, struct gd_error *err)
{
	cJSON *list = cJSON_CreateArray();

	if (!gd_json_set(reply, "faults", list))
		return gd_raise_nomem(err);
	for (size_t i = 0; gd_injectors[i]; i++)
		if (add_doctor(s, gd_injectors[i], list, err) < 0)
			return -1;
	return 0;
}

/* --- recovery at boot ---------------------------------------------------------------- */

int gd_session_op_recovery(struct gd_session *s, const cJSON *request, cJSON *reply,
			   struct gd_error *err)
{
	GD_AUTO_FREE char *bundle = NULL;
	GD_AUTO_STRBUF(command);
	struct gd_boot_places places = {.state_dir = s->state_dir, .unit_dir = UNIT_DIR};
	bool enabled = false;

	if (geteuid() != 0)
		return gd_raise(
			err, GD_E_REFUSED,
			"only root can have something run at boot: log in as root or "
			"let the user run sudo without a password");
	if (gd_json_bool(request, "remove", false))
		return gd_boot_remove(&places, err);
	if (gd_boot_own_bundle(&bundle, err) < 0)
		return -1;
	places.bundle = bundle;
	if (gd_boot_install(&places, &command, &enabled, err) < 0)
		return gd_wrap(err, "recovery at boot: ");
	if (!gd_json_set_str(reply, "command", gd_strbuf_str(&command)) ||
	    !gd_json_set_str(reply, "unit", enabled ? UNIT_DIR "/" GD_BOOT_UNIT : ""))
		return gd_raise_nomem(err);
	return 0;
}

/* --- leftovers ----------------------------------------------------------------------- */

/* Undoes one entry of a dead session and closes it if nothing is left of it. */
static int recover_entry(struct gd_session *s, const struct gd_journal_entry *e,
			 bool accept, cJSON *list, struct gd_error *err)
{
	const cJSON *effect = cJSON_GetObjectItemCaseSensitive(e->undone, "effect");
	GD_AUTO_RESTORED struct gd_restored res = {0};
	struct gd_undone u = {.by = "recover"};
	GD_AUTO(cJSON) cJSON *facts = NULL;
	bool over;

	s->said = (struct gd_said){0};
	gd_fault_restore(&s->ports, &e->record, &res);
	gd_undone_now(&u, res.took_ms);
	u.said = s->said;
	facts = gd_undone_to_json(&u, err);
	if (!facts)
		return -1;
	/* Seen by who tried before, when there still was something to see. */
	if (effect && !gd_json_set(facts, "effect", cJSON_Duplicate(effect, true)))
		return gd_raise_nomem(err);
	over = res.equal || accept;
	if (gd_journal_step(&s->journal, e->record.id,
			    over ? GD_PHASE_CLEAN : GD_PHASE_LEFT_BEHIND, res.after,
			    res.problem.code ? res.problem.text : NULL, facts, err) < 0)
		return -1;
	return gd_session_add_restored(list, &e->record, &res, facts, err);
}

/* What was undone already, by agent or guardian, of the run that asks: it saw no answer. */
static int tell_closed(const struct gd_session *s, const struct gd_journal_view *v,
		       cJSON *list, struct gd_error *err)
{
	for (size_t i = v->n_closed; i-- > 0;) {
		const struct gd_journal_closed *c = &v->closed[i];
		/* Borrowed for the call: not for gd_restored_fini. */
		struct gd_restored res = {.after = c->after,
					  .equal = true,
					  .took_ms =
						  gd_json_int(c->undone, "took_ms", 0)};

		if (strcmp(c->record.run, s->who.run) == 0 &&
		    gd_session_add_restored(list, &c->record, &res, c->undone, err) < 0)
			return -1;
	}
	return 0;
}

static int recover_all(struct gd_session *s, bool accept, cJSON *reply, cJSON *list,
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
	if (rc == 0)
		rc = tell_closed(s, &v, list, err);
	if (rc == 0)
		rc = add_unasked(&v, s->who.run, reply, err);
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
	cJSON *list = cJSON_CreateArray(), *loads = cJSON_CreateArray();
	bool ok = gd_json_set(reply, "faults", list);
	int rc;

	if (!gd_json_set(reply, "loads", loads) || !ok)
		return gd_raise_nomem(err);
	if (gd_generators_end_alone(s->state_dir, s->who.run, loads, err) < 0)
		return -1;
	if (s->claimed)
		return gd_session_undo_faults(s, NULL, false, NULL, list, err);
	s->who.since_wall_ns = gd_wall_now().ns;
	s->who.lease_until_boot_ns = 0;
	if (gd_claim_take(s->state_dir, &s->who, &s->claim_fd, err) < 0)
		return -1;
	rc = recover_all(s, accept, reply, list, err);
	gd_session_unclaim(s);
	return rc;
}

int gd_session_op_recover(struct gd_session *s, const cJSON *request, cJSON *reply,
			  struct gd_error *err)
{
	return gd_session_recover(s, gd_json_bool(request, "accept", false), reply, err);
}

/* --- meanwhile ----------------------------------------------------------------------- */

static int tell_drift(const struct live *f, const struct gd_error *why, cJSON **ret_event,
		      struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *event = gd_message_event("drift");

	if (!event || !gd_json_set_str(event, "ref", f->record.ref) ||
	    !gd_json_set_str(event, "text", why->text))
		return gd_raise_nomem(err);
	*ret_event = gd_steal_ptr(&event);
	return 0;
}

int gd_session_tend(struct gd_session *s, cJSON **ret_event, struct gd_error *err)
{
	*ret_event = NULL;
	for (size_t i = 0; i < s->n_faults; i++) {
		struct live *f = &s->faults[i];
		struct gd_error why = GD_ERROR_INIT;

		if (f->phase != GD_PHASE_ACTIVE || f->drifted)
			continue;
		if (gd_fault_tend(&s->ports, &f->record, &why) == 0) {
			f->untended = false;
			continue;
		}
		if (why.code == GD_E_DRIFT) {
			f->drifted = true;
			return tell_drift(f, &why, ret_event, err);
		}
		if (f->untended)
			continue;
		f->untended = true;
		*err = why;
		return -1;
	}
	return 0;
}
