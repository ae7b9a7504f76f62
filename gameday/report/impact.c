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

/* The worst that single baseline intervals of a series were, and its p99 over all. */
struct normal {
	double p99, worst_p99, worst_success;
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
	n.p99 = s.p99;
	for (size_t i = 0; i < gd_results_n_intervals(r->results, series); i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);

		if (iv->start_wall_ns < st.begin_ns ||
		    (st.figures_end_ns && iv->start_wall_ns >= st.figures_end_ns))
			continue;
		gd_results_point(r->results, series, i, &s);
		n.worst_p99 = fmax(n.worst_p99, s.p99);
		n.worst_success = fmin(n.worst_success, s.success);
	}
	return n;
}

static bool hurts(const struct normal *n, const struct gd_load_stats *s)
{
	return s->success < n->worst_success ||
	       (s->p99 > 2 * n->p99 && s->p99 > n->worst_p99);
}

static void harm_of(struct gd_report *r, const struct normal *n, size_t series,
		    int64_t from)
{
	const char *load, *client;

	gd_results_series(r->results, series, &load, &client);
	for (size_t i = 0; i < gd_results_n_intervals(r->results, series); i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		int64_t end = iv->start_wall_ns + iv->length_ns;
		struct gd_load_stats s;
		char p99[32], success[32];

		if (end <= from || (r->harm_ns && iv->start_wall_ns >= r->harm_ns))
			continue;
		gd_results_point(r->results, series, i, &s);
		if (!hurts(n, &s))
			continue;
		r->harm_ns = iv->start_wall_ns > from ? iv->start_wall_ns : from;
		(void)snprintf(r->harm, sizeof(r->harm),
			       "%.40s.%.40s: p99 %s, success %s", load, client,
			       gd_metric_format(s.p99, GD_UNIT_DURATION, p99),
			       gd_metric_format(s.success, GD_UNIT_RATIO, success));
		return;
	}
}

/* --- healing -------------------------------------------------------------------------- */

/* When the last fault was out; 0 when one that was put in is not known to be. */
static int64_t faults_out(const struct gd_report *r)
{
	int64_t out = 0;

	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (!f.injecting_ns && !f.injected_ns)
			continue;
		if (!f.has_revert || !f.reverted_ns)
			return 0;
		out = f.reverted_ns > out ? f.reverted_ns : out;
	}
	return out;
}

/*
 * The moment after `from` with which WELL intervals in a row begin that don't hurt, or all
 * that are left when those are fewer; 0: there is none, -1: nothing was measured. An
 * interval without requests neither hurts nor heals.
 */
static int64_t healing_of(const struct gd_report *r, const struct normal *n,
			  size_t series, int64_t from)
{
	enum { WELL = 3 };
	int64_t since = -1;
	int in_a_row = 0;

	for (size_t i = 0; i < gd_results_n_intervals(r->results, series); i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		struct gd_load_stats s;

		if (iv->start_wall_ns + iv->length_ns <= from)
			continue;
		gd_results_point(r->results, series, i, &s);
		if (s.requests == 0)
			continue;
		in_a_row = hurts(n, &s) ? 0 : in_a_row + 1;
		if (in_a_row == 1)
			since = iv->start_wall_ns > from ? iv->start_wall_ns : from;
		else if (in_a_row == 0)
			since = 0;
		if (in_a_row == WELL)
			break;
	}
	return since;
}

static void heal(struct gd_report *r, const struct normal *n, size_t series)
{
	int64_t well = healing_of(r, n, series, r->faults_out_ns);

	r->still_hurt = r->still_hurt || well == 0;
	r->healed_ns = well > r->healed_ns ? well : r->healed_ns;
}

void gd_impact_find_harm(struct gd_report *r)
{
	int64_t from = gd_report_injected(r, NULL);

	r->harm_ns = r->healed_ns = 0;
	r->still_hurt = false;
	r->faults_out_ns = from ? faults_out(r) : 0;
	for (size_t i = 0; from && i < gd_results_n_series(r->results); i++) {
		struct normal n = normal_of(r, i);

		if (!n.known)
			continue;
		harm_of(r, &n, i, from);
		if (r->faults_out_ns)
			heal(r, &n, i);
	}
	if (r->still_hurt)
		r->healed_ns = 0;
}
