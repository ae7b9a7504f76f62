/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/remote/limiter.h"

void gd_limiter_init(struct gd_limiter *l, size_t max)
{
	*l = (struct gd_limiter){.max = max};
}

void gd_limiter_enter(struct gd_limiter *l, struct gd_turn *turn, gd_turn_fn *fn,
		      void *ctx)
{
	*turn = (struct gd_turn){.fn = fn, .ctx = ctx};
	if (!l || l->n_running < l->max) {
		turn->running = true;
		if (l)
			l->n_running++;
		fn(ctx);
		return;
	}
	turn->waiting = true;
	if (l->last)
		l->last->next = turn;
	else
		l->first = turn;
	l->last = turn;
}

static void unlink_turn(struct gd_limiter *l, struct gd_turn *turn)
{
	struct gd_turn *before = NULL;

	for (struct gd_turn *t = l->first; t != turn; t = t->next)
		before = t;
	if (before)
		before->next = turn->next;
	else
		l->first = turn->next;
	if (l->last == turn)
		l->last = before;
	turn->next = NULL;
	turn->waiting = false;
}

void gd_limiter_leave(struct gd_limiter *l, struct gd_turn *turn)
{
	if (l && turn->waiting)
		unlink_turn(l, turn);
	if (!turn->running)
		return;
	turn->running = false;
	if (!l)
		return;
	l->n_running--;
	while (l->first && l->n_running < l->max) {
		struct gd_turn *t = l->first;

		unlink_turn(l, t);
		t->running = true;
		l->n_running++;
		t->fn(t->ctx);
	}
}
