/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits are tested before memory is spent: the length before the body is awaited, the
 * number of values and the encoding before cJSON builds its tree.
 */
#include "gameday/wire/frame.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "gameday/wire/utf8.h"

#define GREETING_WORD "GAMEDAY-AGENT "

enum { GREETING_WORD_LEN = sizeof(GREETING_WORD) - 1, MAX_VERSION_DIGITS = 9 };

void gd_frame_reader_init(struct gd_frame_reader *r, bool with_greeting)
{
	*r = (struct gd_frame_reader){.greeting = with_greeting};
}

void gd_frame_reader_fini(struct gd_frame_reader *r)
{
	gd_strbuf_fini(&r->in);
}

int gd_frame_feed(struct gd_frame_reader *r, const void *data, size_t size,
		  struct gd_error *err)
{
	gd_strbuf_add(&r->in, data, size);
	return r->in.failed ? gd_raise_nomem(err) : 0;
}

size_t gd_frame_pending(const struct gd_frame_reader *r)
{
	return r->in.len;
}

/* Length of "<digits>\n" at s, 0 when it is something else, -1 when cut off by the end. */
static int version_length(const char *s, size_t left)
{
	size_t n = 0;

	while (n < left && s[n] >= '0' && s[n] <= '9')
		if (++n > MAX_VERSION_DIGITS)
			return 0;
	if (n == left)
		return -1;
	return n > 0 && s[n] == '\n' ? (int)n + 1 : 0;
}

/* Everything before `at` is noise; the greeting may begin there. */
static int need_greeting(struct gd_frame_reader *r, size_t at, struct gd_error *err)
{
	r->scanned = at;
	if (r->in.len > GD_FRAME_MAX_PREAMBLE)
		return gd_raise(err, GD_E_REMOTE,
				"no agent greeting within the first %d bytes of output",
				GD_FRAME_MAX_PREAMBLE);
	return GD_FRAME_MORE;
}

static int read_greeting(struct gd_frame_reader *r, struct gd_error *err)
{
	size_t at = r->scanned;

	while (at + GREETING_WORD_LEN <= r->in.len) {
		const char *hit = memmem(r->in.data + at, r->in.len - at, GREETING_WORD,
					 GREETING_WORD_LEN);
		const char *version;
		int n;

		if (!hit)
			return need_greeting(r, r->in.len - (GREETING_WORD_LEN - 1), err);
		at = (size_t)(hit - r->in.data);
		version = hit + GREETING_WORD_LEN;
		n = version_length(version, r->in.len - at - GREETING_WORD_LEN);
		if (n < 0)
			return need_greeting(r, at, err);
		if (n == 2 && version[0] == '1') {
			gd_strbuf_consume(&r->in, at + GREETING_WORD_LEN + 2);
			r->greeting = false;
			return GD_FRAME_GREETED;
		}
		if (n > 0)
			return gd_raise(err, GD_E_REMOTE,
					"the agent speaks protocol version %.*s, this "
					"gameday speaks version 1",
					n - 1, version);
		at++;
	}
	return need_greeting(r, at, err);
}

/* Refuses what is not UTF-8 or would make more than GD_FRAME_MAX_VALUES JSON values. */
static int check_body(const char *text, size_t size, struct gd_error *err)
{
	size_t n_values = 0;

	for (size_t i = 0; i < size;) {
		size_t n = gd_utf8_length(text + i, size - i);

		if (n == 0)
			return gd_raise(err, GD_E_REMOTE,
					"frame is not UTF-8 at byte %zu of %zu", i, size);
		if (text[i] == ',' || text[i] == '[' || text[i] == '{')
			n_values++;
		i += n;
	}
	if (n_values > GD_FRAME_MAX_VALUES)
		return gd_raise(err, GD_E_REMOTE, "frame holds more than %d values",
				GD_FRAME_MAX_VALUES);
	return 0;
}

/*
 * "1e999" is JSON and becomes infinity, which no counter or time is. The walk keeps its
 * own stack: gd_json_parse has bounded the depth.
 */
static bool all_finite(const cJSON *root)
{
	const cJSON *up[GD_FRAME_MAX_DEPTH + 1];
	size_t depth = 0;
	const cJSON *at = root;

	while (at) {
		if (cJSON_IsNumber(at) && !isfinite(at->valuedouble))
			return false;
		if (at->child && depth < GD_N_ELEMS(up)) {
			up[depth++] = at;
			at = at->child;
			continue;
		}
		while (!at->next && depth > 0)
			at = up[--depth];
		at = at->next;
	}
	return true;
}

static int parse_body(const char *text, size_t size, cJSON **ret, struct gd_error *err)
{
	GD_AUTO(cJSON) struct cJSON *json = NULL;

	if (check_body(text, size, err) < 0)
		return -1;
	if (gd_json_parse(text, size, &json, err) < 0) {
		err->code = GD_E_REMOTE;
		return gd_wrap(err, "frame of %zu bytes: ", size);
	}
	if (!cJSON_IsObject(json))
		return gd_raise(err, GD_E_REMOTE,
				"frame of %zu bytes is not a JSON object", size);
	if (!all_finite(json))
		return gd_raise(err, GD_E_REMOTE,
				"frame holds a number that is not finite");
	*ret = gd_steal_ptr(&json);
	return GD_FRAME_MESSAGE;
}

static uint32_t get_be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

int gd_frame_next(struct gd_frame_reader *r, cJSON **ret, struct gd_error *err)
{
	uint32_t size;
	int outcome;

	if (r->greeting)
		return read_greeting(r, err);
	if (r->in.len < GD_FRAME_HEADER)
		return GD_FRAME_MORE;
	size = get_be32(r->in.data);
	if (size == 0 || size > GD_FRAME_MAX)
		return gd_raise(err, GD_E_REMOTE,
				"frame of %u bytes: the limit is 1 to %d", size,
				GD_FRAME_MAX);
	if (r->in.len < GD_FRAME_HEADER + (size_t)size)
		return GD_FRAME_MORE;
	outcome = parse_body(r->in.data + GD_FRAME_HEADER, size, ret, err);
	if (outcome == GD_FRAME_MESSAGE)
		gd_strbuf_consume(&r->in, GD_FRAME_HEADER + (size_t)size);
	return outcome;
}

int gd_frame_write(struct gd_strbuf *out, const cJSON *msg, struct gd_error *err)
{
	GD_AUTO_FREE char *text = gd_json_print(msg);
	size_t size = text ? strlen(text) : 0;
	unsigned char header[GD_FRAME_HEADER];

	if (!text)
		return gd_raise_nomem(err);
	if (size == 0 || size > GD_FRAME_MAX)
		return gd_raise(err, GD_E_BUG,
				"message of %zu bytes: the limit is 1 to %d", size,
				GD_FRAME_MAX);
	gd_utf8_scrub(text, size);
	for (size_t i = 0; i < GD_FRAME_HEADER; i++)
		header[i] = (unsigned char)(size >> (24 - 8 * i));
	gd_strbuf_add(out, header, sizeof(header));
	gd_strbuf_add(out, text, size);
	return out->failed ? gd_raise_nomem(err) : 0;
}
