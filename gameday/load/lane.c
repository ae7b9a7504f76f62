/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a request: start -> attempt (waits for a connection, runs) -> over, or a pause
 * and another attempt. All attempts of a lane have the same timeout and begin in order of
 * time, so "who times out next" is the head of a list; pauses differ, so they sit in a heap.
 * The list of attempts waiting for a connection is a part of the same order: the one that
 * times out first is its head.
 */
#include "gameday/load/engine.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_POOL = 1024, MAX_POOL = 256 * 1024 };

/* A worker of a closed loop whose request failed without a reply would spin otherwise. */
#define FAILED_WORKER_PAUSE_NS (10 * GD_NS_PER_MS)

/* Requests that can be open at once: as many as start in the longest life of one. */
static size_t pool_size(const struct gd_lane *l)
{
	const struct gd_engine_config *cfg = &l->engine->cfg;
	const struct gd_retry_policy *p = &l->retry.policy;
	double life_s = ((double)p->attempts * (double)cfg->timeout_ns +
			 (double)gd_retry_max_pause(p)) /
			(double)GD_NS_PER_S;
	double n = cfg->rate > 0 ? cfg->rate * life_s * 1.1 : (double)cfg->concurrency;

	if (n < MIN_POOL)
		return MIN_POOL;
	return n > MAX_POOL ? MAX_POOL : (size_t)n;
}

static void init_conns(struct gd_lane *l, size_t client)
{
	struct gd_engine *e = l->engine;
	size_t first = client * (size_t)e->cfg.connections;

	for (int64_t i = 0; i < e->cfg.connections; i++) {
		struct gd_conn *c = &e->conns[first + (size_t)i];

		*c = (struct gd_conn){.fd = -1, .lane = l, .next = l->closed};
		c->index = (uint32_t)(first + (size_t)i);
		l->closed = c;
	}
}

int gd_lane_init(struct gd_lane *l, struct gd_engine *e, size_t client,
		 struct gd_error *err)
{
	const struct gd_engine_config *cfg = &e->cfg;

	l->engine = e;
	memcpy(l->name, cfg->clients[client].name, sizeof(l->name));
	gd_retry_init(&l->retry,
		      cfg->clients[client].has_retry ? &cfg->clients[client].retry : NULL,
		      cfg->seed + client * UINT64_C(0x2545f4914f6cdd1d));
	l->tally = (struct gd_tally){
		.load = cfg->name,
		.client = l->name,
		.start_ns = cfg->start_ns,
		.length_ns = cfg->interval_ns,
		.wall_offset_ns = gd_wall_now().ns - gd_now().ns,
	};
	l->n_pool = pool_size(l);
	l->n_ready = cfg->concurrency;
	l->pool = calloc(l->n_pool, sizeof(*l->pool));
	l->backoff = calloc(l->n_pool, sizeof(struct gd_request *));
	l->pauses = calloc((size_t)cfg->concurrency + 1, sizeof(*l->pauses));
	if (!l->pool || !l->backoff || !l->pauses)
		return gd_raise_nomem(err);
	init_conns(l, client);
	return 0;
}

void gd_lane_fini(struct gd_lane *l)
{
	gd_tally_fini(&l->tally);
	free(l->pool);
	free(l->backoff);
	free(l->pauses);
}

/* --- lists --------------------------------------------------------------------------- */

static struct gd_request *request_new(struct gd_lane *l)
{
	struct gd_request *req = l->free;

	if (req)
		l->free = req->next_waiting;
	else if (l->n_pool_used < l->n_pool)
		req = &l->pool[l->n_pool_used++];
	return req;
}

static void running_push(struct gd_lane *l, struct gd_request *req)
{
	req->next = NULL;
	req->prev = l->running_tail;
	if (l->running_tail)
		l->running_tail->next = req;
	else
		l->running = req;
	l->running_tail = req;
}

static void running_remove(struct gd_lane *l, struct gd_request *req)
{
	if (req->prev)
		req->prev->next = req->next;
	else
		l->running = req->next;
	if (req->next)
		req->next->prev = req->prev;
	else
		l->running_tail = req->prev;
}

static void waiting_push(struct gd_lane *l, struct gd_request *req)
{
	req->next_waiting = NULL;
	if (l->waiting)
		l->waiting_tail->next_waiting = req;
	else
		l->waiting = req;
	l->waiting_tail = req;
}

static struct gd_request *waiting_pop(struct gd_lane *l)
{
	struct gd_request *req = l->waiting;

	l->waiting = req->next_waiting;
	return req;
}

static void backoff_push(struct gd_lane *l, struct gd_request *req)
{
	size_t i = l->n_backoff++;

	while (i > 0 && l->backoff[(i - 1) / 2]->due_ns > req->due_ns) {
		l->backoff[i] = l->backoff[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	l->backoff[i] = req;
}

static struct gd_request *backoff_pop(struct gd_lane *l)
{
	struct gd_request *top = l->backoff[0];
	struct gd_request *last = l->backoff[--l->n_backoff];
	size_t i = 0, child = 1;

	while (child < l->n_backoff) {
		if (child + 1 < l->n_backoff &&
		    l->backoff[child + 1]->due_ns < l->backoff[child]->due_ns)
			child++;
		if (l->backoff[child]->due_ns >= last->due_ns)
			break;
		l->backoff[i] = l->backoff[child];
		i = child;
		child = 2 * i + 1;
	}
	l->backoff[i] = last;
	return top;
}

/* --- requests ------------------------------------------------------------------------ */

static bool is_measured(enum gd_outcome outcome)
{
	return outcome != GD_OUTCOME_LOCAL && outcome != GD_OUTCOME_UNFINISHED;
}

static void begin_attempt(struct gd_lane *l, struct gd_request *req, int64_t now)
{
	req->n_attempts++;
	req->attempt_ns = now;
	req->conn = NULL;
	req->slot->iv.attempts++;
	running_push(l, req);
	waiting_push(l, req);
}

/* A worker of the closed loop is free again; after a failure of transport, in a moment. */
static void free_worker(struct gd_lane *l, enum gd_outcome outcome, int64_t now)
{
	int64_t size = l->engine->cfg.concurrency + 1;

	if (outcome < GD_OUTCOME_REFUSED ||
	    (outcome > GD_OUTCOME_PROTOCOL && outcome != GD_OUTCOME_LOCAL)) {
		l->n_ready++;
		return;
	}
	l->pauses[(l->first_pause + l->n_pauses) % size] = now + FAILED_WORKER_PAUSE_NS;
	l->n_pauses++;
}

static void request_over(struct gd_lane *l, struct gd_request *req,
			 enum gd_outcome outcome, int64_t now)
{
	struct gd_tally_slot *slot = req->slot;

	slot->iv.outcomes[outcome]++;
	slot->n_open--;
	if (is_measured(outcome))
		gd_hist_record(slot->iv.latency, now - req->intended_ns);
	req->next_waiting = l->free;
	l->free = req;
	l->n_open--;
	if (l->engine->cfg.concurrency > 0)
		free_worker(l, outcome, now);
}

void gd_lane_attempt_over(struct gd_lane *l, struct gd_request *req,
			  enum gd_outcome outcome, int64_t now)
{
	struct gd_interval *iv = &req->slot->iv;
	int64_t pause = 0;

	running_remove(l, req);
	iv->attempt_outcomes[outcome]++;
	if (is_measured(outcome))
		gd_hist_record(iv->attempt_latency, now - req->attempt_ns);
	switch (gd_retry_decide(&l->retry, req->n_attempts, outcome, &pause)) {
	case GD_RETRY_YES:
		iv->retries++;
		req->due_ns = now + pause;
		backoff_push(l, req);
		return;
	case GD_RETRY_DENIED:
		iv->budget_denied++;
		break;
	case GD_RETRY_NO:
		break;
	}
	request_over(l, req, outcome, now);
}

static void note_lateness(struct gd_interval *iv, int64_t late)
{
	if (late > iv->late_max_ns)
		iv->late_max_ns = late;
	if (late > GD_LATE_NS)
		iv->late++;
}

void gd_lane_start(struct gd_lane *l, int64_t intended, int64_t now)
{
	struct gd_tally_slot *slot = gd_tally_at(&l->tally, intended);
	struct gd_request *req;

	if (!slot) {
		gd_engine_nomem(l->engine);
		return;
	}
	slot->iv.intended++;
	note_lateness(&slot->iv, now - intended);
	gd_retry_request(&l->retry);
	req = request_new(l);
	if (!req) {
		slot->iv.outcomes[GD_OUTCOME_LOCAL]++;
		return;
	}
	*req = (struct gd_request){.slot = slot, .intended_ns = intended};
	slot->n_open++;
	l->n_open++;
	begin_attempt(l, req, now);
	gd_lane_dispatch(l);
}

void gd_lane_start_ready(struct gd_lane *l, int64_t now)
{
	/* Bounded: a request that fails at once frees its worker for the next round only. */
	for (int64_t n = l->n_ready; n > 0 && !l->engine->failed; n--) {
		l->n_ready--;
		gd_lane_start(l, now, now);
	}
}

void gd_lane_dispatch(struct gd_lane *l)
{
	while (l->waiting && (l->idle || l->closed))
		gd_conn_assign(l, waiting_pop(l));
}

/* --- timers -------------------------------------------------------------------------- */

static void time_out(struct gd_lane *l, struct gd_request *req, int64_t now)
{
	struct gd_conn *c = req->conn;
	enum gd_outcome outcome = GD_OUTCOME_TIMEOUT;

	if (c) {
		if (c->state == GD_CONN_CONNECTING)
			outcome = GD_OUTCOME_CONNECT;
		gd_conn_close(c);
		req->conn = NULL;
	} else {
		gd_assert(l->waiting == req);
		(void)waiting_pop(l);
	}
	gd_lane_attempt_over(l, req, outcome, now);
}

void gd_lane_timers(struct gd_lane *l, int64_t now)
{
	int64_t size = l->engine->cfg.concurrency + 1;

	while (l->running && l->running->attempt_ns + l->engine->cfg.timeout_ns <= now)
		time_out(l, l->running, now);
	while (l->n_backoff > 0 && l->backoff[0]->due_ns <= now)
		begin_attempt(l, backoff_pop(l), now);
	while (l->n_pauses > 0 && l->pauses[l->first_pause] <= now) {
		l->first_pause = (l->first_pause + 1) % size;
		l->n_pauses--;
		l->n_ready++;
	}
	gd_lane_dispatch(l);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t gd_lane_next_timer(const struct gd_lane *l)
{
	int64_t next = INT64_MAX;

	if (l->running)
		next = l->running->attempt_ns + l->engine->cfg.timeout_ns;
	if (l->n_backoff > 0)
		next = earlier(next, l->backoff[0]->due_ns);
	if (l->n_pauses > 0)
		next = earlier(next, l->pauses[l->first_pause]);
	return next;
}

void gd_lane_abandon(struct gd_lane *l, int64_t now)
{
	while (l->running) {
		struct gd_request *req = l->running;

		if (req->conn)
			gd_conn_close(req->conn);
		running_remove(l, req);
		req->slot->iv.attempt_outcomes[GD_OUTCOME_UNFINISHED]++;
		request_over(l, req, GD_OUTCOME_UNFINISHED, now);
	}
	l->waiting = NULL;
	while (l->n_backoff > 0)
		request_over(l, backoff_pop(l), GD_OUTCOME_UNFINISHED, now);
}
