/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over the wire, seen from the other side, and what becomes of bad answers. */
#include "tests/unit/cmocka_all.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gameday/load/load.h"
#include "tests/functional/load/drive.h"
#include "tests/functional/load/peer.h"

#define PACE "\"rate\": \"400/s\", \"timeout\": \"500ms\""

/* Runs a load of these members against p, which is then stopped. */
static void run_against(struct peer *p, const char *members, int64_t ms,
			struct driven *ret)
{
	drive(ret, ms, "{\"name\": \"test\", \"http\": \"http://127.0.0.1:%u%s}",
	      peer_port(p), members);
	peer_stop(p);
}

/* --- requests ------------------------------------------------------------------------ */

enum { MAX_SEQ = 4096 };

struct seen {
	_Atomic uint32_t times[MAX_SEQ]; /* a request with this number came */
	_Atomic uint32_t wrong;
};

/* PUT /k/N?r=R with header X-N: N and body "N:" and a UUID. */
static bool is_right(const struct peer_request *r, struct seen *seen)
{
	unsigned long n = 0, random = 0, header = 0;
	const char *field = strstr(r->head, "\r\nX-N: ");
	char *end = NULL;

	if (sscanf(r->head, "PUT /k/%lu?r=%lu HTTP/1.1\r\n", &n, &random) != 2 || !field)
		return false;
	header = strtoul(field + 7, &end, 10);
	if (header != n || memcmp(end, "\r\n", 2) != 0 || random < 5 || random > 7 ||
	    n >= MAX_SEQ)
		return false;
	atomic_fetch_add(&seen->times[n], 1);
	return strtoul(r->body, &end, 10) == n && *end == ':' &&
	       r->body_len == (size_t)(end - r->body) + 1 + 36;
}

static void serve_checked(void *ctx, int fd, uint64_t nth GD_UNUSED)
{
	struct peer_request *r = malloc(sizeof(*r));
	struct seen *seen = ctx;

	while (r && peer_read_request(fd, r)) {
		if (!is_right(r, seen))
			atomic_fetch_add(&seen->wrong, 1);
		if (!peer_puts(fd, "HTTP/1.1 204 No Content\r\n\r\n"))
			break;
	}
	free(r);
}

static void test_requests_arrive(void **state GD_UNUSED)
{
	static struct seen seen;
	struct peer *p = peer_start(serve_checked, &seen);
	struct driven d;

	memset(&seen, 0, sizeof(seen));
	run_against(
		p,
		"/k/${seq}?r=${random:5..7}\", \"method\": \"PUT\", "
		"\"headers\": {\"X-N\": \"${seq}\"}, \"body\": \"${seq}:${uuid}\", " PACE,
		500, &d);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_OK], 200);
	assert_int_equal(atomic_load(&seen.wrong), 0);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(atomic_load(&seen.times[i]), 1);
	driven_fini(&d);
}

static void serve_simply(void *ctx, int fd, uint64_t nth GD_UNUSED)
{
	struct peer_request *r = malloc(sizeof(*r));

	while (r && peer_read_request(fd, r)) {
		if (!peer_puts(fd, ctx))
			break;
	}
	free(r);
}

static void test_connection_per_request(void **state GD_UNUSED)
{
	static char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	struct peer *p = peer_start(serve_simply, reply);
	struct driven d;

	drive(&d, 250,
	      "{\"name\": \"test\", \"http\": \"http://127.0.0.1:%u/\", "
	      "\"keepalive\": false, " PACE "}",
	      peer_port(p));
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_OK], 100);
	assert_int_equal(peer_connections(p), 100);
	peer_stop(p);
	driven_fini(&d);
}

/* --- expectations -------------------------------------------------------------------- */

static void serve_in_turn(void *ctx, int fd, uint64_t nth GD_UNUSED)
{
	static const char *const replies[] = {
		("HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "4\r\n all\r\n6\r\n right\r\n0\r\n\r\n"),
		"HTTP/1.1 201 Made\r\nContent-Length: 9\r\n\r\nall wrong",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall right",
		"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nall right",
	};
	struct peer_request *r = malloc(sizeof(*r));
	_Atomic uint64_t *n = ctx;

	while (r && peer_read_request(fd, r)) {
		if (!peer_puts(fd, replies[atomic_fetch_add(n, 1) % 4]))
			break;
	}
	free(r);
}

static void test_expectations(void **state GD_UNUSED)
{
	static _Atomic uint64_t n;
	struct driven d;

	run_against(
		peer_start(serve_in_turn, &n),
		"/\", \"expect\": {\"status\": [\"201\"], \"body\": \"ll right\"}, " PACE,
		500, &d);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_OK], 50);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_WRONG], 100);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_STATUS_5XX], 50);
	driven_fini(&d);
}

static void serve_ten(void *ctx GD_UNUSED, int fd, uint64_t nth GD_UNUSED)
{
	struct peer_request *r = malloc(sizeof(*r));

	while (r && peer_read_request(fd, r) &&
	       peer_puts(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"))
		continue;
	free(r);
}

/* What goes over a connection is counted, and how long it took to make it. */
static void test_traffic(void **state GD_UNUSED)
{
	const struct gd_interval *sum;
	struct driven d;

	run_against(peer_start(serve_ten, NULL), "/\", " PACE, 500, &d);
	sum = &d.sums[0];
	assert_int_equal(sum->outcomes[GD_OUTCOME_OK], 200);
	assert_int_equal(sum->counts.bytes_received, 200 * (39 + 10));
	/* "GET / HTTP/1.1", Host with a port of up to five digits, and more. */
	assert_in_range(sum->counts.bytes_sent, 200 * 30, 200 * 200);
	assert_int_equal(sum->counts.bytes_sent % 200, 0);
	assert_int_equal(gd_hist_count(sum->connect), sum->counts.connects);
	assert_true(gd_hist_max(sum->connect) <= (int64_t)sum->counts.connect_max);
	assert_null(sum->handshake);
	driven_fini(&d);
}

/* --- bad answers --------------------------------------------------------------------- */

static const char whole_reply[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				  "4\r\nbody\r\n0\r\nT: x\r\n\r\n";

/* Of each connection one byte more comes before the reset; then the whole reply. */
static void serve_and_reset(void *ctx GD_UNUSED, int fd, uint64_t nth)
{
	struct peer_request *r = malloc(sizeof(*r));
	size_t n = nth % sizeof(whole_reply);

	if (r && peer_read_request(fd, r))
		(void)peer_put(fd, whole_reply, n);
	peer_reset(fd);
	free(r);
}

static void test_reset_at_each_byte(void **state GD_UNUSED)
{
	struct driven d;
	uint64_t n;

	run_against(peer_start(serve_and_reset, NULL), "/\", " PACE, 1000, &d);
	n = d.sums[0].intended;
	assert_int_equal(n, 400);
	/*
	 * One in so many gets its reply, if the reset does not overtake it: the kernel then
	 * throws away what was not read yet.
	 */
	assert_in_range(d.sums[0].outcomes[GD_OUTCOME_OK], 0,
			n / sizeof(whole_reply) + 1);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_OK] +
				 d.sums[0].outcomes[GD_OUTCOME_RESET],
			 n);
	driven_fini(&d);
}

struct bad {
	const char *head;  /* sent once */
	const char *again; /* and this for ever, or `times` times */
	int times;
	enum gd_outcome want;
};

static void serve_badly(void *ctx, int fd, uint64_t nth GD_UNUSED)
{
	const struct bad *bad = ctx;
	struct peer_request *r = malloc(sizeof(*r));
	bool go_on = r && peer_read_request(fd, r) && peer_puts(fd, bad->head);

	for (int i = 0; go_on && bad->again && (bad->times == 0 || i < bad->times); i++)
		go_on = peer_puts(fd, bad->again);
	/* Reads until the client gives up, so that it is not told by a reset. */
	while (go_on && peer_read_request(fd, r))
		continue;
	free(r);
}

/* What bad answers may cost; a sanitizer keeps what was freed for a while. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_KIB (400 * 1024)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMORY_KIB (400 * 1024)
#endif
#endif
#ifndef MEMORY_KIB
#define MEMORY_KIB (32 * 1024)
#endif

/* Resident memory of this process, in KiB. */
static long memory_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long size = 0, resident = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &size, &resident), 2);
	(void)fclose(f);
	return resident * 4;
}

static void test_bad_answers(void **state GD_UNUSED)
{
#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
	static const char filler[] =
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	static struct bad cases[] = {
		{OK "\r\n", filler, 0, GD_OUTCOME_TIMEOUT}, /* a body without end */
		{OK "Content-Length: 999999999999\r\n\r\n", filler, 0,
		 GD_OUTCOME_TIMEOUT},
		{CHUNKED, "3\r\nabc\r\n", 0, GD_OUTCOME_TIMEOUT},
		{OK "Content-Length: 5\r\n\r\nabc", NULL, 0, GD_OUTCOME_TIMEOUT},
		{OK "X-Half: he", NULL, 0, GD_OUTCOME_TIMEOUT},
		{OK, "X: y\r\n", 100000, GD_OUTCOME_PROTOCOL}, /* header lines */
		{OK "X: ", filler, 0, GD_OUTCOME_PROTOCOL},    /* one without end */
		{"HTTP/1.1 100 Go on\r\n\r\n", "HTTP/1.1 100 Go on\r\n\r\n", 0,
		 GD_OUTCOME_PROTOCOL},
		{CHUNKED "0\r\n", "T: x\r\n", 0, GD_OUTCOME_PROTOCOL}, /* trailers */
		{CHUNKED "2\r\nabc\r\n", NULL, 0, GD_OUTCOME_PROTOCOL},
		{CHUNKED "x\r\nabc\r\n", NULL, 0, GD_OUTCOME_PROTOCOL},
		{CHUNKED "fffffffffffffffff\r\n", NULL, 0, GD_OUTCOME_PROTOCOL},
		{OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", NULL, 0,
		 GD_OUTCOME_PROTOCOL},
		{"\x16\x03\x01\x02", filler, 0, GD_OUTCOME_PROTOCOL},
		{OK "Content-Length: 2\r\n\r\nok and more", NULL, 0, GD_OUTCOME_OK},
	};
	long before = memory_kib();

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct driven d;

		run_against(peer_start(serve_badly, &cases[i]),
			    cases[i].want == GD_OUTCOME_TIMEOUT
				    ? "/\", \"concurrency\": 4, \"timeout\": \"150ms\""
				    : "/\", \"concurrency\": 4, \"timeout\": \"10s\"",
			    300, &d);
		if (d.sums[0].intended == 0 ||
		    d.sums[0].outcomes[cases[i].want] != d.sums[0].intended)
			fail_msg("case %zu: %llu of %llu as %s", i,
				 (unsigned long long)d.sums[0].outcomes[cases[i].want],
				 (unsigned long long)d.sums[0].intended,
				 gd_outcome_name(cases[i].want));
		driven_fini(&d);
	}
	assert_true(memory_kib() - before < MEMORY_KIB);
}

struct bad_tls {
	const char *text; /* sent after the first bytes of the client; NULL: nothing */
	size_t len;
	bool stay, endless;
	enum gd_outcome want;
};

static void serve_bad_tls(void *ctx, int fd, uint64_t nth GD_UNUSED)
{
	const struct bad_tls *bad = ctx;
	char hello[4096];
	bool go_on = recv(fd, hello, sizeof(hello), 0) > 0;

	do {
		go_on = go_on && (bad->len == 0 || peer_put(fd, bad->text, bad->len));
	} while (go_on && bad->endless);
	while (go_on && bad->stay && recv(fd, hello, sizeof(hello), 0) > 0)
		continue;
}

static void test_bad_tls(void **state GD_UNUSED)
{
	static struct bad_tls cases[] = {
		{"HTTP/1.1 400 Bad\r\n\r\n", 20, true, false, GD_OUTCOME_TLS},
		{NULL, 0, false, false, GD_OUTCOME_TLS},
		{"\x16\x03\x03\x40\x00", 5, false, false, GD_OUTCOME_TLS},
		/* An alert: handshake_failure. */
		{"\x15\x03\x03\x00\x02\x02\x28", 7, true, false, GD_OUTCOME_TLS},
		/* ChangeCipherSpec for ever. */
		{"\x14\x03\x03\x00\x01\x01", 6, true, true, GD_OUTCOME_TLS},
		{NULL, 0, true, false, GD_OUTCOME_CONNECT},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct peer *p = peer_start(serve_bad_tls, &cases[i]);
		struct driven d;

		drive(&d, 250,
		      "{\"name\": \"test\", \"http\": \"https://127.0.0.1:%u/\", "
		      "\"concurrency\": 4, \"timeout\": \"%s\"}",
		      peer_port(p), cases[i].want == GD_OUTCOME_TLS ? "10s" : "100ms");
		peer_stop(p);
		if (d.sums[0].intended == 0 ||
		    d.sums[0].outcomes[cases[i].want] != d.sums[0].intended)
			fail_msg("case %zu: %llu of %llu as %s", i,
				 (unsigned long long)d.sums[0].outcomes[cases[i].want],
				 (unsigned long long)d.sums[0].intended,
				 gd_outcome_name(cases[i].want));
		assert_int_equal(d.sums[0].problem[0] != '\0',
				 cases[i].want == GD_OUTCOME_TLS);
		driven_fini(&d);
	}
}

/* The load must not start; its error holds `want`. */
static void refuse(const char *members, const char *want)
{
	struct gd_load_options opt = {.duration = gd_span_ms(100)};
	GD_AUTO(gd_load) struct gd_load *load = NULL;
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_load_spec spec = {0};
	struct gd_error err = GD_ERROR_INIT;
	char text[512];
	int status;

	(void)snprintf(text, sizeof(text), "{\"name\": \"test\", \"rate\": \"1/s\", %s}",
		       members);
	json = cJSON_Parse(text);
	assert_non_null(json);
	status = gd_shape_from_json(&gd_load_shape, json, &spec, &err);
	if (status == 0)
		status = gd_load_start(&spec, &opt, &load, &err);
	gd_shape_fini(&gd_load_shape, &spec);
	assert_int_equal(status, -1);
	if (!strstr(err.text, want))
		fail_msg("no '%s' in: %s", want, err.text);
}

static void test_refusals(void **state GD_UNUSED)
{
	refuse("\"http\": \"http://127.0.0.1:1/${no}\"", "path: '${no}' is not possible");
	refuse("\"http\": \"http://127.0.0.1:1/\", \"headers\": {\"Connection\": \"close\"}",
	       "header Connection");
	refuse("\"http\": \"http://127.0.0.1:1/\", \"expect\": {\"status\": [\"20x\"]}",
	       "expected status '20x'");
	refuse("\"http\": \"gopher://127.0.0.1:1/\"", "gopher");
	refuse("\"http\": \"tcp://127.0.0.1:1\"", "as http wants it");
	refuse("\"tcp\": \"127.0.0.1\"", "has no port");
	refuse("\"tcp\": \"127.0.0.1:1\", \"ping\": \"127.0.0.1\"", "only one of http");
	refuse("\"from\": \"runner\"", "give one of http");
	refuse("\"udp\": \"127.0.0.1:1\", \"size\": \"8B\"", "16 to 65507");
	refuse("\"udp\": \"127.0.0.1:1\", \"body\": \"x\"", "body says nothing to udp");
	refuse("\"ping\": \"127.0.0.1:1\"", "without port");
	refuse("\"fsync\": \"relative\"", "no absolute path");
	refuse("\"fsync\": \"/not/there\"", "'/not/there'");
	refuse("\"fsync\": \"/dev/null\"", "not a directory");
	refuse("\"etcd\": \"127.0.0.1:1/v2\"", "a path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_arrive),
		cmocka_unit_test(test_connection_per_request),
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_traffic),
		cmocka_unit_test(test_reset_at_each_byte),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_bad_tls),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
