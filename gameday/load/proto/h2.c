/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 (RFC 9113) through nghttp2: over TLS by ALPN (h2://), or in the clear by prior
 * knowledge (h2c://). A connection carries as many attempts as the server allows, 100 at most;
 * one that is given up is cancelled by RST_STREAM, which leaves the others alone.
 *
 * The slot of a stream is made when it is first needed and used again: in the long run a
 * request allocates nothing here (nghttp2 does, per stream).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include "gameday/load/http.h"
#include "gameday/load/proto/http_target.h"
#include "gameday/load/proto/rows.h"

enum {
	MAX_STREAMS = 100,
	WINDOW = 1 << 20,
	FRAME_ROOM = 9 + 16384, /* a frame of the size that every peer takes */
};

struct stream {
	struct stream *next; /* in active or free */
	uint64_t id;
	int32_t stream_id;
	uint64_t seq;
	size_t n_sent; /* of the body */
	size_t body_size;
	char *body; /* owned: of this request, when it is not constant */
	bool began, ended, cancelled, reset_by_peer;
	size_t n_head; /* bytes of fields */
	int status;
	struct gd_http_wait wait;
	struct gd_expect_match match;
};

struct h2 {
	const struct gd_http_target *target;
	nghttp2_session *session; /* owned */
	char *scratch;            /* owned: values of one request's fields */
	struct stream *active, *free;
	bool secure;
	bool draining;          /* the server takes no more */
	bool broken;            /* what it sent is not HTTP/2 */
	struct gd_proto_io *io; /* of the call under way */
};

/* --- streams --------------------------------------------------------------------------- */

static struct stream *stream_new(struct h2 *c)
{
	struct stream *s = c->free;
	size_t max = c->target->request.body.max;

	if (s) {
		c->free = s->next;
		*s = (struct stream){.body = s->body};
	} else {
		s = calloc(1, sizeof(*s));
		if (!s)
			return NULL;
		if (c->target->request.counted)
			s->body = malloc(max);
		if (c->target->request.counted && !s->body) {
			free(s);
			return NULL;
		}
	}
	gd_http_wait_begin(&s->wait);
	s->next = c->active;
	c->active = s;
	return s;
}

static void stream_end(struct h2 *c, struct stream *s)
{
	struct stream **link = &c->active;

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	s->next = c->free;
	c->free = s;
}

static void free_streams(struct stream *s)
{
	while (s) {
		struct stream *next = s->next;

		free(s->body);
		free(s);
		s = next;
	}
}

static struct stream *stream_of(nghttp2_session *session, int32_t stream_id)
{
	return nghttp2_session_get_stream_user_data(session, stream_id);
}

/* --- what nghttp2 reports -------------------------------------------------------------- */

static void begin(struct h2 *c, struct stream *s)
{
	if (!s->began && !s->cancelled)
		c->io->began(c->io, s->id);
	s->began = true;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame,
		     const uint8_t *name, size_t name_len, const uint8_t *value,
		     size_t value_len, uint8_t flags GD_UNUSED, void *ctx)
{
	struct stream *s = stream_of(session, frame->hd.stream_id);

	if (!s)
		return 0;
	begin(ctx, s);
	s->n_head += name_len + value_len;
	if (s->n_head > GD_HTTP_MAX_HEAD)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	/* nghttp2 made sure that it is three digits. */
	if (name_len == 7 && memcmp(name, ":status", 7) == 0)
		s->status =
			(value[0] - '0') * 100 + (value[1] - '0') * 10 + value[2] - '0';
	else
		gd_http_wait_field(&s->wait, (const char *)name, name_len,
				   (const char *)value, value_len);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags GD_UNUSED, int32_t stream_id,
		   const uint8_t *data, size_t size, void *ctx)
{
	struct h2 *c = ctx;
	struct stream *s = stream_of(session, stream_id);

	if (s)
		gd_expect_feed(&c->target->expect, &s->match, (const char *)data, size);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct h2 *c = ctx;
	struct stream *s = stream_of(session, frame->hd.stream_id);

	if (frame->hd.type == NGHTTP2_GOAWAY)
		c->draining = true;
	if (s && frame->hd.type == NGHTTP2_RST_STREAM)
		s->reset_by_peer = true;
	if (s && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
	    frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		s->ended = true;
	return 0;
}

static struct gd_reply verdict(const struct h2 *c, const struct stream *s,
			       uint32_t error_code)
{
	struct gd_reply r = {.outcome = GD_OUTCOME_PROTOCOL, .retry_after_ns = -1};

	if (s->ended && s->status >= 200)
		return gd_http_judge(c->target, &s->match, s->status,
				     gd_http_wait_seconds(&s->wait));
	/* What GOAWAY leaves behind, nghttp2 closes as refused: it was not carried out. */
	if (s->reset_by_peer || (c->draining && error_code == NGHTTP2_REFUSED_STREAM))
		r.outcome = GD_OUTCOME_RESET;
	r.problem = nghttp2_http2_strerror(error_code);
	return r;
}

static int on_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code,
		    void *ctx)
{
	struct h2 *c = ctx;
	struct stream *s = stream_of(session, stream_id);
	struct gd_reply r;
	uint64_t id;

	if (!s)
		return 0;
	id = s->id;
	r = verdict(c, s, error_code);
	stream_end(c, s);
	if (!s->cancelled)
		c->io->reply(c->io, id, &r);
	return 0;
}

/* Our own farewell: nghttp2 found a breach of the protocol. */
static int on_sent(nghttp2_session *session GD_UNUSED, const nghttp2_frame *frame,
		   void *ctx)
{
	struct h2 *c = ctx;

	if (frame->hd.type == NGHTTP2_GOAWAY &&
	    frame->goaway.error_code != NGHTTP2_NO_ERROR)
		c->broken = true;
	return 0;
}

/* A request that never went out: the server takes no more, or it was cancelled before. */
static int on_not_sent(nghttp2_session *session, const nghttp2_frame *frame,
		       int problem GD_UNUSED, void *ctx)
{
	static const struct gd_reply gone = {.outcome = GD_OUTCOME_RESET,
					     .retry_after_ns = -1};
	struct h2 *c = ctx;
	struct stream *s;

	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	s = c->active;
	while (s && s->stream_id != frame->hd.stream_id)
		s = s->next;
	if (!s)
		return 0;
	/* Its end is not reported a second time. */
	(void)nghttp2_session_set_stream_user_data(session, s->stream_id, NULL);
	stream_end(c, s);
	if (!s->cancelled)
		c->io->reply(c->io, s->id, &gone);
	return 0;
}

static nghttp2_session *session_new(struct h2 *c)
{
	nghttp2_session_callbacks *cb = NULL;
	nghttp2_option *option = NULL;
	nghttp2_session *session = NULL;

	if (nghttp2_session_callbacks_new(&cb) == 0 && nghttp2_option_new(&option) == 0) {
		nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
		nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
		nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
		nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
		nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
		nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_not_sent);
		/* What is closed is of no use here, and would be kept for its priority. */
		nghttp2_option_set_no_closed_streams(option, 1);
		if (nghttp2_session_client_new2(&session, cb, c, option) != 0)
			session = NULL;
	}
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(cb);
	return session;
}

/* --- what is sent ---------------------------------------------------------------------- */

/*
 * Moves what nghttp2 has to send into out, as far as there is room: the rest follows with
 * the next call, which the replies to what was sent bring about.
 */
static enum gd_proto_next flush(struct h2 *c, struct gd_out *out)
{
	while (gd_out_room(out) >= FRAME_ROOM) {
		const uint8_t *data = NULL;
		ssize_t n = nghttp2_session_mem_send(c->session, &data);

		if (n < 0 || (n > 0 && !gd_out_put(out, data, (size_t)n)))
			return GD_PROTO_CLOSE;
		if (n == 0)
			break;
	}
	if (nghttp2_session_want_read(c->session) == 0 &&
	    nghttp2_session_want_write(c->session) == 0)
		return GD_PROTO_CLOSE;
	return c->draining ? GD_PROTO_DRAIN : GD_PROTO_GO_ON;
}

static uint32_t max_streams(const struct gd_http_target *t)
{
	return t->keepalive ? MAX_STREAMS : 1;
}

static ssize_t read_body(nghttp2_session *session GD_UNUSED, int32_t stream_id GD_UNUSED,
			 uint8_t *buf, size_t size, uint32_t *flags,
			 nghttp2_data_source *source, void *ctx)
{
	struct h2 *c = ctx;
	struct stream *s = source->ptr;
	const char *body = s->body ? s->body : c->target->request.body.literals;
	size_t n = s->body_size - s->n_sent;

	n = n < size ? n : size;
	memcpy(buf, body + s->n_sent, n);
	s->n_sent += n;
	if (s->n_sent == s->body_size)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static nghttp2_nv pair(const char *name, const char *value, size_t len)
{
	/* nghttp2 copies both, and takes pointers to what it could change. */
	union {
		const char *c;
		uint8_t *u;
	} n = {.c = name}, v = {.c = value};

	return (nghttp2_nv){n.u, v.u, strlen(name), len, NGHTTP2_NV_FLAG_NONE};
}

/* The value of a template in *scratch, which moves on, or where it lies when constant. */
static nghttp2_nv pair_of(const char *name, const struct gd_template *t, uint64_t seed,
			  uint64_t seq, char **scratch)
{
	char *value = *scratch;

	if (gd_template_is_constant(t))
		return pair(name, t->literals, t->max);
	*scratch += gd_template_render(t, seed, seq, value);
	return pair(name, value, (size_t)(*scratch - value));
}

static size_t make_fields(struct h2 *c, struct stream *s, nghttp2_nv *nv, char *length)
{
	const struct gd_http_request *r = &c->target->request;
	const char *scheme = c->secure ? "https" : "http";
	char *scratch = c->scratch;
	size_t n = 0;

	nv[n++] = pair(":method", r->method, strlen(r->method));
	nv[n++] = pair(":scheme", scheme, strlen(scheme));
	nv[n++] = pair(":authority", r->authority, strlen(r->authority));
	nv[n++] = pair_of(":path", &r->path, r->seed, s->seq, &scratch);
	for (size_t i = 0; i < r->n_fields; i++)
		nv[n++] = pair_of(r->fields[i].name, &r->fields[i].value, r->seed + i,
				  s->seq, &scratch);
	if (r->has_body)
		nv[n++] = pair("content-length", length,
			       (size_t)snprintf(length, 24, "%zu", s->body_size));
	return n;
}

static enum gd_proto_next h2_send(void *conn, const struct gd_target *t GD_UNUSED,
				  uint64_t id, uint64_t seq, struct gd_proto_io *io)
{
	struct h2 *c = conn;
	const struct gd_http_request *r = &c->target->request;
	nghttp2_nv nv[GD_HTTP_MAX_FIELDS + 8];
	nghttp2_data_provider body = {.read_callback = read_body};
	struct stream *s = stream_new(c);
	char length[24];
	size_t n;

	c->io = io;
	if (!s)
		return GD_PROTO_CLOSE;
	c->draining = !c->target->keepalive;
	s->id = id;
	s->seq = seq;
	s->body_size = s->body ? gd_http_request_body(r, seq, s->body) : r->body.max;
	body.source.ptr = s;
	n = make_fields(c, s, nv, length);
	s->stream_id = nghttp2_submit_request(c->session, NULL, nv, n,
					      s->body_size > 0 ? &body : NULL, s);
	if (s->stream_id < 0) {
		/* The ids of this connection are used up, or there is no memory. */
		stream_end(c, s);
		return GD_PROTO_CLOSE;
	}
	return flush(c, &io->out);
}

/* --- the row --------------------------------------------------------------------------- */

static int target_init(const struct gd_load_spec *spec, const char *url,
		       struct gd_target *ret, struct gd_error *err)
{
	if (gd_http_target_init(spec, url, "h2", "h2", ret, err) < 0)
		return -1;
	ret->streams = max_streams(ret->data);
	return 0;
}

static size_t scratch_size(const struct gd_http_request *r)
{
	size_t n = r->path.max + 1;

	for (size_t i = 0; i < r->n_fields; i++)
		n += r->fields[i].value.max;
	return n;
}

static void h2_close(void *conn)
{
	struct h2 *c = conn;

	nghttp2_session_del(c->session);
	free_streams(c->active);
	free_streams(c->free);
	free(c->scratch);
}

static enum gd_proto_next h2_open(void *conn, const struct gd_target *t,
				  struct gd_proto_io *io)
{
	static const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
	};
	struct h2 *c = conn;

	c->target = t->data;
	c->secure = t->tls != NULL;
	c->io = io;
	c->scratch = malloc(scratch_size(&c->target->request));
	c->session = session_new(c);
	if (!c->scratch || !c->session ||
	    nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings,
				    GD_N_ELEMS(settings)) != 0 ||
	    nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0,
						  WINDOW) != 0)
		return GD_PROTO_CLOSE;
	return flush(c, &io->out);
}

static uint32_t h2_streams(const void *conn)
{
	const struct h2 *c = conn;
	uint32_t max = nghttp2_session_get_remote_settings(
		c->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	return max < max_streams(c->target) ? max : max_streams(c->target);
}

/* Not HTTP/2: what it was to answer, it did not. */
static enum gd_proto_next give_up(struct h2 *c)
{
	static const struct gd_reply broken = {.outcome = GD_OUTCOME_PROTOCOL,
					       .retry_after_ns = -1,
					       .problem = "this is not HTTP/2"};

	while (c->active) {
		struct stream *s = c->active;

		stream_end(c, s);
		if (!s->cancelled)
			c->io->reply(c->io, s->id, &broken);
	}
	return GD_PROTO_CLOSE;
}

static enum gd_proto_next h2_feed(void *conn, const char *data, size_t size,
				  struct gd_proto_io *io)
{
	struct h2 *c = conn;
	enum gd_proto_next next;

	c->io = io;
	if (nghttp2_session_mem_recv(c->session, (const uint8_t *)data, size) < 0)
		return give_up(c);
	next = flush(c, &io->out);
	return c->broken ? give_up(c) : next;
}

static enum gd_proto_next h2_cancel(void *conn, uint64_t id, struct gd_proto_io *io)
{
	struct h2 *c = conn;
	struct stream *s = c->active;

	c->io = io;
	while (s && s->id != id)
		s = s->next;
	if (!s)
		return GD_PROTO_GO_ON;
	s->cancelled = true;
	if (nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, s->stream_id,
				      NGHTTP2_CANCEL) != 0)
		return GD_PROTO_CLOSE;
	return flush(c, &io->out);
}

/* A connection that ends takes what was under way with it. */
static void h2_eof(void *conn GD_UNUSED, struct gd_proto_io *io GD_UNUSED)
{
}

static const char *const schemes[] = {"h2", "h2c", NULL};

const struct gd_proto gd_proto_h2 = {
	.key = "http",
	.schemes = schemes,
	.transport = GD_PROTO_STREAM,
	.conn_size = sizeof(struct h2),
	.target_init = target_init,
	.target_fini = gd_http_target_fini,
	.open = h2_open,
	.close = h2_close,
	.streams = h2_streams,
	.send = h2_send,
	.feed = h2_feed,
	.eof = h2_eof,
	.cancel = h2_cancel,
};
