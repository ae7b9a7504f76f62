/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a request: start -> attempt -> over, or a pause and another attempt.
 */
#include "gameday/load/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_POOL = 1024, MAX_POOL = 256 * 1024 };

/* A worker of a closed loop whose request failed without a reply would spin otherwise. */
#define FAILED_WORKER_PAUSE_NS (10 * GD_NS_PER_MS)

/* Requests that can be open at once: as many as start in the longest life of one. */
static size_t pool_size(const struct gd_engine_config *cfg,
			const struct gd_client_spec *client)
{
	double life_s = (double)gd_client_spec_longest(client, cfg->spec->timeout).ns /
			(double)GD_NS_PER_S;
	double n = cfg->rate > 0 ? cfg->rate * life_s * 1.1 + (double)cfg->pace.burst
				 : (double)cfg->concurrency;

	if (n < MIN_POOL)
		return MIN_POOL;
	return n > MAX_POOL ? MAX_POOL : (size_t)n;
}

static void request_over(struct gd_lane *l, struct gd_request *req,
			 enum gd_outcome outcome, int64_t now);
static void give_up_queue(struct gd_lane *l, struct gd_request *req, int64_t now);

/* --- attempts of a request ------------------------------------------------------------- */

/* May an attempt begin, as far as breaker and rate limit are concerned? */
static bool admit(struct gd_lane *l, struct gd_request *req, int64_t now)
{
	struct gd_counts *counts = &req->slot->iv.counts;

	if (l->breaker && gd_breaker_enter(l->breaker, now) == 0) {
		counts->rejected_breaker++;
		return false;
	}
	if (gd_limit_take(&l->limit, now))
		return true;
	if (l->breaker)
		gd_breaker_forget(l->breaker, l->breaker->epoch);
	counts->rejected_limit++;
	return false;
}

/* One more beside those under way, if breaker, limit and budget let it. */
static bool begin_extra(struct gd_lane *l, struct gd_request *req, int64_t now)
{
	if (!admit(l, req, now))
		return false;
	if (!gd_budget_take(&l->hedge.budget)) {
		if (l->breaker)
			gd_breaker_forget(l->breaker, l->breaker->epoch);
		req->slot->iv.counts.hedges_denied++;
		return false;
	}
	req->slot->iv.counts.hedges++;
	req->n_extra++;
	gd_attempt_begin(l, req, true, now);
	return true;
}

/* After `delay` the next one beside those under way; without a delay, all of them now. */
static void plan_extra(struct gd_lane *l, struct gd_request *req, int64_t now)
{
	int64_t delay = gd_hedge_delay(&l->hedge, l->quantile, now);
	bool more = req->n_extra < l->hedge.max;

	while (delay == 0 && more)
		more = begin_extra(l, req, now) && req->n_extra < l->hedge.max;
	if (delay > 0 && more)
		gd_timers_set(&l->engine->timers, &req->timer, now + delay);
}

/* One alone: the first of a request, or the first after a pause. */
static void begin_first(struct gd_lane *l, struct gd_request *req, int64_t now)
{
	req->n_extra = 0;
	if (!admit(l, req, now)) {
		/* Of a retry that is refused, the failure before it is the outcome. */
		request_over(l, req, req->n_attempts > 0 ? req->last : GD_OUTCOME_SHED,
			     now);
		return;
	}
	gd_attempt_begin(l, req, false, now);
	if (l->hedge.max > 0)
		plan_extra(l, req, now);
}

static void on_next_attempt(struct gd_timer *t, int64_t now)
{
	struct gd_request *req = GD_TIMER_OWNER(t, struct gd_request, timer);

	if (req->queued)
		give_up_queue(req->lane, req, now);
	else if (req->n_live == 0)
		begin_first(req->lane, req, now);
	else if (begin_extra(req->lane, req, now))
		plan_extra(req->lane, req, now);
}

/* Workers whose pause is over are ready again. */
static void on_pause_over(struct gd_timer *t, int64_t now)
{
	struct gd_lane *l = GD_TIMER_OWNER(t, struct gd_lane, pause_timer);
	int64_t size = l->engine->cfg.concurrency + 1;

	while (l->n_pauses > 0 && l->pauses[l->first_pause] <= now) {
		l->first_pause = (l->first_pause + 1) % size;
		l->n_pauses--;
		l->n_ready++;
	}
	if (l->n_pauses > 0)
		gd_timers_set(&l->engine->timers, t, l->pauses[l->first_pause]);
}

static int64_t limit_of(struct gd_span span)
{
	return span.ns > 0 ? span.ns : INT64_MAX;
}

static void make_limits(struct gd_lane *l, const struct gd_client_spec *client)
{
	static const struct gd_timeouts_spec none;
	const struct gd_timeouts_spec *t = client->timeouts ? client->timeouts : &none;
	struct gd_span whole = t->whole.ns > 0 ? t->whole : l->engine->cfg.spec->timeout;

	l->limits = (struct gd_limits){
		.connect_ns = limit_of(t->connect),
		.first_byte_ns = limit_of(t->first_byte),
		.whole_ns = whole.ns,
		.deadline_ns = limit_of(client->deadline),
		.phases = t->connect.ns > 0 || t->first_byte.ns > 0,
	};
	if (whole.ns > l->engine->whole_ns)
		l->engine->whole_ns = whole.ns;
}

static int make_pool(struct gd_lane *l, const struct gd_client_spec *client,
		     struct gd_error *err)
{
	struct gd_engine *e = l->engine;

	l->n_pool = pool_size(&e->cfg, client);
	l->max_parallel = (uint8_t)(1 + l->hedge.max);
	l->pool = calloc(l->n_pool, sizeof(*l->pool));
	l->attempts = calloc(l->n_pool * l->max_parallel, sizeof(*l->attempts));
	l->pauses = calloc((size_t)e->cfg.concurrency + 1, sizeof(*l->pauses));
	if (!l->pool || !l->attempts || !l->pauses ||
	    gd_timers_reserve(&e->timers, l->n_pool * (1 + (size_t)l->max_parallel) + 1) <
		    0)
		return gd_raise_nomem(err);
	return 0;
}

/* A client without a name or a policy. */
static const struct gd_client_spec plain;

static struct gd_part part_of(const struct gd_engine *e)
{
	return (struct gd_part){e->cfg.thread, e->cfg.n_threads};
}

static int make_policies(struct gd_lane *l, const struct gd_client_spec *client,
			 uint64_t seed, struct gd_error *err)
{
	struct gd_part part = part_of(l->engine);
	struct gd_client_limits own;

	gd_client_divide(client, part, &own);
	make_limits(l, client);
	gd_retry_init(&l->retry, client->retry, seed);
	gd_balance_init(&l->balance, client->balance, l->engine->cfg.n_targets, ~seed);
	if (gd_hedge_init(&l->hedge, client, err) < 0)
		return -1;
	gd_budget_divide(&l->retry.budget, part);
	gd_budget_divide(&l->hedge.budget, part);
	l->limit = gd_limit_make(client->limit ? &own.limit : NULL);
	l->keep = gd_pool_make(client->pool ? &own.pool : NULL);
	l->bulkhead = gd_bulkhead_make(client->bulkhead ? &own.bulkhead : NULL);
	l->queue_wait_ns = client->bulkhead ? client->bulkhead->wait.ns : 0;
	if (client->breaker) {
		l->breaker = malloc(sizeof(*l->breaker));
		if (!l->breaker)
			return gd_raise_nomem(err);
		if (gd_breaker_init(l->breaker, client->breaker, err) < 0)
			return -1;
	}
	if (l->hedge.fraction > 0) {
		l->quantile = malloc(sizeof(*l->quantile));
		if (!l->quantile)
			return gd_raise_nomem(err);
		gd_quantile_init(l->quantile, l->hedge.fraction);
	}
	return 0;
}

static const struct gd_client_spec *client_of(const struct gd_engine *e, size_t client)
{
	const struct gd_list *clients = &e->cfg.spec->clients;

	return clients->n > 0 ? GD_AT(clients, const struct gd_client_spec, client)
			      : &plain;
}

size_t gd_lane_n_conns(const struct gd_engine *e, size_t client)
{
	struct gd_client_limits own;

	gd_client_divide(client_of(e, client), part_of(e), &own);
	return (size_t)(own.pool.max > 0 ? own.pool.max : e->cfg.connections);
}

void gd_lane_take_conns(struct gd_lane *l, size_t first, size_t n)
{
	l->first_conn = first;
	l->n_conns = n;
	for (size_t i = first; i < first + n; i++)
		gd_conn_init(gd_engine_conn(l->engine, i), l, (uint32_t)i);
}

static void begin_tally(struct gd_lane *l, bool count_targets)
{
	const struct gd_engine_config *cfg = &l->engine->cfg;

	l->tally = (struct gd_tally){
		.load = cfg->name,
		.client = l->name,
		.n_open = &l->n_open,
		.targets = l->targets,
		.n_targets = count_targets ? cfg->n_targets : 0,
		.start_ns = cfg->start_ns,
		.open_loop = cfg->rate > 0,
		.length_ns = cfg->interval_ns,
		.wall_offset_ns = cfg->wall_offset_ns,
	};
}

int gd_lane_init(struct gd_lane *l, struct gd_engine *e, size_t client,
		 struct gd_error *err)
{
	const struct gd_engine_config *cfg = &e->cfg;
	const struct gd_client_spec *spec = client_of(e, client);

	l->engine = e;
	l->targets = cfg->targets;
	(void)snprintf(l->name, sizeof(l->name), "%s", spec->name ? spec->name : "plain");
	begin_tally(l, cfg->n_targets > 1);
	if (make_policies(l, spec, cfg->seed + client * UINT64_C(0x2545f4914f6cdd1d),
			  err) < 0)
		return -1;
	l->ejects = spec->eject || cfg->sick[client];
	gd_eject_init(&l->eject, spec->eject, cfg->sick[client], cfg->n_targets);
	l->n_ready = cfg->concurrency;
	l->pause_timer.fire = on_pause_over;
	return make_pool(l, spec, err);
}

static void on_check_due(struct gd_timer *t, int64_t now);

int gd_lane_init_health(struct gd_lane *l, struct gd_lane *of, size_t client,
			struct gd_error *err)
{
	struct gd_engine *e = of->engine;
	const struct gd_health_policy *health = client_of(e, client)->health;

	l->engine = e;
	l->health_of = of;
	l->targets = e->cfg.health[client];
	l->judge = gd_health_make(health, e->cfg.sick[client]);
	l->check_every_ns = health->every.ns;
	memcpy(l->name, of->name, sizeof(l->name));
	begin_tally(l, false);
	if (make_policies(l, &plain, 1, err) < 0 || make_pool(l, &plain, err) < 0)
		return -1;
	l->limits.whole_ns = health->timeout.ns;
	l->checks = calloc(e->cfg.n_targets, sizeof(*l->checks));
	if (!l->checks || gd_timers_reserve(&e->timers, e->cfg.n_targets) < 0)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < e->cfg.n_targets; i++) {
		l->checks[i] = (struct gd_check){{.fire = on_check_due}, l, (int8_t)i};
		gd_timers_set(&e->timers, &l->checks[i].timer, e->cfg.start_ns);
	}
	return 0;
}

void gd_lane_fini(struct gd_lane *l)
{
	gd_tally_fini(&l->tally);
	free(l->pool);
	free(l->attempts);
	free(l->pauses);
	free(l->quantile);
	free(l->breaker);
	free(l->checks);
}

/* --- requests ------------------------------------------------------------------------ */

static struct gd_request *request_new(struct gd_lane *l)
{
	struct gd_request *req = l->free;

	if (req)
		l->free = req->next;
	else if (l->n_pool_used < l->n_pool)
		req = &l->pool[l->n_pool_used++];
	return req;
}

/* A worker of the closed loop is free again; after a failure of transport, in a moment. */
static void free_worker(struct gd_lane *l, enum gd_outcome outcome, int64_t now)
{
	int64_t size = l->engine->cfg.concurrency + 1;

	if (gd_outcome_is_reply(outcome) || outcome == GD_OUTCOME_TIMEOUT ||
	    outcome == GD_OUTCOME_DEADLINE) {
		l->n_ready++;
		return;
	}
	l->pauses[(l->first_pause + l->n_pauses) % size] = now + FAILED_WORKER_PAUSE_NS;
	if (l->n_pauses++ == 0)
		gd_timers_set(&l->engine->timers, &l->pause_timer,
			      now + FAILED_WORKER_PAUSE_NS);
}

static void unsettle(struct gd_lane *l, struct gd_request *req)
{
	if (req->unsettled)
		return;
	req->unsettled = true;
	req->next = l->unsettled;
	l->unsettled = req;
}

/* Gives back a request that is over and of which no attempt is left. */
static void release(struct gd_lane *l, struct gd_request *req)
{
	req->slot->n_open--;
	req->next = l->free;
	l->free = req;
	l->n_open--;
}

static void note_check(struct gd_lane *l, uint8_t target, enum gd_outcome outcome)
{
	struct gd_tally_slot *slot = l->health_of->tally.tail;

	if (outcome == GD_OUTCOME_LOCAL || outcome == GD_OUTCOME_UNFINISHED)
		return;
	if (gd_health_check(&l->judge, target, outcome == GD_OUTCOME_OK) && slot)
		slot->iv.counts.sick++;
}

/* Counts the outcome of req. Losers, if there are any, are cancelled when it is settled. */
static void request_over(struct gd_lane *l, struct gd_request *req,
			 enum gd_outcome outcome, int64_t now)
{
	struct gd_interval *iv = &req->slot->iv;

	iv->outcomes[outcome]++;
	if (l->health_of)
		note_check(l, (uint8_t)req->target, outcome);
	if (gd_outcome_is_measured(outcome))
		gd_hist_record(iv->latency, now - req->intended_ns);
	gd_timer_clear(&req->timer);
	req->over = true;
	if (req->entered)
		gd_bulkhead_leave(&l->bulkhead);
	if (l->engine->cfg.concurrency > 0 && !l->health_of)
		free_worker(l, outcome, now);
	if (req->n_live > 0)
		unsettle(l, req);
	else if (!req->unsettled)
		release(l, req);
}

/* All attempts failed: another one, or the end. */
static void try_again(struct gd_lane *l, struct gd_request *req, enum gd_outcome outcome,
		      int64_t retry_after_ns, int64_t now)
{
	struct gd_retry_case c = {
		.n_attempts = req->n_attempts,
		.outcome = outcome,
		.last_pause_ns = req->pause_ns,
		.retry_after_ns = retry_after_ns,
		.left_ns = req->deadline_ns - now,
	};

	switch (gd_retry_decide(&l->retry, &c, &req->pause_ns)) {
	case GD_RETRY_YES:
		req->slot->iv.retries++;
		req->last = outcome;
		gd_timers_set(&l->engine->timers, &req->timer, now + req->pause_ns);
		return;
	case GD_RETRY_DENIED:
		req->slot->iv.budget_denied++;
		break;
	case GD_RETRY_NO:
		break;
	}
	request_over(l, req, outcome, now);
}

void gd_lane_attempt_began(struct gd_lane *l, struct gd_attempt *a)
{
	struct gd_request *req = a->req;

	if (!l->hedge.tied || req->over || req->chosen)
		return;
	req->chosen = a;
	gd_timer_clear(&req->timer);
	if (req->n_live > 1)
		unsettle(l, req);
}

void gd_lane_attempt_over(struct gd_lane *l, const struct gd_attempt *a,
			  enum gd_outcome outcome, int64_t retry_after_ns, int64_t now)
{
	struct gd_request *req = a->req;

	if (req->chosen == a)
		req->chosen = NULL;
	/* A loser; or a failure while another attempt may still bring the answer. */
	if (req->over || (req->n_live > 0 && (outcome == GD_OUTCOME_CANCELLED ||
					      gd_retry_is_mendable(outcome))))
		return;
	if (a->extra && outcome == GD_OUTCOME_OK)
		req->slot->iv.counts.hedge_wins++;
	if (req->n_live > 0) {
		request_over(l, req, outcome, now);
		return;
	}
	/* One that was to be sent beside it has nothing to be beside. */
	if (l->hedge.max > 0)
		gd_timer_clear(&req->timer);
	try_again(l, req, outcome, retry_after_ns, now);
}

/* Cancels the attempts of req that are not wanted: all when it is over, or but the chosen. */
static void cancel_losers(struct gd_lane *l, struct gd_request *req, int64_t now)
{
	for (size_t k = 0; k < l->max_parallel; k++) {
		struct gd_attempt *a = gd_request_attempt(l, req, k);

		if (a->state != GD_ATTEMPT_NONE && (req->over || a != req->chosen))
			gd_attempt_cancel(a, GD_OUTCOME_CANCELLED, now);
	}
}

/* Each step may unsettle another one: a cancelled attempt can take its connection down. */
static void settle_requests(struct gd_lane *l, int64_t now)
{
	struct gd_request *req;

	while ((req = l->unsettled) != NULL) {
		l->unsettled = req->next;
		if (req->over || req->chosen)
			cancel_losers(l, req, now);
		req->unsettled = false;
		if (req->over)
			release(l, req);
	}
}

/* --- the line before the bulkhead -------------------------------------------------------- */

static void queue_push(struct gd_lane *l, struct gd_request *req, int64_t now)
{
	int64_t until = now + l->queue_wait_ns;

	req->queued = true;
	req->next = NULL;
	if (l->queue)
		l->queue_tail->next = req;
	else
		l->queue = req;
	l->queue_tail = req;
	req->slot->iv.counts.queued++;
	gd_timers_set(&l->engine->timers, &req->timer,
		      until < req->deadline_ns ? until : req->deadline_ns);
}

static struct gd_request *queue_pop(struct gd_lane *l)
{
	struct gd_request *req = l->queue;

	l->queue = req->next;
	req->queued = false;
	gd_timer_clear(&req->timer);
	return req;
}

/* All wait equally long, so who gives up is the first in line. */
static void give_up_queue(struct gd_lane *l, struct gd_request *req, int64_t now)
{
	gd_assert(l->queue == req);
	(void)queue_pop(l);
	gd_bulkhead_give_up(&l->bulkhead);
	req->slot->iv.counts.rejected_bulkhead++;
	request_over(l, req, GD_OUTCOME_SHED, now);
}

static void begin_request(struct gd_lane *l, struct gd_request *req, int64_t now)
{
	switch (gd_bulkhead_enter(&l->bulkhead)) {
	case GD_BULKHEAD_GO:
		req->entered = true;
		begin_first(l, req, now);
		break;
	case GD_BULKHEAD_WAIT:
		queue_push(l, req, now);
		break;
	case GD_BULKHEAD_FULL:
		req->slot->iv.counts.rejected_bulkhead++;
		request_over(l, req, GD_OUTCOME_SHED, now);
		break;
	}
}

static void serve_queue(struct gd_lane *l, int64_t now)
{
	while (l->queue && gd_bulkhead_next(&l->bulkhead)) {
		struct gd_request *req = queue_pop(l);

		req->entered = true;
		begin_first(l, req, now);
	}
}

/* A request starts: late or not, and in which interval. -1: out of memory. */
static int note_start(struct gd_lane *l, struct gd_tally_slot *slot, int64_t intended,
		      int64_t now)
{
	struct gd_interval *iv = &slot->iv;
	int64_t late = now - intended;

	iv->intended++;
	/* After the end there is no interval any more that it could be in. */
	if (now >= slot->end_ns)
		slot = now < l->engine->cfg.end_ns ? gd_tally_at(&l->tally, now) : slot;
	if (!slot)
		return -1;
	slot->iv.sent += now < slot->end_ns;
	if (iv->lateness)
		gd_hist_record(iv->lateness, late);
	if (late > iv->late_max_ns)
		iv->late_max_ns = late;
	if (late > GD_LATE_NS)
		iv->late++;
	return 0;
}

static void start(struct gd_lane *l, int8_t target, int64_t intended, int64_t now)
{
	struct gd_tally_slot *slot = gd_tally_at(&l->tally, intended);
	struct gd_request *req;

	if (!slot || note_start(l, slot, intended, now) < 0) {
		gd_engine_nomem(l->engine);
		return;
	}
	gd_retry_request(&l->retry);
	gd_budget_request(&l->hedge.budget);
	req = request_new(l);
	if (!req) {
		slot->iv.outcomes[GD_OUTCOME_LOCAL]++;
		return;
	}
	*req = (struct gd_request){
		.lane = l,
		.slot = slot,
		.timer = req->timer, /* it may have an entry */
		.intended_ns = intended,
		.target = target,
		.deadline_ns = now < INT64_MAX - l->limits.deadline_ns
				       ? now + l->limits.deadline_ns
				       : INT64_MAX,
		.seq = l->n_started * l->engine->cfg.n_threads + l->engine->cfg.thread,
	};
	req->timer.fire = on_next_attempt;
	l->n_started++;
	slot->n_open++;
	l->n_open++;
	begin_request(l, req, now);
	gd_attempt_dispatch(l, now);
}

void gd_lane_start(struct gd_lane *l, int64_t intended, int64_t now)
{
	start(l, -1, intended, now);
}

/* Checks go on until the load ends. */
static void on_check_due(struct gd_timer *t, int64_t now)
{
	struct gd_check *check = GD_TIMER_OWNER(t, struct gd_check, timer);
	struct gd_lane *l = check->lane;

	if (l->engine->ended || l->engine->failed)
		return;
	start(l, check->target, now, now);
	gd_timers_set(&l->engine->timers, t, now + l->check_every_ns);
}

void gd_lane_start_ready(struct gd_lane *l, int64_t now)
{
	/* Bounded: a request that fails at once frees its worker for the next round only. */
	for (int64_t n = l->n_ready; n > 0 && !l->engine->failed; n--) {
		l->n_ready--;
		gd_lane_start(l, now, now);
	}
}

void gd_lane_settle(struct gd_lane *l, int64_t now)
{
	settle_requests(l, now);
	serve_queue(l, now);
	gd_attempt_dispatch(l, now);
}

void gd_lane_abandon(struct gd_lane *l, int64_t now)
{
	for (size_t i = 0; l->n_open > 0 && i < l->n_pool_used * l->max_parallel; i++) {
		if (l->attempts[i].state != GD_ATTEMPT_NONE)
			gd_attempt_cancel(&l->attempts[i], GD_OUTCOME_UNFINISHED, now);
	}
	/* Those that wait for their next attempt; the above may have added some. */
	for (size_t i = 0; l->n_open > 0 && i < l->n_pool_used; i++) {
		struct gd_request *req = &l->pool[i];

		if (!gd_timer_is_set(&req->timer))
			continue;
		if (req->queued) {
			gd_bulkhead_give_up(&l->bulkhead);
			l->queue = NULL;
			req->queued = false;
		}
		request_over(l, req, GD_OUTCOME_UNFINISHED, now);
	}
	settle_requests(l, now);
}
