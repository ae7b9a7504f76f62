/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to send and how: one load of a scenario, as decoded from YAML, and as it crosses the
 * wire to an agent that generates it there. The shape is gd_load_shape.
 */
#pragma once

#include "gameday/shape/field.h"

struct gd_retry_policy {
	int64_t attempts;            /* in all, the first included */
	struct gd_span_range backoff; /* first and greatest pause */
	int jitter;                  /* enum gd_jitter */
	struct gd_ratio budget;      /* retries allowed per request, as a token bucket; 0: none */
};

enum gd_jitter { GD_JITTER_FULL, GD_JITTER_EQUAL, GD_JITTER_NONE };

struct gd_client_spec {
	char *name;                       /* MAP key */
	struct gd_retry_policy *retry;    /* NULL: no retries */
	const struct gd_node *node;
};

struct gd_load_spec {
	char *name;                       /* "checkout" */
	char *from;                       /* "runner" or a host role */
	char *http;                       /* URL, {role} stands for a host's data address */
	char *method;                     /* default GET */
	struct gd_freq rate;              /* open loop, requests per second per client; 0: closed */
	int64_t concurrency;              /* closed loop, per client; 0: open */
	int64_t connections;              /* per client, at most */
	struct gd_span timeout;           /* one attempt, from its start to the whole reply */
	struct gd_list clients;           /* struct gd_client_spec; empty = one, "plain" */
	const struct gd_node *node;
};

extern const struct gd_shape gd_load_shape;
extern const struct gd_shape gd_client_shape;
