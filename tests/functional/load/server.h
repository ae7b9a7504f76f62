/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP server that misbehaves on request: one thread, loopback only, a free port.
 * It counts what really arrives, so tests compare the generator's figures with the truth.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum server_mode {
	SERVER_NORMAL,
	SERVER_CHUNKED,
	SERVER_UNTIL_CLOSE,   /* no length: the end of the connection ends the body */
	SERVER_SAYS_CLOSE,    /* Connection: close, and closes */
	SERVER_CLOSES_SILENT, /* a whole reply, then closes without having said so */
	SERVER_PARTIAL_STALL, /* half a header, then nothing */
	SERVER_PARTIAL_CLOSE, /* half a header, then closes */
	SERVER_SHORT_BODY,    /* fewer bytes than announced, then closes */
	SERVER_HUGE_HEADER,   /* more than 64 KiB of it */
	SERVER_GARBAGE,       /* not HTTP */
	SERVER_SILENT,        /* reads, never answers */
	SERVER_NO_ACCEPT,     /* listens with a backlog of 1 and never accepts */
	SERVER_TRICKLE,       /* a reply byte by byte */
	SERVER_LARGE,         /* a body of 1 MiB: more than one look takes */
};

struct server_config {
	enum server_mode mode;
	bool ipv6;
	int fail_every;    /* each n-th request gets 500; 0: none */
	int retry_after_s; /* such an answer asks to wait that long; 0: it does not */
	int reset_every;   /* each n-th request gets a TCP reset */
	/*
	 * GET /healthz is a check, answered at once: from this one on, counted from 1, and
	 * before that one with 503, else with 200. sick_from 0: a request like any other.
	 */
	int sick_from, sick_to;
	int64_t delay_ns; /* before each reply, or */
	int delay_every;  /* only before each n-th; 0: each */
	/* Stands still for so long, so long after the first request. */
	int64_t pause_at_ns, pause_ns;
	int64_t pause_every_ns; /* and again after each of these; 0: once */
};

struct server;

/* A time it stood still, as it was: on a busy machine not quite what was asked for. */
struct server_pause {
	int64_t begin_ns, end_ns; /* CLOCK_MONOTONIC */
	int64_t drained_ns;       /* what had come meanwhile was answered */
};

/* Aborts the test program when it can't start. */
struct server *server_start(const struct server_config *cfg);
uint16_t server_port(const struct server *s);
uint64_t server_requests(const struct server *s);
/* Of these, checks. */
uint64_t server_checks(const struct server *s);
/* The requests before the n-th check, from 1, without checks. Aborts when it did not come. */
uint64_t server_before_check(const struct server *s, uint64_t n);
uint64_t server_connections(const struct server *s);
/* From the first to the last request, as they arrived. */
int64_t server_span_ns(const struct server *s);
/* The pauses so far, max at most: how many. After the load, whose requests make them. */
size_t server_pauses(const struct server *s, struct server_pause *ret, size_t max);
void server_stop(struct server *s);
/* A port with nobody behind it (bound once, then closed). */
uint16_t server_free_port(void);
