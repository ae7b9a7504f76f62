/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to send and how: one load of a scenario, as decoded from YAML, and as it crosses the
 * wire to an agent that generates it there. The shape is gd_load_shape.
 */
#pragma once

#include "gameday/shape/field.h"

enum {
	GD_LOAD_NAME_MAX = 63,           /* bytes of a load's or client's name */
	GD_LOAD_MAX_CLIENTS = 16,        /* per load */
	GD_LOAD_MAX_CONNECTIONS = 20000, /* per client */
	GD_LOAD_MAX_TARGETS = 16,        /* per load */
};

struct gd_retry_policy {
	int64_t attempts;             /* in all, the first included */
	struct gd_span_range backoff; /* first and greatest pause */
	int jitter;                   /* enum gd_jitter */
	struct gd_ratio budget;       /* retries allowed per request, as a token bucket;
					0: no limit */
	struct gd_list on;            /* struct gd_outcome_spec; empty: failures that a
					 second attempt may mend */
	struct gd_span retry_after;   /* longest Retry-After that is obeyed; 0: none is */
};

enum gd_jitter {
	GD_JITTER_FULL,
	GD_JITTER_EQUAL,
	GD_JITTER_NONE,
	GD_JITTER_DECORRELATED,
};

/* One outcome in a list of them. */
struct gd_outcome_spec {
	int outcome; /* enum gd_outcome */
};

/* How long a client waits for what; 0: no limit of its own. */
struct gd_timeouts_spec {
	struct gd_span connect;    /* from the first packet to the connection */
	struct gd_span first_byte; /* from the request's sending to the answer's begin */
	struct gd_span whole;      /* one attempt; 0: the load's timeout */
};

enum gd_balance_kind {
	GD_BALANCE_ROUND_ROBIN,
	GD_BALANCE_LEAST_OUTSTANDING,
	GD_BALANCE_P2C,
	GD_BALANCE_RANDOM,
};

struct gd_client_spec {
	char *name;                        /* MAP key */
	struct gd_retry_policy *retry;     /* NULL: no retries */
	struct gd_timeouts_spec *timeouts; /* NULL: only the load's timeout */
	struct gd_span deadline; /* of a request, all attempts together; 0: none */
	int balance;             /* enum gd_balance_kind */
	const struct gd_node *node;
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

struct gd_load_spec {
	char *name;          /* "checkout" */
	char *from;          /* "runner" or a host role */
	struct gd_list http; /* struct gd_url_spec, one at least */
	char *method;        /* default GET */

	struct gd_list headers;        /* struct gd_header_spec */
	char *body;                    /* a template; NULL: none */
	bool keepalive;                /* else a connection per request */
	struct gd_expect_spec *expect; /* NULL: 2xx */
	struct gd_tls_spec *tls;       /* NULL: verify by the system's certificates */

	struct gd_freq rate;    /* open loop, per client; 0: closed */
	int64_t concurrency;    /* closed loop, per client; 0: open */
	int64_t connections;    /* per client, at most; 0: 50, or concurrency */
	struct gd_span timeout; /* one attempt, from its start to the whole reply */
	struct gd_list clients; /* struct gd_client_spec; empty = one, "plain" */
	const struct gd_node *node;
};

extern const struct gd_shape gd_load_shape;
extern const struct gd_shape gd_client_shape;

/* The longest that one request of any client can take, pauses included. */
struct gd_span gd_load_spec_longest(const struct gd_load_spec *spec) GD_NONNULL;
/* The same of one client, or of one without policies: NULL. */
struct gd_span gd_client_spec_longest(const struct gd_load_spec *spec,
				      const struct gd_client_spec *client)
	GD_NONNULL_ARGS(1);
/* Frees a list of struct gd_url_spec that was made apart from a spec. */
void gd_load_urls_fini(struct gd_list *urls) GD_NONNULL;
/*
 * What the rows can't say: either rate or concurrency, names that fit metric names, a
 * method in capitals, 1 to 16 URLs. These are not looked at, since they may hold {role}s.
 */
int gd_load_spec_check(const struct gd_load_spec *spec,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
