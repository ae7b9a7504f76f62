/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renewals go out every quarter of the lease, each with half a lease as its limit, so one
 * lost answer does not cost the run, and two do: then the host is as good as lost, because
 * it is about to undo its faults by itself. Hosts without a fault are asked for a sign of life
 * as often; one that is silent is sought with new connections. A runner that was stopped or
 * suspended for longer finds that out before it believes anything else, since the faults have
 * not been in all the while.
 */
#include "gameday/runner/fleet.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

enum { LEASE_S = 10, PROTOCOL_VERSION = 1, SEEK_FIRST_MS = 200, SEEK_EVERY_MS = 1000 };
static const struct gd_span HELLO_LIMIT = {15 * GD_NS_PER_S};
/* Of a host without a fault: nothing depends on its answer. */
static const struct gd_span SILENCE_LIMIT = {15 * GD_NS_PER_S};

/* --- stopping ------------------------------------------------------------------------ */

void gd_fleet_stop(struct gd_fleet *f, enum gd_stop_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (f->stop != GD_STOP_NONE)
		return;
	f->stop = kind;
	va_start(ap, fmt);
	(void)vsnprintf(f->stop_reason, sizeof(f->stop_reason), fmt, ap);
	va_end(ap);
	if (f->on_stop)
		f->on_stop(f->ctx, kind, f->stop_reason);
}

/* --- life ---------------------------------------------------------------------------- */

static void on_renew(void *ctx);
static void on_seek(void *ctx);

static void arm_renewal(struct gd_fleet *f)
{
	f->renew_at = gd_after(gd_now(), (struct gd_span){f->lease.ns / 4});
	gd_timer_arm(f->renew_timer, f->renew_at);
}

int gd_fleet_init(struct gd_fleet *f, const char *run, const char *runner,
		  struct gd_error *err)
{
	*f = (struct gd_fleet){.lease = gd_span_s(LEASE_S), .run = run, .runner = runner};
	if (!run) {
		(void)snprintf(f->own_run, sizeof(f->own_run), "one-shot-%lld-%ld",
			       (long long)(gd_wall_now().ns / GD_NS_PER_S),
			       (long)getpid());
		f->run = f->own_run;
	}
	gd_limiter_init(&f->limiter, GD_HOST_MAX_HANDSHAKES);
	if (gd_bundle_load(&f->bundle, err) < 0 || gd_loop_new(&f->loop, err) < 0)
		return -1;
	if (gd_loop_timer(f->loop, on_seek, f, &f->seek_timer, err) < 0)
		return -1;
	return gd_loop_timer(f->loop, on_renew, f, &f->renew_timer, err);
}

static void close_member(struct gd_member *m)
{
	gd_host_close(m->host);
	m->host = NULL;
	cJSON_Delete(m->hello);
	m->hello = NULL;
}

void gd_fleet_fini(struct gd_fleet *f)
{
	for (size_t i = 0; i < f->n; i++) {
		close_member(&f->members[i]);
		gd_target_fini(&f->members[i].target);
	}
	free(f->members);
	gd_loop_free(f->loop);
	gd_bundle_fini(&f->bundle);
	f->members = NULL;
	f->loop = NULL;
	f->n = f->cap = 0;
}

int gd_fleet_add(struct gd_fleet *f, const struct gd_inventory_host *inv, size_t *ret,
		 struct gd_error *err)
{
	struct gd_member *grown;

	for (size_t i = 0; i < f->n; i++)
		if (f->members[i].inv == inv) {
			*ret = i;
			return 0;
		}
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 8;
		grown = realloc(f->members, f->cap * sizeof(*grown));
		if (!grown)
			return gd_raise_nomem(err);
		f->members = grown;
	}
	f->members[f->n] = (struct gd_member){.inv = inv, .fleet = f};
	*ret = f->n++;
	return 0;
}

int gd_fleet_add_named(struct gd_fleet *f, const struct gd_inventory *inventory,
		       const char *const names[], size_t n, struct gd_error *err)
{
	size_t index;

	for (size_t i = 0; i < n; i++) {
		const struct gd_inventory_host *h =
			gd_inventory_find(inventory, names[i]);

		if (!h)
			return gd_raise(err, GD_E_INPUT,
					"host %s is not in the inventory %s", names[i],
					inventory->path);
		if (gd_fleet_add(f, h, &index, err) < 0)
			return -1;
	}
	return 0;
}

/* --- sessions ------------------------------------------------------------------------ */

/* Every error that leaves this file names its host, once. */
static void name_host(const struct gd_member *m, struct gd_error *err)
{
	char front[96];

	(void)snprintf(front, sizeof(front), "host %s: ", m->inv->name);
	if (strncmp(err->text, front, strlen(front)) != 0)
		(void)gd_wrap(err, "%s", front);
}

/* Would losing it stop nothing? Then it is sought. */
static bool may_be_lost(const struct gd_member *m)
{
	return m->expendable && !m->claimed;
}

static void lose(struct gd_member *m, const struct gd_error *err)
{
	bool was_ready = m->state == GD_MEMBER_READY;
	struct gd_fleet *f = m->fleet;

	if (m->state == GD_MEMBER_LOST)
		return;
	m->state = GD_MEMBER_LOST;
	m->error = *err;
	name_host(m, &m->error);
	if (was_ready)
		m->lost_at = gd_now();
	m->cut_off = m->cut_off || was_ready;
	if (m->cut_off && may_be_lost(m)) {
		m->seek_at = gd_after(
			gd_now(), gd_span_ms(was_ready ? SEEK_FIRST_MS : SEEK_EVERY_MS));
		gd_timer_arm(f->seek_timer, m->seek_at);
		if (was_ready && f->on_cut_off)
			f->on_cut_off(f->ctx, m);
		return;
	}
	if (was_ready)
		gd_fleet_stop(m->fleet, GD_STOP_HOST_LOST, "lost: %s", m->error.text);
}

static void on_hello(void *ctx, const cJSON *reply, const struct gd_error *err)
{
	struct gd_member *m = ctx;
	struct gd_error bad = GD_ERROR_INIT;
	struct gd_instant now;

	if (err) {
		lose(m, err);
		return;
	}
	if (gd_json_int(reply, "protocol", 0) != PROTOCOL_VERSION) {
		(void)gd_raise(
			&bad, GD_E_REMOTE, "the agent speaks protocol %lld, not %d",
			(long long)gd_json_int(reply, "protocol", 0), PROTOCOL_VERSION);
		lose(m, &bad);
		return;
	}
	m->hello = cJSON_Duplicate(reply, 1);
	now = gd_now();
	gd_clock_fit_add(&m->clock,
			 &(struct gd_clock_sample){
				 .sent_ns = m->hello_sent.ns,
				 .answered_ns = now.ns,
				 .wall_minus_boot_ns = gd_wall_now().ns - now.ns,
				 .their_wall_ns = gd_json_int(reply, "wall_ns", 0),
				 .their_boot_ns = gd_json_int(reply, "boot_ns", 0),
			 });
	m->state = GD_MEMBER_READY;
	if (m->cut_off && m->fleet->on_back)
		m->fleet->on_back(m->fleet->ctx, m);
	m->cut_off = false;
}

static void on_ready(void *ctx)
{
	struct gd_member *m = ctx;
	cJSON *req = gd_message_request("hello");

	if (req) {
		(void)gd_json_set_int(req, "protocol", PROTOCOL_VERSION);
		(void)gd_json_set_str(req, "run", m->fleet->run);
		(void)gd_json_set_str(req, "runner", m->fleet->runner);
		(void)gd_json_set_str(req, "ssh_connection",
				      gd_host_ssh_connection(m->host));
	}
	/* It may have been started anew since: its clocks too. */
	m->clock = (struct gd_clock_fit){0};
	m->hello_sent = gd_now();
	gd_host_call(m->host, req, HELLO_LIMIT, on_hello, m);
}

/* Nothing was renewed for so long that no lease can be left. */
static void note_standstill(struct gd_fleet *f)
{
	struct gd_span late = gd_between(f->renew_at, gd_now());
	bool claimed = false;

	for (size_t i = 0; i < f->n; i++)
		claimed = claimed || f->members[i].claimed;
	if (!claimed || !f->renew_at.ns || late.ns < f->lease.ns / 4 * 3)
		return;
	gd_fleet_stop(f, GD_STOP_INTERNAL,
		      "this runner stood still for %lld s, longer than its lease lasts: "
		      "the hosts undid their faults by themselves",
		      (long long)(late.ns / GD_NS_PER_S));
}

static void on_host_event(void *ctx, const cJSON *event)
{
	struct gd_member *m = ctx;

	note_standstill(m->fleet);
	if (m->fleet->on_event)
		m->fleet->on_event(m->fleet->ctx, m, event);
}

static void on_lost(void *ctx, const struct gd_error *err)
{
	struct gd_member *m = ctx;

	note_standstill(m->fleet);
	lose(m, err);
}

static int open_member(struct gd_fleet *f, struct gd_member *m, struct gd_error *err)
{
	static const struct gd_host_callbacks callbacks = {
		.on_ready = on_ready, .on_event = on_host_event, .on_lost = on_lost};
	struct gd_host_options opt = {.bundle = &f->bundle, .limiter = &f->limiter};

	m->state = GD_MEMBER_CONNECTING;
	if (gd_host_new(f->loop, &m->target, &opt, &callbacks, m, &m->host, err) < 0)
		return -1;
	gd_host_connect(m->host);
	return 0;
}

static bool any_connecting(const struct gd_fleet *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->members[i].state == GD_MEMBER_CONNECTING)
			return true;
	return false;
}

int gd_fleet_connect(struct gd_fleet *f, struct gd_error *err)
{
	struct gd_error bad = GD_ERROR_INIT;

	for (size_t i = 0; i < f->n; i++) {
		struct gd_member *m = &f->members[i];

		if (gd_target_init(&m->target, m->inv, NULL, &bad) < 0 ||
		    open_member(f, m, &bad) < 0)
			lose(m, &bad);
	}
	/* Each host has its own limits for every step; this bound is only a backstop. */
	while (any_connecting(f) && f->stop == GD_STOP_NONE)
		if (gd_loop_step(f->loop, gd_after(gd_now(), gd_span_s(1)), err) < 0)
			return -1;
	arm_renewal(f);
	return 0;
}

int gd_fleet_reconnect(struct gd_fleet *f, struct gd_member *m, struct gd_span limit,
		       struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), limit);

	m->claimed = false;
	for (;;) {
		close_member(m);
		if (open_member(f, m, err) < 0)
			return -1;
		while (m->state == GD_MEMBER_CONNECTING && gd_now().ns < end.ns)
			if (gd_loop_step(f->loop, end, err) < 0)
				return -1;
		if (m->state == GD_MEMBER_READY)
			return 0;
		if (gd_now().ns >= end.ns)
			break;
		/* Refused at once, as during a reboot: not a hundred times a second. */
		for (struct gd_instant next = gd_after(gd_now(), gd_span_s(1));
		     gd_now().ns < next.ns;)
			if (gd_loop_step(f->loop, next, err) < 0)
				return -1;
	}
	*err = m->error;
	if (m->state == GD_MEMBER_CONNECTING)
		return gd_raise(err, GD_E_TIMEOUT, "no connection in time");
	return -1;
}

/* Those that are cut off are tried again and again, while everything else goes on. */
static void on_seek(void *ctx)
{
	struct gd_instant now = gd_now(), next = {INT64_MAX};
	struct gd_fleet *f = ctx;

	for (size_t i = 0; i < f->n; i++) {
		struct gd_member *m = &f->members[i];
		struct gd_error err = GD_ERROR_INIT;

		if (m->state != GD_MEMBER_LOST || !m->cut_off || !may_be_lost(m))
			continue;
		if (m->seek_at.ns <= now.ns) {
			close_member(m);
			if (open_member(f, m, &err) < 0)
				lose(m, &err);
		}
		if (m->state == GD_MEMBER_LOST && m->seek_at.ns < next.ns)
			next = m->seek_at;
	}
	if (next.ns != INT64_MAX)
		gd_timer_arm(f->seek_timer, next);
}

/* --- leases -------------------------------------------------------------------------- */

static void on_renewed(void *ctx, const cJSON *reply GD_UNUSED,
		       const struct gd_error *err)
{
	struct gd_member *m = ctx;
	struct gd_error lost;

	m->renewing = false;
	if (!err || !m->claimed || m->state != GD_MEMBER_READY)
		return;
	lost = *err;
	(void)gd_wrap(&lost, "does not renew its lease: ");
	if (err->code != GD_E_REFUSED) {
		lose(m, &lost);
		return;
	}
	/* It answers, and says that it undid everything. */
	m->claimed = false;
	name_host(m, &lost);
	gd_fleet_stop(m->fleet, GD_STOP_REVERTED, "%s", lost.text);
}

/*
 * A path that is cut shows by silence long before TCP gives up, and a new connection gets
 * through when the path is back, while what waits in the old one may take a minute more.
 */
static void on_sign_of_life(void *ctx, const cJSON *reply GD_UNUSED,
			    const struct gd_error *err)
{
	struct gd_member *m = ctx;

	m->renewing = false;
	if (err && err->code == GD_E_TIMEOUT)
		gd_fleet_cut_off(m, err);
}

void gd_fleet_cut_off(struct gd_member *m, const struct gd_error *why)
{
	if (m->state == GD_MEMBER_READY && may_be_lost(m))
		lose(m, why);
}

static void keep_alive(struct gd_fleet *f, struct gd_member *m)
{
	cJSON *req = gd_message_request(m->claimed ? "renew" : "ping");

	if (req && m->claimed)
		(void)gd_json_set_int(req, "lease_ms", f->lease.ns / GD_NS_PER_MS);
	m->renewing = true;
	if (m->claimed)
		gd_host_call(m->host, req, (struct gd_span){f->lease.ns / 4 * 3},
			     on_renewed, m);
	else
		gd_host_call(m->host, req, SILENCE_LIMIT, on_sign_of_life, m);
}

static void on_renew(void *ctx)
{
	struct gd_fleet *f = ctx;

	note_standstill(f);
	arm_renewal(f);
	for (size_t i = 0; i < f->n; i++) {
		struct gd_member *m = &f->members[i];

		if ((m->claimed || m->expendable) && m->state == GD_MEMBER_READY &&
		    !m->renewing)
			keep_alive(f, m);
	}
}

/* --- calls --------------------------------------------------------------------------- */

void gd_call_fini(struct gd_call *c)
{
	cJSON_Delete(c->reply);
	*c = (struct gd_call){0};
}

void gd_calls_free(struct gd_call *calls, size_t n)
{
	for (size_t i = 0; calls && i < n; i++)
		gd_call_fini(&calls[i]);
	free(calls);
}

static void on_reply(void *ctx, const cJSON *reply, const struct gd_error *err)
{
	struct gd_call *call = ctx;

	call->answered = gd_now();
	call->done = true;
	if (err) {
		call->err = *err;
		name_host(call->member, &call->err);
		return;
	}
	call->reply = cJSON_Duplicate(reply, 1);
	if (!call->reply)
		(void)gd_raise_nomem(&call->err);
}

void gd_fleet_call(struct gd_fleet *f GD_UNUSED, struct gd_member *m, cJSON *request,
		   struct gd_span limit, struct gd_call *call)
{
	*call = (struct gd_call){.member = m, .sent = gd_now()};
	if (!request) {
		(void)gd_raise_nomem(&call->err);
		call->done = true;
		return;
	}
	if (m->state != GD_MEMBER_READY) {
		cJSON_Delete(request);
		call->err = m->error;
		call->done = true;
		return;
	}
	gd_host_call(m->host, request, limit, on_reply, call);
}

static void ignore_reply(void *ctx GD_UNUSED, const cJSON *reply GD_UNUSED,
			 const struct gd_error *err GD_UNUSED)
{
}

void gd_fleet_tell(struct gd_member *m, cJSON *request)
{
	if (request && m->host && gd_host_is_ready(m->host))
		gd_host_call(m->host, request, HELLO_LIMIT, ignore_reply, NULL);
	else
		cJSON_Delete(request);
}

static bool all_done(const struct gd_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!calls[i].done)
			return false;
	return true;
}

int gd_fleet_wait(struct gd_fleet *f, const struct gd_call *calls, size_t n,
		  struct gd_error *err)
{
	while (!all_done(calls, n))
		if (gd_loop_step(f->loop, gd_after(gd_now(), gd_span_s(1)), err) < 0)
			return -1;
	return 0;
}

int gd_fleet_ask(struct gd_fleet *f, struct gd_member *m, cJSON *request,
		 struct gd_span limit, cJSON **ret, struct gd_error *err)
{
	struct gd_call call;

	gd_fleet_call(f, m, request, limit, &call);
	if (gd_fleet_wait(f, &call, 1, err) < 0)
		return -1;
	if (!call.reply) {
		*err = call.err;
		return -1;
	}
	*ret = call.reply;
	return 0;
}

int gd_fleet_sleep(struct gd_fleet *f, struct gd_instant until, struct gd_error *err)
{
	bool over = false;

	/* One look at least, also when it is late: what came meanwhile may be a stop. */
	while (f->stop == GD_STOP_NONE && !over) {
		if (gd_loop_step(f->loop, until, err) < 0)
			return -1;
		over = gd_now().ns >= until.ns;
	}
	return f->stop == GD_STOP_NONE ? 0 : 1;
}

char *gd_runner_identity(void)
{
	char host[128] = "unknown-host", buf[1024];
	struct passwd pw, *found = NULL;

	(void)gethostname(host, sizeof(host) - 1);
	(void)getpwuid_r(getuid(), &pw, buf, sizeof(buf), &found);
	return gd_strf("%s@%s pid %ld", found ? pw.pw_name : "unknown", host,
		       (long)getpid());
}
