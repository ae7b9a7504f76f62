/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/policy/breaker.h"

#include <stdlib.h>
#include <string.h>

enum { FAILED = 1, SLOW = 2 };

static int parse_window(const char *text, struct gd_breaker *b, struct gd_error *err)
{
	struct gd_span span = {0};
	char *end = NULL;
	long n = strtol(text, &end, 10);

	if (end != text && *end == '\0' && n >= 1 && n <= GD_BREAKER_MAX_CALLS) {
		b->n_calls = (uint32_t)n;
		return 0;
	}
	if (gd_span_parse(text, &span, err) < 0 || span.ns < 100 * GD_NS_PER_MS ||
	    span.ns > 600 * GD_NS_PER_S || *end == '\0')
		return gd_raise(
			err, GD_E_INPUT,
			"breaker: window '%s': wanted a number of calls up to %d, or a duration from 100ms to 10m",
			text, GD_BREAKER_MAX_CALLS);
	b->slice_ns = span.ns / GD_BREAKER_SLICES;
	return 0;
}

int gd_breaker_init(struct gd_breaker *b, const struct gd_breaker_policy *policy,
		    struct gd_error *err)
{
	memset(b, 0, sizeof(*b));
	b->epoch = 1;
	if (!policy)
		return 0;
	b->on = true;
	b->errors = (double)policy->errors.ppb / 1e9;
	b->slow = (double)policy->slow.ppb / 1e9;
	b->slow_ns = policy->slow_after.ns;
	b->open_ns = policy->open.ns;
	b->min = (uint32_t)policy->min;
	b->probes = (uint32_t)policy->probes;
	if (parse_window(policy->window, b, err) < 0)
		return -1;
	/* Fewer calls than that are never in the window. */
	if (b->n_calls > 0 && b->min > b->n_calls)
		b->min = b->n_calls;
	return 0;
}

static void go_to(struct gd_breaker *b, enum gd_breaker_state state, int64_t now)
{
	b->state = state;
	b->epoch++;
	b->n_probes = b->at = 0;
	b->sum = (struct gd_breaker_tally){0};
	memset(b->slices, 0, sizeof(b->slices));
	b->open_until_ns = state == GD_BREAKER_OPEN ? now + b->open_ns : 0;
}

uint32_t gd_breaker_enter(struct gd_breaker *b, int64_t now)
{
	if (!b->on)
		return b->epoch;
	if (b->state == GD_BREAKER_OPEN) {
		if (now < b->open_until_ns)
			return 0;
		go_to(b, GD_BREAKER_HALF_OPEN, now);
	}
	if (b->state == GD_BREAKER_HALF_OPEN) {
		if (b->n_probes >= b->probes)
			return 0;
		b->n_probes++;
	}
	return b->epoch;
}

static void add(struct gd_breaker_tally *t, uint8_t call)
{
	t->n++;
	t->failed += call & FAILED ? 1 : 0;
	t->slow += call & SLOW ? 1 : 0;
}

static void take_out(struct gd_breaker_tally *sum, const struct gd_breaker_tally *t)
{
	sum->n -= t->n;
	sum->failed -= t->failed;
	sum->slow -= t->slow;
}

static void add_to_calls(struct gd_breaker *b, uint8_t call)
{
	if (b->sum.n == b->n_calls) {
		struct gd_breaker_tally oldest = {0};

		add(&oldest, b->calls[b->at]);
		take_out(&b->sum, &oldest);
	}
	b->calls[b->at] = call;
	b->at = (b->at + 1) % b->n_calls;
	add(&b->sum, call);
}

/* Slices that are out of the window leave the sum when time has passed them. */
static void add_to_slices(struct gd_breaker *b, uint8_t call, int64_t now)
{
	int64_t number = now / b->slice_ns;
	size_t here = (size_t)(number % GD_BREAKER_SLICES);

	for (size_t i = 0; i < GD_BREAKER_SLICES; i++) {
		if (b->of[i] > number - GD_BREAKER_SLICES && b->of[i] <= number)
			continue;
		take_out(&b->sum, &b->slices[i]);
		b->slices[i] = (struct gd_breaker_tally){0};
	}
	b->of[here] = number;
	add(&b->slices[here], call);
	add(&b->sum, call);
}

static bool is_bad(const struct gd_breaker *b)
{
	double n = (double)b->sum.n;

	return (double)b->sum.failed >= b->errors * n ||
	       (b->slow_ns > 0 && (double)b->sum.slow >= b->slow * n);
}

bool gd_breaker_leave(struct gd_breaker *b, uint32_t epoch, bool failed, int64_t took_ns,
		      int64_t now)
{
	bool slow = b->slow_ns > 0 && took_ns > b->slow_ns;
	uint8_t call = (uint8_t)((failed ? FAILED : 0) | (slow ? SLOW : 0));

	if (!b->on || epoch != b->epoch)
		return false;
	if (b->state == GD_BREAKER_HALF_OPEN) {
		add(&b->sum, call);
		if (b->sum.n < b->probes)
			return false;
		go_to(b, is_bad(b) ? GD_BREAKER_OPEN : GD_BREAKER_CLOSED, now);
		return b->state == GD_BREAKER_OPEN;
	}
	if (b->n_calls > 0)
		add_to_calls(b, call);
	else
		add_to_slices(b, call, now);
	if (b->sum.n < b->min || !is_bad(b))
		return false;
	go_to(b, GD_BREAKER_OPEN, now);
	return true;
}

void gd_breaker_forget(struct gd_breaker *b, uint32_t epoch)
{
	if (b->on && epoch == b->epoch && b->state == GD_BREAKER_HALF_OPEN)
		b->n_probes--;
}
