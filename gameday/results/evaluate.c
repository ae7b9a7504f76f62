/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions against what was measured. One concrete condition (names, one stage) is
 * answered by evaluate_one; wildcards are all its concrete forms, the best of which counts.
 * The moment something was first known comes from walking the steps of the same source.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/results/store.h"

/* What a condition's right side comes to; for a count relative to another stage, growing. */
struct limit {
	double value;      /* of the whole stage; NAN while the reference has no data */
	double per_second; /* > 0: counts; the limit after t seconds is t times this */
	double reference;  /* what was measured in the reference stage */
	double reference_s, stage_s;
};

/* A condition made concrete. */
struct concrete {
	const struct gd_condition *c;
	const char *subject, *part, *stage;
};

static bool is_any(const char *s)
{
	return strcmp(s, "*") == 0;
}

static bool has_wildcard(const struct gd_condition *c)
{
	return is_any(c->subject) || (c->part && is_any(c->part));
}

static double window_seconds(const struct gd_results *r, struct window win)
{
	int64_t to = win.to_ns < r->latest_ns ? win.to_ns : r->latest_ns;

	return to > win.from_ns ? (double)(to - win.from_ns) / (double)GD_NS_PER_S : 0;
}

static double stage_seconds(const struct gd_results *r, const char *name)
{
	size_t i = gd_res_stage_find(r, name);
	struct window win;

	if (i == MAX_STAGES || !gd_res_stage_window(&r->stages[i], &win))
		return 0;
	return window_seconds(r, win);
}

static struct limit find_limit(const struct gd_results *r, const struct concrete *k,
			       bool count)
{
	const struct gd_condition *c = k->c;
	struct limit l = {.value = c->value, .reference = (double)NAN};
	enum gd_metric_unit unit;

	if (!c->relative)
		return l;
	l.value = (double)NAN;
	if (gd_results_metric(r, k->subject, k->part, c->metric, c->reference,
			      &l.reference, &unit) != GD_FOUND)
		return l;
	l.value = c->value * l.reference;
	if (!count)
		return l;
	l.reference_s = stage_seconds(r, c->reference);
	l.stage_s = k->stage ? stage_seconds(r, k->stage) : 0;
	if (l.reference_s > 0) {
		l.per_second = l.value / l.reference_s;
		l.value = l.per_second * l.stage_s;
	}
	return l;
}

static double limit_at(const struct limit *l, bool growing, int64_t from, int64_t at)
{
	if (!growing)
		return l->value;
	return l->per_second * (double)(at - from) / (double)GD_NS_PER_S;
}

/* The end of the step with which the condition was known to have held; 0: never. */
static int64_t known_at(const struct gd_condition *c, const struct limit *l, bool growing,
			struct window win, const struct step *steps, size_t n)
{
	int64_t since = 0, last_end = 0;

	for (size_t i = 0; i < n; i++) {
		const struct step *s = &steps[i];
		int64_t length = s->end_ns - s->begin_ns;
		double limit = limit_at(l, growing, win.from_ns, s->end_ns);

		if (since && s->begin_ns - last_end > 2 * length)
			since = 0; /* nobody measured in between */
		last_end = s->end_ns;
		if (isnan(s->value) || isnan(limit))
			continue;
		if (!gd_op_holds(c->op, s->value, limit))
			since = 0;
		else if (!since)
			since = s->begin_ns;
		if (since && s->end_ns - since >= c->hold.ns)
			return s->end_ns;
	}
	return 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

/* known_at over every source of the concrete condition in the window: the earliest. */
static int find_first(const struct gd_results *r, const struct concrete *k,
		      struct window win, int64_t *ret, struct gd_error *err)
{
	GD_AUTO_FREE struct source *s = malloc(MAX_SOURCES * sizeof(*s));
	size_t n;

	if (!s)
		return gd_raise_nomem(err);
	*ret = 0;
	n = gd_res_sources_find(r, k->subject, k->part, k->c->metric, s);
	for (size_t i = 0; i < n; i++) {
		GD_AUTO_FREE struct step *steps = NULL;
		bool count = gd_res_source_is_count(&s[i]);
		struct limit l = find_limit(r, k, count);
		size_t n_steps;

		if (gd_res_source_steps(&s[i], win, &steps, &n_steps, err) < 0)
			return -1;
		*ret = earlier(*ret, known_at(k->c, &l, count && l.per_second > 0, win,
					      steps, n_steps));
	}
	return 0;
}

/* --- words ---------------------------------------------------------------------------- */

static void say(struct gd_verdict_item *item, const char *text)
{
	(void)snprintf(item->text, sizeof(item->text), "%s", text);
}

static void say_no_data(const struct gd_results *r, const struct concrete *k,
			enum gd_found found, struct gd_verdict_item *item)
{
	const struct gd_condition *c = k->c;

	if (gd_res_stage_find(r, k->stage) == MAX_STAGES)
		(void)snprintf(item->text, sizeof(item->text),
			       "no data: stage %.60s was not reached", k->stage);
	else if (found == GD_FOUND_UNKNOWN)
		(void)snprintf(item->text, sizeof(item->text),
			       "no data: nothing in this run measured %.40s%s%.40s.%.40s",
			       k->subject, k->part ? "." : "", k->part ? k->part : "",
			       c->metric);
	else
		(void)snprintf(item->text, sizeof(item->text),
			       "no data: nothing was measured in stage %.60s", k->stage);
}

static void say_wanted(const struct gd_condition *c, const struct limit *l,
		       enum gd_metric_unit unit, char *buf, size_t size)
{
	char a[32], b[32];

	if (!c->relative) {
		(void)snprintf(buf, size, "%s %s", gd_op_name(c->op),
			       gd_metric_format(c->value, unit, a));
		return;
	}
	(void)gd_metric_format(l->reference, unit, a);
	if (l->per_second > 0)
		(void)snprintf(buf, size, "%s %gx %.40s (%s in %.1f s, so %s for %.1f s)",
			       gd_op_name(c->op), c->value, c->reference, a,
			       l->reference_s, gd_metric_format(l->value, unit, b),
			       l->stage_s);
	else
		(void)snprintf(buf, size, "%s %gx %.40s (%s)", gd_op_name(c->op),
			       c->value, c->reference, a);
}

static void say_outcome(const struct gd_condition *c, const struct limit *l,
			struct gd_verdict_item *item)
{
	char value[32], wanted[170], hold[32], tail[80] = "";

	(void)gd_metric_format(item->measured, item->unit, value);
	say_wanted(c, l, item->unit, wanted, sizeof(wanted));
	if (c->hold.ns > 0)
		(void)snprintf(tail, sizeof(tail), " for %s: %s",
			       gd_span_human(c->hold, hold),
			       item->outcome == GD_COND_HOLDS ? "held that long"
							      : "never held that long");
	else if (c->relative && l->per_second <= 0 && l->reference > 0)
		(void)snprintf(tail, sizeof(tail), ": %.3gx",
			       item->measured / l->reference);
	(void)snprintf(item->text, sizeof(item->text), "%s, wanted %s%s", value, wanted,
		       tail);
}

static void copy_name(char to[GD_RESULTS_NAME_MAX], const char *from)
{
	(void)snprintf(to, GD_RESULTS_NAME_MAX, "%s", from);
}

/* --- evaluation ----------------------------------------------------------------------- */

static bool stage_is_count(const struct gd_results *r, const struct concrete *k)
{
	GD_AUTO_FREE struct source *s = malloc(MAX_SOURCES * sizeof(*s));

	return s && gd_res_sources_find(r, k->subject, k->part, k->c->metric, s) > 0 &&
	       gd_res_source_is_count(&s[0]);
}

/* Both sides are known: outcome and the moment it was first known. */
static int decide(const struct gd_results *r, const struct concrete *k,
		  const struct limit *l, struct gd_verdict_item *item,
		  struct gd_error *err)
{
	bool holds = gd_op_holds(k->c->op, item->measured, l->value);
	struct window win = {0};

	(void)gd_res_stage_window(&r->stages[gd_res_stage_find(r, k->stage)], &win);
	if (find_first(r, k, win, &item->first_wall_ns, err) < 0)
		return -1;
	if (k->c->hold.ns > 0)
		holds = item->first_wall_ns != 0;
	item->outcome = holds ? GD_COND_HOLDS : GD_COND_FAILS;
	if (!holds)
		item->first_wall_ns = 0;
	else if (!item->first_wall_ns)
		item->first_wall_ns = win.to_ns < r->latest_ns ? win.to_ns : r->latest_ns;
	say_outcome(k->c, l, item);
	return 0;
}

static int evaluate_one(const struct gd_results *r, const struct concrete *k,
			struct gd_verdict_item *item, struct gd_error *err)
{
	enum gd_found found;
	struct limit l;

	*item = (struct gd_verdict_item){.outcome = GD_COND_NO_DATA,
					 .measured = (double)NAN,
					 .limit = (double)NAN,
					 .unit = k->c->unit};
	copy_name(item->subject, k->subject);
	copy_name(item->part, k->part ? k->part : "");
	copy_name(item->stage, k->stage);
	found = gd_results_metric(r, k->subject, k->part, k->c->metric, k->stage,
				  &item->measured, &item->unit);
	if (item->unit == GD_UNIT_COUNT)
		item->unit = k->c->unit;
	if (found != GD_FOUND) {
		item->measured = (double)NAN;
		say_no_data(r, k, found, item);
		return 0;
	}
	l = find_limit(r, k, stage_is_count(r, k));
	item->limit = l.value;
	if (isnan(l.value)) {
		(void)snprintf(item->text, sizeof(item->text),
			       "no data: nothing to compare with in stage %.60s",
			       k->c->reference);
		return 0;
	}
	return decide(r, k, &l, item, err);
}

static bool better(const struct gd_verdict_item *a, const struct gd_verdict_item *b)
{
	if (a->outcome != b->outcome)
		return a->outcome < b->outcome;
	return a->outcome == GD_COND_HOLDS && a->first_wall_ns < b->first_wall_ns;
}

/* In front of what a wildcard found: what it was found on. */
static void name_match(struct gd_verdict_item *item)
{
	char text[sizeof(item->text)];

	if (item->outcome == GD_COND_NO_DATA)
		return;
	memcpy(text, item->text, sizeof(text));
	(void)snprintf(item->text, sizeof(item->text), "%.36s%s%.36s in %.36s: %.130s",
		       item->subject, *item->part ? "." : "", item->part, item->stage,
		       text);
}

struct search {
	const struct gd_results *r;
	const struct gd_condition *c;
	struct gd_verdict_item *best;
	bool any;
};

static int try_one(struct search *s, const char *subject, const char *part,
		   const char *stage, struct gd_error *err)
{
	struct concrete k = {s->c, subject, part, stage};
	struct gd_verdict_item item;

	if (evaluate_one(s->r, &k, &item, err) < 0)
		return -1;
	if (!s->any || better(&item, s->best))
		*s->best = item;
	s->any = true;
	return 0;
}

static int try_stage(struct search *s, const char *stage, struct gd_error *err)
{
	GD_AUTO_FREE struct source *found = NULL;
	const struct gd_condition *c = s->c;
	size_t n;

	if (!has_wildcard(c))
		return try_one(s, c->subject, c->part, stage, err);
	found = malloc(MAX_SOURCES * sizeof(*found));
	if (!found)
		return gd_raise_nomem(err);
	n = gd_res_sources_find(s->r, c->subject, c->part, c->metric, found);
	for (size_t i = 0; i < n; i++)
		if (try_one(s, gd_res_source_subject(&found[i]),
			    gd_res_source_part(&found[i]), stage, err) < 0)
			return -1;
	return 0;
}

static int try_all(struct search *s, const char *stage, struct gd_error *err)
{
	if (!is_any(stage))
		return try_stage(s, stage, err);
	for (size_t i = 0; i < s->r->n_stages; i++)
		if (strcmp(s->r->stages[i].kind, "fault") == 0 &&
		    try_stage(s, s->r->stages[i].name, err) < 0)
			return -1;
	return 0;
}

int gd_results_evaluate(const struct gd_results *r, const struct gd_condition *c,
			const char *default_stage, struct gd_verdict_item *ret,
			struct gd_error *err)
{
	const char *stage = c->stage ? c->stage : default_stage;
	struct search s = {.r = r, .c = c, .best = ret};

	if (try_all(&s, stage, err) < 0)
		return -1;
	if (s.any) {
		if (has_wildcard(c) || is_any(stage))
			name_match(ret);
		return 0;
	}
	*ret = (struct gd_verdict_item){.outcome = GD_COND_NO_DATA,
					.measured = (double)NAN,
					.limit = (double)NAN,
					.unit = c->unit};
	say(ret, is_any(stage) && !has_wildcard(c)
			 ? "no data: no fault stage was reached"
			 : "no data: nothing in this run measured it");
	return 0;
}

/* --- live ----------------------------------------------------------------------------- */

static struct window both(struct window a, struct window b)
{
	return (struct window){a.from_ns > b.from_ns ? a.from_ns : b.from_ns,
			       a.to_ns < b.to_ns ? a.to_ns : b.to_ns};
}

/* Calls find_first for every concrete form of c within the window. */
static int first_in(const struct gd_results *r, const struct gd_condition *c,
		    const char *stage, struct window win, int64_t *ret,
		    struct gd_error *err)
{
	GD_AUTO_FREE struct source *found = malloc(MAX_SOURCES * sizeof(*found));
	size_t n;

	if (!found)
		return gd_raise_nomem(err);
	n = gd_res_sources_find(r, c->subject, c->part, c->metric, found);
	for (size_t i = 0; i < n; i++) {
		struct concrete k = {c, gd_res_source_subject(&found[i]),
				     gd_res_source_part(&found[i]), stage};
		int64_t at;

		if (find_first(r, &k, win, &at, err) < 0)
			return -1;
		*ret = earlier(*ret, at);
	}
	return 0;
}

int gd_results_holds_for(const struct gd_results *r, const struct gd_condition *c,
			 int64_t from_wall_ns, int64_t now_wall_ns, int64_t *ret_since,
			 struct gd_error *err)
{
	struct window win = {from_wall_ns, now_wall_ns}, stage;
	int64_t first = 0;

	if (!c->stage && first_in(r, c, NULL, win, &first, err) < 0)
		return -1;
	for (size_t i = 0; c->stage && i < r->n_stages; i++) {
		const struct stage *s = &r->stages[i];
		bool wanted = is_any(c->stage) ? strcmp(s->kind, "fault") == 0
					       : strcmp(s->name, c->stage) == 0;

		if (wanted && gd_res_stage_window(s, &stage) &&
		    first_in(r, c, s->name, both(win, stage), &first, err) < 0)
			return -1;
	}
	if (!first)
		return 0;
	*ret_since = first - c->hold.ns;
	return 1;
}
