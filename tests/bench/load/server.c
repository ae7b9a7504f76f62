/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bench's server: answers any request with a few bytes, on keep-alive connections, on one
 * thread, and counts. May take DELAY_MS for each answer, and stand still for PAUSE_MS of each
 * EVERY_MS, the first time after half of that; both counted from the first request. With a
 * delay it never sleeps, so that answers take that long and not what waking takes on top. Prints its
 * port; then, for each line it reads, the requests since the last one, and counts anew.
 *
 *   server [PAUSE_MS EVERY_MS [DELAY_MS]]
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/clock.h"

enum { EVENTS = 256, MAX_DUE = 16384 };

/* Answers that are due later, the first first: all take equally long. */
struct due {
	int64_t when;
	int fd; /* -1: closed meanwhile */
};

struct server {
	int epoll, listener;
	int64_t pause, every, delay; /* ns; 0: none */
	int64_t next;                /* pause; INT64_MAX: none before a request */
	uint64_t n_requests;
	struct due dues[MAX_DUE];
	size_t first_due, n_dues;
};

/* ab, which speaks HTTP/1.0, waits for the end of the connection unless it is told. */
static const char reply[] = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"
			    "Content-Length: 6\r\n\r\nhello\n";

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int listen_here(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		die("listen");
	(void)printf("%u\n", ntohs(a.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void add(int epoll, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		die("epoll_ctl");
}

static void accept_all(const struct server *s)
{
	int fd, one = 1;

	while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >=
	       0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		add(s->epoll, fd);
	}
}

static void reply_to(int fd)
{
	(void)!send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL);
}

static void drop(struct server *s, int fd)
{
	for (size_t i = 0; i < s->n_dues; i++) {
		struct due *d = &s->dues[(s->first_due + i) % MAX_DUE];

		d->fd = d->fd == fd ? -1 : d->fd;
	}
	(void)close(fd);
}

/* One read is one request: none is longer, and nobody pipelines. */
static void serve(struct server *s, int fd)
{
	char buffer[8192];
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			drop(s, fd);
		return;
	}
	s->n_requests++;
	if (s->every > 0 && s->next == INT64_MAX)
		s->next = gd_now().ns + s->every / 2;
	if (s->delay == 0 || s->n_dues == MAX_DUE)
		reply_to(fd);
	else
		s->dues[(s->first_due + s->n_dues++) % MAX_DUE] =
			(struct due){gd_now().ns + s->delay, fd};
}

static void send_due(struct server *s)
{
	while (s->n_dues > 0 && s->dues[s->first_due].when <= gd_now().ns) {
		if (s->dues[s->first_due].fd >= 0)
			reply_to(s->dues[s->first_due].fd);
		s->first_due = (s->first_due + 1) % MAX_DUE;
		s->n_dues--;
	}
}

/* It ends on time, even if it was noticed late. */
static void maybe_pause(struct server *s)
{
	int64_t left;

	if (s->next == INT64_MAX || gd_now().ns < s->next)
		return;
	left = s->next + s->pause - gd_now().ns;
	s->next += s->every;
	if (left > 0)
		gd_sleep((struct gd_span){left});
}

static int wait_events(const struct server *s, struct epoll_event *events)
{
	int64_t until = s->n_dues > 0 ? s->dues[s->first_due].when : INT64_MAX, span;
	struct timespec ts;

	until = s->next < until ? s->next : until;
	if (until == INT64_MAX)
		return epoll_wait(s->epoll, events, EVENTS, -1);
	if (s->delay > 0)
		return epoll_wait(s->epoll, events, EVENTS, 0);
	span = until - gd_now().ns;
	span = span > 0 ? span : 0;
	ts = (struct timespec){span / GD_NS_PER_S, span % GD_NS_PER_S};
	return epoll_pwait2(s->epoll, events, EVENTS, &ts, NULL);
}

/* False when nobody asks any more. */
static bool tell(struct server *s)
{
	char line[64];

	if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
		return false;
	(void)printf("%llu\n", (unsigned long long)s->n_requests);
	(void)fflush(stdout);
	s->n_requests = 0;
	s->next = INT64_MAX;
	return true;
}

static int64_t ms_of(const char *arg)
{
	return strtol(arg, NULL, 10) * GD_NS_PER_MS;
}

int main(int argc, char **argv)
{
	static struct server s = {.next = INT64_MAX};
	struct epoll_event events[EVENTS];

	if (argc > 2) {
		s.pause = ms_of(argv[1]);
		s.every = ms_of(argv[2]);
		s.delay = argc > 3 ? ms_of(argv[3]) : 0;
	}
	(void)prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
	s.epoll = epoll_create1(EPOLL_CLOEXEC);
	s.listener = listen_here();
	add(s.epoll, s.listener);
	add(s.epoll, STDIN_FILENO);
	for (;;) {
		int n = wait_events(&s, events);

		maybe_pause(&s);
		send_due(&s);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == s.listener)
				accept_all(&s);
			else if (fd != STDIN_FILENO)
				serve(&s, fd);
			else if (!tell(&s))
				return 0;
		}
	}
}
