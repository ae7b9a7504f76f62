/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything but bodies is lines, so there is one gatherer of lines and one function per
 * kind of line. A line is kept up to 255 bytes: enough for the three fields that decide
 * where a response ends, and for Retry-After and Date; longer lines of other fields are skipped, longer ones of these
 * are an error.
 */
#include "gameday/load/http.h"

#include <string.h>
#include <strings.h>

enum state {
	STATUS,
	HEADER,
	LENGTH_BODY,
	CHUNK_SIZE,
	CHUNK,
	CHUNK_END,
	TRAILER,
	EOF_BODY,
	OVER
};

static enum gd_http_step broken(struct gd_http *p, const char *problem)
{
	p->problem = problem;
	p->state = OVER;
	return GD_HTTP_BROKEN;
}

static enum gd_http_step go_on(struct gd_http *p, enum state state)
{
	p->state = (int)state;
	return state == OVER ? GD_HTTP_DONE : GD_HTTP_MORE;
}

static void begin_head(struct gd_http *p)
{
	p->state = STATUS;
	p->keep_alive = true;
	p->chunked = p->coded = p->has_length = p->framing = false;
	p->left = 0;
	gd_http_wait_begin(&p->wait);
}

void gd_http_begin(struct gd_http *p, bool head_request)
{
	p->head_request = head_request;
	p->status = 0;
	p->problem = NULL;
	p->cut = false;
	p->n_head = p->n_line = 0;
	p->expect = NULL;
	p->match = (struct gd_expect_match){0};
	begin_head(p);
}

void gd_http_expect(struct gd_http *p, const struct gd_expect *e)
{
	p->expect = e;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* HTTP/1.x SP 3DIGIT [SP reason] */
static enum gd_http_step status_line(struct gd_http *p, const char *s, size_t len)
{
	if (len < 12 || memcmp(s, "HTTP/1.", 7) != 0 || !is_digit(s[7]) || s[8] != ' ' ||
	    !is_digit(s[9]) || !is_digit(s[10]) || !is_digit(s[11]) ||
	    (len > 12 && s[12] != ' '))
		return broken(p, "the reply does not begin as HTTP/1.x");
	p->status = (s[9] - '0') * 100 + (s[10] - '0') * 10 + (s[11] - '0');
	if (p->status < 100)
		return broken(p, "the status is below 100");
	p->keep_alive = s[7] != '0';
	return go_on(p, HEADER);
}

static enum gd_http_step content_length(struct gd_http *p, const char *s, size_t len)
{
	uint64_t v = 0;

	if (len == 0 || len > 18)
		return broken(p, "Content-Length is empty or too large");
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(s[i]))
			return broken(p, "Content-Length is not a number");
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	if (p->has_length && p->left != v)
		return broken(p, "two different Content-Lengths");
	p->has_length = true;
	p->left = v;
	return GD_HTTP_MORE;
}

static bool is_word(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(s, word, len) == 0;
}

static void trim(const char **s, size_t *len)
{
	while (*len > 0 && (**s == ' ' || **s == '\t')) {
		(*s)++;
		(*len)--;
	}
	while (*len > 0 && ((*s)[*len - 1] == ' ' || (*s)[*len - 1] == '\t'))
		(*len)--;
}

/* Takes the next of a comma-separated list; false at its end. */
static bool next_word(const char **s, size_t *len, const char **ret, size_t *ret_len)
{
	const char *comma;

	if (*len == 0)
		return false;
	comma = memchr(*s, ',', *len);
	*ret = *s;
	*ret_len = comma ? (size_t)(comma - *s) : *len;
	*s += *ret_len + (comma ? 1 : 0);
	*len -= *ret_len + (comma ? 1 : 0);
	trim(ret, ret_len);
	return true;
}

static void connection(struct gd_http *p, const char *s, size_t len)
{
	const char *word = NULL;
	size_t word_len = 0;

	while (next_word(&s, &len, &word, &word_len)) {
		if (is_word(word, word_len, "close"))
			p->keep_alive = false;
		else if (is_word(word, word_len, "keep-alive"))
			p->keep_alive = true;
	}
}

/* Only as the last coding does chunked say where the body ends (RFC 9112, 6.3). */
static enum gd_http_step transfer_encoding(struct gd_http *p, const char *s, size_t len)
{
	const char *word = NULL;
	size_t word_len = 0;

	p->coded = true;
	while (next_word(&s, &len, &word, &word_len)) {
		if (p->chunked)
			return broken(p, "a transfer coding after chunked");
		p->chunked = is_word(word, word_len, "chunked");
	}
	return GD_HTTP_MORE;
}

/* The fields that say where a response ends, told apart by their length first. */
enum field { LENGTH_FIELD, CODING_FIELD, CONNECTION_FIELD, OTHER_FIELD };

static enum field which_field(const char *name, size_t len)
{
	if (len == 14 && strncasecmp(name, "content-length", 14) == 0)
		return LENGTH_FIELD;
	if (len == 17 && strncasecmp(name, "transfer-encoding", 17) == 0)
		return CODING_FIELD;
	if (len == 10 && strncasecmp(name, "connection", 10) == 0)
		return CONNECTION_FIELD;
	return OTHER_FIELD;
}

static enum gd_http_step field(struct gd_http *p, const char *name, size_t name_len,
			       const char *value, size_t len)
{
	enum field which = which_field(name, name_len);

	p->framing = which != OTHER_FIELD;
	if (p->framing && p->cut)
		return broken(p, "a framing field is longer than 255 bytes");
	trim(&value, &len);
	if (which == LENGTH_FIELD)
		return content_length(p, value, len);
	if (which == CODING_FIELD)
		return transfer_encoding(p, value, len);
	if (which == CONNECTION_FIELD)
		connection(p, value, len);
	else
		gd_http_wait_field(&p->wait, name, name_len, value, len);
	return GD_HTTP_MORE;
}

/* Which body follows: RFC 9112, 6.3. */
static enum gd_http_step head_end(struct gd_http *p)
{
	p->n_head = p->status < 200 ? p->n_head : 0;
	if (p->status < 200 && p->status != 101) {
		begin_head(p);
		return GD_HTTP_MORE;
	}
	if (p->status == 101)
		p->keep_alive = false;
	if (p->head_request || p->status == 204 || p->status == 304 || p->status == 101)
		return go_on(p, OVER);
	if (p->coded) {
		p->keep_alive = p->keep_alive && p->chunked && !p->has_length;
		return go_on(p, p->chunked ? CHUNK_SIZE : EOF_BODY);
	}
	if (p->has_length)
		return go_on(p, p->left > 0 ? LENGTH_BODY : OVER);
	p->keep_alive = false;
	return go_on(p, EOF_BODY);
}

static enum gd_http_step header_line(struct gd_http *p, const char *s, size_t len)
{
	const char *colon;
	size_t name_len;

	if (len == 0)
		return head_end(p);
	if (s[0] == ' ' || s[0] == '\t') {
		/* An obsolete folded line: harmless unless it goes on with framing. */
		return p->framing ? broken(p, "a framing field is folded") : GD_HTTP_MORE;
	}
	colon = memchr(s, ':', len);
	if (!colon)
		return p->cut ? broken(p, "a field name is longer than 255 bytes")
			      : broken(p, "a header line has no colon");
	name_len = (size_t)(colon - s);
	if (name_len == 0 || colon[-1] == ' ' || colon[-1] == '\t')
		return broken(p, "a header line has no name, or a blank behind it");
	return field(p, s, name_len, colon + 1, len - name_len - 1);
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum gd_http_step chunk_size_line(struct gd_http *p, const char *s, size_t len)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < len && hex_digit(s[i]) >= 0; i++) {
		if (i >= 15)
			return broken(p, "a chunk size has more than 15 digits");
		v = v << 4 | (uint64_t)hex_digit(s[i]);
	}
	if (i == 0 || (i < len && !strchr("; \t", s[i])))
		return broken(p, "a chunk does not begin with its size");
	p->left = v;
	p->n_head = 0;
	return go_on(p, v > 0 ? CHUNK : TRAILER);
}

/* One whole line, without its end; of a cut one, its begin. */
static enum gd_http_step take_line(struct gd_http *p, const char *s, size_t len)
{
	if (len > 0 && s[len - 1] == '\r')
		len--;
	switch ((enum state)p->state) {
	case STATUS:
		return status_line(p, s, len);
	case HEADER:
		return header_line(p, s, len);
	case CHUNK_SIZE:
		return chunk_size_line(p, s, len);
	case CHUNK_END:
		return len == 0 ? go_on(p, CHUNK_SIZE)
				: broken(p, "a chunk is longer than its size");
	case TRAILER:
		return len == 0 ? go_on(p, OVER) : GD_HTTP_MORE;
	case LENGTH_BODY:
	case CHUNK:
	case EOF_BODY:
	case OVER:
		break;
	}
	return broken(p, "a line where there is none");
}

/* A line that is whole is taken where it lies; only a split one is gathered. */
static enum gd_http_step feed_line(struct gd_http *p, const char *data, size_t size,
				   size_t *ret_used)
{
	const char *end = memchr(data, '\n', size);
	size_t n = end ? (size_t)(end - data) : size;
	size_t room = GD_HTTP_LINE - 1 - p->n_line;
	enum gd_http_step step;

	*ret_used = end ? n + 1 : n;
	if (*ret_used > GD_HTTP_MAX_HEAD - p->n_head)
		return broken(p, "the header is larger than 64 KiB");
	p->n_head += (uint32_t)*ret_used;
	p->cut |= n > room;
	n = n > room ? room : n;
	if (!end || p->n_line > 0) {
		p->known.n = 0;
		memcpy(p->line + p->n_line, data, n);
		p->n_line += (uint32_t)n;
		if (!end)
			return GD_HTTP_MORE;
		step = take_line(p, p->line, p->n_line);
	} else {
		step = take_line(p, data, n);
	}
	p->n_line = 0;
	p->cut = false;
	return step;
}

static void match_body(struct gd_http *p, const char *data, size_t size)
{
	if (p->expect)
		gd_expect_feed(p->expect, &p->match, data, size);
}

static enum gd_http_step feed_body(struct gd_http *p, const char *data, size_t size,
				   size_t *ret_used)
{
	size_t n = p->left < size ? (size_t)p->left : size;

	match_body(p, data, n);
	*ret_used = n;
	p->left -= n;
	if (p->left > 0)
		return GD_HTTP_MORE;
	return go_on(p, p->state == CHUNK ? CHUNK_END : OVER);
}

/* --- the head of the last response ------------------------------------------------------ */

static bool is_at_begin(const struct gd_http *p)
{
	return p->state == STATUS && p->n_head == 0;
}

/* The head that just ended is the first n bytes of data. */
static void learn(struct gd_http *p, const char *data, size_t n)
{
	if (n > sizeof(p->line))
		return;
	memcpy(p->line, data, n);
	p->known = (struct gd_http_known){
		.n = (uint32_t)n,
		.status = p->status,
		.state = p->state,
		.keep_alive = p->keep_alive,
		.head_request = p->head_request,
		.chunked = p->chunked,
		.coded = p->coded,
		.has_length = p->has_length,
		.left = p->left,
		.wait = p->wait,
	};
}

/* Takes a head that is the known one; how many bytes that were. */
static size_t recall(struct gd_http *p, const char *data, size_t size)
{
	const struct gd_http_known *k = &p->known;

	if (k->n == 0 || size < k->n || k->head_request != p->head_request ||
	    memcmp(p->line, data, k->n) != 0)
		return 0;
	p->status = k->status;
	p->state = k->state;
	p->keep_alive = k->keep_alive;
	p->chunked = k->chunked;
	p->coded = k->coded;
	p->has_length = k->has_length;
	p->left = k->left;
	p->wait = k->wait;
	return k->n;
}

static bool in_head(const struct gd_http *p)
{
	return p->state == STATUS || p->state == HEADER;
}

enum gd_http_step gd_http_feed(struct gd_http *p, const char *data, size_t size,
			       size_t *ret_used)
{
	bool whole_head = is_at_begin(p);
	size_t done = whole_head ? recall(p, data, size) : 0;
	enum gd_http_step step =
		done > 0 && p->state == OVER ? GD_HTTP_DONE : GD_HTTP_MORE;

	whole_head = whole_head && done == 0;
	while (step == GD_HTTP_MORE && done < size) {
		size_t used = 0;

		if (p->state == EOF_BODY) {
			used = size - done;
			match_body(p, data + done, used);
		} else if (p->state == LENGTH_BODY || p->state == CHUNK) {
			step = feed_body(p, data + done, size - done, &used);
		} else {
			step = feed_line(p, data + done, size - done, &used);
		}
		done += used;
		if (whole_head && !in_head(p)) {
			whole_head = false;
			if (step != GD_HTTP_BROKEN)
				learn(p, data, done);
		}
	}
	*ret_used = done;
	return step;
}

enum gd_http_step gd_http_eof(struct gd_http *p)
{
	return p->state == EOF_BODY ? go_on(p, OVER) : GD_HTTP_MORE;
}
