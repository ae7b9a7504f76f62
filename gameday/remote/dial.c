/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/remote/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

enum {
	MAX_ADDRESSES = 8,
	MAX_ATTEMPTS = 16,
	NEXT_ADDRESS_MS = 250,
	NEXT_SYN_MS = 1000,
	/* Longer than the longest cut a trial lease allows, shorter than a person's patience. */
	USER_TIMEOUT_MS = 30000,
};

/* A name being looked up; shared with its thread, freed by the last of the two. */
struct lookup {
	atomic_int n_users;
	int done_fd; /* eventfd, written when rc and found are set */
	int family, rc;
	char *host;
	char port[8];
	struct addrinfo *found;
};

struct attempt {
	struct gd_dial *dial;
	struct gd_io *io;
	int fd;
};

struct gd_dial {
	struct gd_loop *loop;
	gd_dial_fn *fn;
	void *ctx;
	struct lookup *lookup; /* NULL once the addresses are known */
	struct gd_io *lookup_io;
	struct gd_timer *timer; /* the next attempt, or the report of an early failure */
	struct sockaddr_storage addresses[MAX_ADDRESSES];
	socklen_t sizes[MAX_ADDRESSES];
	size_t n_addresses;
	struct attempt attempts[MAX_ATTEMPTS];
	size_t n_attempts, n_open;
	int last_errno; /* of the latest attempt that failed */
};

static void lookup_unref(struct lookup *l)
{
	if (atomic_fetch_sub(&l->n_users, 1) != 1)
		return;
	if (l->found)
		freeaddrinfo(l->found);
	gd_close_fd(&l->done_fd);
	free(l->host);
	free(l);
}

static void attempt_close(struct attempt *a)
{
	gd_io_remove(a->io);
	a->io = NULL;
	gd_close_fd(&a->fd);
}

void gd_dial_free(struct gd_dial *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n_attempts; i++)
		attempt_close(&d->attempts[i]);
	gd_io_remove(d->lookup_io);
	if (d->lookup)
		lookup_unref(d->lookup);
	gd_timer_remove(d->timer);
	free(d);
}

static void report(struct gd_dial *d, int fd, const struct gd_error *err)
{
	gd_timer_disarm(d->timer);
	d->fn(d->ctx, fd, err);
}

static void report_errno(struct gd_dial *d)
{
	struct gd_error err = GD_ERROR_INIT;

	errno = d->last_errno;
	(void)gd_raise_errno(&err, "connect");
	err.code = GD_E_REMOTE;
	report(d, -1, &err);
}

static void set_options(int fd)
{
	int one = 1;
	unsigned limit = USER_TIMEOUT_MS;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof(limit));
}

static void on_attempt(void *ctx, uint32_t events);

/* Opens the next attempt; false when it failed on the spot. */
static bool start_attempt(struct gd_dial *d)
{
	struct attempt *a = &d->attempts[d->n_attempts];
	size_t i = d->n_attempts % d->n_addresses;
	const struct sockaddr_storage *to = &d->addresses[i];
	struct gd_error err = GD_ERROR_INIT;

	*a = (struct attempt){.dial = d, .fd = -1};
	d->n_attempts++;
	a->fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0 || (connect(a->fd, (const struct sockaddr *)to, d->sizes[i]) < 0 &&
			  errno != EINPROGRESS)) {
		d->last_errno = errno;
		attempt_close(a);
		return false;
	}
	if (gd_loop_io(d->loop, a->fd, EPOLLOUT, on_attempt, a, &a->io, &err) < 0) {
		d->last_errno = err.sys_errno ? err.sys_errno : ENOMEM;
		attempt_close(a);
		return false;
	}
	d->n_open++;
	return true;
}

/* Starts what can be started now, and plans the next; the end when nothing is left. */
static void go_on(struct gd_dial *d)
{
	bool first_round;

	/* Every address gets one chance at once when those before it fail at once. */
	while (d->n_open == 0 && d->n_attempts < d->n_addresses)
		(void)start_attempt(d);
	if (d->n_open == 0) {
		report_errno(d);
		return;
	}
	first_round = d->n_attempts < d->n_addresses;
	if (d->n_attempts < MAX_ATTEMPTS)
		gd_timer_arm(d->timer,
			     gd_after(gd_now(), gd_span_ms(first_round ? NEXT_ADDRESS_MS
								       : NEXT_SYN_MS)));
}

static void on_attempt(void *ctx, uint32_t events GD_UNUSED)
{
	struct attempt *a = ctx;
	struct gd_dial *d = a->dial;
	int e = 0;
	socklen_t len = sizeof(e);

	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
		e = errno;
	if (e == 0) {
		int fd;

		gd_io_remove(a->io);
		a->io = NULL;
		fd = gd_steal_fd(&a->fd);
		set_options(fd);
		report(d, fd, NULL);
		return;
	}
	d->last_errno = e;
	attempt_close(a);
	d->n_open--;
	go_on(d);
}

static void on_timer(void *ctx)
{
	struct gd_dial *d = ctx;

	if (d->n_addresses == 0) {
		report_errno(d);
		return;
	}
	if (d->n_attempts < MAX_ATTEMPTS)
		(void)start_attempt(d);
	go_on(d);
}

static void take_addresses(struct gd_dial *d, const struct addrinfo *found)
{
	for (; found && d->n_addresses < MAX_ADDRESSES; found = found->ai_next) {
		if (found->ai_addrlen > sizeof(d->addresses[0]))
			continue;
		memcpy(&d->addresses[d->n_addresses], found->ai_addr, found->ai_addrlen);
		d->sizes[d->n_addresses++] = found->ai_addrlen;
	}
}

static void on_lookup(void *ctx, uint32_t events GD_UNUSED)
{
	struct gd_dial *d = ctx;
	struct gd_error err = GD_ERROR_INIT;
	int rc = d->lookup->rc;

	gd_io_remove(d->lookup_io);
	d->lookup_io = NULL;
	if (rc == 0)
		take_addresses(d, d->lookup->found);
	lookup_unref(d->lookup);
	d->lookup = NULL;
	if (d->n_addresses > 0) {
		go_on(d);
		return;
	}
	(void)gd_raise(&err, GD_E_REMOTE, "name lookup: %s",
		       rc ? gai_strerror(rc) : "no address");
	report(d, -1, &err);
}

static void *lookup_thread(void *arg)
{
	struct lookup *l = arg;
	struct addrinfo hints = {.ai_family = l->family, .ai_socktype = SOCK_STREAM};
	uint64_t one = 1;

	l->rc = getaddrinfo(l->host, l->port, &hints, &l->found);
	while (write(l->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
	lookup_unref(l);
	return NULL;
}

/* The thread must not get the signals that the loop waits for. */
static int start_thread(struct lookup *l, struct gd_error *err)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int e;

	(void)sigfillset(&all);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	atomic_fetch_add(&l->n_users, 1);
	e = pthread_create(&thread, &attr, lookup_thread, l);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	if (!e)
		return 0;
	atomic_fetch_sub(&l->n_users, 1);
	errno = e;
	return gd_raise_errno(err, "start a thread for a name lookup");
}

static int start_lookup(struct gd_dial *d, const char *host, const char *port, int family,
			struct gd_error *err)
{
	struct lookup *l = calloc(1, sizeof(*l));

	if (!l)
		return gd_raise_nomem(err);
	d->lookup = l;
	atomic_init(&l->n_users, 1);
	l->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->family = family;
	l->host = strdup(host);
	memcpy(l->port, port, sizeof(l->port));
	if (!l->host)
		return gd_raise_nomem(err);
	if (l->done_fd < 0)
		return gd_raise_errno(err, "eventfd");
	if (gd_loop_io(d->loop, l->done_fd, EPOLLIN, on_lookup, d, &d->lookup_io, err) <
	    0)
		return -1;
	return start_thread(l, err);
}

int gd_dial_new(struct gd_loop *loop, const char *host, int port, int family,
		gd_dial_fn *fn, void *ctx, struct gd_dial **ret, struct gd_error *err)
{
	GD_AUTO(gd_dial) struct gd_dial *d = calloc(1, sizeof(*d));
	struct addrinfo hints = {.ai_family = family,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char service[8];

	if (!d)
		return gd_raise_nomem(err);
	*d = (struct gd_dial){.loop = loop, .fn = fn, .ctx = ctx, .last_errno = EINVAL};
	(void)snprintf(service, sizeof(service), "%d", port);
	if (gd_loop_timer(loop, on_timer, d, &d->timer, err) < 0)
		return -1;
	if (getaddrinfo(host, service, &hints, &found) == 0) {
		take_addresses(d, found);
		freeaddrinfo(found);
		/* From the loop, so that fn is never called from here. */
		gd_timer_arm(d->timer, gd_now());
	} else if (start_lookup(d, host, service, family, err) < 0) {
		return -1;
	}
	*ret = gd_steal_ptr(&d);
	return 0;
}
