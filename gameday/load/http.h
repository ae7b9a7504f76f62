/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incremental parser of HTTP/1.1 responses (RFC 9112): it is fed what came from the
 * socket, in any pieces, and says when the response is over. Bodies are counted, not kept.
 * Pure, and without allocation.
 *
 * A head that is byte by byte the one before, as most are within a second, is not read again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/load/proto/expect.h"
#include "gameday/load/proto/http_wait.h"

/* Bytes of all head lines of a response (interim ones included), and of its trailers. */
enum { GD_HTTP_MAX_HEAD = 64 * 1024, GD_HTTP_LINE = 256 };

enum gd_http_step {
	GD_HTTP_MORE,   /* the response goes on */
	GD_HTTP_DONE,   /* it is over: status and keep_alive are valid */
	GD_HTTP_BROKEN, /* it is not HTTP, or beyond a limit: problem says what */
};

/* What the head of the last response said, if that head lies in `line`. */
struct gd_http_known {
	uint32_t n; /* its bytes; 0: none lies there */
	int status, state;
	bool keep_alive, head_request, chunked, coded, has_length;
	uint64_t left;
	struct gd_http_wait wait;
};

/* Zeroed before it is first used. */
struct gd_http {
	int status;
	bool keep_alive;              /* the connection can carry another request */
	const char *problem;          /* constant text, when broken */
	struct gd_expect_match match; /* what gd_http_expect asked for, so far */
	struct gd_http_wait wait;

	/* The parser's own. */
	const struct gd_expect *expect; /* borrowed; NULL: bodies are only counted */
	int state;
	bool head_request, chunked, coded, has_length, framing, cut;
	uint64_t left;   /* bytes of the body, or of the chunk, still to come */
	uint32_t n_head; /* bytes of lines so far */
	uint32_t n_line;
	struct gd_http_known known;
	char line[GD_HTTP_LINE]; /* of a line that came in pieces, or the known head */
};

/* head_request: the response to HEAD has no body whatever its header says. */
void gd_http_begin(struct gd_http *p, bool head_request) GD_NONNULL;
/* After begin: the body is searched for what e expects. e outlives the response. */
void gd_http_expect(struct gd_http *p, const struct gd_expect *e) GD_NONNULL;
/* *ret_used < size only when the response is over before the data is. */
enum gd_http_step gd_http_feed(struct gd_http *p, const char *data, size_t size,
			       size_t *ret_used) GD_NONNULL GD_MUST_CHECK;
/*
 * The connection was closed by the server: DONE when that is how this body ends, MORE when
 * the response is cut off.
 */
enum gd_http_step gd_http_eof(struct gd_http *p) GD_NONNULL GD_MUST_CHECK;
