/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interval of one client of one load: the unit in which measurements travel, are kept
 * and are merged. A request belongs to the interval of its intended start, whenever it
 * finished, so an interval is sent when its last request is over.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/json.h"
#include "gameday/load/counts.h"
#include "gameday/load/hist.h"

/* How a request or an attempt ended. OK is the only success. */
enum gd_outcome {
	GD_OUTCOME_OK,
	GD_OUTCOME_TIMEOUT,     /* no whole reply in time */
	GD_OUTCOME_REFUSED,     /* connection refused */
	GD_OUTCOME_UNREACHABLE, /* no route, host or network unreachable */
	GD_OUTCOME_CONNECT, /* connection could not be made otherwise, or not in time */
	GD_OUTCOME_RESET,   /* connection reset or closed before the whole reply */
	GD_OUTCOME_PROTOCOL, /* the reply is not in the protocol's form, or of a wrong length */
	GD_OUTCOME_STATUS_4XX,
	GD_OUTCOME_STATUS_5XX,
	GD_OUTCOME_STATUS_OTHER, /* 1xx, 3xx as a final answer */
	GD_OUTCOME_LOCAL,        /* our own side: no socket, no memory */
	GD_OUTCOME_UNFINISHED,   /* still running when the load was stopped */
	GD_OUTCOME_TLS,       /* handshake failed, certificate refused, broken record */
	GD_OUTCOME_WRONG,     /* a reply in form, but not the one that was expected */
	GD_OUTCOME_SHED,      /* requests: the client's own policy let no attempt begin */
	GD_OUTCOME_CANCELLED, /* attempts: another one of the request was first */
	GD_OUTCOME_DEADLINE,  /* the time for all attempts together was over */
	GD_N_OUTCOMES
};
/* Stable lower-case name: "timeout", "status-5xx". */
const char *gd_outcome_name(enum gd_outcome o);
/* The same for people. */
const char *gd_outcome_meaning(enum gd_outcome o);
/* Does it say something of the target? Only these are in the histograms. */
bool gd_outcome_is_measured(enum gd_outcome o);
/*
 * Does it speak against the target, as breakers and ejection see it? Not so an answer that
 * blames the request (4xx) or is no failure.
 */
bool gd_outcome_is_fault(enum gd_outcome o);
/* Did the target answer, in whatever way? */
bool gd_outcome_is_reply(enum gd_outcome o);

enum {
	GD_INTERVAL_MAX_TARGETS = 16,
	GD_INTERVAL_PROBLEM = 128,
	GD_INTERVAL_MAX_VANTAGES = 64,
};

struct gd_target_count {
	char name[64]; /* "10.0.0.7:8080" */
	uint64_t attempts, ok;
};

struct gd_interval {
	char load[64], client[64];
	/* Which of several vantage points measured it ("runner", or a host); "": all did. */
	char vantage[64];
	uint32_t n_vantages;   /* of the load, where vantage is not "" */
	int64_t start_wall_ns; /* generator's clock, until corrected by the runner */
	int64_t length_ns;
	uint64_t index;
	uint64_t intended; /* requests whose start fell into it */
	uint64_t sent;     /* requests really started in it: the pace that was achieved */
	uint64_t outcomes[GD_N_OUTCOMES]; /* requests, by final outcome */
	uint64_t attempts;
	uint64_t attempt_outcomes[GD_N_OUTCOMES]; /* attempts, by outcome */
	uint64_t retries;
	uint64_t budget_denied; /* retries wanted and not allowed by the budget */
	int64_t late_max_ns;    /* how late the generator itself was, at worst */
	uint64_t late; /* requests started more than 10 ms late by our own fault */
	bool behind;   /* they are 1 % of the intended ones or more */
	char problem
		[GD_INTERVAL_PROBLEM]; /* the first that outcomes do not tell; "": none */
	struct gd_counts counts;
	struct gd_target_count *targets; /* owned: attempts by target; NULL: only one */
	size_t n_targets;
	/*
	 * Owned. Requests from intended start to final outcome, attempts from their own start,
	 * however they ended, if gd_outcome_is_measured.
	 */
	struct gd_hist *latency, *attempt_latency;
	/* Owned. From intended to real start, of all; NULL in a closed loop. */
	struct gd_hist *lateness;
	/* Owned. To make a TCP connection, and TLS on it; NULL when none was made. */
	struct gd_hist *connect, *handshake;
};

void gd_interval_fini(struct gd_interval *iv) GD_NONNULL;
/* Adds counts, lengths and histograms; both have their histograms. Exact. */
void gd_interval_add(struct gd_interval *into, const struct gd_interval *from) GD_NONNULL;
/*
 * The same for two parts of one interval, seen by different threads or vantage points: it
 * is not longer than the longer one, and what was under way at its end adds up.
 */
void gd_interval_join(struct gd_interval *into,
		      const struct gd_interval *from) GD_NONNULL;
/*
 * Was the generator itself late so often that percentiles show it? Lateness of a few requests in
 * a hundred would shift them, so one in a hundred marks the interval.
 */
bool gd_interval_is_behind(const struct gd_interval *iv) GD_NONNULL;
/* {"type":"load", ...}, histograms as base64 HdrHistogram V2 compressed. Caller owns *ret. */
int gd_interval_to_json(const struct gd_interval *iv, cJSON **ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Bounded and checked: what comes from a target can't hurt. Caller calls fini. */
int gd_interval_from_json(const cJSON *json, struct gd_interval *ret,
			  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
