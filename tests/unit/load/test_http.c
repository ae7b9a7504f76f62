/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/load/http.h"

enum end { DONE, UNTIL_EOF, CUT_OFF, BROKEN };

static const struct response {
	const char *text;
	bool head_request;
	enum end end;
	int status;
	bool keep_alive;
	size_t extra;        /* bytes that belong to no response */
	const char *problem; /* part of it, when broken */
} responses[] = {
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, DONE, 200, true, 0,
	 NULL},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP", false, DONE, 200, true,
	 4, NULL},
	{"HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", false, DONE, 200, true, 0, NULL},
	{"HTTP/1.1 503 Busy\nContent-Length: 2\n\nno", false, DONE, 503, true, 0, NULL},
	{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", false, DONE, 200, false, 0,
	 NULL},
	{"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", false,
	 DONE, 200, true, 0, NULL},
	{"HTTP/1.1 200 OK\r\nConnection: foo , Close\r\nContent-Length: 1\r\n\r\nx",
	 false, DONE, 200, false, 0, NULL},
	{"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", true, DONE, 200, true, 0,
	 NULL},
	{"HTTP/1.1 204 No Content\r\n\r\n", false, DONE, 204, true, 0, NULL},
	{"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n", false, DONE, 304, true, 0,
	 NULL},
	{"HTTP/1.1 101 Switching\r\n\r\n", false, DONE, 101, false, 0, NULL},
	{"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Go\r\n\r\n"
	 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
	 false, DONE, 200, true, 0, NULL},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "5\r\nhello\r\n1A;a=\"b\"\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
	 false, DONE, 200, true, 0, NULL},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\n\n\r\n0\r\nT: x\r\n\r\n",
	 false, DONE, 200, true, 0, NULL},
	{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	 false, DONE, 200, false, 0, NULL},
	{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", false,
	 DONE, 200, true, 0, NULL},
	{"HTTP/1.1 200 OK\r\nX: a\r\n folded: on\r\nContent-Length: 0\r\n\r\n", false,
	 DONE, 200, true, 0, NULL},
	{"HTTP/1.1 200 OK\r\n\r\nuntil the end", false, UNTIL_EOF, 200, false, 0, NULL},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxyz", false, UNTIL_EOF, 200,
	 false, 0, NULL},
	{"", false, CUT_OFF, 0, true, 0, NULL},
	{"HTTP/1.1 200 OK\r\nContent-Le", false, CUT_OFF, 200, true, 0, NULL},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", false, CUT_OFF, 200, true, 0,
	 NULL},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false,
	 CUT_OFF, 200, true, 0, NULL},
	{"SSH-2.0-OpenSSH\r\n", false, BROKEN, 0, true, 0, "HTTP/1.x"},
	{"HTTP/2 200 OK\r\n\r\n", false, BROKEN, 0, true, 0, "HTTP/1.x"},
	{"HTTP/1.1 2000 OK\r\n\r\n", false, BROKEN, 0, true, 0, "HTTP/1.x"},
	{"HTTP/1.1 099 No\r\n\r\n", false, BROKEN, 0, true, 0, "below 100"},
	{"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", false, BROKEN, 0, true, 0, "colon"},
	{"HTTP/1.1 200 OK\r\n: x\r\n\r\n", false, BROKEN, 0, true, 0, "no name"},
	{"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n", false, BROKEN, 0, true, 0,
	 "blank"},
	{"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", false, BROKEN, 0, true, 0,
	 "not a number"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", false, BROKEN, 0, true, 0,
	 "not a number"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n", false, BROKEN,
	 0, true, 0, "too large"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n", false,
	 BROKEN, 0, true, 0, "different"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n , gzip\r\n\r\n", false,
	 BROKEN, 0, true, 0, "folded"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", false, BROKEN, 0,
	 true, 0, "after chunked"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", false, BROKEN, 0,
	 true, 0, "size"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1234567890abcdef\r\n",
	 false, BROKEN, 0, true, 0, "15 digits"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", false,
	 BROKEN, 0, true, 0, "longer than its size"},
};

static void check_done(const struct response *r, const struct gd_http *p, size_t extra)
{
	assert_int_equal(p->status, r->status);
	assert_int_equal(p->keep_alive, r->keep_alive);
	assert_int_equal(extra, r->extra);
}

/*
 * Fed in pieces of `piece` bytes, the answer must be the same whatever the piece, and
 * whatever the parser read before.
 */
static void check(const struct response *r, size_t piece, struct gd_http *before)
{
	size_t size = strlen(r->text), at = 0;
	enum gd_http_step step = GD_HTTP_MORE;
	struct gd_http p = *before;

	gd_http_begin(&p, r->head_request);
	while (step == GD_HTTP_MORE && at < size) {
		size_t n = size - at < piece ? size - at : piece, used = 0;

		step = gd_http_feed(&p, r->text + at, n, &used);
		assert_true(used <= n);
		assert_true(step != GD_HTTP_MORE || used == n);
		at += used;
	}
	switch (r->end) {
	case DONE:
		assert_int_equal(step, GD_HTTP_DONE);
		check_done(r, &p, size - at);
		break;
	case UNTIL_EOF:
		assert_int_equal(step, GD_HTTP_MORE);
		assert_int_equal(gd_http_eof(&p), GD_HTTP_DONE);
		check_done(r, &p, 0);
		break;
	case CUT_OFF:
		assert_int_equal(step, GD_HTTP_MORE);
		assert_int_equal(gd_http_eof(&p), GD_HTTP_MORE);
		break;
	case BROKEN:
		assert_int_equal(step, GD_HTTP_BROKEN);
		assert_non_null(strstr(p.problem, r->problem));
		break;
	}
	*before = p;
}

static void test_responses_in_any_pieces(void **state GD_UNUSED)
{
	for (size_t i = 0; i < GD_N_ELEMS(responses); i++) {
		struct gd_http fresh = {0}, used = {0};

		for (size_t piece = 1; piece <= strlen(responses[i].text) + 1; piece++) {
			fresh = (struct gd_http){0};
			check(&responses[i], piece, &fresh);
			/* Once more after itself, and in one piece: the head is known. */
			check(&responses[i], piece, &fresh);
			check(&responses[i], SIZE_MAX, &used);
			check(&responses[i], piece, &used);
			check(&responses[i], SIZE_MAX, &used);
		}
	}
}

/* The response text, whole, after what p read before. */
static enum gd_http_step feed_next(struct gd_http *p, const char *text)
{
	size_t used = 0;
	enum gd_http_step step;

	gd_http_begin(p, false);
	step = gd_http_feed(p, text, strlen(text), &used);
	assert_int_equal(used, strlen(text));
	return step;
}

/* A head that comes again is known by its bytes; any other one is read. */
static void test_known_head(void **state GD_UNUSED)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	static const char busy[] =
		"HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
	static const char close[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
	struct gd_http p = {0};

	for (int i = 0; i < 3; i++) {
		assert_int_equal(feed_next(&p, ok), GD_HTTP_DONE);
		assert_int_equal(p.known.n, strlen(ok) - 2);
		assert_true(p.status == 200 && p.keep_alive);
		assert_int_equal(gd_http_wait_seconds(&p.wait), -1);
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(feed_next(&p, busy), GD_HTTP_DONE);
		assert_int_equal(p.status, 503);
		assert_int_equal(gd_http_wait_seconds(&p.wait), 7);
	}
	assert_int_equal(feed_next(&p, ok), GD_HTTP_DONE);
	assert_int_equal(gd_http_wait_seconds(&p.wait), -1);
	assert_int_equal(feed_next(&p, close), GD_HTTP_DONE);
	assert_false(p.keep_alive);
}

/* What follows the head of a HEAD is no body, though the bytes of the head are the same. */
static void test_known_head_of_a_head(void **state GD_UNUSED)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	struct gd_http p = {0};
	size_t used = 0;

	assert_int_equal(feed_next(&p, ok), GD_HTTP_DONE);
	gd_http_begin(&p, true);
	assert_int_equal(gd_http_feed(&p, ok, strlen(ok), &used), GD_HTTP_DONE);
	assert_int_equal(used, strlen(ok) - 2);
	gd_http_begin(&p, false);
	assert_int_equal(gd_http_feed(&p, ok, strlen(ok) - 2, &used), GD_HTTP_MORE);
}

/* A parser is used again and again for one connection. */
static void test_begin_forgets(void **state GD_UNUSED)
{
	static const char first[] = "HTTP/1.0 500 No\r\nTransfer-Encoding: chunked\r\nX";
	static const char second[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	struct gd_http p = {0};
	size_t used = 0;

	gd_http_begin(&p, true);
	assert_int_equal(gd_http_feed(&p, first, strlen(first), &used), GD_HTTP_MORE);
	gd_http_begin(&p, false);
	assert_int_equal(gd_http_feed(&p, second, strlen(second), &used), GD_HTTP_DONE);
	assert_int_equal(used, strlen(second));
	assert_int_equal(p.status, 200);
	assert_true(p.keep_alive);
}

/* head + n filler bytes + tail, as one response. */
static enum gd_http_step feed_filled(const char *head, size_t n, const char *tail,
				     struct gd_http *p)
{
	GD_AUTO_FREE char *text = malloc(strlen(head) + n + strlen(tail) + 1);
	size_t used = 0;

	assert_non_null(text);
	memcpy(text, head, strlen(head));
	memset(text + strlen(head), 'a', n);
	memcpy(text + strlen(head) + n, tail, strlen(tail) + 1);
	gd_http_begin(p, false);
	return gd_http_feed(p, text, strlen(text), &used);
}

static void test_limits(void **state GD_UNUSED)
{
	static const char fill[] = "HTTP/1.1 200 OK\r\nX-Fill: ";
	static const char end[] = "\r\nContent-Length: 0\r\n\r\n";
	size_t rest = strlen(fill) + strlen(end);
	struct gd_http p = {0};

	/* A long line of no interest is skipped, up to the limit of the whole header. */
	assert_int_equal(feed_filled(fill, 5000, end, &p), GD_HTTP_DONE);
	assert_int_equal(feed_filled(fill, GD_HTTP_MAX_HEAD - rest, end, &p),
			 GD_HTTP_DONE);
	assert_int_equal(feed_filled(fill, GD_HTTP_MAX_HEAD - rest + 1, end, &p),
			 GD_HTTP_BROKEN);
	assert_non_null(strstr(p.problem, "64 KiB"));
	/* One that decides where the body ends must be read whole. */
	assert_int_equal(feed_filled("HTTP/1.1 200 OK\r\nTransfer-Encoding: ", 300,
				     ", chunked\r\n\r\n", &p),
			 GD_HTTP_BROKEN);
	assert_non_null(strstr(p.problem, "framing"));
	assert_int_equal(feed_filled("HTTP/1.1 200 OK\r\nX", 300, ": y\r\n\r\n", &p),
			 GD_HTTP_BROKEN);
	assert_non_null(strstr(p.problem, "field name"));
	/* Chunk sizes and trailers are lines too. */
	assert_int_equal(
		feed_filled("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			    "0\r\nT: ",
			    GD_HTTP_MAX_HEAD, "\r\n\r\n", &p),
		GD_HTTP_BROKEN);
	assert_int_equal(
		feed_filled("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
			    GD_HTTP_MAX_HEAD, "\r\n\r\n", &p),
		GD_HTTP_BROKEN);
}

/* Interim responses without end are bounded as well. */
static void test_endless_interim(void **state GD_UNUSED)
{
	static const char interim[] = "HTTP/1.1 100 Go on\r\n\r\n";
	enum gd_http_step step = GD_HTTP_MORE;
	struct gd_http p = {0};
	size_t used = 0, total = 0;

	gd_http_begin(&p, false);
	while (step == GD_HTTP_MORE && total < 10 * GD_HTTP_MAX_HEAD) {
		step = gd_http_feed(&p, interim, strlen(interim), &used);
		total += used;
	}
	assert_int_equal(step, GD_HTTP_BROKEN);
	assert_true(total <= GD_HTTP_MAX_HEAD + strlen(interim));
}

/* A body larger than memory is counted, not kept. */
static void test_large_body(void **state GD_UNUSED)
{
	static const char head[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n";
	static char block[4096];
	struct gd_http p = {0};
	size_t used = 0;

	gd_http_begin(&p, false);
	assert_int_equal(gd_http_feed(&p, head, strlen(head), &used), GD_HTTP_MORE);
	for (int i = 0; i < 100; i++)
		assert_int_equal(gd_http_feed(&p, block, sizeof(block), &used),
				 GD_HTTP_MORE);
	assert_int_equal(p.left, UINT64_C(1000000000000) - 100 * sizeof(block));
}

/* Feeds text in pieces, to its end. */
static void feed_all(struct gd_http *p, const char *text, size_t piece)
{
	enum gd_http_step step = GD_HTTP_MORE;

	for (size_t at = 0, size = strlen(text); step == GD_HTTP_MORE && at < size;) {
		size_t n = size - at < piece ? size - at : piece, used = 0;

		step = gd_http_feed(p, text + at, n, &used);
		at += used;
	}
	assert_int_equal(step, GD_HTTP_DONE);
}

static void test_retry_after(void **state GD_UNUSED)
{
	static const struct {
		const char *fields;
		int64_t want;
	} cases[] = {
		{"", -1},
		{"Retry-After: 7\r\n", 7},
		{"RETRY-AFTER:0\r\n", 0},
		{"Retry-After: \r\n", -1},
		{"Retry-After: -1\r\n", -1},
		{"Retry-After: soon\r\n", -1},
		{"Retry-After: 99999999999\r\n", -1},
		{"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", -1},
		{"Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n", -1},
		{"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		 "Retry-After: Sun, 06 Nov 1994 08:50:38 GMT\r\n",
		 61},
		{"Retry-After: Sat, 01 Mar 2025 00:00:00 GMT\r\n"
		 "Date: Fri, 28 Feb 2025 23:59:59 GMT\r\n",
		 1},
		{"Retry-After: Fri, 01 Mar 2024 00:00:00 GMT\r\n"
		 "Date: Wed, 28 Feb 2024 00:00:00 GMT\r\n",
		 2 * 86400},
		{"Retry-After: Sun, 06 Nov 1994 08:49:36 GMT\r\n"
		 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
		 0},
		{"Retry-After: Sun, 07 Nov 1959 08:49:36 GMT\r\n", -1},
		{"Retry-After: Sun, 06 Nox 1994 08:49:36 GMT\r\n"
		 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
		 -1},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		for (size_t piece = 1; piece < 100; piece += 7) {
			struct gd_http p = {0};
			char text[256];

			(void)snprintf(text, sizeof(text),
				       "HTTP/1.1 503 No\r\n%sContent-Length: 0\r\n\r\n",
				       cases[i].fields);
			gd_http_begin(&p, false);
			feed_all(&p, text, piece);
			assert_int_equal(gd_http_wait_seconds(&p.wait), cases[i].want);
		}
	}
}

/* What an interim reply says is forgotten. */
static void test_retry_after_of_the_last(void **state GD_UNUSED)
{
	struct gd_http p = {0};

	gd_http_begin(&p, false);
	feed_all(&p,
		 "HTTP/1.1 103 Hints\r\nRetry-After: 5\r\n\r\n"
		 "HTTP/1.1 204 Empty\r\n\r\n",
		 SIZE_MAX);
	assert_int_equal(gd_http_wait_seconds(&p.wait), -1);
}

/* Across chunks, and not in what stands between them. */
static void test_expected_body(void **state GD_UNUSED)
{
	static const char head[] =
		"HTTP/1.1 200 OK\r\nX: found\r\nTransfer-Encoding: chunked\r\n\r\n";
	static const struct {
		const char *body;
		bool found;
	} cases[] = {
		{"3\r\nfou\r\n2\r\nnd\r\n0\r\n\r\n", true},
		{"4\r\nfoun\r\n2;found\r\nxd\r\n0\r\nT: found\r\n\r\n", false},
	};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_expect e = {0};

	assert_int_equal(gd_expect_set_body(&e, "found", &err), 0);
	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		for (size_t piece = 1; piece < 120; piece++) {
			struct gd_http p = {0};
			char text[256];

			(void)snprintf(text, sizeof(text), "%s%s", head, cases[i].body);
			gd_http_begin(&p, false);
			gd_http_expect(&p, &e);
			feed_all(&p, text, piece);
			assert_int_equal(p.match.found, cases[i].found);
		}
	}
	gd_expect_fini(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_responses_in_any_pieces),
		cmocka_unit_test(test_known_head),
		cmocka_unit_test(test_known_head_of_a_head),
		cmocka_unit_test(test_begin_forgets),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_endless_interim),
		cmocka_unit_test(test_large_body),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_retry_after_of_the_last),
		cmocka_unit_test(test_expected_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
