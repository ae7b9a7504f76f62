/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bench's server: answers any request with a few bytes, on keep-alive connections, on one
 * thread, and counts. May stand still for PAUSE_MS of each EVERY_MS, the first time after half
 * of that. Prints its port; then, for each line it reads, the requests since the last one.
 *
 *   server [PAUSE_MS EVERY_MS]
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/base/clock.h"

enum { EVENTS = 256 };

static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";

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

static void accept_all(int epoll, int listener)
{
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		add(epoll, fd);
	}
}

/* One read is one request: none is longer, and nobody pipelines. Returns requests: 0 or 1. */
static uint64_t answer(int fd)
{
	char buffer[8192];
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

	if (n > 0) {
		(void)!send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL);
		return 1;
	}
	if (n == 0 || errno != EAGAIN)
		(void)close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	int64_t pause = argc > 2 ? strtol(argv[1], NULL, 10) * GD_NS_PER_MS : 0;
	int64_t every = argc > 2 ? strtol(argv[2], NULL, 10) * GD_NS_PER_MS : 0;
	int64_t next = INT64_MAX;
	int epoll = epoll_create1(EPOLL_CLOEXEC), listener = listen_here();
	struct epoll_event events[EVENTS];
	uint64_t n_requests = 0;
	char line[64];

	add(epoll, listener);
	add(epoll, STDIN_FILENO);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		if (gd_now().ns >= next) {
			int64_t left = next + pause - gd_now().ns;

			next += every;
			if (left > 0)
				gd_sleep((struct gd_span){left});
		}
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == listener) {
				accept_all(epoll, listener);
			} else if (fd != STDIN_FILENO) {
				n_requests += answer(fd);
				if (every > 0 && next == INT64_MAX)
					next = gd_now().ns + every / 2;
			} else if (read(fd, line, sizeof(line)) > 0) {
				(void)printf("%llu\n", (unsigned long long)n_requests);
				(void)fflush(stdout);
				n_requests = 0;
				next = INT64_MAX;
			} else {
				return 0;
			}
		}
	}
}
