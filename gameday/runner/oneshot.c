/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/runner/oneshot.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/runner/fault_request.h"
#include "gameday/runner/fleet.h"
#include "gameday/runner/names.h"
#include "gameday/runner/oneshot_view.h"
#include "gameday/scenario/timing.h"
#include "gameday/shape/peers.h"

static const struct gd_span LIMIT = {30 * GD_NS_PER_S};
/* How often the dashboard asks what the fault did so far, and how long for an answer. */
static const struct gd_span LOOK_EVERY = {5 * GD_NS_PER_S};
static const struct gd_span LOOK_LIMIT = {GD_NS_PER_S};
static const char ONESHOT_REF[] = "one-shot";

static void on_signal(void *ctx, int signo)
{
	gd_fleet_stop(ctx, GD_STOP_SIGNAL, "stopped by %s", strsignal(signo));
}

static void on_event(void *ctx, struct gd_member *m, const cJSON *event)
{
	if (strcmp(gd_json_str(event, "event", ""), "reverted") == 0)
		gd_fleet_stop(ctx, GD_STOP_REVERTED,
			      "host %s undid the fault by itself: %s", m->inv->name,
			      gd_json_str(event, "reason", "no reason given"));
}

static int add_hosts(struct gd_fleet *f, const struct gd_oneshot *o, struct gd_error *err)
{
	size_t index;

	if (gd_fleet_add_named(f, o->inventory, o->hosts, o->n_hosts, err) < 0)
		return -1;
	for (size_t i = 0; o->n_hosts == 0 && i < o->inventory->hosts.n; i++)
		if (gd_fleet_add(f,
				 GD_AT(&o->inventory->hosts, struct gd_inventory_host, i),
				 &index, err) < 0)
			return -1;
	return 0;
}

/* Hosts added and connected; a host that can't be reached is not an error here. view: or NULL. */
static int open_fleet(struct gd_fleet *f, const struct gd_oneshot *o,
		      const char *identity, struct gd_oneshot_view *view,
		      struct gd_error *err)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP};

	if (gd_fleet_init(f, NULL, identity, err) < 0)
		return -1;
	f->ctx = f;
	f->on_event = on_event;
	if (gd_loop_signals(f->loop, signos, 3, on_signal, f, err) < 0 ||
	    gd_oneshot_view_attach(view, f, err) < 0 || add_hosts(f, o, err) < 0)
		return -1;
	return gd_fleet_connect(f, err);
}

/* --- status and doctor --------------------------------------------------------------- */

void gd_oneshot_print_undone(const char *host, const cJSON *answer)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(answer, "undone");
	const cJSON *u, *effect;
	char when[32];

	cJSON_ArrayForEach(u, list)
	{
		effect = cJSON_GetObjectItemCaseSensitive(u, "effect");
		(void)printf(
			"%s: %s on %s of run %s was undone by the host's %s at %s: "
			"%s%s%s\n",
			host, gd_json_str(u, "kind", "?"), gd_json_str(u, "target", "?"),
			gd_json_str(u, "run", "?"), gd_json_str(u, "by", "?"),
			gd_wall_format(
				(struct gd_wall){gd_json_int(u, "undone_wall_ns", 0)},
				when),
			gd_json_str(u, "reason", "?"), effect ? "; effect: " : "",
			gd_json_str(effect, "text", ""));
	}
}

static cJSON *answer_of(const struct gd_member *m, const struct gd_call *call)
{
	const cJSON *undone = cJSON_GetObjectItemCaseSensitive(call->reply, "undone");
	const cJSON *loads = cJSON_GetObjectItemCaseSensitive(call->reply, "loads");
	const cJSON *faults = cJSON_GetObjectItemCaseSensitive(call->reply, "faults");
	cJSON *item = cJSON_CreateObject();

	if (!item || !gd_json_set_str(item, "host", m->inv->name)) {
		cJSON_Delete(item);
		return NULL;
	}
	if (call->reply)
		(void)gd_json_set(item, "faults",
				  faults ? cJSON_Duplicate(faults, 1)
					 : cJSON_CreateArray());
	if (undone)
		(void)gd_json_set(item, "undone", cJSON_Duplicate(undone, 1));
	if (loads)
		(void)gd_json_set(item, "loads", cJSON_Duplicate(loads, 1));
	if (!call->reply)
		(void)gd_json_set_str(item, "error", call->err.text);
	return item;
}

static int ask_all(struct gd_fleet *f, const char *op, cJSON *list, struct gd_error *err)
{
	struct gd_call *calls = calloc(f->n + 1, sizeof(*calls));
	int status = GD_EXIT_HELD;

	if (!calls)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < f->n; i++)
		gd_fleet_call(f, &f->members[i], gd_message_request(op), LIMIT,
			      &calls[i]);
	if (gd_fleet_wait(f, calls, f->n, err) < 0)
		status = -1;
	for (size_t i = 0; status >= 0 && i < f->n; i++) {
		if (!calls[i].reply)
			status = GD_EXIT_PREFLIGHT;
		if (!cJSON_AddItemToArray(list, answer_of(&f->members[i], &calls[i])))
			status = gd_raise_nomem(err);
	}
	gd_calls_free(calls, f->n);
	return status;
}

static int ask_question(const struct gd_oneshot *o, const char *op, cJSON **ret,
			struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *answer = cJSON_CreateObject();
	GD_AUTO_FREE char *identity = gd_runner_identity();
	struct gd_fleet f = {0};
	cJSON *list;
	int status;

	list = answer ? cJSON_AddArrayToObject(answer, "hosts") : NULL;
	if (!list || !identity)
		return gd_raise_nomem(err);
	status = open_fleet(&f, o, identity, NULL, err);
	if (status == 0)
		status = ask_all(&f, op, list, err);
	gd_fleet_fini(&f);
	if (status >= 0)
		*ret = gd_steal_ptr(&answer);
	return status;
}

int gd_oneshot_status(const struct gd_oneshot *o, cJSON **ret, struct gd_error *err)
{
	return ask_question(o, "status", ret, err);
}

int gd_oneshot_doctor(const struct gd_oneshot *o, cJSON **ret, struct gd_error *err)
{
	return ask_question(o, "doctor", ret, err);
}

/* --- revert -------------------------------------------------------------------------- */

static int worse(int a, int b)
{
	if (a == GD_EXIT_LEFT_BEHIND || b == GD_EXIT_LEFT_BEHIND)
		return GD_EXIT_LEFT_BEHIND;
	return a > b ? a : b;
}

/* What the fault's code had to say about going in or out. */
static void print_notes(const struct gd_member *m, const cJSON *item)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(item, "notes");
	const cJSON *note;

	cJSON_ArrayForEach(note, list)
	{
		if (cJSON_IsString(note))
			(void)printf("%s: %s\n", m->inv->name, note->valuestring);
	}
}

/* Prints what one host's answer says; the exit status it stands for. */
static int print_reverted(const struct gd_member *m, const cJSON *reply)
{
	const cJSON *loads = cJSON_GetObjectItemCaseSensitive(reply, "loads");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(reply, "faults");
	const cJSON *item;
	int status = GD_EXIT_HELD;

	if (cJSON_GetArraySize(list) == 0)
		(void)printf("%s: nothing to undo\n", m->inv->name);
	cJSON_ArrayForEach(item, loads)(void) printf(
		"%s: load %s of run %s, which was cut off, is ended\n", m->inv->name,
		gd_json_str(item, "ref", "?"), gd_json_str(item, "run", "?"));
	gd_oneshot_print_undone(m->inv->name, reply);
	cJSON_ArrayForEach(item, list)
	{
		const char *kind = gd_json_str(item, "kind", "fault");

		print_notes(m, item);
		if (gd_json_bool(item, "equal", false)) {
			(void)printf("%s: %s undone, the state is exactly as before\n",
				     m->inv->name, kind);
			continue;
		}
		status = GD_EXIT_LEFT_BEHIND;
		(void)printf(
			"%s: %s could NOT be put back: %s\n  before: %s\n  after:  %s\n"
			"  A human must look at %s; the manual undo is in the run's report.\n",
			m->inv->name, kind, gd_json_str(item, "error", "unequal"),
			gd_json_str(item, "before", "?"), gd_json_str(item, "after", "?"),
			m->inv->name);
	}
	return status;
}

int gd_oneshot_revert(const struct gd_oneshot *o, struct gd_error *err)
{
	GD_AUTO_FREE char *identity = gd_runner_identity();
	struct gd_fleet f = {0};
	struct gd_call *calls = NULL;
	int status = -1;

	if (!identity)
		return gd_raise_nomem(err);
	if (open_fleet(&f, o, identity, NULL, err) == 0) {
		calls = calloc(f.n + 1, sizeof(*calls));
		if (!calls)
			(void)gd_raise_nomem(err);
	}
	for (size_t i = 0; calls && i < f.n; i++)
		gd_fleet_call(&f, &f.members[i], gd_message_request("recover"), LIMIT,
			      &calls[i]);
	if (calls && gd_fleet_wait(&f, calls, f.n, err) == 0) {
		status = GD_EXIT_HELD;
		for (size_t i = 0; i < f.n; i++) {
			if (calls[i].reply) {
				status = worse(status, print_reverted(&f.members[i],
								      calls[i].reply));
				continue;
			}
			(void)printf("%s: %s\n", f.members[i].inv->name,
				     calls[i].err.text);
			status = worse(status, GD_EXIT_PREFLIGHT);
		}
	}
	gd_calls_free(calls, f.n);
	gd_fleet_fini(&f);
	return status;
}

/* --- inject -------------------------------------------------------------------------- */

static cJSON *request(const char *op, const struct gd_oneshot_fault *fault,
		      struct gd_error *err)
{
	return gd_fault_request(op, ONESHOT_REF, fault->kind->name, fault->levels,
				fault->names, err);
}

static int ask(struct gd_fleet *f, cJSON *req, cJSON **ret, struct gd_error *err)
{
	return gd_fleet_ask(f, &f->members[0], req, LIMIT, ret, err);
}

/* What the fault's host names mean there, told, and into *ret; NULL when it has none. */
static int ask_names(struct gd_fleet *f, const struct gd_oneshot_fault *fault,
		     cJSON **ret, struct gd_error *err)
{
	const struct gd_level *first = GD_AT(fault->levels, const struct gd_level, 0);
	GD_AUTO(cJSON) cJSON *names = cJSON_CreateArray();
	GD_AUTO_STRBUF(text);

	if (!names)
		return gd_raise_nomem(err);
	if (gd_shape_peer_names(fault->kind->args, first->args, names, err) < 0)
		return -1;
	if (!names->child)
		return 0;
	if (gd_names_of(f, &f->members[0], names, ret, err) < 0)
		return -1;
	gd_peer_names_print(*ret, &text);
	gd_oneshot_say(fault->view, GD_TONE_PLAIN, "%s: by its names %s", fault->host,
		       gd_strbuf_str(&text));
	return 0;
}

/*
 * Claim, names (into *ret_names, owned by the caller) and preflight: until here nothing has
 * changed.
 */
static int prepare(struct gd_fleet *f, struct gd_oneshot_fault *fault, cJSON **ret_names,
		   struct gd_error *err)
{
	cJSON *req = gd_message_request("claim"), *reply = NULL;

	if (f->members[0].state != GD_MEMBER_READY) {
		cJSON_Delete(req);
		*err = f->members[0].error;
		return -1;
	}
	if (req) {
		(void)gd_json_set_int(req, "lease_ms", f->lease.ns / GD_NS_PER_MS);
		(void)gd_json_set_int(req, "deadline_ms",
				      fault->length.ns / GD_NS_PER_MS + 60000);
	}
	if (ask(f, req, &reply, err) < 0)
		return -1;
	cJSON_Delete(reply);
	f->members[0].claimed = true;
	if (ask_names(f, fault, ret_names, err) < 0)
		return -1;
	fault->names = *ret_names;
	gd_oneshot_view_doing(fault->view, "checking the host");
	if (ask(f, request("preflight", fault, err), &reply, err) < 0)
		return -1;
	cJSON_Delete(reply);
	return 0;
}

static void print_effect(struct gd_fleet *f, const struct gd_oneshot_fault *fault,
			 bool *ret_seen)
{
	struct gd_error err = GD_ERROR_INIT;
	cJSON *reply = NULL;
	bool seen;

	if (gd_fault_ask_effect(f, &f->members[0], ONESHOT_REF, LIMIT, &reply, &err) <
	    0) {
		gd_oneshot_say(fault->view, GD_TONE_BAD, "effect: %s", err.text);
		return;
	}
	seen = gd_json_bool(reply, "seen", false);
	*ret_seen = seen;
	gd_oneshot_say(fault->view, seen ? GD_TONE_PLAIN : GD_TONE_BAD, "effect: %s",
		       gd_json_str(reply, "text", ""));
	cJSON_Delete(reply);
}

/* Undoes it, whatever happened; the exit status. */
static int undo(struct gd_fleet *f, struct gd_error *err)
{
	cJSON *reply = NULL;
	int status;

	if (ask(f, gd_fault_request_by_ref("revert", NULL), &reply, err) < 0) {
		(void)printf(
			"%s\nThe host undoes it by itself when the lease lapses; see "
			"gameday status --on %s\n",
			err->text, f->members[0].inv->name);
		return GD_EXIT_LEFT_BEHIND;
	}
	status = print_reverted(&f->members[0], reply);
	cJSON_Delete(reply);
	if (gd_fleet_ask(f, &f->members[0], gd_message_request("release"), LIMIT, &reply,
			 err) == 0)
		cJSON_Delete(reply);
	return status;
}

static int put_in(struct gd_fleet *f, const struct gd_oneshot_fault *fault,
		  struct gd_error *err)
{
	const struct gd_level *first = GD_AT(fault->levels, const struct gd_level, 0);
	GD_AUTO_STRBUF(what);
	cJSON *reply = NULL;

	gd_oneshot_view_coming(fault->view, first);
	if (ask(f, request("inject", fault, err), &reply, err) < 0)
		return -1;
	print_notes(&f->members[0], reply);
	cJSON_Delete(reply);
	gd_oneshot_view_in(fault->view, first);
	fault->kind->describe(first->args, &what);
	gd_oneshot_say(fault->view, GD_TONE_FAULT, "%s: %s; Ctrl-C undoes it at once",
		       fault->host, gd_strbuf_str(&what));
	return 0;
}

static int change(struct gd_fleet *f, const struct gd_oneshot_fault *fault,
		  const struct gd_level *level, struct gd_error *err)
{
	cJSON *reply = NULL;

	if (ask(f, gd_fault_request_change(ONESHOT_REF, level, err), &reply, err) < 0)
		return -1;
	print_notes(&f->members[0], reply);
	cJSON_Delete(reply);
	gd_oneshot_view_in(fault->view, level);
	gd_oneshot_say(fault->view, GD_TONE_FAULT, "%s: %s", fault->host, level->text);
	return 0;
}

/* What the fault did so far, for who looks; without an answer it stays what it was. */
static void show_effect(struct gd_fleet *f, const struct gd_oneshot_fault *fault)
{
	struct gd_error ignored = GD_ERROR_INIT;
	cJSON *reply = NULL;

	if (gd_fault_ask_effect(f, &f->members[0], ONESHOT_REF, LOOK_LIMIT, &reply,
				&ignored) < 0)
		return;
	gd_oneshot_view_effect(fault->view, gd_json_str(reply, "text", ""));
	cJSON_Delete(reply);
}

/*
 * As gd_fleet_sleep; shows the effect from *look on, as far as that does not make it late for
 * what comes then.
 */
static int sleep_and_look(struct gd_fleet *f, const struct gd_oneshot_fault *fault,
			  struct gd_instant until, struct gd_instant *look,
			  struct gd_error *err)
{
	while (fault->view && gd_after(*look, LOOK_LIMIT).ns < until.ns) {
		int stopped = gd_fleet_sleep(f, *look, err);

		if (stopped != 0)
			return stopped;
		show_effect(f, fault);
		*look = gd_after(gd_now(), LOOK_EVERY);
	}
	return gd_fleet_sleep(f, until, err);
}

/* From level to level until then: 0, 1 a stop was asked for, or -1. */
static int stay(struct gd_fleet *f, const struct gd_oneshot_fault *fault,
		struct gd_instant in, struct gd_instant until, struct gd_error *err)
{
	struct gd_instant look = gd_after(in, LOOK_EVERY);

	for (size_t level = 0; level + 1 < fault->levels->n;) {
		const struct gd_level *l =
			GD_AT(fault->levels, const struct gd_level, level + 1);
		struct gd_instant due = gd_after(in, l->at);
		int stopped;

		if (due.ns >= until.ns)
			break;
		stopped = sleep_and_look(f, fault, due, &look, err);
		if (stopped != 0)
			return stopped;
		level = gd_level_at(fault->levels, gd_between(in, gd_now()));
		if (change(f, fault, GD_AT(fault->levels, const struct gd_level, level),
			   err) < 0)
			return -1;
	}
	return sleep_and_look(f, fault, until, &look, err);
}

/* Takes it out until it comes again; the exit status. */
static int rest(struct gd_fleet *f, const struct gd_oneshot_fault *fault,
		struct gd_error *err)
{
	cJSON *reply = NULL;
	int status;

	if (ask(f, gd_fault_request_by_ref("revert", ONESHOT_REF), &reply, err) < 0)
		return -1;
	status = print_reverted(&f->members[0], reply);
	cJSON_Delete(reply);
	if (status == GD_EXIT_HELD)
		gd_oneshot_view_out(fault->view);
	return status;
}

/*
 * One coming after the other: 0, 1 a stop was asked for, or -1 with *err. *ret_seen: it had an
 * effect at least once.
 */
static int come_and_go(struct gd_fleet *f, const struct gd_oneshot_fault *fault,
		       bool *ret_seen, struct gd_error *err)
{
	struct gd_instant start = gd_now(), end = gd_after(start, fault->length);
	struct gd_cycle c, next;

	gd_oneshot_view_begin(fault->view, end);
	for (int64_t n = 0; gd_cycle_at(fault->use, fault->length, n, &c); n++) {
		struct gd_instant until = end, in = gd_after(start, c.in);
		int stopped = 0;

		if (n > 0 && in.ns < gd_now().ns)
			continue;
		stopped = gd_fleet_sleep(f, in, err);
		if (stopped != 0)
			return stopped;
		if (put_in(f, fault, err) < 0)
			return -1;
		in = gd_now();
		if (fault->use->hold.ns > 0)
			until = gd_after(in, fault->use->hold);
		until.ns = until.ns < end.ns ? until.ns : end.ns;
		stopped = stay(f, fault, in, until, err);
		if (stopped == 1)
			gd_oneshot_say(fault->view, GD_TONE_BAD, "%s", f->stop_reason);
		if (f->stop != GD_STOP_REVERTED && f->members[0].state == GD_MEMBER_READY)
			print_effect(f, fault, ret_seen);
		if (stopped != 0)
			return stopped;
		if (gd_cycle_at(fault->use, fault->length, n + 1, &next) &&
		    rest(f, fault, err) != GD_EXIT_HELD)
			return -1;
	}
	return 0;
}

static int hold(struct gd_fleet *f, const struct gd_oneshot_fault *fault,
		struct gd_error *err)
{
	struct gd_error undo_err = GD_ERROR_INIT;
	bool seen = false;
	int stopped = come_and_go(f, fault, &seen, err), status;

	gd_oneshot_view_undoing(fault->view);
	status = undo(f, &undo_err);
	if (status != GD_EXIT_HELD)
		return status;
	if (stopped < 0)
		return -1;
	if (stopped)
		return GD_EXIT_ABORTED;
	return seen ? GD_EXIT_HELD : GD_EXIT_INVALID;
}

/* The last thing the dashboard says. */
static void show_end(const struct gd_fleet *f, const struct gd_oneshot_fault *fault,
		     int status, const struct gd_error *err)
{
	const char *reason =
		status == GD_EXIT_HELD          ? "the state is exactly as before"
		: status == GD_EXIT_LEFT_BEHIND ? "a human must look at the host"
		: status == GD_EXIT_INVALID ? "nothing shows that the fault did anything"
		: status < 0                ? err->text
					    : f->stop_reason;

	gd_oneshot_view_over(fault->view, status, reason);
	gd_oneshot_view_free(fault->view);
}

int gd_oneshot_inject(const struct gd_oneshot *o, const struct gd_oneshot_fault *fault,
		      struct gd_error *err)
{
	struct gd_oneshot one = {
		.inventory = o->inventory, .hosts = &fault->host, .n_hosts = 1};
	GD_AUTO_FREE char *identity = gd_runner_identity();
	struct gd_oneshot_fault own = *fault;
	GD_AUTO(cJSON) cJSON *names = NULL;
	struct gd_fleet f = {0};
	int status = -1;

	if (!identity)
		return gd_raise_nomem(err);
	if (gd_oneshot_view_new(o, fault, &own.view, err) < 0)
		return -1;
	if (open_fleet(&f, &one, identity, own.view, err) == 0 &&
	    prepare(&f, &own, &names, err) == 0)
		status = hold(&f, &own, err);
	show_end(&f, &own, status, err);
	gd_fleet_fini(&f);
	return status;
}
