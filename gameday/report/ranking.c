/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/load/ranks.h"
#include "gameday/shape/metric.h"

/* --- figures interval by interval ------------------------------------------------------- */

typedef double get_fn(const struct gd_load_stats *s);

static double get_success(const struct gd_load_stats *s)
{
	return s->success;
}

static double get_p99(const struct gd_load_stats *s)
{
	return s->p99;
}

static struct gd_stage_span span_of(const struct gd_results *r, const char *stage)
{
	for (size_t i = 0; i < gd_results_n_stages(r); i++) {
		struct gd_stage_span st = gd_results_stage(r, i);

		if (strcmp(st.name, stage) == 0)
			return st;
	}
	return (struct gd_stage_span){0};
}

/* Of each interval of the stage in the order of time: its index, and the figure. */
struct value {
	uint64_t index;
	double v;
};

static int take_values(const struct gd_results *r, size_t series,
		       const struct gd_stage_span *st, get_fn *get, struct value **ret,
		       size_t *ret_n, struct gd_error *err)
{
	size_t n = gd_results_n_intervals(r, series);

	*ret_n = 0;
	*ret = calloc(n + 1, sizeof(**ret));
	if (!*ret)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < n; i++) {
		const struct gd_interval *iv = gd_results_interval(r, series, i);
		double v = get(gd_results_point(r, series, i));

		if (iv->start_wall_ns < st->measured_ns ||
		    (st->figures_end_ns &&
		     iv->start_wall_ns + iv->length_ns > st->figures_end_ns))
			continue;
		if (!isnan(v))
			(*ret)[(*ret_n)++] = (struct value){iv->index, v};
	}
	return 0;
}

/* Figures of the same second are compared: what that second was like is the same for both. */
static int compare(const struct gd_results *r, const struct gd_stage_span *st, size_t a,
		   size_t b, get_fn *get, double *ret, struct gd_error *err)
{
	GD_AUTO_FREE struct value *va = NULL;
	GD_AUTO_FREE struct value *vb = NULL;
	GD_AUTO_FREE double *pairs = NULL;
	size_t n_a = 0, n_b = 0, n = 0;

	if (take_values(r, a, st, get, &va, &n_a, err) < 0 ||
	    take_values(r, b, st, get, &vb, &n_b, err) < 0)
		return -1;
	pairs = calloc(2 * n_a + 1, sizeof(*pairs));
	if (!pairs)
		return gd_raise_nomem(err);
	for (size_t i = 0, k = 0; i < n_a; i++) {
		while (k < n_b && vb[k].index < va[i].index)
			k++;
		if (k == n_b || vb[k].index != va[i].index)
			continue;
		pairs[n] = va[i].v;
		pairs[n_a + n++] = vb[k].v;
	}
	return gd_ranks_p_paired(pairs, pairs + n_a, n, ret, err);
}

/* --- ranks ------------------------------------------------------------------------------ */

static int by_success(const void *x, const void *y)
{
	const struct gd_ranked *a = x, *b = y;

	return (a->stats.success < b->stats.success) -
	       (a->stats.success > b->stats.success);
}

/* Who has no latency at all comes last. */
static int by_p99(const void *x, const void *y)
{
	const struct gd_ranked *a = x, *b = y;
	double pa = isnan(a->stats.p99) ? HUGE_VAL : a->stats.p99;
	double pb = isnan(b->stats.p99) ? HUGE_VAL : b->stats.p99;

	return (pa > pb) - (pa < pb);
}

static bool differs(double p)
{
	return p < GD_RANKING_P; /* NAN: not known to */
}

/*
 * From `first` on, those whose figure can't be told from the first one's: how many. Each is
 * compared with the first, not with its neighbour, so that many small steps don't add up.
 */
static int run_length(const struct gd_results *r, struct gd_ranking *k, size_t first,
		      size_t end, get_fn *get, size_t *ret, struct gd_error *err)
{
	const struct gd_stage_span st = span_of(r, k->stage);
	size_t i = first + 1;

	for (; i < end; i++) {
		double p = (double)NAN;

		if (compare(r, &st, k->at[first].series, k->at[i].series, get, &p, err) <
		    0)
			return -1;
		*(get == get_success ? &k->at[i].success_p : &k->at[i].p99_p) = p;
		if (differs(p))
			break;
	}
	*ret = i - first;
	return 0;
}

/* Orders those of equal success by p99, and gives them their ranks. */
static int rank_equals(const struct gd_results *r, struct gd_ranking *k, size_t first,
		       size_t n, struct gd_error *err)
{
	qsort(&k->at[first], n, sizeof(k->at[0]), by_p99);
	for (size_t i = first, same; i < first + n; i += same) {
		if (run_length(r, k, i, first + n, get_p99, &same, err) < 0)
			return -1;
		for (size_t j = i; j < i + same; j++)
			k->at[j].rank = i + 1;
	}
	return 0;
}

int gd_ranking_make(const struct gd_results *r, const char *load, const char *stage,
		    struct gd_ranking *ret, struct gd_error *err)
{
	struct gd_ranking k = {.load = load, .stage = stage};

	for (size_t i = 0; i < gd_results_n_series(r); i++) {
		struct gd_ranked one = {
			.series = i, .success_p = (double)NAN, .p99_p = (double)NAN};
		const char *of;

		gd_results_series(r, i, &of, &one.client);
		if (k.n == GD_N_ELEMS(k.at) || strcmp(of, load) != 0 ||
		    gd_results_load_stats(r, load, one.client, stage, &one.stats) != 0 ||
		    one.stats.requests == 0)
			continue;
		k.at[k.n++] = one;
	}
	qsort(k.at, k.n, sizeof(k.at[0]), by_success);
	for (size_t i = 0, same; i < k.n; i += same) {
		if (run_length(r, &k, i, k.n, get_success, &same, err) < 0 ||
		    rank_equals(r, &k, i, same, err) < 0)
			return -1;
	}
	*ret = k;
	return 0;
}

bool gd_ranking_is_shared(const struct gd_ranking *k, size_t i)
{
	return (i > 0 && k->at[i - 1].rank == k->at[i].rank) ||
	       (i + 1 < k->n && k->at[i + 1].rank == k->at[i].rank);
}

/* --- in words --------------------------------------------------------------------------- */

static void add_number(struct gd_strbuf *out, const char **sep, uint64_t n,
		       const char *one, const char *many)
{
	if (n == 0)
		return;
	gd_strbuf_addf(out, "%s%llu %s", *sep, (unsigned long long)n,
		       n == 1 ? one : many);
	*sep = ", ";
}

void gd_ranking_cost(const struct gd_load_stats *s, struct gd_strbuf *out)
{
	double extra = s->attempts_per_request - 1;
	const char *sep = ": ";
	char buf[32];

	if (fabs(extra) < 0.00005)
		gd_strbuf_adds(out, "no attempt more");
	else
		gd_strbuf_addf(out, "%s %s attempts",
			       gd_metric_format(fabs(extra), GD_UNIT_RATIO, buf),
			       extra > 0 ? "more" : "fewer");
	add_number(out, &sep, s->retries, "retry", "retries");
	add_number(out, &sep, s->counts.hedges, "hedge", "hedges");
	if (s->counts.hedge_wins > 0)
		gd_strbuf_addf(out, " (%llu won)",
			       (unsigned long long)s->counts.hedge_wins);
	sep = "; ";
	add_number(out, &sep, s->error_kinds[GD_OUTCOME_SHED],
		   "request refused by itself", "requests refused by itself");
	sep = "; ";
	add_number(out, &sep, s->budget_denied + s->counts.hedges_denied,
		   "more denied by its budget", "more denied by its budget");
	gd_strbuf_addf(
		out, "; %s of attempts wasted",
		gd_metric_format(isnan(s->wasted) ? 0 : s->wasted, GD_UNIT_RATIO, buf));
}

static void add_result(const struct gd_ranked *c, struct gd_strbuf *out)
{
	char success[32], p99[32];

	gd_strbuf_addf(out, "%s success, p99 %s",
		       gd_metric_format(c->stats.success, GD_UNIT_RATIO, success),
		       gd_metric_format(c->stats.p99, GD_UNIT_DURATION, p99));
}

void gd_ranking_say(const struct gd_ranking *k, struct gd_strbuf *out)
{
	size_t n_best = 0;

	while (n_best < k->n && k->at[n_best].rank == 1)
		n_best++;
	gd_strbuf_addf(out, "%s in %s: ", k->load, k->stage);
	if (n_best == k->n) {
		gd_strbuf_adds(out, "no client did better than another by more than "
				    "they vary themselves");
		return;
	}
	for (size_t i = 0; i < n_best; i++)
		gd_strbuf_addf(out, "%s%s",
			       i == 0           ? ""
			       : i + 1 < n_best ? ", "
						: " and ",
			       k->at[i].client);
	gd_strbuf_addf(out, " did best%s (", n_best > 1 ? ", not to be told apart" : "");
	add_result(&k->at[0], out);
	gd_strbuf_adds(out, ") at a cost of ");
	gd_ranking_cost(&k->at[0].stats, out);
	gd_strbuf_addf(out, "; last was %s (", k->at[k->n - 1].client);
	add_result(&k->at[k->n - 1], out);
	gd_strbuf_addc(out, ')');
}

/* --- all of a run ----------------------------------------------------------------------- */

/* Is it the first series of its load? Each load is looked at once. */
static bool is_first(const struct gd_results *r, size_t series, const char **ret_load)
{
	const char *client, *other;

	gd_results_series(r, series, ret_load, &client);
	for (size_t i = 0; i < series; i++) {
		gd_results_series(r, i, &other, &client);
		if (strcmp(other, *ret_load) == 0)
			return false;
	}
	return true;
}

int gd_ranking_next(const struct gd_results *r, size_t *i, struct gd_ranking *ret,
		    struct gd_error *err)
{
	size_t n_stages = gd_results_n_stages(r);

	for (; *i < gd_results_n_series(r) * n_stages; (*i)++) {
		struct gd_stage_span st = gd_results_stage(r, *i % n_stages);
		const char *load;

		if (strcmp(st.kind, "fault") != 0 || !is_first(r, *i / n_stages, &load))
			continue;
		if (gd_ranking_make(r, load, st.name, ret, err) < 0)
			return -1;
		if (ret->n < 2)
			continue;
		(*i)++;
		return 1;
	}
	return 0;
}
