/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosts of a run or a one-shot command: one session each, calls in parallel, leases
 * renewed while anything waits. All waiting happens in here, by turning the event loop, so
 * renewals, measurements and signals go on whatever the caller waits for.
 */
#pragma once

#include <stdbool.h>

#include "gameday/base/json.h"
#include "gameday/base/loop.h"
#include "gameday/remote/host.h"
#include "gameday/runner/clocks.h"
#include "gameday/scenario/scenario.h"
#include "gameday/wire/message.h"

enum gd_member_state { GD_MEMBER_CONNECTING, GD_MEMBER_READY, GD_MEMBER_LOST };

struct gd_member {
	const struct gd_inventory_host *inv; /* borrowed */
	struct gd_fleet *fleet;
	struct gd_target target;
	struct gd_host *host; /* owned */
	enum gd_member_state state;
	struct gd_error error; /* why LOST */
	cJSON *hello;          /* owned: the agent's answer */
	struct gd_clock_fit clock;
	bool claimed; /* the lease is ours and is being renewed */
	struct gd_instant hello_sent;
	bool renewing;   /* a renewal, or another sign of life, is under way */
	bool expendable; /* no fault is or will be in on it: losing it stops nothing */
	bool cut_off;    /* was ready, was lost, and is not back yet */
	struct gd_instant lost_at; /* then */
	struct gd_instant seek_at; /* expendable and cut off: the next try to reach it */
};

/* Why everything must stop; the first reason wins. */
enum gd_stop_kind {
	GD_STOP_NONE,
	GD_STOP_SIGNAL, /* Ctrl-C or SIGTERM */
	GD_STOP_HOST_LOST,
	GD_STOP_CONDITION, /* an abort condition held */
	GD_STOP_REVERTED,  /* a target undid its faults by itself */
	GD_STOP_INTERNAL,  /* we can't go on (disk full, out of memory, stood still) */
};

struct gd_fleet {
	struct gd_loop *loop;      /* owned */
	struct gd_member *members; /* owned; fixed once connected */
	size_t n, cap;
	struct gd_span lease;
	char own_run[64];
	const char *run, *runner; /* borrowed: who we say we are */
	struct gd_timer *renew_timer;
	struct gd_instant renew_at; /* when it is due */
	struct gd_timer *seek_timer;
	struct gd_limiter limiter;
	struct gd_bundle bundle;
	enum gd_stop_kind stop;
	char stop_reason[512];
	/* Events of agents, and the moment a stop is asked for; either may be NULL. */
	void (*on_event)(void *ctx, struct gd_member *m, const cJSON *event);
	void (*on_stop)(void *ctx, enum gd_stop_kind kind, const char *reason);
	/*
	 * An expendable host is lost, m->error says why: it is sought from now on. A host that
	 * was lost is back, with a new session. Either may be NULL.
	 */
	void (*on_cut_off)(void *ctx, struct gd_member *m);
	void (*on_back)(void *ctx, struct gd_member *m);
	void *ctx;
};

/* run (NULL: a one-shot name of its own) and runner are borrowed for the fleet's life. */
int gd_fleet_init(struct gd_fleet *f, const char *run, const char *runner,
		  struct gd_error *err) GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
/* Closes every session (agents that see it undo what is left) and frees. */
void gd_fleet_fini(struct gd_fleet *f) GD_NONNULL;
/* Adds a host once; again gives the same index. Before connecting only. */
int gd_fleet_add(struct gd_fleet *f, const struct gd_inventory_host *inv, size_t *ret,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Adds the hosts of these names; GD_E_INPUT for one that is not in the inventory. */
int gd_fleet_add_named(struct gd_fleet *f, const struct gd_inventory *inventory,
		       const char *const names[], size_t n, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 5) GD_MUST_CHECK;
/*
 * Connects all hosts at once and says hello. Returns 0 when each is ready or lost; see each
 * member's state and error. -1 only when the loop itself failed.
 */
int gd_fleet_connect(struct gd_fleet *f, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Connects a lost host again, waiting at most limit: 0 when ready. */
int gd_fleet_reconnect(struct gd_fleet *f, struct gd_member *m, struct gd_span limit,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

struct gd_call {
	struct gd_member *member;
	bool done;
	cJSON *reply;        /* owned; NULL unless it answered ok */
	struct gd_error err; /* when it did not; the text starts with "host NAME: " */
	struct gd_instant sent, answered;
};
void gd_call_fini(struct gd_call *c) GD_NONNULL;
/* Frees each call of an array and the array. */
void gd_calls_free(struct gd_call *calls, size_t n);

/* Sends request (takes it); the answer arrives in *call, which must outlive it. */
void gd_fleet_call(struct gd_fleet *f, struct gd_member *m, cJSON *request,
		   struct gd_span limit, struct gd_call *call) GD_NONNULL_ARGS(1, 2, 5);
/* An expendable host does not answer: it is as good as lost, and is sought. */
void gd_fleet_cut_off(struct gd_member *m, const struct gd_error *why) GD_NONNULL;
/*
 * Sends request (takes it) over the session there is, also when the host was given up over its
 * silence; nobody waits for an answer.
 */
void gd_fleet_tell(struct gd_member *m, cJSON *request) GD_NONNULL_ARGS(1);
/* Turns the loop until all calls are done; each ends by its own limit. */
int gd_fleet_wait(struct gd_fleet *f, const struct gd_call *calls, size_t n,
		  struct gd_error *err) GD_NONNULL_ARGS(1, 4) GD_MUST_CHECK;
/* One call and its answer: 0 with *ret (owned by the caller), or -1. */
int gd_fleet_ask(struct gd_fleet *f, struct gd_member *m, cJSON *request,
		 struct gd_span limit, cJSON **ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 5, 6) GD_MUST_CHECK;
/* Turns the loop until then, or until a stop is asked for: 0 or 1. -1: the loop failed. */
int gd_fleet_sleep(struct gd_fleet *f, struct gd_instant until,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Asks for a stop; only the first reason is kept. */
void gd_fleet_stop(struct gd_fleet *f, enum gd_stop_kind kind, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL;

/* "user@host pid N" of this process; the caller frees. */
char *gd_runner_identity(void) GD_MUST_CHECK;
