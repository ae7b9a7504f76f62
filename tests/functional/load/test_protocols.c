/* SPDX-License-Identifier: Apache-2.0 */
/* Protocols beside HTTP: what they send, and what they make of what comes back. */
#include "tests/unit/cmocka_all.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/base/json.h"
#include "tests/functional/load/drive.h"
#include "tests/functional/load/peer.h"

/* --- udp ------------------------------------------------------------------------------- */

enum { LATE = 64, SIZE = 100 };

struct udp_server {
	int fd;
	uint16_t port;
	pthread_t thread;
	struct sockaddr_in from[LATE]; /* of those that are answered late */
	char held[LATE][SIZE];
	bool is_held[LATE];
};

/*
 * Of six datagrams in a row one is echoed, one lost, one echoed twice, one echoed when 64 others
 * have come, one comes back altered, and one is answered with what nobody sent.
 */
static void answer(struct udp_server *s, char *data, size_t n, struct sockaddr_in *from,
		   uint64_t nth)
{
	const struct sockaddr *to = (const struct sockaddr *)from;
	size_t slot = nth % LATE;

	if (s->is_held[slot])
		(void)sendto(s->fd, s->held[slot], SIZE, 0,
			     (const struct sockaddr *)&s->from[slot], sizeof(*from));
	s->is_held[slot] = nth % 6 == 3;
	if (s->is_held[slot]) {
		memcpy(s->held[slot], data, SIZE);
		s->from[slot] = *from;
		return;
	}
	if (nth % 6 == 1)
		return;
	if (nth % 6 == 4)
		data[n - 1] = (char)(data[n - 1] + 1);
	if (nth % 6 == 5)
		memset(data, 'x', n);
	for (int i = 0; i < (nth % 6 == 2 ? 2 : 1); i++)
		(void)sendto(s->fd, data, n, 0, to, sizeof(*from));
}

static void *serve_udp(void *ctx)
{
	struct udp_server *s = ctx;
	struct sockaddr_in from;
	char data[2048];

	for (uint64_t nth = 0;; nth++) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(s->fd, data, sizeof(data), 0,
				     (struct sockaddr *)&from, &len);

		if (n <= 1)
			return NULL;
		answer(s, data, (size_t)n, &from, nth);
	}
}

static void start_udp(struct udp_server *s)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	memset(s, 0, sizeof(*s));
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
	s->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve_udp, s), 0);
}

static void stop_udp(struct udp_server *s)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(s->port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	/* One byte ends it. */
	assert_int_equal(sendto(s->fd, "", 1, 0, (struct sockaddr *)&a, sizeof(a)), 1);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->fd);
}

static void test_udp(void **state GD_UNUSED)
{
	static struct udp_server s;
	struct driven d;

	start_udp(&s);
	drive(&d, 1000,
	      "{\"name\": \"test\", \"udp\": \"127.0.0.1:%u\", \"size\": \"%dB\", "
	      "\"rate\": \"300/s\", \"timeout\": \"100ms\"}",
	      s.port, SIZE);
	stop_udp(&s);
	assert_int_equal(d.sums[0].intended, 300);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_OK], 100);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_WRONG], 50);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_TIMEOUT], 150);
	driven_fini(&d);
}

static void test_udp_nobody_there(void **state GD_UNUSED)
{
	static struct udp_server s;
	struct driven d;

	start_udp(&s);
	stop_udp(&s);
	drive(&d, 250,
	      "{\"name\": \"test\", \"udp\": \"127.0.0.1:%u\", \"rate\": \"100/s\"}",
	      s.port);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_REFUSED], d.sums[0].intended);
	driven_fini(&d);
}

/* --- tcp ------------------------------------------------------------------------------- */

struct echo {
	size_t stop_at; /* closes after so many bytes; 0: never */
	bool alter;
	enum gd_outcome want;
};

static void serve_echo(void *ctx, int fd, uint64_t nth GD_UNUSED)
{
	const struct echo *e = ctx;
	char data[4096];
	size_t total = 0;
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0) {
		if (e->alter && total == 0)
			data[7] = (char)(data[7] + 1);
		if (e->stop_at > 0 && total + (size_t)n >= e->stop_at) {
			(void)peer_put(fd, data, e->stop_at - total);
			return;
		}
		if (!peer_put(fd, data, (size_t)n))
			return;
		total += (size_t)n;
	}
}

static void test_tcp_echo(void **state GD_UNUSED)
{
	static struct echo cases[] = {
		{0, false, GD_OUTCOME_OK},
		{0, true, GD_OUTCOME_WRONG},
		{9999, false, GD_OUTCOME_RESET},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct peer *p = peer_start(serve_echo, &cases[i]);
		struct driven d;

		drive(&d, 250,
		      "{\"name\": \"test\", \"tcp\": \"127.0.0.1:%u\", \"size\": "
		      "\"10000B\", \"rate\": \"100/s\", \"keepalive\": %s}",
		      peer_port(p), cases[i].alter ? "false" : "true");
		peer_stop(p);
		assert_int_equal(d.sums[0].intended, 25);
		assert_int_equal(d.sums[0].outcomes[cases[i].want], 25);
		driven_fini(&d);
	}
}

/* Without a size each request is a connection, and sends nothing. */
static void test_tcp_connect(void **state GD_UNUSED)
{
	static struct echo quiet;
	struct peer *p = peer_start(serve_echo, &quiet);
	struct driven d;

	drive(&d, 250,
	      "{\"name\": \"test\", \"tcp\": \"tcp://127.0.0.1:%u\", \"rate\": \"100/s\"}",
	      peer_port(p));
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_OK], 25);
	assert_int_equal(peer_connections(p), 25);
	peer_stop(p);
	driven_fini(&d);
}

/* --- ping ------------------------------------------------------------------------------ */

static void test_ping(void **state GD_UNUSED)
{
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	struct driven d;

	if (fd >= 0)
		(void)close(fd);
	if (raw >= 0)
		(void)close(raw);
	if (fd < 0 && raw < 0)
		skip();
	drive(&d, 250,
	      "{\"name\": \"test\", \"ping\": \"127.0.0.1\", \"size\": \"1000B\", "
	      "\"rate\": \"100/s\"}");
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_OK], 25);
	driven_fini(&d);
}

/* --- fsync ----------------------------------------------------------------------------- */

static size_t n_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

static void test_fsync(void **state GD_UNUSED)
{
	char dir[] = "/tmp/gameday-fsync-XXXXXX";
	struct driven d;

	assert_non_null(mkdtemp(dir));
	drive(&d, 250,
	      "{\"name\": \"test\", \"fsync\": \"%s\", \"concurrency\": 4, "
	      "\"timeout\": \"10s\"}",
	      dir);
	assert_true(d.sums[0].intended > 0);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_OK], d.sums[0].intended);
	assert_true(gd_hist_min(d.sums[0].latency) > 0);
	/* Nothing but . and .. is left. */
	assert_int_equal(n_entries(dir), 2);
	assert_int_equal(rmdir(dir), 0);
	driven_fini(&d);
}

/* --- etcd ------------------------------------------------------------------------------ */

struct etcd_seen {
	_Atomic uint32_t gets, puts, wrong;
	_Atomic uint8_t keys[20]; /* seen */
};

/* The length of what base64 text stands for, and its bytes; -1 when it is none. */
static int decode64(const char *text, unsigned char *out)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	int n = 0, n_bits = 0;

	for (; *text && *text != '='; text++) {
		const char *l = strchr(letters, *text);

		if (!l)
			return -1;
		bits = bits << 6 | (uint32_t)(l - letters);
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			out[n++] = (unsigned char)(bits >> n_bits);
		}
	}
	/* What is left over must be zero: strict readers refuse it otherwise. */
	return (bits & ((1U << n_bits) - 1)) == 0 ? n : -1;
}

static bool is_etcd_request(const struct peer_request *r, struct etcd_seen *seen)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_Parse(r->body);
	const char *key = gd_json_str(json, "key", NULL);
	const char *value = gd_json_str(json, "value", NULL);
	bool put = strncmp(r->head, "POST /v3/kv/put HTTP/1.1\r\n", 26) == 0;
	unsigned char bytes[512];
	unsigned int n;

	if (!key || strlen(key) > 100 || decode64(key, bytes) != 21)
		return false;
	bytes[21] = '\0';
	if (sscanf((const char *)bytes, "gameday/load/%8u", &n) != 1 || n >= 20)
		return false;
	atomic_store(&seen->keys[n], 1);
	atomic_fetch_add(put ? &seen->puts : &seen->gets, 1);
	if (put)
		return value && strlen(value) < 400 && decode64(value, bytes) == 100;
	return !value && strncmp(r->head, "POST /v3/kv/range HTTP/1.1\r\n", 28) == 0;
}

static void serve_etcd(void *ctx, int fd, uint64_t nth GD_UNUSED)
{
	struct peer_request *r = malloc(sizeof(*r));
	struct etcd_seen *seen = ctx;

	while (r && peer_read_request(fd, r)) {
		if (!is_etcd_request(r, seen))
			atomic_fetch_add(&seen->wrong, 1);
		if (!peer_puts(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
			break;
	}
	free(r);
}

static void test_etcd(void **state GD_UNUSED)
{
	static struct etcd_seen seen;
	struct peer *p = peer_start(serve_etcd, &seen);
	struct driven d;

	drive(&d, 500,
	      "{\"name\": \"test\", \"etcd\": \"127.0.0.1:%u\", \"put\": \"25%%\", "
	      "\"keys\": 20, \"size\": \"100B\", \"rate\": \"1000/s\"}",
	      peer_port(p));
	peer_stop(p);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_OK], 500);
	assert_int_equal(atomic_load(&seen.wrong), 0);
	assert_int_equal(atomic_load(&seen.gets) + atomic_load(&seen.puts), 500);
	assert_in_range(atomic_load(&seen.puts), 90, 160);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(atomic_load(&seen.keys[i]), 1);
	driven_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp),      cmocka_unit_test(test_udp_nobody_there),
		cmocka_unit_test(test_tcp_echo), cmocka_unit_test(test_tcp_connect),
		cmocka_unit_test(test_ping),     cmocka_unit_test(test_fsync),
		cmocka_unit_test(test_etcd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
