/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection is watched level-triggered for input all its life, so a request costs one
 * write, one epoll_wait (often shared) and one read: no epoll_ctl in between. Output is
 * asked for only while connecting, or when a request did not fit the socket's buffer.
 *
 * A connection that the server closed while it was idle is replaced without a word; one that
 * dies after a request was written counts as a reset attempt: the request may have been
 * carried out, and trying again is the client policy's business.
 */
#include "gameday/load/engine.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Reads of one connection in a row, so that a large body can't starve the others. */
enum { MAX_READS = 8 };

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

static enum gd_outcome outcome_of_status(int status)
{
	if (status >= 200 && status < 300)
		return GD_OUTCOME_OK;
	if (status >= 400 && status < 500)
		return GD_OUTCOME_STATUS_4XX;
	if (status >= 500 && status < 600)
		return GD_OUTCOME_STATUS_5XX;
	return GD_OUTCOME_STATUS_OTHER;
}

static int watch(struct gd_conn *c, int op, uint32_t events)
{
	struct epoll_event ev = {.events = events,
				 .data.u64 = (uint64_t)c->generation << 32 | c->index};

	return epoll_ctl(c->lane->engine->epoll, op, c->fd, &ev);
}

static void ask_for_output(struct gd_conn *c, bool on)
{
	if (c->want_write == on)
		return;
	c->want_write = on;
	(void)watch(c, EPOLL_CTL_MOD,
		    EPOLLIN | EPOLLRDHUP | (on ? (uint32_t)EPOLLOUT : 0));
}

static void idle_push(struct gd_conn *c)
{
	struct gd_lane *l = c->lane;

	c->state = GD_CONN_IDLE;
	c->prev_idle = NULL;
	c->next = l->idle;
	if (l->idle)
		l->idle->prev_idle = c;
	l->idle = c;
}

static void idle_remove(struct gd_conn *c)
{
	if (c->prev_idle)
		c->prev_idle->next = c->next;
	else
		c->lane->idle = c->next;
	if (c->next)
		c->next->prev_idle = c->prev_idle;
	c->prev_idle = c->next = NULL;
}

void gd_conn_close(struct gd_conn *c)
{
	if (c->state == GD_CONN_CLOSED)
		return;
	if (c->state == GD_CONN_IDLE)
		idle_remove(c);
	gd_close_fd(&c->fd);
	c->state = GD_CONN_CLOSED;
	c->req = NULL;
	c->next = c->lane->closed;
	c->lane->closed = c;
}

/* The attempt on c is over; c is kept if it can carry another one. */
static void end_attempt(struct gd_conn *c, enum gd_outcome outcome, bool keep)
{
	struct gd_request *req = c->req;

	c->req = NULL;
	req->conn = NULL;
	if (keep)
		idle_push(c);
	else
		gd_conn_close(c);
	gd_lane_attempt_over(c->lane, req, outcome, gd_now().ns);
}

/* Writes what is left of the request. -1 with errno set. */
static int send_request(struct gd_conn *c)
{
	const struct gd_engine_config *cfg = &c->lane->engine->cfg;
	ssize_t n = send(c->fd, cfg->request + c->n_sent, cfg->request_len - c->n_sent,
			 MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN)
		return -1;
	if (n > 0)
		c->n_sent += (size_t)n;
	ask_for_output(c, c->n_sent < cfg->request_len);
	return 0;
}

static int begin_request(struct gd_conn *c)
{
	c->state = GD_CONN_BUSY;
	c->n_sent = 0;
	gd_http_begin(&c->http, c->lane->engine->cfg.head_request);
	return send_request(c);
}

static void bind_request(struct gd_conn *c, struct gd_request *req)
{
	c->req = req;
	req->conn = c;
}

/* Sends req over the newest idle connection that is still alive. */
static bool assign_idle(struct gd_lane *l, struct gd_request *req)
{
	while (l->idle) {
		struct gd_conn *c = l->idle;

		idle_remove(c);
		if (begin_request(c) == 0) {
			bind_request(c, req);
			return true;
		}
		/* Nothing was taken: it was closed while idle. */
		gd_conn_close(c);
	}
	return false;
}

static int open_socket(struct gd_conn *c)
{
	const struct gd_engine_config *cfg = &c->lane->engine->cfg;
	int one = 1;

	c->fd = socket(cfg->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0);
	if (c->fd < 0)
		return -1;
	c->generation++;
	c->state = GD_CONN_CONNECTING;
	c->want_write = true;
	/* One write is one request: there is nothing Nagle could gather. */
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (const struct sockaddr *)&cfg->addr, cfg->addr_len) < 0 &&
	    errno != EINPROGRESS)
		return -1;
	return watch(c, EPOLL_CTL_ADD, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
}

void gd_conn_assign(struct gd_lane *l, struct gd_request *req)
{
	struct gd_conn *c;

	if (assign_idle(l, req))
		return;
	/* Idle ones that turned out dead are closed now, so there is one in any case. */
	c = l->closed;
	l->closed = c->next;
	c->next = NULL;
	c->state = GD_CONN_CONNECTING;
	bind_request(c, req);
	if (open_socket(c) < 0)
		end_attempt(c, outcome_of_errno(errno, true), false);
}

static void connected(struct gd_conn *c, uint32_t events)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (events & (EPOLLERR | EPOLLHUP)) {
		(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		end_attempt(c, outcome_of_errno(error, true), false);
	} else if (events & EPOLLOUT && begin_request(c) < 0) {
		end_attempt(c, outcome_of_errno(errno, false), false);
	}
}

/* The reply is complete. More bytes than that, or an unsent rest, spoil the connection. */
static void reply_done(struct gd_conn *c, bool clean)
{
	bool sent = c->n_sent == c->lane->engine->cfg.request_len;

	end_attempt(c, outcome_of_status(c->http.status),
		    clean && sent && c->http.keep_alive);
}

static void server_closed(struct gd_conn *c)
{
	if (gd_http_eof(&c->http) == GD_HTTP_DONE)
		reply_done(c, false);
	else
		end_attempt(c, GD_OUTCOME_RESET, false);
}

/* One read and what follows from it; true when the attempt goes on with more to read. */
static bool read_some(struct gd_conn *c)
{
	char *buffer = c->lane->engine->buffer;
	ssize_t n = recv(c->fd, buffer, GD_ENGINE_BUFFER, 0);
	enum gd_http_step step;
	size_t used = 0;

	if (n == 0) {
		server_closed(c);
		return false;
	}
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			end_attempt(c, outcome_of_errno(errno, false), false);
		return false;
	}
	step = gd_http_feed(&c->http, buffer, (size_t)n, &used);
	if (step == GD_HTTP_DONE)
		reply_done(c, used == (size_t)n);
	else if (step == GD_HTTP_BROKEN)
		end_attempt(c, GD_OUTCOME_PROTOCOL, false);
	return step == GD_HTTP_MORE && n == GD_ENGINE_BUFFER;
}

static void busy_event(struct gd_conn *c, uint32_t events)
{
	int reads = 0;

	if (events & EPOLLOUT && c->want_write && send_request(c) < 0) {
		end_attempt(c, outcome_of_errno(errno, false), false);
		return;
	}
	if (!(events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
		return;
	while (reads++ < MAX_READS && read_some(c))
		continue;
}

void gd_conn_event(struct gd_conn *c, uint32_t events)
{
	switch (c->state) {
	case GD_CONN_CONNECTING:
		connected(c, events);
		break;
	case GD_CONN_BUSY:
		busy_event(c, events);
		break;
	case GD_CONN_IDLE:
		/* Closed by the server, or bytes that answer nothing. */
		gd_conn_close(c);
		break;
	case GD_CONN_CLOSED:
		break;
	}
}
