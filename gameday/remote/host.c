/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host goes through these phases, each with its own time limit:
 *
 *   new -> queued (for a handshake) -> connecting -> login -> bootstrap -> greeting -> ready
 *
 * and from any of them to lost. Callbacks may close the host while a transport is on the
 * stack: enter() and leave() bracket everything that may call out, and the outermost
 * leave() does what was asked meanwhile.
 */
#include "gameday/remote/host.h"

#include <stdio.h>
#include <string.h>

#include "gameday/remote/bootstrap.h"
#include "gameday/remote/transport.h"
#include "gameday/wire/frame.h"
#include "gameday/wire/message.h"

enum { CONNECT_LIMIT_S = 10, LOGIN_LIMIT_S = 20, START_LIMIT_S = 60 };

enum phase { NEW, QUEUED, CONNECTING, LOGIN, BOOTSTRAP, GREETING, READY, LOST };

struct call {
	struct call *next;
	int64_t id;
	struct gd_instant deadline;
	gd_reply_fn *fn;
	void *ctx;
	bool failed; /* never sent: err says why, reported from the loop */
	struct gd_error err;
};

struct probe {
	struct probe *next;
	struct gd_host *host;
	struct gd_transport *transport;
	struct gd_timer *timer;
	struct gd_instant begun;
	gd_probe_fn *fn;
	void *ctx;
	struct gd_error err; /* set when it could not begin */
};

struct gd_host {
	struct gd_loop *loop;
	const struct gd_target *target;
	struct gd_host_options opts;
	struct gd_host_callbacks cb;
	void *ctx;
	char *command;
	char address[300];
	enum phase phase;
	struct gd_turn turn;
	struct gd_timer *phase_timer, *call_timer;
	struct gd_transport *transport;
	bool by_ssh;
	char why[160];
	struct gd_bootstrap boot;
	struct gd_frame_reader reader;
	struct call *calls;
	size_t n_calls;
	int64_t last_id;
	struct probe *probes;
	struct gd_error
		early; /* the transport could not be made: reported from the loop */
	bool closed;
	int busy;
};

static void lose(struct gd_host *h, const struct gd_error *why);

/* --- life ------------------------------------------------------------------------------- */

static struct gd_span or_default(struct gd_span given, int seconds)
{
	return given.ns > 0 ? given : gd_span_s(seconds);
}

static void on_phase_timer(void *ctx);
static void on_call_timer(void *ctx);

static int init(struct gd_host *h, struct gd_error *err)
{
	const struct gd_target *t = h->target;

	h->command = gd_bootstrap_command(h->opts.bundle, t->sudo);
	if (!h->command)
		return gd_raise_nomem(err);
	(void)snprintf(h->address, sizeof(h->address), "%s port %d", t->hostname,
		       t->port);
	gd_frame_reader_init(&h->reader, true);
	h->by_ssh = h->opts.transport == GD_TRANSPORT_SSH;
	if (h->by_ssh)
		(void)snprintf(h->why, sizeof(h->why), "asked for");
	if (!h->by_ssh && t->why_ssh[0]) {
		if (h->opts.transport == GD_TRANSPORT_LIBSSH2)
			return gd_raise(err, GD_E_INPUT, "libssh2 was asked for, but %s",
					t->why_ssh);
		h->by_ssh = true;
		(void)snprintf(h->why, sizeof(h->why), "%s", t->why_ssh);
	}
	if (gd_loop_timer(h->loop, on_phase_timer, h, &h->phase_timer, err) < 0)
		return -1;
	return gd_loop_timer(h->loop, on_call_timer, h, &h->call_timer, err);
}

static void destroy(struct gd_host *h)
{
	gd_limiter_leave(h->opts.limiter, &h->turn);
	gd_transport_free(h->transport);
	gd_timer_remove(h->phase_timer);
	gd_timer_remove(h->call_timer);
	gd_bootstrap_fini(&h->boot);
	gd_frame_reader_fini(&h->reader);
	free(h->command);
	free(h);
}

int gd_host_new(struct gd_loop *loop, const struct gd_target *target,
		const struct gd_host_options *opts, const struct gd_host_callbacks *cb,
		void *ctx, struct gd_host **ret, struct gd_error *err)
{
	struct gd_host *h = calloc(1, sizeof(*h));

	if (!h)
		return gd_raise_nomem(err);
	h->loop = loop;
	h->target = target;
	h->opts = *opts;
	h->cb = *cb;
	h->ctx = ctx;
	if (init(h, err) < 0) {
		destroy(h);
		return gd_wrap(err, "host %s: ", target->name);
	}
	*ret = h;
	return 0;
}

static void enter(struct gd_host *h)
{
	h->busy++;
}

/* False when the transport that called is no more. */
static bool leave(struct gd_host *h)
{
	bool alive = !h->closed && h->phase != LOST;

	if (--h->busy > 0)
		return alive;
	if (h->closed) {
		destroy(h);
	} else if (h->phase == LOST) {
		gd_transport_free(h->transport);
		h->transport = NULL;
	}
	return alive;
}

/* --- calls ------------------------------------------------------------------------------ */

static void arm_call_timer(struct gd_host *h)
{
	struct gd_instant first = {INT64_MAX};

	for (const struct call *c = h->calls; c; c = c->next)
		if (c->deadline.ns < first.ns)
			first = c->deadline;
	if (h->calls)
		gd_timer_arm(h->call_timer, first);
	else
		gd_timer_disarm(h->call_timer);
}

static struct call *take_call(struct gd_host *h, struct call **at)
{
	struct call *c = *at;

	*at = c->next;
	h->n_calls--;
	return c;
}

static void answer(struct call *c, const cJSON *reply, const struct gd_error *err)
{
	c->fn(c->ctx, reply, err);
	free(c);
}

static void fail_all_calls(struct gd_host *h, const struct gd_error *err)
{
	while (h->calls) {
		struct call *c = take_call(h, &h->calls);

		answer(c, NULL, c->failed ? &c->err : err);
	}
}

static void on_call_timer(void *ctx)
{
	struct gd_host *h = ctx;
	struct gd_instant now = gd_now();
	struct call **at = &h->calls;

	enter(h);
	while (*at) {
		struct gd_error err = GD_ERROR_INIT;
		struct call *c;

		if ((*at)->deadline.ns > now.ns) {
			at = &(*at)->next;
			continue;
		}
		c = take_call(h, at);
		(void)gd_raise(&err, GD_E_TIMEOUT,
			       "host %s: no answer from the agent in time",
			       h->target->name);
		answer(c, NULL, c->failed ? &c->err : &err);
		at = &h->calls; /* the callee may have changed the list */
	}
	arm_call_timer(h);
	(void)leave(h);
}

static int send_request(struct gd_host *h, struct call *c, cJSON *request,
			struct gd_error *err)
{
	GD_AUTO_STRBUF(frame);

	if (h->phase != READY)
		return gd_raise(err, GD_E_REMOTE, "host %s: no session with the agent",
				h->target->name);
	if (h->n_calls >= GD_HOST_MAX_CALLS)
		return gd_raise(err, GD_E_REMOTE,
				"host %s: %d requests wait for an answer",
				h->target->name, GD_HOST_MAX_CALLS);
	if (!request || !gd_message_set_id(request, c->id))
		return gd_raise_nomem(err);
	if (gd_frame_write(&frame, request, err) < 0 ||
	    gd_transport_write(h->transport, frame.data, frame.len, err) < 0)
		return gd_wrap(err, "host %s: ", h->target->name);
	return 0;
}

void gd_host_call(struct gd_host *h, cJSON *request, struct gd_span limit,
		  gd_reply_fn *fn, void *ctx)
{
	GD_AUTO(cJSON) struct cJSON *owned = request;
	struct call *c = calloc(1, sizeof(*c));
	struct gd_error err = GD_ERROR_INIT;

	if (!c || h->closed) {
		(void)gd_raise(&err, c ? GD_E_ABORTED : GD_E_NOMEM, "host %s: %s",
			       h->target->name, c ? "closed" : "out of memory");
		free(c);
		fn(ctx, NULL, &err);
		return;
	}
	*c = (struct call){.id = ++h->last_id, .fn = fn, .ctx = ctx};
	c->deadline = gd_after(gd_now(), limit);
	if (send_request(h, c, owned, &c->err) < 0) {
		c->failed = true;
		c->deadline = gd_now();
	}
	c->next = h->calls;
	h->calls = c;
	h->n_calls++;
	arm_call_timer(h);
}

/* --- what the agent says ---------------------------------------------------------------- */

static int on_reply(struct gd_host *h, const cJSON *json, const struct gd_message *m,
		    struct gd_error *err)
{
	struct gd_error theirs = GD_ERROR_INIT;
	struct call **at = &h->calls;
	struct call *c;

	if (m->id > h->last_id)
		return gd_raise(err, GD_E_REMOTE,
				"the agent answers request %lld, which was "
				"never made",
				(long long)m->id);
	while (*at && (*at)->id != m->id)
		at = &(*at)->next;
	if (!*at)
		return 0; /* its time limit passed before */
	c = take_call(h, at);
	arm_call_timer(h);
	if (gd_message_outcome(json, &theirs) == 0) {
		answer(c, json, NULL);
		return 0;
	}
	(void)gd_wrap(&theirs, "host %s: ", h->target->name);
	answer(c, NULL, &theirs);
	return 0;
}

static int on_message(struct gd_host *h, const cJSON *json, struct gd_error *err)
{
	struct gd_message m;

	if (gd_message_read(json, &m, err) < 0)
		return -1;
	switch (m.kind) {
	case GD_MESSAGE_REPLY:
		return on_reply(h, json, &m, err);
	case GD_MESSAGE_EVENT:
		h->cb.on_event(h->ctx, json);
		return 0;
	case GD_MESSAGE_REQUEST:
	default:
		return gd_raise(err, GD_E_REMOTE, "the agent sends requests");
	}
}

static int read_frames(struct gd_host *h, const char *data, size_t size,
		       struct gd_error *err)
{
	int outcome;

	if (gd_frame_feed(&h->reader, data, size, err) < 0)
		return -1;
	while (!h->closed && h->phase != LOST) {
		GD_AUTO(cJSON) struct cJSON *json = NULL;

		outcome = gd_frame_next(&h->reader, &json, err);
		if (outcome == GD_FRAME_MORE)
			return 0;
		if (outcome < 0)
			return -1;
		if (outcome == GD_FRAME_GREETED) {
			h->phase = READY;
			gd_timer_disarm(h->phase_timer);
			h->cb.on_ready(h->ctx);
		} else if (on_message(h, json, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int read_bootstrap(struct gd_host *h, const char *data, size_t size,
			  struct gd_error *err)
{
	while (size > 0) {
		size_t used = 0;
		int outcome = gd_bootstrap_feed(&h->boot, data, size, &used, err);

		if (outcome < 0)
			return -1;
		data += used;
		size -= used;
		if (outcome == GD_BOOTSTRAP_UPLOAD &&
		    gd_transport_write(h->transport, h->opts.bundle->data,
				       h->opts.bundle->size, err) < 0)
			return -1;
		if (outcome == GD_BOOTSTRAP_STARTED) {
			h->phase = GREETING;
			return read_frames(h, data, size, err);
		}
	}
	return 0;
}

/* --- what the transport says ------------------------------------------------------------ */

static void set_phase(struct gd_host *h, enum phase phase, struct gd_span limit)
{
	h->phase = phase;
	gd_timer_arm(h->phase_timer, gd_after(gd_now(), limit));
}

static void logged_in(struct gd_host *h)
{
	if (h->phase >= BOOTSTRAP)
		return;
	set_phase(h, BOOTSTRAP, or_default(h->opts.start_limit, START_LIMIT_S));
	gd_limiter_leave(h->opts.limiter, &h->turn);
}

static bool on_connected(void *ctx)
{
	struct gd_host *h = ctx;

	set_phase(h, LOGIN, or_default(h->opts.login_limit, LOGIN_LIMIT_S));
	return true;
}

static bool on_login(void *ctx)
{
	struct gd_host *h = ctx;

	enter(h);
	logged_in(h);
	return leave(h);
}

static bool on_data(void *ctx, const char *data, size_t size)
{
	struct gd_host *h = ctx;
	struct gd_error err = GD_ERROR_INIT;
	int outcome;

	enter(h);
	/* ssh's own word for it comes on another pipe, maybe later. */
	logged_in(h);
	outcome = h->phase == BOOTSTRAP ? read_bootstrap(h, data, size, &err)
					: read_frames(h, data, size, &err);
	if (outcome < 0)
		lose(h, &err);
	return leave(h);
}

/* What a message about an early end can quote: the agent's words, or the login shell's. */
static void quote(const struct gd_host *h, char *ret, size_t size)
{
	char said[GD_TRANSPORT_SAID] = "";

	if (h->transport)
		gd_transport_said(h->transport, said);
	if (said[0])
		(void)snprintf(ret, size, ": %.200s", said);
	else if (h->boot.said[0])
		(void)snprintf(ret, size, "; it printed: %.150s", h->boot.said);
	else
		ret[0] = '\0';
}

static void raise_end(const struct gd_host *h, int status, struct gd_error *err)
{
	const char *who = h->phase == BOOTSTRAP ? "the login shell" : "the agent";
	const char *when = h->phase == BOOTSTRAP  ? " before the agent was started"
			   : h->phase == GREETING ? " before it greeted"
						  : "";
	char words[240], how[48];

	quote(h, words, sizeof(words));
	if (status < 0)
		(void)snprintf(how, sizeof(how), "was killed");
	else
		(void)snprintf(how, sizeof(how), "ended with status %d", status);
	(void)gd_raise(err, GD_E_REMOTE, "%s %s%s%s", who, how, when, words);
}

static void start_transport(void *ctx);

static bool on_end(void *ctx, const struct gd_transport_end *end)
{
	struct gd_host *h = ctx;
	struct gd_error err = end->err;

	enter(h);
	if (end->why_ssh[0] && h->opts.transport == GD_TRANSPORT_AUTO && !h->by_ssh) {
		(void)snprintf(h->why, sizeof(h->why), "%s", end->why_ssh);
		h->by_ssh = true;
		gd_transport_free(h->transport);
		h->transport = NULL;
		start_transport(h);
	} else {
		if (!end->failed)
			raise_end(h, end->status, &err);
		lose(h, &err);
	}
	return leave(h);
}

static const struct gd_transport_callbacks transport_callbacks = {
	.on_connected = on_connected,
	.on_login = on_login,
	.on_data = on_data,
	.on_end = on_end,
};

/* --- phases ----------------------------------------------------------------------------- */

static void lose(struct gd_host *h, const struct gd_error *why)
{
	struct gd_error err = *why;

	if (h->closed || h->phase == LOST)
		return;
	h->phase = LOST;
	gd_timer_disarm(h->phase_timer);
	gd_limiter_leave(h->opts.limiter, &h->turn);
	(void)gd_wrap(&err, "host %s: ", h->target->name);
	fail_all_calls(h, &err);
	if (!h->closed)
		h->cb.on_lost(h->ctx, &err);
}

static void start_transport(void *ctx)
{
	struct gd_host *h = ctx;
	struct gd_span connect = or_default(h->opts.connect_limit, CONNECT_LIMIT_S);
	struct gd_span login = or_default(h->opts.login_limit, LOGIN_LIMIT_S);
	int outcome;

	if (h->by_ssh) /* ssh does not tell when TCP stands */
		connect.ns += login.ns;
	set_phase(h, CONNECTING, connect);
	outcome = h->by_ssh ? gd_transport_new_ssh(h->loop, h->target, h->command,
						   &transport_callbacks, h, &h->transport,
						   &h->early)
			    : gd_transport_new_ssh2(h->loop, h->target, h->command,
						    &transport_callbacks, h,
						    &h->transport, &h->early);
	if (outcome < 0)
		gd_timer_arm(h->phase_timer, gd_now());
}

void gd_host_connect(struct gd_host *h)
{
	gd_assert(h->phase == NEW);
	h->phase = QUEUED;
	gd_limiter_enter(h->opts.limiter, &h->turn, start_transport, h);
}

static void raise_late(const struct gd_host *h, struct gd_error *err)
{
	char words[240];

	quote(h, words, sizeof(words));
	switch (h->phase) {
	case CONNECTING:
		(void)gd_raise(err, GD_E_TIMEOUT, "no connection to %s in time%s",
			       h->address, words);
		break;
	case LOGIN:
		(void)gd_raise(err, GD_E_TIMEOUT,
			       "%s: connected, but the SSH login did not end "
			       "in time",
			       h->address);
		break;
	case BOOTSTRAP:
		(void)gd_raise(err, GD_E_TIMEOUT,
			       "the login shell did not get to the agent in "
			       "time: a slow startup file, or a slow upload%s",
			       words);
		break;
	case GREETING:
	case NEW:
	case QUEUED:
	case READY:
	case LOST:
	default:
		(void)gd_raise(err, GD_E_TIMEOUT, "the agent did not greet in time%s",
			       words);
	}
}

static void on_phase_timer(void *ctx)
{
	struct gd_host *h = ctx;
	struct gd_error err = h->early;

	enter(h);
	if (err.code == GD_OK)
		raise_late(h, &err);
	lose(h, &err);
	(void)leave(h);
}

/* --- probes ----------------------------------------------------------------------------- */

static void finish_probe(struct probe *p, const struct gd_error *why)
{
	struct gd_host *h = p->host;
	struct probe **at = &h->probes;
	struct gd_span took = gd_between(p->begun, gd_now());
	struct gd_error err = GD_ERROR_INIT;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	gd_transport_free(p->transport);
	gd_timer_remove(p->timer);
	if (why) {
		err = *why;
		(void)gd_wrap(&err, "host %s: new connection: ", h->target->name);
	}
	enter(h);
	p->fn(p->ctx, took, why ? &err : NULL);
	free(p);
	(void)leave(h);
}

static bool probe_goes_on(void *ctx GD_UNUSED)
{
	return true;
}

static bool probe_data(void *ctx GD_UNUSED, const char *data GD_UNUSED,
		       size_t size GD_UNUSED)
{
	return true;
}

static bool probe_end(void *ctx, const struct gd_transport_end *end)
{
	struct gd_error err = end->err;

	if (!end->failed && end->status != 0)
		(void)gd_raise(&err, GD_E_REMOTE, "`true` ended with status %d",
			       end->status);
	finish_probe(ctx, end->failed || end->status != 0 ? &err : NULL);
	return false;
}

static const struct gd_transport_callbacks probe_callbacks = {
	.on_connected = probe_goes_on,
	.on_login = probe_goes_on,
	.on_data = probe_data,
	.on_end = probe_end,
};

static void on_probe_timer(void *ctx)
{
	struct probe *p = ctx;
	struct gd_error err = p->err;

	if (err.code == GD_OK)
		(void)gd_raise(&err, GD_E_TIMEOUT, "not through to %s in time",
			       p->host->address);
	finish_probe(p, &err);
}

static int start_probe(struct probe *p, struct gd_error *err)
{
	struct gd_host *h = p->host;

	if (h->by_ssh)
		return gd_transport_new_ssh(h->loop, h->target, "true", &probe_callbacks,
					    p, &p->transport, err);
	return gd_transport_new_ssh2(h->loop, h->target, "true", &probe_callbacks, p,
				     &p->transport, err);
}

void gd_host_probe_new_connection(struct gd_host *h, struct gd_span limit,
				  gd_probe_fn *fn, void *ctx)
{
	struct probe *p = calloc(1, sizeof(*p));
	struct gd_error err = GD_ERROR_INIT;

	if (p && gd_loop_timer(h->loop, on_probe_timer, p, &p->timer, &err) < 0) {
		free(p);
		p = NULL;
	}
	if (!p) {
		(void)gd_raise_nomem(&err);
		fn(ctx, (struct gd_span){0}, &err);
		return;
	}
	p->host = h;
	p->begun = gd_now();
	p->fn = fn;
	p->ctx = ctx;
	p->next = h->probes;
	h->probes = p;
	gd_timer_arm(p->timer, gd_after(p->begun, limit));
	if (start_probe(p, &p->err) < 0)
		gd_timer_arm(p->timer, gd_now());
}

void gd_host_close(struct gd_host *h)
{
	struct gd_error err = GD_ERROR_INIT;

	if (!h || h->closed)
		return;
	enter(h);
	h->closed = true;
	(void)gd_raise(&err, GD_E_ABORTED, "host %s: closed", h->target->name);
	fail_all_calls(h, &err);
	while (h->probes)
		finish_probe(h->probes, &err);
	(void)leave(h);
}

/* --- for journals ----------------------------------------------------------------------- */

const char *gd_host_name(const struct gd_host *h)
{
	return h->target->name;
}

const char *gd_host_transport(const struct gd_host *h)
{
	return h->by_ssh ? "ssh" : "libssh2";
}

const char *gd_host_transport_why(const struct gd_host *h)
{
	return h->why;
}

const char *gd_host_address(const struct gd_host *h)
{
	return h->address;
}

const char *gd_host_ssh_connection(const struct gd_host *h)
{
	return h->boot.ssh_connection;
}

bool gd_host_uploaded(const struct gd_host *h)
{
	return h->boot.uploaded;
}

bool gd_host_is_ready(const struct gd_host *h)
{
	return h->phase == READY;
}
