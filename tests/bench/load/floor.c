/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: the least that a client of 64 keep-alive connections can do, a loop of
 * epoll_wait, read and write that knows the length of the reply beforehand. No histogram, no
 * parser, no timeouts. Prints requests and CPU microseconds per request.
 *
 *   floor PORT PATH SECONDS
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/base/clock.h"

enum { CONNECTIONS = 64 };

static double cpu_us(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int open_connection(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		perror("connect");
		exit(1);
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void ask(int fd, const char *request, size_t len)
{
	if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len) {
		perror("send");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static char buffer[65536];
	struct epoll_event events[CONNECTIONS];
	char request[512];
	uint64_t n_requests = 0;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int64_t end;
	double cpu;
	size_t len;

	if (argc != 4 || epoll < 0)
		return 2;
	len = (size_t)snprintf(
		request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: floor\r\n"
		"Accept: */*\r\n\r\n",
		argv[2]);
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = open_connection((uint16_t)strtoul(argv[1], NULL, 10));
		struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

		(void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
		ask(fd, request, len);
	}
	cpu = cpu_us();
	end = gd_now().ns + strtol(argv[3], NULL, 10) * GD_NS_PER_S;
	while (gd_now().ns < end) {
		int n = epoll_wait(epoll, events, CONNECTIONS, 100);

		for (int i = 0; i < n; i++) {
			if (recv(events[i].data.fd, buffer, sizeof(buffer), 0) <= 0)
				return 1;
			n_requests++;
			ask(events[i].data.fd, request, len);
		}
	}
	(void)printf("%llu %.3f\n", (unsigned long long)n_requests,
		     (cpu_us() - cpu) / (double)n_requests);
	return 0;
}
