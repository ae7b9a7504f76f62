/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row per protocol that a load can speak. A protocol turns attempts into bytes and bytes
 * into replies; it knows no sockets, no clock, no policies. Connections, timeouts, retries
 * and counting are the engine's and the same for all.
 *
 * A connection carries one attempt at a time, or many (streams). Attempts are named by ids,
 * which the engine makes and never uses twice on one connection; a reply to an id that is
 * over is dropped, so a protocol need not know what timed out unless it has to tell the peer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/load/interval.h"

struct gd_load_spec;
struct gd_tls_config;

/* What one call may send at most: head and body of a request, frames of a session. */
enum { GD_OUT_MAX = 128 * 1024 };

/* Bytes for the peer, gathered during one call. For datagrams: one call, one datagram. */
struct gd_out {
	char *data; /* borrowed, GD_OUT_MAX bytes */
	size_t n;
};

static inline size_t gd_out_room(const struct gd_out *out)
{
	return GD_OUT_MAX - out->n;
}

/* False, and nothing taken, when it does not fit. */
static inline bool gd_out_put(struct gd_out *out, const void *data, size_t size)
{
	if (size > gd_out_room(out))
		return false;
	memcpy(out->data + out->n, data, size);
	out->n += size;
	return true;
}

struct gd_reply {
	enum gd_outcome outcome;
	int status;             /* the protocol's own number (HTTP's); 0: none */
	int64_t retry_after_ns; /* the server asks to wait that long; -1: it does not */
	const char *problem; /* what is wrong with it, for people; NULL: nothing to say */
};

/* What a protocol is given with each call, and reports to. Valid during the call only. */
struct gd_proto_io {
	struct gd_out out;
	/* The answer to attempt `id` begins to come; once per attempt, before its reply. */
	void (*began)(struct gd_proto_io *io, uint64_t id);
	/* Attempt `id` is over. */
	void (*reply)(struct gd_proto_io *io, uint64_t id, const struct gd_reply *r);
};

/* What becomes of the connection after a call. */
enum gd_proto_next {
	GD_PROTO_GO_ON, /* it can carry what streams says */
	GD_PROTO_DRAIN, /* nothing new; it is closed when its last attempt is over */
	GD_PROTO_CLOSE, /* closed now; attempts still on it, without a reply, are reset */
};

enum gd_proto_transport {
	GD_PROTO_STREAM,   /* TCP */
	GD_PROTO_DATAGRAM, /* connected UDP socket: one feed per datagram */
	GD_PROTO_OWN,      /* the descriptor comes from open_fd */
};

/* Where attempts go: one per URL of a load. Several threads read it; none writes. */
struct gd_target {
	const struct gd_proto *proto;
	char name[128]; /* HOST:PORT, what reports call it */
	struct sockaddr_storage addr;
	socklen_t addr_len;
	uint32_t streams; /* attempts a new connection is expected to carry at once */
	void *data;       /* the protocol's own: compiled request, expectations */
	struct gd_tls_config *tls; /* target_fini frees it; NULL: not over TLS */
};

struct gd_proto {
	const char *key;            /* of the load in a scenario: "http" */
	const char *const *schemes; /* of URLs, NULL at the end: "http", "https" */
	enum gd_proto_transport transport;
	size_t conn_size; /* of a connection's state; zeroed before open */
	int capability;   /* what a user other than root needs, as CAP_NET_RAW; 0: none */

	/*
	 * Parses the URL, resolves its host (once), compiles what spec asks to be sent. *ret
	 * is zeroed before but for proto. Errors name the URL; *ret needs no fini then.
	 */
	int (*target_init)(const struct gd_load_spec *spec, const char *url,
			   struct gd_target *ret, struct gd_error *err);
	void (*target_fini)(struct gd_target *t);
	/* OWN only: a connected non-blocking descriptor, or -1 with errno. Caller closes. */
	int (*open_fd)(const struct gd_target *t);

	/* The connection is up (TLS included); may greet. After CLOSE, close is called. */
	enum gd_proto_next (*open)(void *conn, const struct gd_target *t,
				   struct gd_proto_io *io);
	void (*close)(void *conn); /* frees what open made; NULL: nothing */
	/* Attempts it can carry at once as of now; NULL: 1. */
	uint32_t (*streams)(const void *conn);
	/*
	 * Puts the request into io->out. seq counts the client's requests from 0 and is the
	 * same for all attempts of one request. The reply may come at once.
	 */
	enum gd_proto_next (*send)(void *conn, const struct gd_target *t, uint64_t id,
				   uint64_t seq, struct gd_proto_io *io);
	/* Bytes came, asked for or not; all of them are taken. */
	enum gd_proto_next (*feed)(void *conn, const char *data, size_t size,
				   struct gd_proto_io *io);
	/* The peer closed its side. Replies to what thereby ends; closed afterwards. */
	void (*eof)(void *conn, struct gd_proto_io *io);
	/*
	 * Attempt `id`, sent and without a reply yet, is given up. NULL: the connection can
	 * only be closed.
	 */
	enum gd_proto_next (*cancel)(void *conn, uint64_t id, struct gd_proto_io *io);
};

/* The row whose scheme the URL begins with ("http://..."); NULL: none. */
const struct gd_proto *gd_proto_of_url(const char *url) GD_NONNULL GD_MUST_CHECK;
/* Row i, NULL behind the last: for help and checks. */
const struct gd_proto *gd_proto_row(size_t i) GD_MUST_CHECK;
