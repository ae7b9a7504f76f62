/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/functional/load/peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_OPEN = 256, STACK = 256 * 1024 };

struct line {
	struct peer *peer;
	pthread_t thread;
	int fd; /* -1: not in use */
	bool has_thread;
	uint64_t nth;
};

struct peer {
	peer_fn *serve;
	void *ctx;
	int listener;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t mutex; /* of lines */
	struct line lines[MAX_OPEN];
	_Atomic uint64_t n_connections;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "test peer: %s: %s\n", what, strerrordesc_np(errno));
	abort();
}

static void *run_line(void *ctx)
{
	struct line *l = ctx;
	struct peer *p = l->peer;

	p->serve(p->ctx, l->fd, l->nth);
	(void)pthread_mutex_lock(&p->mutex);
	(void)close(l->fd);
	l->fd = -1;
	(void)pthread_mutex_unlock(&p->mutex);
	return NULL;
}

/* One whose connection is over; its thread is joined. */
static struct line *unused_line(struct peer *p)
{
	for (size_t i = 0; i < MAX_OPEN; i++) {
		struct line *l = &p->lines[i];
		bool open;

		(void)pthread_mutex_lock(&p->mutex);
		open = l->fd >= 0;
		(void)pthread_mutex_unlock(&p->mutex);
		if (open)
			continue;
		if (l->has_thread)
			(void)pthread_join(l->thread, NULL);
		l->has_thread = false;
		return l;
	}
	must(false, "too many connections");
	return NULL;
}

static void *accept_lines(void *ctx)
{
	struct peer *p = ctx;
	pthread_attr_t attr;
	int fd, one = 1;

	must(pthread_attr_init(&attr) == 0 &&
		     pthread_attr_setstacksize(&attr, STACK) == 0,
	     "thread attributes");
	while ((fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct line *l = unused_line(p);

		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		l->peer = p;
		l->fd = fd;
		l->nth = atomic_fetch_add(&p->n_connections, 1);
		must(pthread_create(&l->thread, &attr, run_line, l) == 0, "thread");
		l->has_thread = true;
	}
	(void)pthread_attr_destroy(&attr);
	return NULL;
}

struct peer *peer_start(peer_fn *serve, void *ctx)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	struct peer *p = calloc(1, sizeof(*p));

	must(p != NULL, "memory");
	p->serve = serve;
	p->ctx = ctx;
	(void)pthread_mutex_init(&p->mutex, NULL);
	for (size_t i = 0; i < MAX_OPEN; i++)
		p->lines[i].fd = -1;
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(p->listener >= 0 && bind(p->listener, (struct sockaddr *)&a, len) == 0 &&
		     listen(p->listener, 512) == 0 &&
		     getsockname(p->listener, (struct sockaddr *)&a, &len) == 0,
	     "listen");
	p->port = ntohs(a.sin_port);
	must(pthread_create(&p->thread, NULL, accept_lines, p) == 0, "thread");
	return p;
}

uint16_t peer_port(const struct peer *p)
{
	return p->port;
}

uint64_t peer_connections(const struct peer *p)
{
	return atomic_load(&p->n_connections);
}

void peer_stop(struct peer *p)
{
	/* Makes accept return. */
	(void)shutdown(p->listener, SHUT_RDWR);
	(void)pthread_join(p->thread, NULL);
	(void)close(p->listener);
	(void)pthread_mutex_lock(&p->mutex);
	for (size_t i = 0; i < MAX_OPEN; i++) {
		if (p->lines[i].fd >= 0)
			(void)shutdown(p->lines[i].fd, SHUT_RDWR);
	}
	(void)pthread_mutex_unlock(&p->mutex);
	for (size_t i = 0; i < MAX_OPEN; i++) {
		if (p->lines[i].has_thread)
			(void)pthread_join(p->lines[i].thread, NULL);
	}
	(void)pthread_mutex_destroy(&p->mutex);
	free(p);
}

bool peer_put(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = send(fd, at, size, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

bool peer_puts(int fd, const char *text)
{
	return peer_put(fd, text, strlen(text));
}

void peer_reset(int fd)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static bool read_exactly(int fd, char *out, size_t size)
{
	while (size > 0) {
		ssize_t n = recv(fd, out, size, 0);

		if (n <= 0)
			return false;
		out += n;
		size -= (size_t)n;
	}
	return true;
}

bool peer_read_request(int fd, struct peer_request *ret)
{
	size_t n = 0;
	const char *length;

	/* Byte by byte, so that nothing of the next request is taken. */
	for (;;) {
		must(n + 1 < sizeof(ret->head), "head of a request");
		if (!read_exactly(fd, ret->head + n, 1))
			return false;
		ret->head[++n] = '\0';
		if (n >= 4 && memcmp(ret->head + n - 4, "\r\n\r\n", 4) == 0)
			break;
	}
	length = strcasestr(ret->head, "\r\nContent-Length: ");
	ret->body_len = length ? strtoul(length + 18, NULL, 10) : 0;
	must(ret->body_len < sizeof(ret->body), "body of a request");
	ret->body[ret->body_len] = '\0';
	return read_exactly(fd, ret->body, ret->body_len);
}
