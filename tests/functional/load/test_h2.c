/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 against a peer that writes its frames by hand (RFC 9113), so that it can break
 * every rule; what a real server answers is in tls.sh.
 */
#include "tests/unit/cmocka_all.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/functional/load/drive.h"
#include "tests/functional/load/peer.h"

enum {
	DATA = 0,
	HEADERS = 1,
	RST_STREAM = 3,
	SETTINGS = 4,
	GOAWAY = 7,
	CONTINUATION = 9
};
enum { END_STREAM = 1, END_HEADERS = 4, ACK = 1 };

struct frame {
	uint8_t type, flags;
	uint32_t stream, len;
	unsigned char payload[1 << 17];
};

static bool put_frame(int fd, uint8_t type, uint8_t flags, uint32_t stream,
		      const void *payload, uint32_t len)
{
	unsigned char head[9] = {
		(unsigned char)(len >> 16),
		(unsigned char)(len >> 8),
		(unsigned char)len,
		type,
		flags,
		(unsigned char)(stream >> 24),
		(unsigned char)(stream >> 16),
		(unsigned char)(stream >> 8),
		(unsigned char)stream,
	};

	return peer_put(fd, head, sizeof(head)) &&
	       (len == 0 || peer_put(fd, payload, len));
}

static bool take(int fd, void *out, size_t size)
{
	return size == 0 || recv(fd, out, size, MSG_WAITALL) == (ssize_t)size;
}

static bool take_frame(int fd, struct frame *f)
{
	unsigned char h[9];

	if (!take(fd, h, sizeof(h)))
		return false;
	f->len = (uint32_t)h[0] << 16 | (uint32_t)h[1] << 8 | h[2];
	f->type = h[3];
	f->flags = h[4];
	f->stream =
		(uint32_t)h[5] << 24 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 8 | h[8];
	return f->len <= sizeof(f->payload) && take(fd, f->payload, f->len);
}

static bool greet(int fd)
{
	char preface[24];

	return take(fd, preface, sizeof(preface)) &&
	       memcmp(preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24) == 0 &&
	       put_frame(fd, SETTINGS, 0, 0, NULL, 0);
}

/* The next stream that the client opens; false at the end. */
static bool take_request(int fd, struct frame *f)
{
	while (take_frame(fd, f)) {
		if (f->type == HEADERS)
			return true;
	}
	return false;
}

static void drain(int fd, struct frame *f)
{
	while (take_frame(fd, f))
		continue;
}

/* --- one answer per connection --------------------------------------------------------- */

/* HPACK's static table: 0x88 is ":status: 200", 0x8e ":status: 500". */
static const char status_200[] = "\x88";

static void answer_ok(int fd, struct frame *f GD_UNUSED)
{
	(void)put_frame(fd, HEADERS, END_HEADERS, 1, status_200, 1);
	(void)put_frame(fd, DATA, END_STREAM, 1, "hello", 5);
}

static void answer_500(int fd, struct frame *f GD_UNUSED)
{
	(void)put_frame(fd, HEADERS, END_HEADERS | END_STREAM, 1, "\x8e", 1);
}

static void answer_reset(int fd, struct frame *f GD_UNUSED)
{
	(void)put_frame(fd, RST_STREAM, 0, 1, "\0\0\0\7", 4);
}

static void answer_goaway(int fd, struct frame *f GD_UNUSED)
{
	(void)put_frame(fd, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
}

static void answer_close(int fd GD_UNUSED, struct frame *f GD_UNUSED)
{
}

static void answer_nothing(int fd, struct frame *f)
{
	drain(fd, f);
}

static void answer_endless(int fd, struct frame *f)
{
	static const char block[16384];
	bool go_on = put_frame(fd, HEADERS, END_HEADERS, 1, status_200, 1);

	(void)f;
	while (go_on)
		go_on = put_frame(fd, DATA, 0, 1, block, sizeof(block));
}

static void answer_endless_head(int fd, struct frame *f)
{
	/* A literal field, not indexed: "a: " and 100 bytes. */
	char field[103] = "\0\1a\x64";
	bool go_on = put_frame(fd, HEADERS, 0, 1, status_200, 1);

	(void)f;
	while (go_on)
		go_on = put_frame(fd, CONTINUATION, 0, 1, field, sizeof(field));
}

static void answer_wrong_length(int fd, struct frame *f)
{
	/* content-length (index 28 of the static table): 9 */
	(void)put_frame(fd, HEADERS, END_HEADERS, 1, "\x88\x0f\x0d\x01\x39", 5);
	(void)put_frame(fd, DATA, END_STREAM, 1, "hello", 5);
	drain(fd, f);
}

static void answer_idle_stream(int fd, struct frame *f)
{
	(void)put_frame(fd, DATA, 0, 77, "hello", 5);
	drain(fd, f);
}

static void answer_bad_hpack(int fd, struct frame *f)
{
	(void)put_frame(fd, HEADERS, END_HEADERS | END_STREAM, 1, "\xff\xff\xff\xff", 4);
	drain(fd, f);
}

static void answer_http1(int fd, struct frame *f)
{
	(void)peer_puts(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	while (recv(fd, f->payload, sizeof(f->payload), 0) > 0)
		continue;
}

struct one {
	const char *name;
	void (*answer)(int fd, struct frame *f);
	enum gd_outcome want;
	bool early; /* instead of a greeting */
};

static void serve_one(void *ctx, int fd, uint64_t nth GD_UNUSED)
{
	const struct one *one = ctx;
	struct frame *f = malloc(sizeof(*f));

	if (!f || (!one->early && (!greet(fd) || !take_request(fd, f)))) {
		free(f);
		return;
	}
	one->answer(fd, f);
	free(f);
}

static void test_answers(void **state GD_UNUSED)
{
	static struct one cases[] = {
		{"ok", answer_ok, GD_OUTCOME_OK, false},
		{"500", answer_500, GD_OUTCOME_STATUS_5XX, false},
		{"reset", answer_reset, GD_OUTCOME_RESET, false},
		{"goaway", answer_goaway, GD_OUTCOME_RESET, false},
		{"close", answer_close, GD_OUTCOME_RESET, false},
		{"nothing", answer_nothing, GD_OUTCOME_TIMEOUT, false},
		{"endless", answer_endless, GD_OUTCOME_TIMEOUT, false},
		{"endless head", answer_endless_head, GD_OUTCOME_PROTOCOL, false},
		{"wrong length", answer_wrong_length, GD_OUTCOME_PROTOCOL, false},
		{"idle stream", answer_idle_stream, GD_OUTCOME_PROTOCOL, false},
		{"bad HPACK", answer_bad_hpack, GD_OUTCOME_PROTOCOL, false},
		{"HTTP/1.1", answer_http1, GD_OUTCOME_PROTOCOL, true},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct peer *p = peer_start(serve_one, &cases[i]);
		bool slow = cases[i].want == GD_OUTCOME_TIMEOUT;
		struct driven d;

		drive(&d, 250,
		      "{\"name\": \"test\", \"http\": \"h2c://127.0.0.1:%u/\", "
		      "\"keepalive\": false, \"concurrency\": 4, \"timeout\": \"%s\"}",
		      peer_port(p), slow ? "100ms" : "10s");
		peer_stop(p);
		if (d.sums[0].intended == 0 ||
		    d.sums[0].outcomes[cases[i].want] != d.sums[0].intended)
			fail_msg("%s: %llu of %llu as %s; %s", cases[i].name,
				 (unsigned long long)d.sums[0].outcomes[cases[i].want],
				 (unsigned long long)d.sums[0].intended,
				 gd_outcome_name(cases[i].want), d.sums[0].problem);
		driven_fini(&d);
	}
}

/* --- many streams ---------------------------------------------------------------------- */

struct counts {
	_Atomic uint32_t requests, cancelled, open, most;
};

/* Answers every second stream, lets the others wait until they are given up. */
static void serve_half(void *ctx, int fd, uint64_t nth GD_UNUSED)
{
	struct frame *f = malloc(sizeof(*f));
	struct counts *n = ctx;
	bool go_on = f && greet(fd);

	while (go_on && take_frame(fd, f)) {
		if (f->type == SETTINGS && !(f->flags & ACK))
			go_on = put_frame(fd, SETTINGS, ACK, 0, NULL, 0);
		if (f->type == RST_STREAM && memcmp(f->payload, "\0\0\0\10", 4) == 0)
			atomic_fetch_add(&n->cancelled, 1);
		if (f->type != HEADERS)
			continue;
		atomic_fetch_add(&n->requests, 1);
		if (f->stream % 4 == 1)
			go_on = put_frame(fd, HEADERS, END_HEADERS | END_STREAM,
					  f->stream, status_200, 1);
	}
	free(f);
}

/* A stream that times out is cancelled, and costs the others nothing. */
static void test_streams_are_cancelled(void **state GD_UNUSED)
{
	static struct counts n;
	struct peer *p = peer_start(serve_half, &n);
	struct driven d;

	drive(&d, 500,
	      "{\"name\": \"test\", \"http\": \"h2c://127.0.0.1:%u/\", "
	      "\"rate\": \"400/s\", \"connections\": 1, \"timeout\": \"150ms\"}",
	      peer_port(p));
	assert_int_equal(peer_connections(p), 1);
	peer_stop(p);
	assert_int_equal(atomic_load(&n.requests), 200);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_OK], 100);
	assert_int_equal(d.sums[0].outcomes[GD_OUTCOME_TIMEOUT], 100);
	assert_int_equal(atomic_load(&n.cancelled), 100);
	driven_fini(&d);
}

/* Allows two streams at once; a third would be refused. */
static void serve_two(void *ctx, int fd, uint64_t nth GD_UNUSED)
{
	struct frame *f = malloc(sizeof(*f));
	struct counts *n = ctx;
	uint32_t waiting[2], n_waiting = 0;
	bool go_on =
		f && take(fd, f, 24) && put_frame(fd, SETTINGS, 0, 0, "\0\3\0\0\0\2", 6);

	while (go_on && take_frame(fd, f)) {
		if (f->type != HEADERS)
			continue;
		if (n_waiting == 2)
			abort();
		waiting[n_waiting++] = f->stream;
		if (atomic_load(&n->most) < n_waiting)
			atomic_store(&n->most, n_waiting);
		for (; n_waiting == 2 && go_on; n_waiting = 0)
			go_on = put_frame(fd, HEADERS, END_HEADERS | END_STREAM,
					  waiting[0], status_200, 1) &&
				put_frame(fd, HEADERS, END_HEADERS | END_STREAM,
					  waiting[1], status_200, 1);
	}
	free(f);
}

static void test_obeys_the_servers_limit(void **state GD_UNUSED)
{
	static struct counts n;
	struct peer *p = peer_start(serve_two, &n);
	struct driven d;

	drive(&d, 300,
	      "{\"name\": \"test\", \"http\": \"h2c://127.0.0.1:%u/\", "
	      "\"concurrency\": 8, \"connections\": 2, \"timeout\": \"2s\"}",
	      peer_port(p));
	peer_stop(p);
	assert_int_equal(atomic_load(&n.most), 2);
	assert_true(d.sums[0].outcomes[GD_OUTCOME_OK] > 50);
	/* At the end a lone stream may be left without its second. */
	assert_true(d.sums[0].intended - d.sums[0].outcomes[GD_OUTCOME_OK] <= 2);
	driven_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_streams_are_cancelled),
		cmocka_unit_test(test_obeys_the_servers_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
