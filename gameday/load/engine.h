/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the load generator, shared by engine.c (the loop), lane.c (requests),
 * attempt.c (their attempts) and conn.c (connections). For no one else.
 *
 * engine: one reactor, one schedule, one thread. It holds a lane per client: requests, their
 * attempts, policies, a pool of connections. A request has one attempt at a time or a few at
 * once; an attempt waits for a connection, is sent, and ends once.
 *
 * Calls go down (engine -> lane -> attempt -> conn) and results come up through
 * gd_attempt_phase and gd_attempt_over alone, which note and never start or cancel anything,
 * so there is no recursion: the lane does what follows from them in gd_lane_settle, when the
 * engine asks it to.
 */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "gameday/load/pace.h"
#include "gameday/load/policy/balance.h"
#include "gameday/load/policy/breaker.h"
#include "gameday/load/policy/bulkhead.h"
#include "gameday/load/policy/eject.h"
#include "gameday/load/policy/health.h"
#include "gameday/load/policy/hedge.h"
#include "gameday/load/policy/limit.h"
#include "gameday/load/policy/pool.h"
#include "gameday/load/policy/retry.h"
#include "gameday/load/proto/proto.h"
#include "gameday/load/reactor.h"
#include "gameday/load/tally.h"
#include "gameday/load/timers.h"

enum {
	GD_ENGINE_BURST = 64, /* due starts between two looks at the sockets */
	GD_ENGINE_SOME = 4,   /* the same, between two answers of one look */
	GD_MAX_PARALLEL = 3,  /* attempts of one request at once */
};

/* How late a start may be before it counts as late. */
#define GD_LATE_NS (10 * GD_NS_PER_MS)

struct gd_lane;
struct gd_conn;

enum gd_attempt_state {
	GD_ATTEMPT_NONE,    /* not under way */
	GD_ATTEMPT_WAITING, /* for a connection */
	GD_ATTEMPT_BOUND, /* to a connection, on which it is sent as soon as it is open */
};

enum gd_attempt_phase {
	GD_PHASE_QUEUED,     /* waits for a connection */
	GD_PHASE_CONNECTING, /* its connection is being made */
	GD_PHASE_SENT,       /* the answer is to come */
	GD_PHASE_BEGAN,      /* it comes */
};

struct gd_attempt {
	enum gd_attempt_state state;
	enum gd_attempt_phase phase;
	bool extra;          /* sent beside another one */
	uint32_t epoch;      /* of the breaker that let it through */
	uint8_t target;      /* index in cfg.targets */
	uint32_t generation; /* counts uses: its id is this and its index in the lane */
	struct gd_request *req;
	struct gd_conn *conn;           /* when bound */
	struct gd_attempt *prev, *next; /* in lane->waiting, or in conn->attempts */
	struct gd_timer timer;          /* its next limit */
	int64_t start_ns, phase_ns;     /* when it began, and the phase it is in */
};

struct gd_request {
	struct gd_request *next; /* in lane->unsettled or queue; or the next free one */
	struct gd_lane *lane;
	struct gd_tally_slot *slot; /* where it is counted */
	struct gd_timer timer; /* the next attempt: beside others, or after a pause */
	int64_t intended_ns;
	int64_t deadline_ns; /* INT64_MAX: none */
	int64_t pause_ns;    /* before the last attempt */
	uint64_t seq;
	uint32_t n_attempts;       /* begun so far */
	uint8_t n_live;            /* under way */
	uint8_t n_extra;           /* sent beside others since the last pause */
	bool over;                 /* its outcome is counted, losers may be left */
	bool unsettled;            /* in lane->unsettled */
	bool queued;               /* in lane->queue */
	int8_t target;             /* that it must go to; -1: any */
	bool entered;              /* the bulkhead */
	enum gd_outcome last;      /* of its last attempt that was repeated */
	struct gd_attempt *chosen; /* of tied ones, that which began to answer */
};

enum gd_conn_state {
	GD_CONN_CLOSED,
	GD_CONN_CONNECTING,
	GD_CONN_OPEN,
	GD_CONN_DRAINING, /* closed when its last attempt is over */
};

struct gd_conn {
	struct gd_sock sock;
	enum gd_conn_state state;
	bool free_streams; /* in lane->free_conns of its target */
	uint8_t target;
	uint32_t n_live, streams; /* attempts on it, and at once at most */
	bool idle;                /* open without work: counted in lane->n_idle */
	bool stream;              /* TCP */
	int64_t opened_ns, n_requests;
	int64_t connected_ns;                 /* when TCP stood; TLS begins */
	uint32_t n_retransmits;               /* as of the last sample */
	int64_t sampled_ns, retransmitted_ns; /* last sample, last one that saw more */
	struct gd_timer timer;                /* when it is idle: the end of its life */
	struct gd_lane *lane;
	struct gd_tls *tls;          /* owned; NULL: plain, or closed */
	struct gd_attempt *attempts; /* on it, newest first */
	struct gd_conn *prev, *next; /* in lane->closed or in one of lane->free_conns */
	alignas(max_align_t) char proto[]; /* the protocol's state */
};

/* How long an attempt may take, and a request. INT64_MAX: no limit. */
struct gd_limits {
	int64_t connect_ns, first_byte_ns, whole_ns, deadline_ns;
	bool phases; /* there is one for connecting or for the first byte */
};

/* The next health check of a target. */
struct gd_check {
	struct gd_timer timer;
	struct gd_lane *lane;
	int8_t target;
};

struct gd_lane {
	struct gd_engine *engine;
	const struct gd_target *targets; /* borrowed, cfg.n_targets */
	struct gd_lane *health_of;       /* it checks that one's targets; or NULL */
	struct gd_check *checks;         /* owned, when it does: one by target */
	struct gd_health judge;          /* of these checks */
	int64_t check_every_ns;
	struct gd_tally tally;
	struct gd_retry retry;
	struct gd_balance balance;
	struct gd_limits limits;
	struct gd_hedge hedge;
	struct gd_quantile *quantile; /* owned; NULL: no policy asks for it */
	struct gd_breaker *breaker;   /* owned; NULL: none */
	struct gd_limit limit;
	struct gd_pool keep; /* its connections */
	bool ejects;         /* eject or health is given: eject is in use */
	struct gd_eject eject;
	struct gd_bulkhead bulkhead;
	int64_t queue_wait_ns;
	char name[64];

	struct gd_request *pool;     /* owned */
	struct gd_attempt *attempts; /* owned: max_parallel for each of pool */
	size_t n_pool, n_pool_used;  /* of pool: ever used */
	uint8_t max_parallel;        /* attempts of one request at once */
	struct gd_request *free;     /* given back */
	size_t n_open;               /* requests that are not over */
	uint64_t n_started;

	struct gd_request *queue, *queue_tail; /* wait for the bulkhead */
	struct gd_request *unsettled; /* have attempts that are not wanted any more */
	struct gd_attempt *waiting, *waiting_tail; /* for a connection, oldest first */

	struct gd_conn
		*free_conns[GD_LOAD_MAX_TARGETS]; /* can take an attempt, newest first */
	struct gd_conn *closed;                   /* not in use */
	int64_t n_idle;
	size_t first_conn, n_conns, next_sample; /* of the engine's connections */

	/* Closed loop: workers that may start a request, and those that pause. */
	int64_t n_ready;
	int64_t *pauses; /* owned: ring of instants, concurrency long */
	int64_t n_pauses, first_pause;
	struct gd_timer pause_timer;
};

struct gd_engine_config {
	char name[64];
	const struct gd_target *targets; /* borrowed, read only: several threads may */
	size_t n_targets;
	/*
	 * By client: where its health checks go, NULL when this engine makes none; and what
	 * they found, whichever engine does, NULL when there are none. Borrowed as well.
	 */
	const struct gd_target *health[GD_LOAD_MAX_CLIENTS];
	struct gd_sick *sick[GD_LOAD_MAX_CLIENTS];
	struct gd_pace_config pace; /* of an open loop */
	double rate;                /* of each client, at most; 0: closed loop */
	bool share;                 /* each start is of one client, in turn */
	int64_t concurrency, connections;
	int64_t interval_ns, start_ns, end_ns; /* end INT64_MAX: until stopped */
	int64_t wall_offset_ns;                /* wall time = instant + offset */
	/* Which thread of all vantage points it is; rate and the like are of its part. */
	uint32_t thread, n_threads;
	uint64_t seed;
	enum gd_reactor_kind reactor;
	const struct gd_load_spec *spec; /* borrowed until gd_engine_new returned */
	size_t n_clients;                /* of spec, or 1 without policies */
};

enum gd_engine_order { GD_ENGINE_RUN, GD_ENGINE_STOP, GD_ENGINE_ABORT };

/* Takes *iv over. */
typedef void gd_engine_emit_fn(void *ctx, struct gd_interval *iv);

struct gd_engine {
	struct gd_engine_config cfg;
	int64_t next_sample_ns;     /* when connections are sampled next */
	int64_t whole_ns;           /* the longest that an attempt of any client takes */
	struct gd_reactor *reactor; /* owned */
	struct gd_timers timers;
	_Atomic int64_t stop_ns; /* when to obey GD_ENGINE_STOP */
	atomic_int order;        /* enum gd_engine_order, set by other threads */
	bool ended;              /* no more starts */
	int64_t drain_ns;        /* what is still open then, is unfinished */
	struct gd_pace pace;
	uint64_t n_news;       /* reports of the reactor so far */
	int64_t oversleep_ns;  /* what nearly every sleep takes longer than asked for */
	int64_t early_ns;      /* what one sleep in fifty does */
	size_t next_lane;      /* takes turns, so that no client is always first */
	struct gd_lane *lanes; /* owned: cfg.n_clients, then those that check health */
	size_t n_lanes;
	char *conns; /* owned: cfg.n_clients x cfg.connections, conn_size each */
	size_t n_conns, conn_size;
	char *out;   /* owned: what one call of a protocol sends */
	bool failed; /* err says why the load ended early */
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
/* From any thread: no starts at or after `at`, nor after now. */
void gd_engine_stop(struct gd_engine *e, int64_t at) GD_NONNULL;
/* From any thread; orders only grow. */
void gd_engine_order(struct gd_engine *e, enum gd_engine_order order) GD_NONNULL;

static inline struct gd_conn *gd_engine_conn(const struct gd_engine *e, size_t index)
{
	return (struct gd_conn *)(void *)(e->conns + index * e->conn_size);
}

/* --- lane.c -------------------------------------------------------------------------- */

int gd_lane_init(struct gd_lane *l, struct gd_engine *e, size_t client,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * A lane that only checks the health of the client's targets, where `of` is counted. What it
 * finds counts for all lanes of the client.
 */
int gd_lane_init_health(struct gd_lane *l, struct gd_lane *of, size_t client,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Gives the lane n connections, from the first'th of the engine's on. */
void gd_lane_take_conns(struct gd_lane *l, size_t first, size_t n) GD_NONNULL;
/* How many connections it wants. */
size_t gd_lane_n_conns(const struct gd_engine *e, size_t client) GD_NONNULL;
void gd_lane_fini(struct gd_lane *l) GD_NONNULL;
/* A request that was meant to start at intended begins; now is the real time. */
void gd_lane_start(struct gd_lane *l, int64_t intended, int64_t now) GD_NONNULL;
/* Closed loop: as many requests as may start. */
void gd_lane_start_ready(struct gd_lane *l, int64_t now) GD_NONNULL;
/*
 * Does what follows from attempts that began to answer or ended: gives waiting attempts the
 * connections there are, cancels losers.
 */
void gd_lane_settle(struct gd_lane *l, int64_t now) GD_NONNULL;
/* Everything that is open ends as unfinished. */
void gd_lane_abandon(struct gd_lane *l, int64_t now) GD_NONNULL;
/* From attempt.c: the answer of an attempt begins to come. */
void gd_lane_attempt_began(struct gd_lane *l, struct gd_attempt *a) GD_NONNULL;
/* From attempt.c: an attempt ended, as in gd_attempt_over. */
void gd_lane_attempt_over(struct gd_lane *l, const struct gd_attempt *a,
			  enum gd_outcome outcome, int64_t retry_after_ns,
			  int64_t now) GD_NONNULL;

/* --- attempt.c ----------------------------------------------------------------------- */

/*
 * The next attempt of req begins: it waits for a connection, and its limits run. extra: beside
 * another one.
 */
void gd_attempt_begin(struct gd_lane *l, struct gd_request *req, bool extra,
		      int64_t now) GD_NONNULL;
/* Ends an attempt that is not over: its connection is closed, or told. */
void gd_attempt_cancel(struct gd_attempt *a, enum gd_outcome outcome,
		       int64_t now) GD_NONNULL;
/* From conn.c: it goes on. */
void gd_attempt_phase(struct gd_attempt *a, enum gd_attempt_phase phase,
		      int64_t now) GD_NONNULL;
/*
 * From conn.c: the attempt, which is on no connection any more, ended; retry_after_ns is what
 * the server asks for, -1 for nothing.
 */
void gd_attempt_over(struct gd_attempt *a, enum gd_outcome outcome,
		     int64_t retry_after_ns, int64_t now) GD_NONNULL;
/* Its name for a protocol, and back: NULL when it is over. */
uint64_t gd_attempt_id(const struct gd_attempt *a) GD_NONNULL;
struct gd_attempt *gd_attempt_of(const struct gd_lane *l, uint64_t id) GD_NONNULL;
/* Gives waiting attempts the connections there are. */
void gd_attempt_dispatch(struct gd_lane *l, int64_t now) GD_NONNULL;

static inline struct gd_lane *gd_attempt_lane(const struct gd_attempt *a)
{
	return a->req->lane;
}

/* The k-th place for an attempt of req. */
static inline struct gd_attempt *
gd_request_attempt(const struct gd_lane *l, const struct gd_request *req, size_t k)
{
	return &l->attempts[(size_t)(req - l->pool) * l->max_parallel + k];
}

/* --- conn.c -------------------------------------------------------------------------- */

void gd_conn_init(struct gd_conn *c, struct gd_lane *l, uint32_t index) GD_NONNULL;
/*
 * Binds the attempt, which is in no list, to a connection of its target, opening one if need
 * be, and sends it. False when there is none to be had now. It may be over already.
 */
bool gd_conn_assign(struct gd_lane *l, struct gd_attempt *a, int64_t now) GD_NONNULL;
/* The attempt bound to it is given up: it is unbound, the connection told or closed. */
void gd_conn_cancel(struct gd_attempt *a, int64_t now) GD_NONNULL;
/* Closes; attempts still on it are reset. */
void gd_conn_close(struct gd_conn *c, int64_t now) GD_NONNULL;
/* --- conn_info.c --------------------------------------------------------------------- */

/* Counts what TCP knows of an open connection since the last time. */
void gd_conn_sample(struct gd_conn *c, int64_t now) GD_NONNULL;
/* The attempt on it is about to end: if it was slow, was something sent again meanwhile? */
void gd_conn_note_end(const struct gd_attempt *a, int64_t now) GD_NONNULL;
/* Counts that a connection was made. */
void gd_conn_note_up(const struct gd_conn *c, int64_t now) GD_NONNULL;
/* Samples connections of the lane, a bounded number in turn. */
void gd_lane_sample(struct gd_lane *l, int64_t now) GD_NONNULL;

/* --- conn.c, once more ---------------------------------------------------------------- */

/* News from the reactor. */
void gd_conn_connected(struct gd_conn *c, int error, int64_t now) GD_NONNULL;
void gd_conn_data(struct gd_conn *c, const char *data, size_t size,
		  int64_t now) GD_NONNULL;
void gd_conn_ended(struct gd_conn *c, int error, int64_t now) GD_NONNULL;
/* It can carry attempts now: the protocol greets, and those bound to it are sent. */
void gd_conn_up(struct gd_conn *c, int64_t now) GD_NONNULL;
/* Bytes for the protocol, and their end. */
void gd_conn_plain(struct gd_conn *c, const char *data, size_t size,
		   int64_t now) GD_NONNULL;
void gd_conn_plain_ended(struct gd_conn *c, int64_t now) GD_NONNULL;
/* Closes; all attempts on it end as outcome, for this reason (NULL: none to tell). */
void gd_conn_fail(struct gd_conn *c, enum gd_outcome outcome, const char *problem,
		  int64_t now) GD_NONNULL_ARGS(1);

/* --- conn_tls.c ---------------------------------------------------------------------- */

/* The socket is connected: the handshake begins, gd_conn_up follows it. */
void gd_conn_tls_begin(struct gd_conn *c, struct gd_tls_config *config,
		       int64_t now) GD_NONNULL;
void gd_conn_tls_data(struct gd_conn *c, const char *data, size_t size,
		      int64_t now) GD_NONNULL;
/* Plain bytes for the peer. -1 with errno when the connection is dead. */
int gd_conn_tls_send(struct gd_conn *c, const char *data, size_t size) GD_NONNULL;
