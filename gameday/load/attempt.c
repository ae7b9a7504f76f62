/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an attempt: it waits for a connection, is bound to one, and ends by a reply,
 * by the end of its connection, by a limit, or because it is not wanted any more.
 */
#include "gameday/load/engine.h"

/* --- the list of those without a connection ------------------------------------------- */

static void waiting_push(struct gd_lane *l, struct gd_attempt *a)
{
	a->state = GD_ATTEMPT_WAITING;
	a->next = NULL;
	a->prev = l->waiting_tail;
	if (l->waiting_tail)
		l->waiting_tail->next = a;
	else
		l->waiting = a;
	l->waiting_tail = a;
}

static void waiting_remove(struct gd_lane *l, struct gd_attempt *a)
{
	if (a->prev)
		a->prev->next = a->next;
	else
		l->waiting = a->next;
	if (a->next)
		a->next->prev = a->prev;
	else
		l->waiting_tail = a->prev;
	a->prev = a->next = NULL;
}

void gd_attempt_dispatch(struct gd_lane *l, int64_t now)
{
	struct gd_attempt *a;

	while ((a = l->waiting) != NULL) {
		waiting_remove(l, a);
		if (gd_conn_assign(l, a, now))
			continue;
		/* It stays the first. */
		a->next = l->waiting;
		if (l->waiting)
			l->waiting->prev = a;
		else
			l->waiting_tail = a;
		l->waiting = a;
		return;
	}
}

/* --- names --------------------------------------------------------------------------- */

uint64_t gd_attempt_id(const struct gd_attempt *a)
{
	const struct gd_lane *l = gd_attempt_lane(a);

	return (uint64_t)a->generation << 32 | (uint64_t)(a - l->attempts);
}

struct gd_attempt *gd_attempt_of(const struct gd_lane *l, uint64_t id)
{
	size_t index = (size_t)(id & UINT32_MAX);
	struct gd_attempt *a;

	if (index >= l->n_pool * l->max_parallel)
		return NULL;
	a = &l->attempts[index];
	return a->state == GD_ATTEMPT_BOUND && a->generation == (uint32_t)(id >> 32)
		       ? a
		       : NULL;
}

/* --- beginning and end ---------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t after(int64_t instant, int64_t span)
{
	return span < INT64_MAX - instant ? instant + span : INT64_MAX;
}

/* The first of its limits. */
static int64_t next_limit(const struct gd_attempt *a)
{
	const struct gd_limits *lim = &gd_attempt_lane(a)->limits;
	int64_t next = earlier(a->start_ns + lim->whole_ns, a->req->deadline_ns);

	if (a->phase == GD_PHASE_CONNECTING)
		return earlier(next, after(a->phase_ns, lim->connect_ns));
	if (a->phase == GD_PHASE_SENT)
		return earlier(next, after(a->phase_ns, lim->first_byte_ns));
	return next;
}

static void on_limit(struct gd_timer *t, int64_t now)
{
	struct gd_attempt *a = GD_TIMER_OWNER(t, struct gd_attempt, timer);
	enum gd_outcome outcome = GD_OUTCOME_TIMEOUT;

	if (a->req->deadline_ns <= now)
		outcome = GD_OUTCOME_DEADLINE;
	else if (a->phase == GD_PHASE_CONNECTING)
		outcome = GD_OUTCOME_CONNECT;
	gd_attempt_cancel(a, outcome, now);
}

void gd_attempt_phase(struct gd_attempt *a, enum gd_attempt_phase phase, int64_t now)
{
	struct gd_lane *l = gd_attempt_lane(a);

	a->phase = phase;
	if (phase == GD_PHASE_BEGAN)
		gd_lane_attempt_began(l, a);
	if (!l->limits.phases)
		return;
	a->phase_ns = now;
	gd_timers_set(&l->engine->timers, &a->timer, next_limit(a));
}

static struct gd_attempt *unused(struct gd_lane *l, struct gd_request *req)
{
	size_t k = 0;

	while (gd_request_attempt(l, req, k)->state != GD_ATTEMPT_NONE)
		k++;
	gd_assert(k < l->max_parallel);
	return gd_request_attempt(l, req, k);
}

/* Where attempts to its target are counted; NULL when there is only one. */
static struct gd_target_count *count_of(const struct gd_attempt *a)
{
	const struct gd_interval *iv = &a->req->slot->iv;

	return iv->targets ? &iv->targets[a->target] : NULL;
}

/* The targets that attempts of req are under way to, as bits. */
static uint32_t targets_in_use(const struct gd_lane *l, const struct gd_request *req)
{
	uint32_t bits = 0;

	for (size_t k = 0; k < l->max_parallel; k++) {
		const struct gd_attempt *a = gd_request_attempt(l, req, k);

		if (a->state != GD_ATTEMPT_NONE)
			bits |= 1U << a->target;
	}
	return bits;
}

/* When no target is neither in use nor ejected, to be another one is what matters. */
static uint32_t also_avoid(uint32_t in_use, uint32_t ejected, uint32_t n_targets)
{
	uint32_t all = n_targets < 32 ? (1U << n_targets) - 1 : UINT32_MAX;

	return (in_use | ejected) == all && in_use != 0 ? in_use : in_use | ejected;
}

void gd_attempt_begin(struct gd_lane *l, struct gd_request *req, bool extra, int64_t now)
{
	struct gd_attempt *a = unused(l, req);
	uint32_t avoid = extra && l->hedge.other_target ? targets_in_use(l, req) : 0;

	req->n_attempts++;
	req->n_live++;
	req->slot->iv.attempts++;
	a->req = req;
	a->timer.fire = on_limit;
	a->phase = GD_PHASE_QUEUED;
	a->extra = extra;
	a->epoch = l->breaker ? l->breaker->epoch : 0;
	if (l->ejects)
		avoid = also_avoid(avoid, gd_eject_mask(&l->eject, now),
				   l->balance.n_targets);
	a->target = req->target >= 0 ? (uint8_t)req->target
				     : gd_balance_pick(&l->balance, avoid);
	gd_balance_begin(&l->balance, a->target);
	if (count_of(a))
		count_of(a)->attempts++;
	a->start_ns = now;
	gd_timers_set(&l->engine->timers, &a->timer, next_limit(a));
	waiting_push(l, a);
}

static void tell_breaker(struct gd_lane *l, const struct gd_attempt *a,
			 enum gd_outcome outcome, int64_t now)
{
	if (!gd_outcome_is_measured(outcome))
		gd_breaker_forget(l->breaker, a->epoch);
	else if (gd_breaker_leave(l->breaker, a->epoch, gd_outcome_is_fault(outcome),
				  now - a->start_ns, now))
		a->req->slot->iv.counts.breaker_opens++;
}

void gd_attempt_over(struct gd_attempt *a, enum gd_outcome outcome,
		     int64_t retry_after_ns, int64_t now)
{
	struct gd_lane *l = gd_attempt_lane(a);
	struct gd_request *req = a->req;
	struct gd_interval *iv = &req->slot->iv;

	gd_timer_clear(&a->timer);
	a->state = GD_ATTEMPT_NONE;
	a->generation++;
	iv->attempt_outcomes[outcome]++;
	if (gd_outcome_is_measured(outcome))
		gd_hist_record(iv->attempt_latency, now - a->start_ns);
	if (l->breaker)
		tell_breaker(l, a, outcome, now);
	if (l->ejects && gd_outcome_is_measured(outcome) &&
	    gd_eject_call(&l->eject, a->target, gd_outcome_is_fault(outcome), now))
		iv->counts.ejections++;
	if (outcome == GD_OUTCOME_CANCELLED) {
		iv->counts.cancelled++;
		iv->counts.cancelled_time += (uint64_t)(now - a->start_ns);
	}
	/* Those that were cancelled took longer than that: better too low than left out. */
	if (l->quantile && (outcome == GD_OUTCOME_OK || outcome == GD_OUTCOME_CANCELLED))
		gd_quantile_add(l->quantile, now - a->start_ns, now);
	gd_balance_end(&l->balance, a->target);
	if (count_of(a))
		count_of(a)->ok += outcome == GD_OUTCOME_OK;
	req->n_live--;
	gd_lane_attempt_over(l, a, outcome, retry_after_ns, now);
}

void gd_attempt_cancel(struct gd_attempt *a, enum gd_outcome outcome, int64_t now)
{
	if (a->state == GD_ATTEMPT_WAITING)
		waiting_remove(gd_attempt_lane(a), a);
	else
		gd_conn_cancel(a, now);
	gd_attempt_over(a, outcome, -1, now);
}
