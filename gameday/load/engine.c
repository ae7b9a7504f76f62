/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn: what the sockets say, then what time says (timeouts, retries, starts), then
 * intervals that are over, then sleep until the next of these instants. Sleeping is by
 * absolute deadlines: a late wake-up delays what was due but not the schedule.
 */
#include "gameday/load/engine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/*
 * The kernel wakes a sleeper late: by 30 to 50 us on a virtual machine whose core was idle, and
 * one sleep in a hundred by several times that. So we sleep until a little before a start is
 * due and poll until then, which costs that little of CPU and makes starts punctual. How much
 * it is follows the 98th percentile of what sleeps took longer than asked for, but is no
 * more than an eighth of the sleep: polling always would cost a core. The tenth percentile is
 * free, as nine sleeps in ten end later. At a high pace the next start is due before such a
 * sleep ends, so nothing is polled for.
 */
enum {
	MAX_OVERSLEEP_NS = 60000,
	MAX_EARLY_NS = 250000,
	FIRST_EARLY_NS = 100000, /* until sleeps were measured */
	EARLY_SHARE = 8,         /* of a sleep at most the n-th part is polled */
	OVERSLEEP_STEP_NS = 1000,
	EARLY_STEP_NS = 4000,
	POLL_NS = 5000, /* too short to sleep */
};

/* The kernel may delay a sleeper by its timer slack, 50 us by default: too much here. */
enum { TIMER_SLACK_NS = 1000 };

void gd_engine_nomem(struct gd_engine *e)
{
	if (!e->failed)
		(void)gd_raise_nomem(&e->err);
	e->failed = true;
}

/* --- news from the reactor ------------------------------------------------------------ */

static bool start_requests(struct gd_engine *e, int max, int64_t now);

static struct gd_conn *conn_of(struct gd_sock *s)
{
	return (struct gd_conn *)(void *)((char *)s - offsetof(struct gd_conn, sock));
}

/*
 * What follows from an event, at once: the next requests need not wait for a turn, nor those
 * that fell due for the rest of a batch of answers.
 */
static void after_event(struct gd_engine *e, struct gd_lane *l, int64_t now)
{
	gd_lane_settle(l, now);
	if (l->n_ready > 0 || gd_pace_next(&e->pace) <= now)
		(void)start_requests(e, GD_ENGINE_SOME, now);
}

static struct gd_sock *on_sock(void *ctx, uint32_t index)
{
	struct gd_engine *e = ctx;

	e->n_news++;
	return &gd_engine_conn(e, index)->sock;
}

static void on_connected(void *ctx, struct gd_sock *s, int error)
{
	int64_t now = gd_now().ns;

	gd_conn_connected(conn_of(s), error, now);
	after_event(ctx, conn_of(s)->lane, now);
}

static void on_data(void *ctx, struct gd_sock *s, const char *data, size_t size)
{
	int64_t now = gd_now().ns;

	gd_conn_data(conn_of(s), data, size, now);
	after_event(ctx, conn_of(s)->lane, now);
}

static void on_ended(void *ctx, struct gd_sock *s, int error)
{
	int64_t now = gd_now().ns;

	gd_conn_ended(conn_of(s), error, now);
	after_event(ctx, conn_of(s)->lane, now);
}

/* --- life ----------------------------------------------------------------------------- */

static int make_conns(struct gd_engine *e, struct gd_error *err)
{
	const struct gd_engine_config *cfg = &e->cfg;
	size_t align = alignof(max_align_t), state = 0, n = 0;

	for (size_t i = 0; i < cfg->n_targets; i++) {
		if (cfg->targets[i].proto->conn_size > state)
			state = cfg->targets[i].proto->conn_size;
	}
	for (size_t i = 0; i < cfg->n_clients; i++)
		n += gd_lane_n_conns(e, i) + (cfg->health[i] ? cfg->n_targets : 0);
	e->conn_size = (sizeof(struct gd_conn) + state + align - 1) / align * align;
	gd_assert(n > 0);
	e->conns = calloc(n, e->conn_size);
	if (!e->conns || gd_timers_reserve(&e->timers, n) < 0)
		return gd_raise_nomem(err);
	e->n_conns = n;
	return 0;
}

static int make_lanes(struct gd_engine *e, struct gd_error *err)
{
	const struct gd_engine_config *cfg = &e->cfg;
	size_t first = 0;

	e->n_lanes = cfg->n_clients;
	for (size_t i = 0; i < cfg->n_clients; i++) {
		struct gd_lane *checks = &e->lanes[e->n_lanes];

		if (gd_lane_init(&e->lanes[i], e, i, err) < 0)
			return -1;
		gd_lane_take_conns(&e->lanes[i], first, gd_lane_n_conns(e, i));
		first += gd_lane_n_conns(e, i);
		if (!cfg->health[i])
			continue;
		e->n_lanes++;
		if (gd_lane_init_health(checks, &e->lanes[i], i, err) < 0)
			return -1;
		gd_lane_take_conns(checks, first, cfg->n_targets);
		first += cfg->n_targets;
	}
	return 0;
}

int gd_engine_new(const struct gd_engine_config *cfg, gd_engine_emit_fn *emit, void *ctx,
		  struct gd_engine **ret, struct gd_error *err)
{
	GD_AUTO(gd_engine) struct gd_engine *e = calloc(1, sizeof(*e));
	struct gd_reactor_report report = {
		.ctx = e,
		.sock = on_sock,
		.connected = on_connected,
		.data = on_data,
		.ended = on_ended,
	};

	if (!e)
		return gd_raise_nomem(err);
	e->cfg = *cfg;
	e->drain_ns = INT64_MAX;
	e->early_ns = FIRST_EARLY_NS;
	e->next_sample_ns = cfg->start_ns + cfg->interval_ns * 9 / 10;
	e->emit = emit;
	e->emit_ctx = ctx;
	e->out = malloc(GD_OUT_MAX);
	e->lanes = calloc(2 * cfg->n_clients, sizeof(*e->lanes));
	if (!e->out || !e->lanes)
		return gd_raise_nomem(err);
	if (make_conns(e, err) < 0)
		return -1;
	report.n_socks = e->n_conns;
	if (gd_reactor_new(cfg->reactor, &report, &e->reactor, err) < 0)
		return gd_wrap(err, "load %s: ", cfg->name);
	if (make_lanes(e, err) < 0)
		return -1;
	e->pace.next_ns = INT64_MAX;
	if (cfg->rate > 0)
		gd_pace_init(&e->pace, &cfg->pace, cfg->start_ns, cfg->end_ns);
	*ret = gd_steal_ptr(&e);
	return 0;
}

void gd_engine_free(struct gd_engine *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n_conns; i++)
		gd_conn_close(gd_engine_conn(e, i), 0);
	for (size_t i = 0; i < e->n_lanes; i++)
		gd_lane_fini(&e->lanes[i]);
	if (e->reactor)
		e->reactor->ops->free(e->reactor);
	gd_timers_fini(&e->timers);
	free(e->lanes);
	free(e->conns);
	free(e->out);
	free(e);
}

void gd_engine_order(struct gd_engine *e, enum gd_engine_order order)
{
	int now = atomic_load(&e->order);

	while (now < (int)order &&
	       !atomic_compare_exchange_weak(&e->order, &now, (int)order))
		continue;
	e->reactor->ops->wake(e->reactor);
}

void gd_engine_stop(struct gd_engine *e, int64_t at)
{
	int64_t never = 0;

	(void)atomic_compare_exchange_strong(&e->stop_ns, &never, at);
	gd_engine_order(e, GD_ENGINE_STOP);
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

/* The end comes earlier, or now: false. */
static bool bring_end_forward(struct gd_engine *e, int64_t now)
{
	int64_t at = atomic_load(&e->stop_ns);

	if (at <= now)
		return false;
	if (at < e->cfg.end_ns)
		e->cfg.end_ns = at;
	gd_pace_cut(&e->pace, at);
	return true;
}

static void obey(struct gd_engine *e, int64_t now)
{
	int order = atomic_load(&e->order);

	if (e->failed)
		order = GD_ENGINE_ABORT;
	if (order == GD_ENGINE_STOP && !e->ended && bring_end_forward(e, now))
		order = GD_ENGINE_RUN;
	if (order != GD_ENGINE_RUN && e->drain_ns == INT64_MAX) {
		if (!e->ended)
			end_starts(e, now);
		e->drain_ns = now + e->whole_ns;
	}
	if (order == GD_ENGINE_ABORT)
		e->drain_ns = now;
	if (!e->ended && now >= e->cfg.end_ns && gd_pace_next(&e->pace) == INT64_MAX)
		end_starts(e, e->cfg.end_ns);
	for (size_t i = 0; e->drain_ns <= now && i < e->n_lanes; i++)
		gd_lane_abandon(&e->lanes[i], now);
}

static void next_lane(struct gd_engine *e)
{
	e->next_lane = e->next_lane + 1 < e->cfg.n_clients ? e->next_lane + 1 : 0;
}

/* Open loop: starts what is due; true when that may be more than max. */
static bool start_due(struct gd_engine *e, int max)
{
	size_t n_each = e->cfg.share ? 1 : e->cfg.n_clients;
	int64_t intended = 0;
	uint64_t index = 0;

	for (int n = 0; n < max; n++) {
		if (!gd_pace_take(&e->pace, gd_now().ns, &intended, &index))
			return false;
		if (e->cfg.share)
			e->next_lane = index / e->cfg.n_threads % e->cfg.n_clients;
		for (size_t i = 0; i < n_each; i++) {
			gd_lane_start(&e->lanes[e->next_lane], intended, gd_now().ns);
			next_lane(e);
		}
		next_lane(e);
	}
	return true;
}

/* True when there is more to do at once. */
static bool start_requests(struct gd_engine *e, int max, int64_t now)
{
	bool more = false;

	if (e->ended || e->failed || now < e->cfg.start_ns)
		return false;
	if (e->cfg.rate > 0)
		return start_due(e, max);
	if (now >= e->cfg.end_ns)
		return false;
	for (size_t i = 0; i < e->cfg.n_clients; i++) {
		gd_lane_start_ready(&e->lanes[i], now);
		more |= e->lanes[i].n_ready > 0;
	}
	return more;
}

/* Shortly before an interval ends, so that the samples are of it. */
static void sample_conns(struct gd_engine *e, int64_t now)
{
	if (now < e->next_sample_ns || e->ended)
		return;
	for (size_t i = 0; i < e->cfg.n_clients; i++)
		gd_lane_sample(&e->lanes[i], now);
	e->next_sample_ns = now + e->cfg.interval_ns;
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
	/* What health checks measured is nobody's business. */
	for (size_t i = e->cfg.n_clients; i < e->n_lanes; i++) {
		while (gd_tally_take(&e->lanes[i].tally, now, &iv))
			gd_interval_fini(&iv);
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

	next = earlier(next, gd_timers_next(&e->timers));
	if (!e->ended) {
		next = earlier(next,
			       now < e->cfg.start_ns ? e->cfg.start_ns : e->cfg.end_ns);
		if (e->cfg.rate > 0)
			next = earlier(next, gd_pace_next(&e->pace));
	}
	for (size_t i = 0; i < e->cfg.n_clients; i++) {
		const struct gd_tally_slot *slot = e->lanes[i].tally.tail;

		if (slot && slot->end_ns > now)
			next = earlier(next, slot->end_ns);
	}
	return next;
}

/* --- sleeping ------------------------------------------------------------------------- */

/*
 * Moves an estimate of the q-th percentile of `took` towards it, by steps that are in balance
 * when q in a hundred are below.
 */
static void follow_percentile(int64_t *estimate, int64_t took, int q, int64_t step,
			      int64_t max)
{
	int64_t was = *estimate;

	if (was == 0)
		was = took;
	else
		was += took < was ? -step * (100 - q) / 100 : step * q / 100;
	*estimate = was > max ? max : was > 0 ? was : 0;
}

static void note_oversleep(struct gd_engine *e, int64_t took)
{
	follow_percentile(&e->oversleep_ns, took, 10, OVERSLEEP_STEP_NS,
			  MAX_OVERSLEEP_NS);
	follow_percentile(&e->early_ns, took, 98, EARLY_STEP_NS, MAX_EARLY_NS);
}

/* How much of a sleep of that span until a start is polled. */
static int64_t polled_part(const struct gd_engine *e, int64_t span)
{
	int64_t most = span / EARLY_SHARE, part = e->early_ns;

	part = part > most ? most : part;
	return part > e->oversleep_ns ? part : e->oversleep_ns;
}

static int sleep_until(struct gd_engine *e, int64_t next, struct gd_error *err)
{
	int64_t before = gd_now().ns, span = next - before, took;
	bool start = !e->ended && next == gd_pace_next(&e->pace);
	uint64_t n_news = e->n_news;
	int64_t polled = polled_part(e, span);

	if (start && span > polled + POLL_NS)
		span -= polled;
	else if (start && span < POLL_NS)
		span = 0;
	if (e->reactor->ops->wait(e->reactor, span > 0 ? span : 0, err) < 0)
		return -1;
	/* A sleep that an event ended, or after which events took time, tells nothing. */
	if (!start || span <= 0 || e->n_news != n_news)
		return 0;
	took = gd_now().ns - before - span;
	if (took > 0)
		note_oversleep(e, took);
	return 0;
}

int gd_engine_run(struct gd_engine *e, struct gd_error *err)
{
	(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
	for (;;) {
		int64_t now = gd_now().ns;
		bool more;

		obey(e, now);
		gd_timers_fire(&e->timers, now);
		for (size_t i = 0; i < e->n_lanes; i++)
			gd_lane_settle(&e->lanes[i], now);
		more = start_requests(e, GD_ENGINE_BURST, now);
		sample_conns(e, now);
		emit_intervals(e, now);
		if (all_over(e))
			break;
		if (sleep_until(e, more ? now : next_instant(e, now), err) < 0)
			return gd_wrap(err, "load %s: ", e->cfg.name);
	}
	/* What was said last, as that an attempt is given up, goes out too. */
	for (int i = 0; i < 2; i++) {
		if (e->reactor->ops->wait(e->reactor, 0, err) < 0)
			return gd_wrap(err, "load %s: ", e->cfg.name);
	}
	if (!e->failed)
		return 0;
	*err = e->err;
	return -1;
}
