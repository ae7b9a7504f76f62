/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 (RFC 9112): one request at a time on a connection, no pipelining. */
#include <stdio.h>
#include <stdlib.h>

#include "gameday/load/address.h"
#include "gameday/load/http.h"
#include "gameday/load/proto/rows.h"
#include "gameday/load/spec.h"

/* The same bytes for each request to a target. */
struct request {
	bool is_head;
	size_t len;
	char text[3072];
};

struct http_conn {
	const struct request *request; /* borrowed from the target */
	uint64_t id;                   /* of the attempt, when busy */
	bool busy, began;
	struct gd_http parser;
};

static int make_request(const struct gd_load_spec *spec, const struct gd_url *url,
			struct request *ret, struct gd_error *err)
{
	bool has_body = strcmp(spec->method, "POST") == 0 ||
			strcmp(spec->method, "PUT") == 0 ||
			strcmp(spec->method, "PATCH") == 0;
	int n = snprintf(ret->text, sizeof(ret->text),
			 "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: gameday\r\n"
			 "Accept: */*\r\n%s\r\n",
			 spec->method, url->path, url->authority,
			 has_body ? "Content-Length: 0\r\n" : "");

	if (n < 0 || (size_t)n >= sizeof(ret->text))
		return gd_raise(err, GD_E_INPUT, "the request is too long");
	ret->len = (size_t)n;
	ret->is_head = strcmp(spec->method, "HEAD") == 0;
	return 0;
}

static int target_init(const struct gd_load_spec *spec, const char *text,
		       struct gd_target *ret, struct gd_error *err)
{
	GD_AUTO_FREE struct request *request = calloc(1, sizeof(*request));
	struct gd_url url;

	if (!request)
		return gd_raise_nomem(err);
	if (gd_url_parse(text, &url, err) < 0 ||
	    gd_address_resolve(&url, &ret->addr, &ret->addr_len, err) < 0 ||
	    make_request(spec, &url, request, err) < 0)
		return -1;
	(void)snprintf(ret->name, sizeof(ret->name), "%.120s", url.authority);
	ret->streams = 1;
	ret->data = gd_steal_ptr(&request);
	return 0;
}

static void target_fini(struct gd_target *t)
{
	free(t->data);
	t->data = NULL;
}

static enum gd_proto_next conn_open(void *conn, const struct gd_target *t,
				    struct gd_proto_io *io GD_UNUSED)
{
	struct http_conn *c = conn;

	c->request = t->data;
	return GD_PROTO_GO_ON;
}

static enum gd_proto_next conn_send(void *conn, const struct gd_target *t GD_UNUSED,
				    uint64_t id, uint64_t seq GD_UNUSED,
				    struct gd_proto_io *io)
{
	struct http_conn *c = conn;

	c->id = id;
	c->busy = true;
	c->began = false;
	gd_http_begin(&c->parser, c->request->is_head);
	return gd_out_put(&io->out, c->request->text, c->request->len) ? GD_PROTO_GO_ON
								       : GD_PROTO_CLOSE;
}

static enum gd_outcome outcome_of_status(int status)
{
	if (status >= 200 && status < 300)
		return GD_OUTCOME_OK;
	if (status >= 400 && status < 500)
		return GD_OUTCOME_STATUS_4XX;
	if (status >= 500 && status < 600)
		return GD_OUTCOME_STATUS_5XX;
	return GD_OUTCOME_STATUS_OTHER;
}

static void report(struct http_conn *c, enum gd_outcome outcome, struct gd_proto_io *io)
{
	struct gd_reply reply = {
		.outcome = outcome,
		.status = c->parser.status,
		.retry_after_ns = -1,
	};

	c->busy = false;
	io->reply(io, c->id, &reply);
}

static enum gd_proto_next conn_feed(void *conn, const char *data, size_t size,
				    struct gd_proto_io *io)
{
	struct http_conn *c = conn;
	size_t used = 0;

	/* Bytes that answer nothing. */
	if (!c->busy)
		return GD_PROTO_CLOSE;
	if (!c->began) {
		c->began = true;
		io->began(io, c->id);
	}
	switch (gd_http_feed(&c->parser, data, size, &used)) {
	case GD_HTTP_MORE:
		return GD_PROTO_GO_ON;
	case GD_HTTP_BROKEN:
		report(c, GD_OUTCOME_PROTOCOL, io);
		return GD_PROTO_CLOSE;
	case GD_HTTP_DONE:
		break;
	}
	report(c, outcome_of_status(c->parser.status), io);
	/* More bytes than the reply has spoil the connection. */
	return used == size && c->parser.keep_alive ? GD_PROTO_GO_ON : GD_PROTO_CLOSE;
}

static void conn_eof(void *conn, struct gd_proto_io *io)
{
	struct http_conn *c = conn;

	if (c->busy && gd_http_eof(&c->parser) == GD_HTTP_DONE)
		report(c, outcome_of_status(c->parser.status), io);
}

static const char *const schemes[] = {"http", NULL};

const struct gd_proto gd_proto_http = {
	.key = "http",
	.schemes = schemes,
	.transport = GD_PROTO_STREAM,
	.conn_size = sizeof(struct http_conn),
	.target_init = target_init,
	.target_fini = target_fini,
	.open = conn_open,
	.send = conn_send,
	.feed = conn_feed,
	.eof = conn_eof,
};
