/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/functional/load/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/base/clock.h"

enum {
	MAX_PEERS = 1024,
	REQUEST_MAX = 4096,
	MAX_DUE = 4096,
	MAX_PAUSES = 64,
	MAX_CHECKS = 1024
};

struct peer {
	int fd; /* -1: not in use */
	uint32_t generation;
	size_t n;
	char buf[REQUEST_MAX];
	bool head, check;
};

/* A reply that waits for its delay. All delays are equal: a ring is in order. */
struct due {
	int64_t when;
	size_t peer;
	uint32_t generation;
	uint64_t nth;
};

struct server {
	struct server_config cfg;
	int listener, epoll, wake;
	uint16_t port;
	pthread_t thread;
	struct peer *peers;
	struct due *dues;
	size_t first_due, n_dues;
	struct server_pause pauses[MAX_PAUSES]; /* the first of n_pauses */
	bool draining;                          /* what came in the last one */
	_Atomic uint64_t n_pauses;              /* over and drained */
	uint64_t before_check[MAX_CHECKS];      /* the first n_checks */
	_Atomic uint64_t n_requests, n_checks, n_connections;
	_Atomic int64_t first_ns, last_ns;
};

static const char ok_body[] = "hello from the test server\n";

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "test server: %s: %s\n", what, strerrordesc_np(errno));
	abort();
}

static int listen_on(bool ipv6, int backlog, uint16_t *ret_port)
{
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6,
				  .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in a4 = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = ipv6 ? sizeof(a6) : sizeof(a4);
	struct sockaddr *a = ipv6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
	int fd = socket(a->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	must(fd >= 0 && bind(fd, a, len) == 0 && listen(fd, backlog) == 0 &&
		     getsockname(fd, a, &len) == 0,
	     "listen");
	*ret_port = ntohs(ipv6 ? a6.sin6_port : a4.sin_port);
	return fd;
}

static void watch(struct server *s, int fd, uint64_t id)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = id};

	must(epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) == 0, "epoll_ctl");
}

static void drop(struct peer *p, bool reset)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (reset)
		(void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	(void)close(p->fd);
	p->fd = -1;
	p->generation++;
}

static void put(struct peer *p, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = send(p->fd, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			gd_sleep(gd_span_ms(1));
			continue;
		}
		if (n < 0)
			return;
		data += n;
		size -= (size_t)n;
	}
}

static void puts_peer(struct peer *p, const char *text)
{
	put(p, text, strlen(text));
}

static void reply_plain(struct peer *p, int status, const char *extra, size_t announced)
{
	char head[256];
	int n = snprintf(
		head, sizeof(head),
		"HTTP/1.1 %d Status\r\nServer: test\r\n%sContent-Length: %zu\r\n\r\n%s",
		status, extra, announced, p->head ? "" : ok_body);

	put(p, head, (size_t)n);
}

static void reply_failure(const struct server *s, struct peer *p)
{
	char extra[64] = "";

	if (s->cfg.retry_after_s > 0)
		(void)snprintf(extra, sizeof(extra), "Retry-After: %d\r\n",
			       s->cfg.retry_after_s);
	reply_plain(p, 500, extra, sizeof(ok_body) - 1);
}

static void reply_chunked(struct peer *p)
{
	puts_peer(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	if (!p->head)
		puts_peer(p,
			  "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n");
}

static void reply_huge(struct peer *p)
{
	char line[128];

	memset(line, 'x', sizeof(line));
	memcpy(line, "X-Filler: ", 10);
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	puts_peer(p, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 600; i++)
		put(p, line, sizeof(line));
	puts_peer(p, "Content-Length: 0\r\n\r\n");
}

static void reply_large(struct peer *p)
{
	static char block[64 * 1024];

	puts_peer(p, "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
	for (int i = 0; i < 16; i++)
		put(p, block, sizeof(block));
}

static void reply_trickle(struct peer *p)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		put(p, &text[i], 1);
}

static void reply(struct server *s, struct peer *p, uint64_t nth)
{
	size_t len = sizeof(ok_body) - 1;
	const struct server_config *cfg = &s->cfg;

	if (cfg->reset_every > 0 && nth % (uint64_t)cfg->reset_every == 0) {
		drop(p, true);
		return;
	}
	if (cfg->fail_every > 0 && nth % (uint64_t)cfg->fail_every == 0) {
		reply_failure(s, p);
		return;
	}
	switch (cfg->mode) {
	case SERVER_NORMAL:
	case SERVER_NO_ACCEPT:
		reply_plain(p, 200, "", len);
		break;
	case SERVER_CHUNKED:
		reply_chunked(p);
		break;
	case SERVER_UNTIL_CLOSE:
		puts_peer(p, "HTTP/1.1 200 OK\r\n\r\nall there is");
		drop(p, false);
		break;
	case SERVER_SAYS_CLOSE:
		reply_plain(p, 200, "Connection: close\r\n", len);
		drop(p, false);
		break;
	case SERVER_CLOSES_SILENT:
		reply_plain(p, 200, "", len);
		drop(p, false);
		break;
	case SERVER_PARTIAL_STALL:
		puts_peer(p, "HTTP/1.1 200 OK\r\nContent-Le");
		break;
	case SERVER_PARTIAL_CLOSE:
		puts_peer(p, "HTTP/1.1 200 OK\r\nContent-Le");
		drop(p, false);
		break;
	case SERVER_SHORT_BODY:
		reply_plain(p, 200, "", len + 10);
		drop(p, false);
		break;
	case SERVER_HUGE_HEADER:
		reply_huge(p);
		break;
	case SERVER_GARBAGE:
		puts_peer(p, "SSH-2.0-OpenSSH_9.2\r\n");
		break;
	case SERVER_SILENT:
		break;
	case SERVER_TRICKLE:
		reply_trickle(p);
		break;
	case SERVER_LARGE:
		reply_large(p);
		break;
	}
}

static void reply_check(struct server *s, struct peer *p)
{
	uint64_t n = atomic_load(&s->n_checks);
	bool sick = (int)n + 1 >= s->cfg.sick_from && (int)n + 1 < s->cfg.sick_to;

	must(n < MAX_CHECKS, "too many checks");
	s->before_check[n] = atomic_load(&s->n_requests) - 1 - n;
	atomic_store(&s->n_checks, n + 1);
	reply_plain(p, sick ? 503 : 200, "", sizeof(ok_body) - 1);
}

static void note_request(struct server *s, struct peer *p)
{
	int64_t now = gd_now().ns;
	uint64_t nth = atomic_fetch_add(&s->n_requests, 1) + 1;

	if (nth == 1)
		atomic_store(&s->first_ns, now);
	atomic_store(&s->last_ns, now);
	if (p->check && s->cfg.sick_from > 0) {
		reply_check(s, p);
		return;
	}
	if (s->cfg.delay_ns == 0 ||
	    (s->cfg.delay_every > 0 && nth % (uint64_t)s->cfg.delay_every != 0)) {
		reply(s, p, nth);
		return;
	}
	must(s->n_dues < MAX_DUE, "too many delayed replies");
	s->dues[(s->first_due + s->n_dues++) % MAX_DUE] = (struct due){
		now + s->cfg.delay_ns, (size_t)(p - s->peers), p->generation, nth};
}

static void read_peer(struct server *s, struct peer *p)
{
	ssize_t n = recv(p->fd, p->buf + p->n, sizeof(p->buf) - p->n, 0);
	uint32_t generation = p->generation;
	char *end;

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			drop(p, false);
		return;
	}
	p->n += (size_t)n;
	while (p->generation == generation &&
	       (end = memmem(p->buf, p->n, "\r\n\r\n", 4)) != NULL) {
		size_t used = (size_t)(end - p->buf) + 4;

		p->head = memcmp(p->buf, "HEAD ", 5) == 0;
		p->check = memcmp(p->buf, "GET /healthz ", 13) == 0;
		memmove(p->buf, p->buf + used, p->n - used);
		p->n -= used;
		note_request(s, p);
	}
}

static void accept_peers(struct server *s)
{
	int one = 1;

	for (size_t i = 0; i < MAX_PEERS; i++) {
		struct peer *p = &s->peers[i];

		if (p->fd >= 0)
			continue;
		p->fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (p->fd < 0)
			return;
		(void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		p->n = 0;
		atomic_fetch_add(&s->n_connections, 1);
		watch(s, p->fd, 2 + i);
	}
}

static int send_due(struct server *s)
{
	while (s->n_dues > 0) {
		struct due d = s->dues[s->first_due];
		int64_t left = d.when - gd_now().ns;

		if (left > 0)
			return (int)(left / GD_NS_PER_MS) + 1;
		s->first_due = (s->first_due + 1) % MAX_DUE;
		s->n_dues--;
		if (s->peers[d.peer].fd >= 0 &&
		    s->peers[d.peer].generation == d.generation)
			reply(s, &s->peers[d.peer], d.nth);
	}
	return -1;
}

static void pause_until(struct server *s, int64_t end)
{
	struct server_pause *p = &s->pauses[atomic_load(&s->n_pauses) % MAX_PAUSES];

	p->begin_ns = gd_now().ns;
	if (end > p->begin_ns)
		gd_sleep((struct gd_span){end - p->begin_ns});
	p->end_ns = gd_now().ns;
	s->draining = true;
}

static void maybe_pause(struct server *s)
{
	int64_t first = atomic_load(&s->first_ns);
	uint64_t n = atomic_load(&s->n_pauses);
	int64_t at = first + s->cfg.pause_at_ns + (int64_t)n * s->cfg.pause_every_ns;

	if (s->cfg.pause_ns == 0 || first == 0 || s->draining || gd_now().ns < at ||
	    (n > 0 && s->cfg.pause_every_ns == 0))
		return;
	/* It ends on time even if it was noticed late. */
	pause_until(s, at + s->cfg.pause_ns);
}

/* After a pause it looks without waiting until nothing is left. */
static int wait_events(struct server *s, struct epoll_event *events, int max)
{
	int wait_ms = send_due(s);
	int n = epoll_wait(s->epoll, events, max, s->draining ? 0 : wait_ms);
	uint64_t n_pauses;

	if (!s->draining || n != 0)
		return n;
	s->draining = false;
	n_pauses = atomic_load(&s->n_pauses);
	s->pauses[n_pauses % MAX_PAUSES].drained_ns = gd_now().ns;
	atomic_store(&s->n_pauses, n_pauses + 1);
	return 0;
}

static void *serve(void *ctx)
{
	struct server *s = ctx;
	struct epoll_event events[64];

	for (;;) {
		int n = wait_events(s, events, 64);

		maybe_pause(s);
		for (int i = 0; i < n; i++) {
			uint64_t id = events[i].data.u64;

			if (id == 0)
				return NULL;
			if (id == 1)
				accept_peers(s);
			else if (s->peers[id - 2].fd >= 0)
				read_peer(s, &s->peers[id - 2]);
		}
	}
}

struct server *server_start(const struct server_config *cfg)
{
	struct server *s = calloc(1, sizeof(*s));

	must(s != NULL, "memory");
	s->cfg = *cfg;
	s->peers = calloc(MAX_PEERS, sizeof(*s->peers));
	s->dues = calloc(MAX_DUE, sizeof(*s->dues));
	must(s->peers && s->dues, "memory");
	for (size_t i = 0; i < MAX_PEERS; i++)
		s->peers[i].fd = -1;
	s->listener =
		listen_on(cfg->ipv6, cfg->mode == SERVER_NO_ACCEPT ? 0 : 512, &s->port);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(s->epoll >= 0 && s->wake >= 0, "epoll");
	watch(s, s->wake, 0);
	if (cfg->mode != SERVER_NO_ACCEPT)
		watch(s, s->listener, 1);
	must(pthread_create(&s->thread, NULL, serve, s) == 0, "thread");
	return s;
}

uint16_t server_port(const struct server *s)
{
	return s->port;
}

uint64_t server_requests(const struct server *s)
{
	return atomic_load(&s->n_requests);
}

uint64_t server_checks(const struct server *s)
{
	return atomic_load(&s->n_checks);
}

uint64_t server_before_check(const struct server *s, uint64_t n)
{
	must(n >= 1 && n <= server_checks(s), "too few checks");
	return s->before_check[n - 1];
}

uint64_t server_connections(const struct server *s)
{
	return atomic_load(&s->n_connections);
}

int64_t server_span_ns(const struct server *s)
{
	return atomic_load(&s->last_ns) - atomic_load(&s->first_ns);
}

size_t server_pauses(const struct server *s, struct server_pause *ret, size_t max)
{
	uint64_t n = atomic_load(&s->n_pauses);

	n = n < max ? n : max;
	must(n <= MAX_PAUSES, "too many pauses");
	memcpy(ret, s->pauses, n * sizeof(*ret));
	return n;
}

void server_stop(struct server *s)
{
	uint64_t one = 1;

	must(write(s->wake, &one, sizeof(one)) == sizeof(one), "wake");
	(void)pthread_join(s->thread, NULL);
	for (size_t i = 0; i < MAX_PEERS; i++) {
		if (s->peers[i].fd >= 0)
			(void)close(s->peers[i].fd);
	}
	(void)close(s->listener);
	(void)close(s->epoll);
	(void)close(s->wake);
	free(s->peers);
	free(s->dues);
	free(s);
}

uint16_t server_free_port(void)
{
	uint16_t port = 0;
	int fd = listen_on(false, 1, &port);

	(void)close(fd);
	return port;
}
