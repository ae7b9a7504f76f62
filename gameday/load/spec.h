/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to send and how: one load of a scenario, as decoded from YAML, and as it crosses the
 * wire to an agent that generates it there. The shape is gd_load_shape.
 */
#pragma once

#include "gameday/load/policy/client.h"

enum {
	GD_LOAD_NAME_MAX = 63,           /* bytes of a load's or client's name */
	GD_LOAD_MAX_CLIENTS = 16,        /* per load */
	GD_LOAD_MAX_CONNECTIONS = 20000, /* per client */
	GD_LOAD_MAX_TARGETS = 16,        /* per load */
	GD_LOAD_MAX_THREADS = 64,        /* per load */
	GD_LOAD_MAX_VANTAGES = 64,       /* per load; GD_INTERVAL_MAX_VANTAGES */
	GD_LOAD_INTERVAL_MS = 1000,      /* a run's figures come in intervals this long */
};

/* Where a load starts. */
struct gd_from_spec {
	char *text; /* "runner", or a role: each of its hosts */
};

/* One of the places a load goes to. */
struct gd_url_spec {
	char *text; /* {role} stands for a host's data address */
	const struct gd_node *node;
};

/* One field of an HTTP request's header. */
struct gd_header_spec {
	char *name;  /* MAP key */
	char *value; /* a template: gameday/load/proto/template.h */
};

struct gd_status_spec {
	char *text; /* "204", "2xx" */
};

/* What an HTTP reply must be to count as a success. */
struct gd_expect_spec {
	struct gd_list status; /* struct gd_status_spec; empty: 2xx */
	char *body;            /* text it contains; NULL: whatever it is */
};

/* How a server proves who it is. */
struct gd_tls_spec {
	char *ca;          /* file of certificates (PEM) trusted; NULL: the system's */
	char *server_name; /* NULL: the URL's host */
	bool verify;
};

enum gd_arrivals { GD_ARRIVALS_EVEN, GD_ARRIVALS_POISSON };

struct gd_load_spec {
	char *name;          /* "checkout" */
	struct gd_list from; /* struct gd_from_spec; empty: the runner */
	/* struct gd_url_spec each; exactly one of these lists has any: gd_load_spec_urls */
	struct gd_list http, tcp, udp, ping, etcd, fsync;
	struct gd_bytes size; /* of a datagram, a block, a value; 0: the protocol's own */
	struct gd_ratio put;  /* etcd: share of puts */
	int64_t keys;         /* etcd: as many different ones */
	char *method;         /* default GET */

	struct gd_list headers;        /* struct gd_header_spec */
	char *body;                    /* a template; NULL: none */
	bool keepalive;                /* else a connection per request */
	struct gd_expect_spec *expect; /* NULL: 2xx */
	struct gd_tls_spec *tls;       /* NULL: verify by the system's certificates */

	struct gd_course rate; /* open loop, per client; none: closed, or every */
	int arrivals;          /* enum gd_arrivals */
	int64_t burst;         /* starts at once; 0: one */
	struct gd_span every;  /* from burst to burst, instead of a rate; 0: by rate */
	bool share;            /* clients share the rate: each start is of one of them */
	int64_t concurrency;   /* closed loop, per client; 0: open */
	int64_t connections;   /* per client, at most; 0: 50, or concurrency */
	/* That share all this, at each vantage point; 1 unless one core is too slow. */
	int64_t threads;
	struct gd_span timeout; /* one attempt, from its start to the whole reply */
	struct gd_list clients; /* struct gd_client_spec; empty = one, "plain" */
	const struct gd_node *node;
};

extern const struct gd_shape gd_load_shape;

/* The rate of an open loop, or that of its bursts; without legs when it is a closed one. */
void gd_load_spec_rate(const struct gd_load_spec *spec, struct gd_course *ret) GD_NONNULL;
/* The longest that one request of any client can take, pauses included. */
struct gd_span gd_load_spec_longest(const struct gd_load_spec *spec) GD_NONNULL;
/*
 * The one list of URLs that is given, and its key ("http"); NULL when none is, or several
 * are. Borrowed from spec.
 */
struct gd_list *gd_load_spec_urls(struct gd_load_spec *spec,
				  const char **ret_key) GD_NONNULL;
const struct gd_list *gd_load_spec_urls_of(const struct gd_load_spec *spec,
					   const char **ret_key) GD_NONNULL;
/*
 * So many threads and vantage points in all divide a load between them: is there something
 * for each of what has to be divided (concurrency, connections, limits of clients)?
 */
int gd_load_spec_divide_check(const struct gd_load_spec *spec, int64_t n_parts,
			      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* A URL as written under that key, whole: "tcp://h:1" of "h:1". Caller frees; NULL: no memory. */
char *gd_load_url(const char *key, const char *text) GD_NONNULL GD_MUST_CHECK;
/* Frees a list of struct gd_url_spec that was made apart from a spec. */
void gd_load_urls_fini(struct gd_list *urls) GD_NONNULL;
/*
 * What the rows can't say: either rate or concurrency, names that fit metric names, a
 * method in capitals, 1 to 16 URLs. These are not looked at, since they may hold {role}s.
 */
int gd_load_spec_check(const struct gd_load_spec *spec,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
