/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 (RFC 9112), without pipelining: a connection carries one request at a time, as
 * browsers and client libraries do it.
 */
#include "gameday/load/proto/http1.h"

#include "gameday/load/proto/rows.h"

static int target_init(const struct gd_load_spec *spec, const char *url,
		       struct gd_target *ret, struct gd_error *err)
{
	return gd_http_target_init(spec, url, "https", "http/1.1", ret, err);
}

enum gd_proto_next gd_http1_open(void *conn, const struct gd_target *t,
				 struct gd_proto_io *io GD_UNUSED)
{
	struct gd_http1 *c = conn;

	c->target = t->data;
	return GD_PROTO_GO_ON;
}

enum gd_proto_next gd_http1_send(void *conn, const struct gd_target *t GD_UNUSED,
				 uint64_t id, uint64_t seq, struct gd_proto_io *io)
{
	struct gd_http1 *c = conn;

	c->id = id;
	c->busy = true;
	c->began = false;
	gd_http_begin(&c->parser, c->target->head_request);
	if (c->target->expect.body)
		gd_http_expect(&c->parser, &c->target->expect);
	return c->target->put(c->target, seq, &io->out) ? GD_PROTO_GO_ON : GD_PROTO_CLOSE;
}

static void over(struct gd_http1 *c, const struct gd_reply *r, struct gd_proto_io *io)
{
	c->busy = false;
	io->reply(io, c->id, r);
}

static void whole(struct gd_http1 *c, struct gd_proto_io *io)
{
	struct gd_reply r = gd_http_judge(c->target, &c->parser.match, c->parser.status,
					  gd_http_wait_seconds(&c->parser.wait));

	over(c, &r, io);
}

enum gd_proto_next gd_http1_feed(void *conn, const char *data, size_t size,
				 struct gd_proto_io *io)
{
	struct gd_reply broken = {.outcome = GD_OUTCOME_PROTOCOL, .retry_after_ns = -1};
	struct gd_http1 *c = conn;
	size_t used = 0;

	/* Bytes that answer nothing: what they belong to can't be known. */
	if (!c->busy)
		return GD_PROTO_CLOSE;
	if (!c->began)
		io->began(io, c->id);
	c->began = true;
	switch (gd_http_feed(&c->parser, data, size, &used)) {
	case GD_HTTP_MORE:
		return GD_PROTO_GO_ON;
	case GD_HTTP_BROKEN:
		broken.problem = c->parser.problem;
		over(c, &broken, io);
		return GD_PROTO_CLOSE;
	case GD_HTTP_DONE:
		break;
	}
	whole(c, io);
	return used == size && c->parser.keep_alive && c->target->keepalive
		       ? GD_PROTO_GO_ON
		       : GD_PROTO_CLOSE;
}

void gd_http1_eof(void *conn, struct gd_proto_io *io)
{
	struct gd_http1 *c = conn;

	if (c->busy && gd_http_eof(&c->parser) == GD_HTTP_DONE)
		whole(c, io);
}

static const char *const schemes[] = {"http", "https", NULL};

const struct gd_proto gd_proto_http = {
	.key = "http",
	.schemes = schemes,
	.transport = GD_PROTO_STREAM,
	.conn_size = GD_HTTP1_CONN_SIZE,
	.target_init = target_init,
	.target_fini = gd_http_target_fini,
	.open = gd_http1_open,
	.send = gd_http1_send,
	.feed = gd_http1_feed,
	.eof = gd_http1_eof,
};
