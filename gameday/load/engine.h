/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the load generator, shared by engine.c (the loop), lane.c (requests) and
 * conn.c (connections). For no one else.
 *
 * engine: one epoll instance, one schedule, one thread. It holds a lane per client: requests,
 * their deadlines, retries, a pool of connections. Calls go down (engine -> lane -> conn)
 * and results come up through gd_lane_attempt_over alone, which never starts anything, so
 * there is no recursion: lanes start what is due when the engine asks them to.
 */
#pragma once

#include <stdatomic.h>
#include <sys/socket.h>

#include "gameday/load/http.h"
#include "gameday/load/pace.h"
#include "gameday/load/retry.h"
#include "gameday/load/tally.h"

enum {
	GD_ENGINE_BUFFER = 64 * 1024,
	GD_ENGINE_EVENTS = 128,
	GD_ENGINE_BURST = 64, /* due starts between two looks at the sockets */
};

/* How late a start may be before it counts as late. */
#define GD_LATE_NS (10 * GD_NS_PER_MS)

struct gd_lane;
struct gd_conn;

struct gd_request {
	struct gd_request *prev, *next;  /* in lane->running, by deadline */
	struct gd_request *next_waiting; /* in lane->waiting; or the next free one */
	struct gd_conn *conn;            /* NULL while it waits for one */
	struct gd_tally_slot *slot;      /* where it is counted */
	int64_t intended_ns;
	int64_t attempt_ns; /* start of this attempt */
	int64_t due_ns;     /* of the next attempt, while backing off */
	uint32_t n_attempts;
};

enum gd_conn_state { GD_CONN_CLOSED, GD_CONN_CONNECTING, GD_CONN_IDLE, GD_CONN_BUSY };

struct gd_conn {
	int fd; /* -1 when closed */
	enum gd_conn_state state;
	bool want_write;     /* EPOLLOUT is asked for */
	uint32_t generation; /* counts openings: tells events of an earlier socket */
	uint32_t index;      /* in engine->conns */
	size_t n_sent;       /* bytes of the request */
	struct gd_lane *lane;
	struct gd_request *req;    /* connecting, busy */
	struct gd_conn *next;      /* in lane->idle or lane->closed */
	struct gd_conn *prev_idle; /* in lane->idle */
	struct gd_http http;
};

struct gd_lane {
	struct gd_engine *engine;
	struct gd_tally tally;
	struct gd_retry retry;
	char name[64];

	struct gd_request *pool;    /* owned */
	size_t n_pool, n_pool_used; /* of pool: ever used */
	struct gd_request *free;    /* given back */
	size_t n_open;              /* requests that are not over */

	struct gd_request *running, *running_tail; /* attempts under way, oldest first */
	struct gd_request *waiting, *waiting_tail; /* of these: without a connection */
	struct gd_request **backoff; /* owned: binary heap by due_ns, as large as pool */
	size_t n_backoff;

	struct gd_conn *idle;   /* newest first */
	struct gd_conn *closed; /* not in use */

	/* Closed loop: workers that may start a request, and those that pause. */
	int64_t n_ready;
	int64_t *pauses; /* owned: ring of instants, concurrency long */
	int64_t n_pauses, first_pause;
};

struct gd_engine_config {
	char name[64];
	struct sockaddr_storage addr;
	socklen_t addr_len;
	char request[3072];
	size_t request_len;
	bool head_request;
	double rate; /* 0: closed loop */
	int64_t concurrency, connections;
	int64_t timeout_ns, interval_ns, start_ns,
		end_ns; /* end INT64_MAX: until stopped */
	uint64_t seed;
	struct {
		char name[64];
		bool has_retry;
		struct gd_retry_policy retry;
	} clients[GD_LOAD_MAX_CLIENTS];
	size_t n_clients;
};

enum gd_engine_order { GD_ENGINE_RUN, GD_ENGINE_STOP, GD_ENGINE_ABORT };

/* Takes *iv over. */
typedef void gd_engine_emit_fn(void *ctx, struct gd_interval *iv);

struct gd_engine {
	struct gd_engine_config cfg;
	int epoll;        /* owned */
	int wake;         /* owned: eventfd */
	bool no_pwait2;   /* the kernel is older than 5.11 */
	atomic_int order; /* enum gd_engine_order, set by other threads */
	bool ended;       /* no more starts */
	int64_t drain_ns; /* what is still open then, is unfinished */
	struct gd_pace pace;
	size_t next_lane;      /* takes turns, so that no client is always first */
	struct gd_lane *lanes; /* owned, cfg.n_clients */
	struct gd_conn *conns; /* owned, cfg.n_clients x cfg.connections */
	char *buffer;          /* owned: what is read, for all */
	bool failed;           /* err says why the load ended early */
	struct gd_error err;
	gd_engine_emit_fn *emit;
	void *emit_ctx;
};

/* --- engine.c ------------------------------------------------------------------------ */

int gd_engine_new(const struct gd_engine_config *cfg, gd_engine_emit_fn *emit, void *ctx,
		  struct gd_engine **ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 4, 5) GD_MUST_CHECK;
void gd_engine_free(struct gd_engine *e); /* accepts NULL */
GD_DEFINE_AUTO(gd_engine, gd_engine_free);
/* Until the end, or until stopped; -1 with *err when it ended early. */
int gd_engine_run(struct gd_engine *e, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Ends the load early: there was no memory to count in. */
void gd_engine_nomem(struct gd_engine *e) GD_NONNULL;
/* From any thread; orders only grow. */
void gd_engine_order(struct gd_engine *e, enum gd_engine_order order) GD_NONNULL;

/* --- lane.c -------------------------------------------------------------------------- */

int gd_lane_init(struct gd_lane *l, struct gd_engine *e, size_t client,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_lane_fini(struct gd_lane *l) GD_NONNULL;
/* A request that was meant to start at intended begins; now is the real time. */
void gd_lane_start(struct gd_lane *l, int64_t intended, int64_t now) GD_NONNULL;
/* Closed loop: as many requests as may start. */
void gd_lane_start_ready(struct gd_lane *l, int64_t now) GD_NONNULL;
/* Gives waiting attempts the connections there are. */
void gd_lane_dispatch(struct gd_lane *l) GD_NONNULL;
/* Ends attempts whose time is over, begins retries that are due. */
void gd_lane_timers(struct gd_lane *l, int64_t now) GD_NONNULL;
/* The next instant at which gd_lane_timers has something to do; INT64_MAX: none. */
int64_t gd_lane_next_timer(const struct gd_lane *l) GD_NONNULL;
/* Everything that is open ends as unfinished. */
void gd_lane_abandon(struct gd_lane *l, int64_t now) GD_NONNULL;
/* From conn.c: the attempt of req, which has no connection any more, ended. */
void gd_lane_attempt_over(struct gd_lane *l, struct gd_request *req,
			  enum gd_outcome outcome, int64_t now) GD_NONNULL;

/* --- conn.c -------------------------------------------------------------------------- */

/* Sends req over an idle connection, or a new one; the lane has one of either kind. */
void gd_conn_assign(struct gd_lane *l, struct gd_request *req) GD_NONNULL;
/* epoll's news of one connection. */
void gd_conn_event(struct gd_conn *c, uint32_t events) GD_NONNULL;
/* The attempt on it is given up: closes. */
void gd_conn_close(struct gd_conn *c) GD_NONNULL;
