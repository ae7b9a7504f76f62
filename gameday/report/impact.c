/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/impact.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *gd_impact_stage(const struct gd_report *r, const char *kind)
{
	for (size_t i = 0; i < gd_results_n_stages(r->results); i++)
		if (strcmp(gd_results_stage(r->results, i).kind, kind) == 0)
			return gd_results_stage(r->results, i).name;
	return NULL;
}

/* The p99's factor, and requests that no longer succeed weigh more than any slowness. */
static double hit_of(const struct gd_load_stats *before,
		     const struct gd_load_stats *under)
{
	double slower = before->p99 > 0 ? under->p99 / before->p99 : 0;
	double lost = before->success - under->success;

	return (isnan(slower) ? 0 : slower) + (isnan(lost) ? 0 : 1000 * lost);
}

/* How much a client is hit by what a measure looks at. */
typedef double measure(const struct gd_impact *i);

static double hit_hard(const struct gd_impact *i)
{
	return i->compared ? hit_of(&i->before, &i->under) : -1;
}

static double made_attempts(const struct gd_impact *i)
{
	return isnan(i->under.attempts_per_request) ? -1 : i->under.attempts_per_request;
}

static void consider(const struct gd_report *r, const char *load, const char *client,
		     const char *stage, measure *of, struct gd_impact *worst)
{
	const char *baseline = gd_impact_stage(r, "baseline");
	struct gd_impact i = {
		.load = load, .client = client, .stage = stage, .any = true};

	if (gd_results_load_stats(r->results, load, client, stage, &i.under) != 0)
		return;
	i.compared = baseline && gd_results_load_stats(r->results, load, client, baseline,
						       &i.before) == 0;
	i.hit = of(&i);
	if (!worst->any || i.hit > worst->hit)
		*worst = i;
}

static struct gd_impact worst_by(const struct gd_report *r, measure *of)
{
	struct gd_impact worst = {0};

	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
			struct gd_stage_span st = gd_results_stage(r->results, k);

			if (strcmp(st.kind, "fault") == 0)
				consider(r, load, client, st.name, of, &worst);
		}
	}
	return worst;
}

struct gd_impact gd_impact_worst(const struct gd_report *r)
{
	return worst_by(r, hit_hard);
}

struct gd_impact gd_impact_most_attempts(const struct gd_report *r)
{
	return worst_by(r, made_attempts);
}

/* --- harm ----------------------------------------------------------------------------- */

/* The worst that single baseline intervals of a series were, and its p50 and p99 over all. */
struct normal {
	double p50, worst_p50, p99, worst_p99, worst_success;
	bool known;
};

static struct normal normal_of(const struct gd_report *r, size_t series)
{
	const char *baseline = gd_impact_stage(r, "baseline");
	struct normal n = {.worst_success = 1};
	struct gd_stage_span st = {0};
	struct gd_load_stats s;
	const char *load, *client;

	gd_results_series(r->results, series, &load, &client);
	if (!baseline ||
	    gd_results_load_stats(r->results, load, client, baseline, &s) != 0)
		return n;
	for (size_t i = 0; i < gd_results_n_stages(r->results); i++)
		if (strcmp(gd_results_stage(r->results, i).name, baseline) == 0)
			st = gd_results_stage(r->results, i);
	n.known = s.requests > 0;
	n.p50 = s.p50;
	n.p99 = s.p99;
	for (size_t i = 0; i < gd_results_n_intervals(r->results, series); i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		const struct gd_load_stats *one = gd_results_point(r->results, series, i);

		if (iv->start_wall_ns < st.begin_ns ||
		    (st.figures_end_ns && iv->start_wall_ns >= st.figures_end_ns))
			continue;
		n.worst_p50 = fmax(n.worst_p50, one->p50);
		n.worst_p99 = fmax(n.worst_p99, one->p99);
		n.worst_success = fmin(n.worst_success, one->success);
	}
	return n;
}

/* Some requests were worse than ever before. */
static bool tail_hurts(const struct normal *n, const struct gd_load_stats *s)
{
	return s->success < n->worst_success ||
	       (s->p99 > 2 * n->p99 && s->p99 > n->worst_p99);
}

/* Or most of them: a tail that was long before says nothing of that. */
static bool hurts(const struct normal *n, const struct gd_load_stats *s)
{
	return tail_hurts(n, s) || (s->p50 > 2 * n->p50 && s->p50 > n->worst_p50);
}

/* Where figures end: what comes after it is traffic that is being stopped. */
static int64_t last_figures(const struct gd_report *r)
{
	size_t n = gd_results_n_stages(r->results);
	int64_t end = n ? gd_results_stage(r->results, n - 1).figures_end_ns : 0;

	return end ? end : INT64_MAX;
}

/* How one client fared after the first injection. Wall times. */
struct course {
	int64_t hurt_ns; /* when it was first hurt; 0: never */
	struct gd_load_stats hurt;
	bool in_the_tail; /* else only its median tells */
	/* From here on, to the end of the figures, it was not; 0: it was to the end. */
	int64_t well_ns;
	int64_t seen_ns; /* the end of what was measured of it; 0: nothing was */
};

/* An interval without requests neither hurts nor heals. */
static struct course course_of(const struct gd_report *r, const struct normal *n,
			       size_t series, int64_t from)
{
	struct course c = {0};
	int64_t until = last_figures(r);

	for (size_t i = 0; i < gd_results_n_intervals(r->results, series); i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		int64_t end = iv->start_wall_ns + iv->length_ns;
		int64_t start = iv->start_wall_ns > from ? iv->start_wall_ns : from;
		const struct gd_load_stats *s = gd_results_point(r->results, series, i);
		bool hurt;

		if (end <= from)
			continue;
		hurt = hurts(n, s);
		if (hurt && !c.hurt_ns) {
			c.hurt_ns = start;
			c.hurt = *s;
			c.in_the_tail = tail_hurts(n, s);
		}
		if (end > until || s->requests == 0)
			continue;
		c.well_ns = hurt ? 0 : c.well_ns ? c.well_ns : start;
		c.seen_ns = end;
	}
	return c;
}

static void tell_harm(struct gd_report *r, size_t series, const struct course *c)
{
	char latency[32], success[32];
	const char *load, *client;

	gd_results_series(r->results, series, &load, &client);
	r->harm_ns = c->hurt_ns;
	(void)snprintf(r->harm, sizeof(r->harm), "%.40s.%.40s: %s %s, success %s", load,
		       client, c->in_the_tail ? "p99" : "p50",
		       gd_metric_format(c->in_the_tail ? c->hurt.p99 : c->hurt.p50,
					GD_UNIT_DURATION, latency),
		       gd_metric_format(c->hurt.success, GD_UNIT_RATIO, success));
}

/* --- healing -------------------------------------------------------------------------- */

/* When the last fault was out; 0 when one that was put in is not, or not known to be. */
static int64_t faults_out(const struct gd_report *r)
{
	int64_t out = 0;

	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (!f.injecting_ns && !f.injected_ns)
			continue;
		if (!f.has_revert || !f.equal || !f.reverted_ns)
			return 0;
		out = f.reverted_ns > out ? f.reverted_ns : out;
	}
	return out;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void tell_healing(struct gd_report *r, const struct course *c, bool *hurt)
{
	if (!c->seen_ns)
		return;
	*hurt = *hurt || c->well_ns == 0;
	r->recovered_ns = later(r->recovered_ns, c->well_ns);
	if (!r->faults_out_ns || c->seen_ns <= r->faults_out_ns)
		return;
	r->still_hurt = r->still_hurt || c->well_ns == 0;
	r->healed_ns = later(r->healed_ns, later(c->well_ns, r->faults_out_ns));
}

void gd_impact_find_harm(struct gd_report *r)
{
	int64_t from = gd_report_injected(r, NULL);
	bool hurt = false;

	r->harm_ns = r->healed_ns = r->recovered_ns = 0;
	r->still_hurt = false;
	r->faults_out_ns = from ? faults_out(r) : 0;
	for (size_t i = 0; from && i < gd_results_n_series(r->results); i++) {
		struct normal n = normal_of(r, i);
		struct course c;

		if (!n.known)
			continue;
		c = course_of(r, &n, i, from);
		if (c.hurt_ns && (!r->harm_ns || c.hurt_ns < r->harm_ns))
			tell_harm(r, i, &c);
		tell_healing(r, &c, &hurt);
	}
	if (r->still_hurt)
		r->healed_ns = 0;
	if (hurt || !r->harm_ns)
		r->recovered_ns = 0;
}
