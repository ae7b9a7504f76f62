/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn: what the sockets say, then what time says (timeouts, retries, starts), then
 * intervals that are over, then sleep until the next of these instants. Sleeping is by
 * absolute deadlines: a late wake-up delays what was due but not the schedule.
 */
#include "gameday/load/engine.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>

#define WAKE_ID UINT64_MAX

/* The kernel may delay a sleeper by its timer slack, 50 us by default: too much here. */
enum { TIMER_SLACK_NS = 1000 };

void gd_engine_nomem(struct gd_engine *e)
{
	if (!e->failed)
		(void)gd_raise_nomem(&e->err);
	e->failed = true;
}

static int open_descriptors(struct gd_engine *e, struct gd_error *err)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = WAKE_ID};

	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (e->epoll < 0)
		return gd_raise_errno(err, "load: epoll_create1");
	e->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->wake < 0)
		return gd_raise_errno(err, "load: eventfd");
	if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->wake, &ev) < 0)
		return gd_raise_errno(err, "load: epoll_ctl");
	return 0;
}

int gd_engine_new(const struct gd_engine_config *cfg, gd_engine_emit_fn *emit, void *ctx,
		  struct gd_engine **ret, struct gd_error *err)
{
	GD_AUTO(gd_engine) struct gd_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return gd_raise_nomem(err);
	e->cfg = *cfg;
	e->epoll = e->wake = -1;
	e->drain_ns = INT64_MAX;
	e->emit = emit;
	e->emit_ctx = ctx;
	e->buffer = malloc(GD_ENGINE_BUFFER);
	e->conns = calloc(cfg->n_clients * (size_t)cfg->connections, sizeof(*e->conns));
	e->lanes = calloc(cfg->n_clients, sizeof(*e->lanes));
	if (!e->buffer || !e->conns || !e->lanes)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < cfg->n_clients; i++) {
		if (gd_lane_init(&e->lanes[i], e, i, err) < 0)
			return -1;
	}
	if (open_descriptors(e, err) < 0)
		return -1;
	if (cfg->rate > 0)
		gd_pace_init(&e->pace, cfg->start_ns, cfg->end_ns, cfg->rate);
	*ret = gd_steal_ptr(&e);
	return 0;
}

void gd_engine_free(struct gd_engine *e)
{
	if (!e)
		return;
	for (size_t i = 0; e->lanes && i < e->cfg.n_clients; i++) {
		if (!e->lanes[i].engine)
			continue;
		for (int64_t k = 0; k < e->cfg.connections; k++)
			gd_conn_close(
				&e->conns[i * (size_t)e->cfg.connections + (size_t)k]);
		gd_lane_fini(&e->lanes[i]);
	}
	free(e->lanes);
	free(e->conns);
	free(e->buffer);
	gd_close_fd(&e->epoll);
	gd_close_fd(&e->wake);
	free(e);
}

void gd_engine_order(struct gd_engine *e, enum gd_engine_order order)
{
	int now = atomic_load(&e->order);
	uint64_t one = 1;
	ssize_t n;

	while (now < (int)order &&
	       !atomic_compare_exchange_weak(&e->order, &now, (int)order))
		continue;
	/* Can only fail when the counter is full, and then it wakes as well. */
	n = write(e->wake, &one, sizeof(one));
	(void)n;
}

/* Opens the intervals up to `at`, so that those without requests exist too. */
static void reach(struct gd_engine *e, int64_t at)
{
	for (size_t i = 0; at >= e->cfg.start_ns && i < e->cfg.n_clients; i++) {
		if (!gd_tally_at(&e->lanes[i].tally, at))
			gd_engine_nomem(e);
	}
}

static void end_starts(struct gd_engine *e, int64_t end)
{
	reach(e, end - 1);
	e->ended = true;
	for (size_t i = 0; i < e->cfg.n_clients; i++)
		gd_tally_cut(&e->lanes[i].tally, end);
}

static void obey(struct gd_engine *e, int64_t now)
{
	int order = atomic_load(&e->order);

	if (e->failed)
		order = GD_ENGINE_ABORT;
	if (order != GD_ENGINE_RUN && e->drain_ns == INT64_MAX) {
		if (!e->ended)
			end_starts(e, now);
		e->drain_ns = now + e->cfg.timeout_ns;
	}
	if (order == GD_ENGINE_ABORT)
		e->drain_ns = now;
	if (!e->ended && now >= e->cfg.end_ns && gd_pace_next(&e->pace) == INT64_MAX)
		end_starts(e, e->cfg.end_ns);
	for (size_t i = 0; e->drain_ns <= now && i < e->cfg.n_clients; i++)
		gd_lane_abandon(&e->lanes[i], now);
}

static void next_lane(struct gd_engine *e)
{
	e->next_lane = e->next_lane + 1 < e->cfg.n_clients ? e->next_lane + 1 : 0;
}

/* Open loop: starts what is due; true when more is due than one turn should do. */
static bool start_due(struct gd_engine *e)
{
	int64_t intended = 0;

	for (int n = 0; n < GD_ENGINE_BURST; n++) {
		if (!gd_pace_take(&e->pace, gd_now().ns, &intended))
			return false;
		for (size_t i = 0; i < e->cfg.n_clients; i++) {
			gd_lane_start(&e->lanes[e->next_lane], intended, gd_now().ns);
			next_lane(e);
		}
		next_lane(e);
	}
	return true;
}

/* True when there is more to do at once. */
static bool start_requests(struct gd_engine *e, int64_t now)
{
	bool more = false;

	if (e->ended || e->failed || now < e->cfg.start_ns)
		return false;
	if (e->cfg.rate > 0)
		return start_due(e);
	if (now >= e->cfg.end_ns)
		return false;
	for (size_t i = 0; i < e->cfg.n_clients; i++) {
		gd_lane_start_ready(&e->lanes[i], now);
		more |= e->lanes[i].n_ready > 0;
	}
	return more;
}

static void emit_intervals(struct gd_engine *e, int64_t now)
{
	int64_t upto = e->cfg.rate > 0 && !e->ended ? gd_pace_next(&e->pace) : now;
	struct gd_interval iv;

	/* A start that is due but not made yet belongs to an interval that must stay. */
	upto = upto < now ? upto : now;
	if (!e->ended && now < e->cfg.end_ns)
		reach(e, now);
	for (size_t i = 0; i < e->cfg.n_clients; i++) {
		while (gd_tally_take(&e->lanes[i].tally, upto, &iv))
			e->emit(e->emit_ctx, &iv);
	}
}

static bool all_over(const struct gd_engine *e)
{
	if (!e->ended)
		return false;
	for (size_t i = 0; i < e->cfg.n_clients; i++) {
		if (e->lanes[i].n_open > 0 || e->lanes[i].tally.head)
			return false;
	}
	return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The next instant at which time alone makes something to do. */
static int64_t next_instant(const struct gd_engine *e, int64_t now)
{
	int64_t next = earlier(e->drain_ns, now + GD_NS_PER_S);

	if (!e->ended) {
		next = earlier(next,
			       now < e->cfg.start_ns ? e->cfg.start_ns : e->cfg.end_ns);
		if (e->cfg.rate > 0)
			next = earlier(next, gd_pace_next(&e->pace));
	}
	for (size_t i = 0; i < e->cfg.n_clients; i++) {
		const struct gd_tally_slot *slot = e->lanes[i].tally.tail;

		next = earlier(next, gd_lane_next_timer(&e->lanes[i]));
		if (slot && slot->end_ns > now)
			next = earlier(next, slot->end_ns);
	}
	return next;
}

/* Before Linux 5.11 the epoll descriptor itself is polled, to the same precision. */
static int wait_events(struct gd_engine *e, int64_t span_ns, struct epoll_event *events)
{
	struct timespec ts = {.tv_sec = span_ns / GD_NS_PER_S,
			      .tv_nsec = span_ns % GD_NS_PER_S};
	struct pollfd pfd = {.fd = e->epoll, .events = POLLIN};
	int n;

	if (!e->no_pwait2) {
		n = epoll_pwait2(e->epoll, events, GD_ENGINE_EVENTS, &ts, NULL);
		if (n >= 0 || errno != ENOSYS)
			return n;
		e->no_pwait2 = true;
	}
	n = ppoll(&pfd, 1, &ts, NULL);
	return n <= 0 ? n : epoll_wait(e->epoll, events, GD_ENGINE_EVENTS, 0);
}

static void handle_event(struct gd_engine *e, const struct epoll_event *ev)
{
	struct gd_conn *c;
	uint64_t drop;

	if (ev->data.u64 == WAKE_ID) {
		ssize_t n = read(e->wake, &drop, sizeof(drop));

		(void)n;
		return;
	}
	c = &e->conns[ev->data.u64 & UINT32_MAX];
	/* An earlier event of this batch may have closed and reopened it. */
	if (c->generation != (uint32_t)(ev->data.u64 >> 32))
		return;
	gd_conn_event(c, ev->events);
	gd_lane_dispatch(c->lane);
	if (c->lane->n_ready > 0)
		(void)start_requests(e, gd_now().ns);
}

static int poll_sockets(struct gd_engine *e, int64_t until, struct gd_error *err)
{
	struct epoll_event events[GD_ENGINE_EVENTS];
	int64_t span = until - gd_now().ns;
	int n = wait_events(e, span > 0 ? span : 0, events);

	if (n < 0 && errno != EINTR)
		return gd_raise_errno(err, "load %s: epoll_wait", e->cfg.name);
	for (int i = 0; i < n; i++)
		handle_event(e, &events[i]);
	return 0;
}

int gd_engine_run(struct gd_engine *e, struct gd_error *err)
{
	(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
	for (;;) {
		int64_t now = gd_now().ns;
		bool more;

		obey(e, now);
		for (size_t i = 0; i < e->cfg.n_clients; i++)
			gd_lane_timers(&e->lanes[i], now);
		more = start_requests(e, now);
		emit_intervals(e, now);
		if (all_over(e))
			break;
		if (poll_sockets(e, more ? 0 : next_instant(e, now), err) < 0)
			return -1;
	}
	if (!e->failed)
		return 0;
	*err = e->err;
	return -1;
}
