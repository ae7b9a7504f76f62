/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp://HOST:PORT without a size measures the connection alone: it is made and closed again.
 * With a size, and for udp://HOST:PORT, that many bytes are sent and have to come back (the
 * echo services of RFC 862). What is sent differs from attempt to attempt, so that an answer
 * can't be taken for another's: a datagram bears the attempt's id, and one that comes late or
 * twice is dropped by it. A datagram that is lost is a timeout.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "gameday/load/address.h"
#include "gameday/load/proto/rows.h"
#include "gameday/load/proto/template.h"
#include "gameday/load/spec.h"
#include "gameday/load/url.h"

enum {
	UDP_MIN = 16, /* mark and id */
	UDP_MAX = 65507,
	UDP_SIZE = 64,
	UDP_STREAMS = 4096, /* datagrams under way on one socket */
	TCP_MAX = 64 * 1024,
	WORD = 8,
};

#define UDP_MARK UINT64_C(0x67616d6564617901) /* "gameday" 1 */

struct echo_target {
	size_t size;
	bool keepalive;
};

struct echo {
	const struct echo_target *target;
	uint64_t id, seq;
	size_t n; /* bytes of the answer so far */
	bool busy;
};

/* Byte i of what attempt id sends. */
static uint64_t word_of(uint64_t id, size_t i)
{
	return htobe64(gd_template_mix(UDP_MARK, id, i / WORD));
}

static void fill(char *out, size_t size, uint64_t id, size_t from)
{
	for (size_t i = from; i < size; i += WORD) {
		uint64_t word = word_of(id, i);
		size_t n = size - i < WORD ? size - i : WORD;

		memcpy(out + i, &word, n);
	}
}

static int check_size(const struct gd_load_spec *spec, const char *scheme, size_t min,
		      size_t max, struct gd_error *err)
{
	if (spec->size.n >= (int64_t)min && spec->size.n <= (int64_t)max)
		return 0;
	return gd_raise(err, GD_E_INPUT,
			"size: %lld bytes, %zu to %zu are possible with %s",
			(long long)spec->size.n, min, max, scheme);
}

static int init(const char *text, struct gd_target *t, struct gd_error *err)
{
	struct gd_url url;

	if (gd_url_parse(text, 0, &url, err) < 0)
		return -1;
	if (url.port == 0)
		return gd_raise(err, GD_E_INPUT, "URL '%.200s': it has no port", text);
	if (strcmp(url.path, "/") != 0)
		return gd_raise(err, GD_E_INPUT, "URL '%.200s': %s has no path", text,
				url.scheme);
	if (gd_address_resolve(&url, &t->addr, &t->addr_len, err) < 0)
		return -1;
	(void)snprintf(t->name, sizeof(t->name), "%.120s", url.authority);
	t->streams = 1;
	return 0;
}

static int target_init(const struct gd_load_spec *spec, const char *text,
		       struct gd_target *ret, size_t size, struct gd_error *err)
{
	struct echo_target *e = calloc(1, sizeof(*e));

	if (!e)
		return gd_raise_nomem(err);
	e->size = size;
	e->keepalive = spec->keepalive;
	if (init(text, ret, err) < 0) {
		free(e);
		return -1;
	}
	ret->data = e;
	return 0;
}

static void target_fini(struct gd_target *t)
{
	free(t->data);
	t->data = NULL;
}

static enum gd_proto_next echo_open(void *conn, const struct gd_target *t,
				    struct gd_proto_io *io GD_UNUSED)
{
	struct echo *c = conn;

	c->target = t->data;
	return GD_PROTO_GO_ON;
}

static void reply(struct gd_proto_io *io, uint64_t id, enum gd_outcome outcome)
{
	struct gd_reply r = {.outcome = outcome, .retry_after_ns = -1};

	io->reply(io, id, &r);
}

/* --- tcp ------------------------------------------------------------------------------- */

static int tcp_target_init(const struct gd_load_spec *spec, const char *url,
			   struct gd_target *ret, struct gd_error *err)
{
	if (check_size(spec, "tcp", 0, TCP_MAX, err) < 0)
		return -1;
	return target_init(spec, url, ret, (size_t)spec->size.n, err);
}

static enum gd_proto_next tcp_send(void *conn, const struct gd_target *t GD_UNUSED,
				   uint64_t id, uint64_t seq GD_UNUSED,
				   struct gd_proto_io *io)
{
	struct echo *c = conn;
	size_t size = c->target->size;

	c->id = id;
	c->n = 0;
	c->busy = size > 0;
	if (size == 0) {
		reply(io, id, GD_OUTCOME_OK);
		return GD_PROTO_CLOSE;
	}
	if (size > gd_out_room(&io->out))
		return GD_PROTO_CLOSE;
	fill(io->out.data + io->out.n, size, id, 0);
	io->out.n += size;
	return GD_PROTO_GO_ON;
}

static bool is_echo(const struct echo *c, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		size_t at = c->n + i;
		uint64_t word = word_of(c->id, at);
		char bytes[WORD];

		memcpy(bytes, &word, WORD);
		if (bytes[at % WORD] != data[i])
			return false;
	}
	return true;
}

static enum gd_proto_next tcp_feed(void *conn, const char *data, size_t size,
				   struct gd_proto_io *io)
{
	struct echo *c = conn;
	bool right;

	if (!c->busy)
		return GD_PROTO_CLOSE;
	if (c->n == 0)
		io->began(io, c->id);
	right = size <= c->target->size - c->n && is_echo(c, data, size);
	c->n += size;
	if (right && c->n < c->target->size)
		return GD_PROTO_GO_ON;
	c->busy = false;
	reply(io, c->id, right ? GD_OUTCOME_OK : GD_OUTCOME_WRONG);
	return right && c->target->keepalive ? GD_PROTO_GO_ON : GD_PROTO_CLOSE;
}

static void no_eof(void *conn GD_UNUSED, struct gd_proto_io *io GD_UNUSED)
{
}

static const char *const tcp_schemes[] = {"tcp", NULL};

const struct gd_proto gd_proto_tcp = {
	.key = "tcp",
	.schemes = tcp_schemes,
	.transport = GD_PROTO_STREAM,
	.conn_size = sizeof(struct echo),
	.target_init = tcp_target_init,
	.target_fini = target_fini,
	.open = echo_open,
	.send = tcp_send,
	.feed = tcp_feed,
	.eof = no_eof,
};

/* --- udp ------------------------------------------------------------------------------- */

static int udp_target_init(const struct gd_load_spec *spec, const char *url,
			   struct gd_target *ret, struct gd_error *err)
{
	if (spec->size.n != 0 && check_size(spec, "udp", UDP_MIN, UDP_MAX, err) < 0)
		return -1;
	return target_init(spec, url, ret, spec->size.n ? (size_t)spec->size.n : UDP_SIZE,
			   err);
}

static uint32_t udp_streams(const void *conn GD_UNUSED)
{
	return UDP_STREAMS;
}

static void make_datagram(char *out, size_t size, uint64_t id)
{
	uint64_t mark = htobe64(UDP_MARK), be = htobe64(id);

	memcpy(out, &mark, WORD);
	memcpy(out + WORD, &be, WORD);
	fill(out, size, id, UDP_MIN);
}

static enum gd_proto_next udp_send(void *conn, const struct gd_target *t GD_UNUSED,
				   uint64_t id, uint64_t seq GD_UNUSED,
				   struct gd_proto_io *io)
{
	struct echo *c = conn;
	size_t size = c->target->size;

	if (size > gd_out_room(&io->out))
		return GD_PROTO_CLOSE;
	make_datagram(io->out.data + io->out.n, size, id);
	io->out.n += size;
	return GD_PROTO_GO_ON;
}

/* Datagrams without our mark answer nobody. */
static enum gd_proto_next udp_feed(void *conn, const char *data, size_t size,
				   struct gd_proto_io *io)
{
	struct echo *c = conn;
	char want[UDP_MIN + WORD];
	uint64_t mark, id;
	bool right;

	if (size < UDP_MIN)
		return GD_PROTO_GO_ON;
	memcpy(&mark, data, WORD);
	memcpy(&id, data + WORD, WORD);
	id = be64toh(id);
	if (be64toh(mark) != UDP_MARK)
		return GD_PROTO_GO_ON;
	right = size == c->target->size;
	for (size_t i = UDP_MIN; right && i < size; i += WORD) {
		size_t n = size - i < WORD ? size - i : WORD;
		uint64_t word = word_of(id, i);

		memcpy(want, &word, WORD);
		right = memcmp(data + i, want, n) == 0;
	}
	io->began(io, id);
	reply(io, id, right ? GD_OUTCOME_OK : GD_OUTCOME_WRONG);
	return GD_PROTO_GO_ON;
}

/* There is nobody to tell. */
static enum gd_proto_next udp_cancel(void *conn GD_UNUSED, uint64_t id GD_UNUSED,
				     struct gd_proto_io *io GD_UNUSED)
{
	return GD_PROTO_GO_ON;
}

static const char *const udp_schemes[] = {"udp", NULL};

const struct gd_proto gd_proto_udp = {
	.key = "udp",
	.schemes = udp_schemes,
	.transport = GD_PROTO_DATAGRAM,
	.conn_size = sizeof(struct echo),
	.target_init = udp_target_init,
	.target_fini = target_fini,
	.open = echo_open,
	.streams = udp_streams,
	.send = udp_send,
	.feed = udp_feed,
	.eof = no_eof,
	.cancel = udp_cancel,
};
