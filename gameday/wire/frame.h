/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames as in doc/PROTOCOL.md: a 4-byte big-endian length, then one JSON object. The
 * reader takes bytes in any portions and gives whole messages; it trusts nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/json.h"
#include "gameday/base/strbuf.h"

enum {
	GD_FRAME_HEADER = 4,
	GD_FRAME_MAX = 1 << 20,        /* bytes of one object */
	GD_FRAME_MAX_VALUES = 1 << 17, /* JSON values in one object */
	GD_FRAME_MAX_DEPTH = 64,       /* levels, as gd_json_parse allows */
	GD_FRAME_MAX_PREAMBLE =
		64 << 10 /* bytes a login shell may print before the greeting */
};

/* The line that the agent writes before its first frame. */
#define GD_GREETING "GAMEDAY-AGENT 1\n"

struct gd_frame_reader {
	struct gd_strbuf in; /* not yet consumed */
	size_t scanned;      /* bytes of `in` known to hold no greeting */
	bool greeting;       /* still waited for */
};

/* with_greeting: bytes up to and including the greeting line are skipped (runner's side). */
void gd_frame_reader_init(struct gd_frame_reader *r, bool with_greeting) GD_NONNULL;
void gd_frame_reader_fini(struct gd_frame_reader *r) GD_NONNULL;
/*
 * Adds bytes. Call gd_frame_next until it says GD_FRAME_MORE before the next feed: then
 * the reader never holds more than one frame and one portion.
 */
int gd_frame_feed(struct gd_frame_reader *r, const void *data, size_t size,
		  struct gd_error *err) GD_NONNULL_ARGS(1, 4) GD_MUST_CHECK;

enum gd_frame_outcome {
	GD_FRAME_MORE = 0,    /* nothing whole yet */
	GD_FRAME_MESSAGE = 1, /* *ret is set, the caller owns it */
	GD_FRAME_GREETED = 2, /* the greeting has just been read; given once */
};

/*
 * The next thing in the stream. -1 with GD_E_REMOTE: the peer broke the protocol (length,
 * JSON, not an object, not UTF-8, another version, no greeting within the limit); the
 * stream can't be read any further.
 */
int gd_frame_next(struct gd_frame_reader *r, cJSON **ret,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Bytes that no message was made of yet; for messages about a stream that ended. */
size_t gd_frame_pending(const struct gd_frame_reader *r) GD_NONNULL;

/*
 * Appends msg as one frame; bytes that are not UTF-8 (a file name, a program's output)
 * become '?'. A message over the limit is GD_E_BUG and leaves out as it was.
 */
int gd_frame_write(struct gd_strbuf *out, const cJSON *msg,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
