/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A socket is watched for input all its life, so a request costs one write, one epoll_wait
 * (often shared) and one read: no epoll_ctl in between. Output is asked for only while
 * connecting, or when bytes did not fit the socket's buffer.
 *
 * Edges are watched, not levels: after each event the kernel would look at the socket a second
 * time, only to find it empty. So what is there is read to its end, which a short read shows
 * (epoll(7)) unless the peer has ended, which the event tells. What is left for later is asked
 * for anew.
 */
#include "gameday/load/reactor.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"

#define WAKE_ID UINT64_MAX

enum { MAX_EVENTS = 128 };

/* Reads of one socket in a row, so that a large body can't starve the others. */
enum { MAX_READS = 8 };

/*
 * In a process with threads, libc's calls can be cancelled, and each pays for that with two
 * locked instructions and more: a hundredth of a request. Nobody cancels ours.
 */
static ssize_t send_some(int fd, const char *data, size_t size)
{
	return syscall(SYS_sendto, fd, data, size, MSG_NOSIGNAL, NULL, 0);
}

static ssize_t receive_some(int fd, char *buffer, size_t size)
{
	return syscall(SYS_recvfrom, fd, buffer, size, 0, NULL, NULL);
}

struct epoll_reactor {
	struct gd_reactor base;
	int epoll, eventfd; /* owned */
	bool no_pwait2;     /* the kernel is older than 5.11 */
	char *buffer;       /* owned: what is read, for all */
};

static struct epoll_reactor *self(struct gd_reactor *r)
{
	return (struct epoll_reactor *)(void *)r;
}

static void reactor_free(struct gd_reactor *r)
{
	struct epoll_reactor *me = self(r);

	gd_close_fd(&me->epoll);
	gd_close_fd(&me->eventfd);
	free(me->buffer);
	free(me);
}

static int watch(struct gd_reactor *r, const struct gd_sock *s, int op)
{
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLRDHUP | (uint32_t)EPOLLET |
			  (s->want_write ? (uint32_t)EPOLLOUT : 0),
		.data.u64 = (uint64_t)s->generation << 32 | s->index,
	};

	return epoll_ctl(self(r)->epoll, op, s->fd, &ev);
}

static void ask_for_output(struct gd_reactor *r, struct gd_sock *s, bool on)
{
	if (s->want_write == on)
		return;
	s->want_write = on;
	(void)watch(r, s, EPOLL_CTL_MOD);
}

static void sock_close(struct gd_reactor *r GD_UNUSED, struct gd_sock *s)
{
	gd_close_fd(&s->fd);
	gd_sock_drop_rest(s);
}

static int sock_open(struct gd_reactor *r, struct gd_sock *s, int fd,
		     const struct sockaddr *addr, socklen_t addr_len)
{
	int type = 0, error;
	socklen_t len = sizeof(type);

	s->fd = fd;
	s->generation++;
	s->connecting = s->want_write = true;
	s->ending = false;
	(void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	s->datagram = type == SOCK_DGRAM || type == SOCK_RAW;
	if ((!addr || connect(fd, addr, addr_len) == 0 || errno == EINPROGRESS) &&
	    watch(r, s, EPOLL_CTL_ADD) == 0)
		return 0;
	error = errno;
	gd_close_fd(&s->fd);
	errno = error;
	return -1;
}

static int sock_send(struct gd_reactor *r, struct gd_sock *s, const char *data,
		     size_t size)
{
	ssize_t n = 0;

	if (s->n_rest == 0)
		n = send_some(s->fd, data, size);
	if (n < 0 && (errno != EAGAIN || s->datagram))
		return -1;
	n = n < 0 ? 0 : n;
	if ((size_t)n == size)
		return 0;
	if (gd_sock_keep_rest(s, data + n, size - (size_t)n) < 0)
		return -1;
	ask_for_output(r, s, true);
	return 0;
}

/* -1 with errno set. */
static int send_rest(struct gd_reactor *r, struct gd_sock *s)
{
	ssize_t n = send_some(s->fd, s->rest + s->n_rest_sent, gd_sock_pending(s));

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	s->n_rest_sent += (size_t)n;
	if (gd_sock_pending(s) > 0)
		return 0;
	gd_sock_drop_rest(s);
	ask_for_output(r, s, false);
	return 0;
}

static void connect_event(struct gd_reactor *r, struct gd_sock *s, uint32_t events)
{
	uint32_t generation = s->generation;
	int error = 0;
	socklen_t len = sizeof(error);

	if (events & (EPOLLERR | EPOLLHUP))
		(void)getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	else if (!(events & EPOLLOUT))
		return;
	s->connecting = false;
	if (error == 0 && events & (EPOLLERR | EPOLLHUP))
		error = ECONNRESET;
	r->report.connected(r->report.ctx, s, error);
	if (s->fd < 0 || s->generation != generation)
		return;
	/* In any case: what came already, or can be written, is told once more by it. */
	s->want_write = s->n_rest > 0;
	(void)watch(r, s, EPOLL_CTL_MOD);
}

/* One read and what follows from it; true when there may be more, or an end is to come. */
static bool read_some(struct gd_reactor *r, struct gd_sock *s, bool to_the_end)
{
	char *buffer = self(r)->buffer;
	ssize_t n = receive_some(s->fd, buffer, GD_REACTOR_READ_MAX);

	if (n > 0) {
		r->report.data(r->report.ctx, s, buffer, (size_t)n);
		return to_the_end || s->datagram || n == GD_REACTOR_READ_MAX;
	}
	if (n == 0 && s->datagram)
		return true;
	if (n < 0 && errno == EINTR)
		return true;
	if (n == 0 || errno != EAGAIN)
		r->report.ended(r->report.ctx, s, n == 0 ? 0 : errno);
	return false;
}

static void data_event(struct gd_reactor *r, struct gd_sock *s, uint32_t events)
{
	uint32_t generation = s->generation;
	bool to_the_end = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
	bool more = to_the_end || events & EPOLLIN;

	s->ending = to_the_end;
	if (events & EPOLLOUT && s->n_rest > 0 && send_rest(r, s) < 0) {
		r->report.ended(r->report.ctx, s, errno);
		return;
	}
	for (int i = 0; more && i < MAX_READS; i++)
		more = read_some(r, s, to_the_end) && s->fd >= 0 &&
		       s->generation == generation;
	if (more)
		(void)watch(r, s, EPOLL_CTL_MOD);
}

static void handle_event(struct gd_reactor *r, const struct epoll_event *ev)
{
	struct gd_sock *s;
	uint64_t drop;

	if (ev->data.u64 == WAKE_ID) {
		ssize_t n = read(self(r)->eventfd, &drop, sizeof(drop));

		(void)n;
		return;
	}
	s = r->report.sock(r->report.ctx, (uint32_t)ev->data.u64);
	/* An earlier event of this batch may have closed it, and even opened it again. */
	if (s->fd < 0 || s->generation != (uint32_t)(ev->data.u64 >> 32))
		return;
	if (s->connecting)
		connect_event(r, s, ev->events);
	else
		data_event(r, s, ev->events);
}

/* Before Linux 5.11 the epoll descriptor itself is polled, to the same precision. */
static int wait_events(struct epoll_reactor *me, int64_t span_ns,
		       struct epoll_event *events)
{
	struct timespec ts = {.tv_sec = span_ns / GD_NS_PER_S,
			      .tv_nsec = span_ns % GD_NS_PER_S};
	struct pollfd pfd = {.fd = me->epoll, .events = POLLIN};
	int n;

	if (!me->no_pwait2) {
		n = epoll_pwait2(me->epoll, events, MAX_EVENTS, &ts, NULL);
		if (n >= 0 || errno != ENOSYS)
			return n;
		me->no_pwait2 = true;
	}
	n = ppoll(&pfd, 1, &ts, NULL);
	return n <= 0 ? n : epoll_wait(me->epoll, events, MAX_EVENTS, 0);
}

static int reactor_wait(struct gd_reactor *r, int64_t span_ns, struct gd_error *err)
{
	struct epoll_event events[MAX_EVENTS];
	int n = wait_events(self(r), span_ns, events);

	if (n < 0 && errno != EINTR)
		return gd_raise_errno(err, "epoll_wait");
	for (int i = 0; i < n; i++)
		handle_event(r, &events[i]);
	return 0;
}

static void reactor_wake(struct gd_reactor *r)
{
	uint64_t one = 1;
	/* Can only fail when the counter is full, and then it wakes as well. */
	ssize_t n = write(self(r)->eventfd, &one, sizeof(one));

	(void)n;
}

static const struct gd_reactor_ops epoll_ops = {
	.name = "epoll",
	.free = reactor_free,
	.open = sock_open,
	.send = sock_send,
	.close = sock_close,
	.wait = reactor_wait,
	.wake = reactor_wake,
};

static int open_descriptors(struct epoll_reactor *me, struct gd_error *err)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = WAKE_ID};

	me->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (me->epoll < 0)
		return gd_raise_errno(err, "epoll_create1");
	me->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (me->eventfd < 0)
		return gd_raise_errno(err, "eventfd");
	if (epoll_ctl(me->epoll, EPOLL_CTL_ADD, me->eventfd, &ev) < 0)
		return gd_raise_errno(err, "epoll_ctl");
	return 0;
}

int gd_reactor_epoll_new(const struct gd_reactor_report *report, struct gd_reactor **ret,
			 struct gd_error *err)
{
	struct epoll_reactor *me = calloc(1, sizeof(*me));

	if (!me)
		return gd_raise_nomem(err);
	me->base = (struct gd_reactor){&epoll_ops, *report};
	me->epoll = me->eventfd = -1;
	me->buffer = malloc(GD_REACTOR_READ_MAX);
	if (!me->buffer || open_descriptors(me, err) < 0) {
		if (!me->buffer)
			(void)gd_raise_nomem(err);
		reactor_free(&me->base);
		return -1;
	}
	*ret = &me->base;
	return 0;
}
