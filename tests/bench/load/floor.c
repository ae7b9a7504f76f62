/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: the least that a client of 64 keep-alive connections can do, a loop of
 * epoll_wait, read and write that knows the length of the reply beforehand. No histogram, no
 * parser, no timeouts. With RATE it sends by absolute deadlines on whatever connection is
 * free, else whenever an answer has come, and prints at the end how late sends were: median, 99th
 * percentile and the latest, in ns. It sleeps until the deadline, as one does: this lateness is
 * the machine's.
 *
 *   floor PORT PATH SECONDS [RATE]
 */
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
#include "tests/bench/load/floor.h"

enum { MAX_LATE = 1 << 20 };

struct client {
	int epoll;
	char request[512];
	size_t len;
	int idle[CONNECTIONS]; /* when paced: free connections */
	int n_idle;
	uint64_t n_sent;
	double gap_ns; /* 0: not paced */
	int64_t start;
	int64_t *late; /* owned; of the first MAX_LATE sends when paced */
};

static void ask(struct client *c, int fd)
{
	if (send(fd, c->request, c->len, MSG_NOSIGNAL) != (ssize_t)c->len) {
		perror("send");
		exit(1);
	}
	c->n_sent++;
}

static int64_t next_start(const struct client *c)
{
	return c->start + (int64_t)((double)c->n_sent * c->gap_ns);
}

/* All that are due, each on a connection of its own. */
static void ask_due(struct client *c)
{
	int64_t now = gd_now().ns;

	while (c->n_idle > 0 && next_start(c) <= now) {
		if (c->n_sent < MAX_LATE)
			c->late[c->n_sent] = now - next_start(c);
		ask(c, c->idle[--c->n_idle]);
		now = gd_now().ns;
	}
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void tell_late(const struct client *c)
{
	uint64_t n = c->n_sent < MAX_LATE ? c->n_sent : MAX_LATE;

	if (n == 0)
		return;
	qsort(c->late, n, sizeof(*c->late), compare);
	(void)printf("%llu %lld %lld %lld\n", (unsigned long long)c->n_sent,
		     (long long)c->late[n / 2], (long long)c->late[n - 1 - n / 100],
		     (long long)c->late[n - 1]);
}

static int wait_for(struct client *c, struct epoll_event *events)
{
	struct timespec ts = {0};
	int64_t span = 100 * GD_NS_PER_MS;

	if (c->gap_ns > 0 && c->n_idle > 0)
		span = next_start(c) - gd_now().ns;
	ts.tv_nsec = span > 0 ? span % GD_NS_PER_S : 0;
	return epoll_pwait2(c->epoll, events, CONNECTIONS, &ts, NULL);
}

int main(int argc, char **argv)
{
	static char buffer[65536];
	struct epoll_event events[CONNECTIONS];
	struct client c = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
	int64_t end;

	if (argc < 4 || c.epoll < 0)
		return 2;
	(void)prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
	c.gap_ns = argc > 4 ? 1e9 / strtod(argv[4], NULL) : 0;
	c.late = calloc(MAX_LATE, sizeof(*c.late));
	if (!c.late)
		return 2;
	c.len = write_request(c.request, sizeof(c.request), argv[2]);
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = open_connection((uint16_t)strtoul(argv[1], NULL, 10));
		struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

		(void)epoll_ctl(c.epoll, EPOLL_CTL_ADD, fd, &ev);
		c.idle[c.n_idle++] = fd;
	}
	c.start = gd_now().ns;
	end = c.start + strtol(argv[3], NULL, 10) * GD_NS_PER_S;
	while (c.gap_ns <= 0 && c.n_idle > 0)
		ask(&c, c.idle[--c.n_idle]);
	while (gd_now().ns < end) {
		int n = wait_for(&c, events);

		for (int i = 0; i < n; i++) {
			if (recv(events[i].data.fd, buffer, sizeof(buffer), 0) <= 0)
				return 1;
			if (c.gap_ns > 0)
				c.idle[c.n_idle++] = events[i].data.fd;
			else
				ask(&c, events[i].data.fd);
		}
		if (c.gap_ns > 0)
			ask_due(&c);
	}
	if (c.gap_ns > 0)
		tell_late(&c);
	free(c.late);
	return 0;
}
