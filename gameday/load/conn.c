/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection belongs to a lane and, while it is open, to a target. It stands in the list of
 * its target as long as it can take one more attempt: idle for protocols that carry one at a
 * time, not full yet for those that carry many; the latter may take attempts while connecting,
 * so that a start does not open more connections than it needs.
 *
 * A connection that the server closed while it was idle is replaced without a word; one that
 * dies after a request was written counts as a reset attempt: the request may have been
 * carried out, and trying again is the client policy's business.
 */
#include "gameday/load/engine.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "gameday/load/proto/tls.h"

/* What a protocol is given, and for which connection. */
struct call {
	struct gd_proto_io io; /* first */
	struct gd_conn *conn;
	int64_t now;
};

static enum gd_outcome outcome_of_errno(int error, bool connecting)
{
	switch (error) {
	case ECONNREFUSED:
		return GD_OUTCOME_REFUSED;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return GD_OUTCOME_UNREACHABLE;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EADDRNOTAVAIL:
	case EACCES:
	case EPERM:
	case ENOSPC:
	case EAGAIN:
		return GD_OUTCOME_LOCAL;
	default:
		return connecting ? GD_OUTCOME_CONNECT : GD_OUTCOME_RESET;
	}
}

static const struct gd_target *target_of(const struct gd_conn *c)
{
	return &c->lane->targets[c->target];
}

/* --- lists --------------------------------------------------------------------------- */

static bool is_spent(const struct gd_conn *c)
{
	return gd_pool_is_spent(&c->lane->keep, c->n_requests);
}

/* In the newest interval: by now no request is on the connection. */
static void note_pool_close(const struct gd_conn *c)
{
	if (c->lane->tally.tail)
		c->lane->tally.tail->iv.counts.pool_closed++;
}

static void free_list_remove(struct gd_conn *c)
{
	if (!c->free_streams)
		return;
	if (c->prev)
		c->prev->next = c->next;
	else
		c->lane->free_conns[c->target] = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->prev = c->next = NULL;
	c->free_streams = false;
}

static void free_list_push(struct gd_conn *c)
{
	struct gd_conn **head = &c->lane->free_conns[c->target];

	c->prev = NULL;
	c->next = *head;
	if (*head)
		(*head)->prev = c;
	*head = c;
	c->free_streams = true;
}

static void leave_idle(struct gd_conn *c)
{
	if (!c->idle)
		return;
	c->idle = false;
	c->lane->n_idle--;
	gd_timer_clear(&c->timer);
}

static void on_idle_over(struct gd_timer *t, int64_t now)
{
	struct gd_conn *c = GD_TIMER_OWNER(t, struct gd_conn, timer);

	note_pool_close(c);
	gd_conn_close(c, now);
}

/* It has nothing to do: false when the pool does not keep it. */
static bool rest(struct gd_conn *c, int64_t now)
{
	struct gd_lane *l = c->lane;
	int64_t until;

	if (c->idle)
		return true;
	until = gd_pool_until(&l->keep, c->opened_ns, c->n_requests, l->n_idle, now);
	if (until <= now)
		return false;
	c->idle = true;
	l->n_idle++;
	if (until < INT64_MAX)
		gd_timers_set(&l->engine->timers, &c->timer, until);
	return true;
}

/* Puts it into the list of those that can take an attempt, or out of it. */
static void place(struct gd_conn *c)
{
	bool can = c->n_live < c->streams && !is_spent(c) && !c->sock.ending &&
		   (c->state == GD_CONN_OPEN ||
		    (c->state == GD_CONN_CONNECTING && c->streams > 1));

	if (can && !c->free_streams)
		free_list_push(c);
	else if (!can)
		free_list_remove(c);
}

static void bind_attempt(struct gd_conn *c, struct gd_attempt *a, int64_t now)
{
	a->state = GD_ATTEMPT_BOUND;
	a->conn = c;
	a->prev = NULL;
	a->next = c->attempts;
	if (c->attempts)
		c->attempts->prev = a;
	c->attempts = a;
	c->n_live++;
	c->n_requests++;
	leave_idle(c);
	if (c->state == GD_CONN_CONNECTING)
		gd_attempt_phase(a, GD_PHASE_CONNECTING, now);
}

static void unbind_attempt(struct gd_attempt *a)
{
	struct gd_conn *c = a->conn;

	if (a->prev)
		a->prev->next = a->next;
	else
		c->attempts = a->next;
	if (a->next)
		a->next->prev = a->prev;
	a->prev = a->next = NULL;
	a->conn = NULL;
	c->n_live--;
}

void gd_conn_init(struct gd_conn *c, struct gd_lane *l, uint32_t index)
{
	*c = (struct gd_conn){
		.sock = {.fd = -1, .index = index},
		.lane = l,
		.timer.fire = on_idle_over,
	};
	c->next = l->closed;
	l->closed = c;
}

/* --- closing ------------------------------------------------------------------------- */

static void end_all(struct gd_conn *c, enum gd_outcome outcome, int64_t now)
{
	while (c->attempts) {
		struct gd_attempt *a = c->attempts;

		unbind_attempt(a);
		gd_attempt_over(a, outcome, -1, now);
	}
}

static void shut(struct gd_conn *c, enum gd_outcome outcome, int64_t now)
{
	struct gd_reactor *r = c->lane->engine->reactor;
	const struct gd_proto *proto = target_of(c)->proto;

	if (c->state == GD_CONN_CLOSED)
		return;
	for (const struct gd_attempt *a = c->attempts; a; a = a->next)
		gd_conn_note_end(a, now);
	gd_conn_sample(c, now);
	free_list_remove(c);
	leave_idle(c);
	if (c->state != GD_CONN_CONNECTING && proto->close)
		proto->close(c->proto);
	if (c->sock.fd >= 0)
		r->ops->close(r, &c->sock);
	gd_tls_free(c->tls);
	c->tls = NULL;
	c->state = GD_CONN_CLOSED;
	c->next = c->lane->closed;
	c->lane->closed = c;
	end_all(c, outcome, now);
}

void gd_conn_close(struct gd_conn *c, int64_t now)
{
	shut(c, GD_OUTCOME_RESET, now);
}

/* Keeps the first thing that was said of an interval's attempts. */
static void note_problem(const struct gd_attempt *a, const char *problem)
{
	char *to = a->req->slot->iv.problem;

	if (to[0] == '\0')
		(void)snprintf(to, GD_INTERVAL_PROBLEM, "%s", problem);
}

void gd_conn_fail(struct gd_conn *c, enum gd_outcome outcome, const char *problem,
		  int64_t now)
{
	for (const struct gd_attempt *a = c->attempts; a && problem; a = a->next)
		note_problem(a, problem);
	shut(c, outcome, now);
}

/* --- calls to the protocol ------------------------------------------------------------ */

static void on_began(struct gd_proto_io *io, uint64_t id)
{
	struct call *call = (struct call *)(void *)io;
	struct gd_attempt *a = gd_attempt_of(call->conn->lane, id);

	if (a && a->conn == call->conn)
		gd_attempt_phase(a, GD_PHASE_BEGAN, call->now);
}

static void on_reply(struct gd_proto_io *io, uint64_t id, const struct gd_reply *reply)
{
	struct call *call = (struct call *)(void *)io;
	struct gd_attempt *a = gd_attempt_of(call->conn->lane, id);

	/* Over already: it timed out, or the other side answers twice. */
	if (!a || a->conn != call->conn)
		return;
	if (reply->problem)
		note_problem(a, reply->problem);
	gd_conn_note_end(a, call->now);
	unbind_attempt(a);
	gd_attempt_over(a, reply->outcome, reply->retry_after_ns, call->now);
}

static struct call call_of(struct gd_conn *c, int64_t now)
{
	return (struct call){
		.io = {.out = {.data = c->lane->engine->out},
		       .began = on_began,
		       .reply = on_reply},
		.conn = c,
		.now = now,
	};
}

/* Where bytes count: with the request they are for, else with those of their time. */
static struct gd_counts *counts_of(const struct gd_conn *c)
{
	struct gd_tally_slot *slot =
		c->attempts ? c->attempts->req->slot : c->lane->tally.tail;

	return slot ? &slot->iv.counts : NULL;
}

/* Sends what the protocol put out. -1 with errno. */
static int flush(struct call *call)
{
	struct gd_reactor *r = call->conn->lane->engine->reactor;

	struct gd_counts *counts = counts_of(call->conn);

	if (call->io.out.n == 0)
		return 0;
	if (counts)
		counts->bytes_sent += call->io.out.n;
	if (call->conn->tls)
		return gd_conn_tls_send(call->conn, call->io.out.data, call->io.out.n);
	return r->ops->send(r, &call->conn->sock, call->io.out.data, call->io.out.n);
}

/* What becomes of the connection after a call of its protocol; a flush comes before. */
static void proceed(struct gd_conn *c, enum gd_proto_next next, int64_t now)
{
	const struct gd_proto *proto = target_of(c)->proto;

	if (next == GD_PROTO_DRAIN)
		c->state = GD_CONN_DRAINING;
	c->streams = proto->streams ? proto->streams(c->proto) : 1;
	/* An answer before the whole request is out: the rest would spoil the next one. */
	if (c->streams <= 1 && c->n_live == 0 && gd_sock_pending(&c->sock) > 0)
		next = GD_PROTO_CLOSE;
	if (next == GD_PROTO_CLOSE || (c->state == GD_CONN_DRAINING && c->n_live == 0)) {
		gd_conn_close(c, now);
		return;
	}
	if (c->lane->keep.on && c->n_live == 0 && !rest(c, now)) {
		note_pool_close(c);
		gd_conn_close(c, now);
		return;
	}
	place(c);
}

/* Flushes and proceeds; a dead connection resets what is on it. */
static void finish(struct call *call, enum gd_proto_next next)
{
	if (flush(call) < 0)
		shut(call->conn, outcome_of_errno(errno, false), call->now);
	else
		proceed(call->conn, next, call->now);
}

/* --- opening ------------------------------------------------------------------------- */

static int open_fd(const struct gd_target *t)
{
	int type = t->proto->transport == GD_PROTO_DATAGRAM ? SOCK_DGRAM : SOCK_STREAM;
	int one = 1, fd;

	if (t->proto->transport == GD_PROTO_OWN)
		return t->proto->open_fd(t);
	fd = socket(t->addr.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* One write is one request: there is nothing Nagle could gather. */
	if (fd >= 0 && type == SOCK_STREAM)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int open_conn(struct gd_conn *c)
{
	const struct gd_target *t = target_of(c);
	struct gd_reactor *r = c->lane->engine->reactor;
	bool own = t->proto->transport == GD_PROTO_OWN;
	int fd = open_fd(t);

	if (fd < 0)
		return -1;
	return r->ops->open(r, &c->sock, fd,
			    own ? NULL : (const struct sockaddr *)&t->addr, t->addr_len);
}

/* An idle connection to another target, which makes room for one to this. */
static struct gd_conn *steal_idle(struct gd_lane *l, int64_t now)
{
	for (size_t i = 0; i < l->engine->cfg.n_targets; i++) {
		struct gd_conn *c = l->free_conns[i];

		if (c && c->n_live == 0 && c->state == GD_CONN_OPEN) {
			gd_conn_close(c, now);
			return l->closed;
		}
	}
	return NULL;
}

static bool assign_new(struct gd_lane *l, struct gd_attempt *a, int64_t now)
{
	struct gd_conn *c = l->closed ? l->closed : steal_idle(l, now);
	int error;

	if (!c)
		return false;
	l->closed = c->next;
	c->prev = c->next = NULL;
	c->target = a->target;
	c->state = GD_CONN_CONNECTING;
	c->n_live = 0;
	c->n_requests = 0;
	c->n_retransmits = 0;
	c->sampled_ns = c->retransmitted_ns = 0;
	c->stream = target_of(c)->proto->transport == GD_PROTO_STREAM;
	c->opened_ns = now;
	c->streams = target_of(c)->streams;
	bind_attempt(c, a, now);
	if (open_conn(c) == 0) {
		place(c);
		return true;
	}
	error = errno;
	shut(c, outcome_of_errno(error, true), now);
	return true;
}

/* Sends an attempt that is bound to an open connection. */
static enum gd_proto_next put_request(struct call *call, struct gd_attempt *a)
{
	const struct gd_target *t = target_of(call->conn);

	gd_attempt_phase(a, GD_PHASE_SENT, call->now);
	return t->proto->send(call->conn->proto, t, gd_attempt_id(a), a->req->seq,
			      &call->io);
}

/* False when nothing was taken: it was closed while idle, and is now closed here. */
static bool assign_open(struct gd_conn *c, struct gd_attempt *a, int64_t now)
{
	struct call call = call_of(c, now);
	bool was_idle = c->n_live == 0;
	enum gd_proto_next next;

	bind_attempt(c, a, now);
	next = put_request(&call, a);
	if (flush(&call) == 0) {
		proceed(c, next, now);
		return true;
	}
	if (!was_idle || a->conn != c) {
		shut(c, outcome_of_errno(errno, false), now);
		return true;
	}
	unbind_attempt(a);
	shut(c, GD_OUTCOME_RESET, now);
	return false;
}

bool gd_conn_assign(struct gd_lane *l, struct gd_attempt *a, int64_t now)
{
	struct gd_conn *c;

	while ((c = l->free_conns[a->target]) != NULL) {
		if (c->state == GD_CONN_CONNECTING) {
			bind_attempt(c, a, now);
			place(c);
			return true;
		}
		if (assign_open(c, a, now))
			return true;
	}
	return assign_new(l, a, now);
}

void gd_conn_cancel(struct gd_attempt *a, int64_t now)
{
	struct gd_conn *c = a->conn;
	const struct gd_proto *proto = target_of(c)->proto;
	struct call call = call_of(c, now);
	enum gd_proto_next next = GD_PROTO_CLOSE;

	gd_conn_note_end(a, now);
	if (c->state == GD_CONN_CONNECTING) {
		unbind_attempt(a);
		if (c->n_live == 0)
			gd_conn_close(c, now);
		else
			place(c);
		return;
	}
	if (proto->cancel)
		next = proto->cancel(c->proto, gd_attempt_id(a), &call.io);
	if (a->conn == c)
		unbind_attempt(a);
	finish(&call, next);
}

/* --- news ---------------------------------------------------------------------------- */

/* In the order in which they were bound: the list has the newest first. */
static enum gd_proto_next send_bound(struct call *call)
{
	enum gd_proto_next next = GD_PROTO_GO_ON;
	struct gd_attempt *a = call->conn->attempts, *prev;

	while (a && a->next)
		a = a->next;
	for (; a && next != GD_PROTO_CLOSE; a = prev) {
		prev = a->prev;
		next = put_request(call, a);
	}
	return next;
}

void gd_conn_up(struct gd_conn *c, int64_t now)
{
	const struct gd_target *t = target_of(c);
	struct call call = call_of(c, now);
	enum gd_proto_next next;

	memset(c->proto, 0, t->proto->conn_size);
	c->state = GD_CONN_OPEN;
	gd_conn_note_up(c, now);
	next = t->proto->open(c->proto, t, &call.io);
	next = next == GD_PROTO_GO_ON ? send_bound(&call) : GD_PROTO_CLOSE;
	finish(&call, next);
}

void gd_conn_connected(struct gd_conn *c, int error, int64_t now)
{
	struct gd_tls_config *tls = target_of(c)->tls;

	if (error != 0)
		shut(c, outcome_of_errno(error, true), now);
	else if (tls)
		gd_conn_tls_begin(c, tls, now);
	else
		gd_conn_up(c, now);
}

void gd_conn_plain(struct gd_conn *c, const char *data, size_t size, int64_t now)
{
	struct gd_counts *counts = counts_of(c);
	struct call call = call_of(c, now);

	if (counts)
		counts->bytes_received += size;
	finish(&call, target_of(c)->proto->feed(c->proto, data, size, &call.io));
}

void gd_conn_data(struct gd_conn *c, const char *data, size_t size, int64_t now)
{
	if (c->tls)
		gd_conn_tls_data(c, data, size, now);
	else
		gd_conn_plain(c, data, size, now);
}

void gd_conn_plain_ended(struct gd_conn *c, int64_t now)
{
	struct call call = call_of(c, now);

	target_of(c)->proto->eof(c->proto, &call.io);
	shut(c, GD_OUTCOME_RESET, now);
}

/* Over TLS a mere end may be an attacker's: a reply that ends by it is cut off. */
void gd_conn_ended(struct gd_conn *c, int error, int64_t now)
{
	if (c->tls && c->state == GD_CONN_CONNECTING)
		gd_conn_fail(c, GD_OUTCOME_TLS, "the connection ended in the handshake",
			     now);
	else if (error == 0 && !c->tls)
		gd_conn_plain_ended(c, now);
	else
		shut(c, outcome_of_errno(error, false), now);
}
