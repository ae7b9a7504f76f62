/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ping://HOST: ICMP echo (RFC 792, RFC 4443). Linux lets users of the groups in
 * net.ipv4.ping_group_range open sockets for it (SOCK_DGRAM, IPPROTO_ICMP); others need
 * CAP_NET_RAW and get a raw socket, which also sees what is others'. Both are told apart by the
 * attempt's id in the message, beside a mark of this process.
 */
#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/load/address.h"
#include "gameday/load/proto/rows.h"
#include "gameday/load/proto/template.h"
#include "gameday/load/spec.h"
#include "gameday/load/url.h"

enum { HEAD = 8, MIN_SIZE = 16, MAX_SIZE = 65000, DFLT_SIZE = 56, STREAMS = 4096 };

struct ping_target {
	size_t size; /* of what follows the ICMP header */
	bool raw, v6;
	uint64_t mark;
};

struct ping {
	const struct ping_target *target;
	uint16_t n; /* sequence number of the next */
};

/* --- the socket ------------------------------------------------------------------------ */

static int socket_of(const struct ping_target *p)
{
	return socket(p->v6 ? AF_INET6 : AF_INET,
		      (p->raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
		      p->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static int ping_fd(const struct gd_target *t)
{
	GD_AUTO_FD int fd = socket_of(t->data);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&t->addr, t->addr_len) < 0)
		return -1;
	return gd_steal_fd(&fd);
}

/* Which kind of socket this user may open. */
static int choose_socket(struct ping_target *p, struct gd_error *err)
{
	for (int raw = 0; raw < 2; raw++) {
		GD_AUTO_FD int fd = -1;

		p->raw = raw == 1;
		fd = socket_of(p);
		if (fd >= 0)
			return 0;
	}
	return gd_raise(
		err, GD_E_REFUSED,
		"ping: this user may not send ICMP echo: widen sysctl net.ipv4.ping_group_range to its group, or run as root (CAP_NET_RAW); a load tcp: needs neither");
}

/* --- the target ------------------------------------------------------------------------ */

static int init(const struct gd_load_spec *spec, const char *text, struct gd_target *t,
		struct ping_target *p, struct gd_error *err)
{
	struct gd_url url;

	p->size = spec->size.n ? (size_t)spec->size.n : DFLT_SIZE;
	if (p->size < MIN_SIZE || p->size > MAX_SIZE)
		return gd_raise(err, GD_E_INPUT,
				"size: %zu bytes, %d to %d are possible with ping",
				p->size, MIN_SIZE, MAX_SIZE);
	if (gd_url_parse(text, 0, &url, err) < 0)
		return -1;
	if (url.port != 0 || strcmp(url.path, "/") != 0)
		return gd_raise(err, GD_E_INPUT,
				"URL '%.200s': ping takes a host without port or path",
				text);
	if (gd_address_resolve(&url, &t->addr, &t->addr_len, err) < 0)
		return -1;
	p->v6 = t->addr.ss_family == AF_INET6;
	p->mark = gd_template_mix((uint64_t)gd_wall_now().ns, (uint64_t)getpid(), 0);
	(void)snprintf(t->name, sizeof(t->name), "%.120s", url.host);
	t->streams = 1;
	return choose_socket(p, err);
}

static int target_init(const struct gd_load_spec *spec, const char *url,
		       struct gd_target *ret, struct gd_error *err)
{
	GD_AUTO_FREE struct ping_target *p = calloc(1, sizeof(*p));

	if (!p)
		return gd_raise_nomem(err);
	if (init(spec, url, ret, p, err) < 0)
		return -1;
	ret->data = gd_steal_ptr(&p);
	return 0;
}

static void target_fini(struct gd_target *t)
{
	free(t->data);
	t->data = NULL;
}

/* --- a connection ---------------------------------------------------------------------- */

static enum gd_proto_next ping_open(void *conn, const struct gd_target *t,
				    struct gd_proto_io *io GD_UNUSED)
{
	struct ping *c = conn;

	c->target = t->data;
	return GD_PROTO_GO_ON;
}

static uint32_t ping_streams(const void *conn GD_UNUSED)
{
	return STREAMS;
}

/* RFC 1071. Of ICMPv6 the kernel makes it. */
static uint16_t checksum(const unsigned char *data, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put16(unsigned char *out, uint16_t v)
{
	out[0] = (unsigned char)(v >> 8);
	out[1] = (unsigned char)v;
}

static enum gd_proto_next ping_send(void *conn, const struct gd_target *t GD_UNUSED,
				    uint64_t id, uint64_t seq GD_UNUSED,
				    struct gd_proto_io *io)
{
	struct ping *c = conn;
	const struct ping_target *p = c->target;
	unsigned char *m = (unsigned char *)io->out.data + io->out.n;
	uint64_t words[2] = {p->mark, htobe64(id)};

	if (HEAD + p->size > gd_out_room(&io->out))
		return GD_PROTO_CLOSE;
	memset(m, 0, HEAD + p->size);
	m[0] = p->v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	/* Its identifier: of a datagram socket the kernel puts in another. */
	put16(m + 4, (uint16_t)p->mark);
	put16(m + 6, c->n++);
	memcpy(m + HEAD, words, sizeof(words));
	if (!p->v6)
		put16(m + 2, checksum(m, HEAD + p->size));
	io->out.n += HEAD + p->size;
	return GD_PROTO_GO_ON;
}

/* Where the ICMP message begins: a raw IPv4 socket gives the IP header as well. */
static size_t skip_ip(const struct ping_target *p, const unsigned char *data, size_t size)
{
	size_t head;

	if (!p->raw || p->v6)
		return 0;
	head = size > 0 ? (size_t)(data[0] & 15) * 4 : 0;
	return head <= size ? head : size;
}

static enum gd_proto_next ping_feed(void *conn, const char *data, size_t size,
				    struct gd_proto_io *io)
{
	struct ping *c = conn;
	const struct ping_target *p = c->target;
	const unsigned char *m = (const unsigned char *)data;
	size_t skip = skip_ip(p, m, size);
	struct gd_reply r = {.outcome = GD_OUTCOME_OK, .retry_after_ns = -1};
	uint64_t words[2];

	m += skip;
	size -= skip;
	if (size < HEAD + MIN_SIZE || m[0] != (p->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY))
		return GD_PROTO_GO_ON;
	memcpy(words, m + HEAD, sizeof(words));
	if (words[0] != p->mark)
		return GD_PROTO_GO_ON;
	if (size != HEAD + p->size)
		r.outcome = GD_OUTCOME_WRONG;
	io->began(io, be64toh(words[1]));
	io->reply(io, be64toh(words[1]), &r);
	return GD_PROTO_GO_ON;
}

static void ping_eof(void *conn GD_UNUSED, struct gd_proto_io *io GD_UNUSED)
{
}

/* There is nobody to tell. */
static enum gd_proto_next ping_cancel(void *conn GD_UNUSED, uint64_t id GD_UNUSED,
				      struct gd_proto_io *io GD_UNUSED)
{
	return GD_PROTO_GO_ON;
}

static const char *const schemes[] = {"ping", NULL};

const struct gd_proto gd_proto_ping = {
	.key = "ping",
	.schemes = schemes,
	.transport = GD_PROTO_OWN,
	.conn_size = sizeof(struct ping),
	.capability = CAP_NET_RAW,
	.target_init = target_init,
	.target_fini = target_fini,
	.open_fd = ping_fd,
	.open = ping_open,
	.streams = ping_streams,
	.send = ping_send,
	.feed = ping_feed,
	.eof = ping_eof,
	.cancel = ping_cancel,
};
