/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/ranks.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "gameday/base/auto.h"

struct value {
	double v;
	bool of_b;
};

static int by_value(const void *x, const void *y)
{
	const struct value *a = x, *b = y;

	return (a->v > b->v) - (a->v < b->v);
}

/* The sum of b's ranks, equal values sharing theirs; and the sum of t^3 - t of all ties. */
static double rank_sum(const struct value *all, size_t n, double *ret_ties)
{
	double sum = 0;

	*ret_ties = 0;
	for (size_t i = 0, end; i < n; i = end) {
		size_t n_b = 0;
		double t;

		for (end = i; end < n && all[end].v <= all[i].v; end++)
			n_b += all[end].of_b;
		t = (double)(end - i);
		sum += (double)n_b * ((double)(i + 1) + (double)end) / 2;
		*ret_ties += t * t * t - t;
	}
	return sum;
}

/* gd_ranks_p; the variance counts `inflated` times. */
static int test(const double *a, size_t n_a, const double *b, size_t n_b, double inflated,
		double *ret, struct gd_error *err)
{
	double na = (double)n_a, nb = (double)n_b, n = na + nb, ties, u, variance, z;
	GD_AUTO_FREE struct value *all = calloc(n_a + n_b, sizeof(*all));

	if (!all)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < n_a; i++)
		all[i].v = a[i];
	for (size_t i = 0; i < n_b; i++)
		all[n_a + i] = (struct value){b[i], true};
	qsort(all, n_a + n_b, sizeof(*all), by_value);
	u = rank_sum(all, n_a + n_b, &ties) - nb * (nb + 1) / 2;
	variance = na * nb / 12 * (n + 1 - ties / (n * (n - 1))) * inflated;
	z = variance > 0 ? fmax(0, fabs(u - na * nb / 2) - 0.5) / sqrt(variance) : 0;
	*ret = erfc(z / sqrt(2));
	return 0;
}

int gd_ranks_p(const double *a, size_t n_a, const double *b, size_t n_b, double *ret,
	       struct gd_error *err)
{
	*ret = (double)NAN;
	if (n_a < GD_RANKS_FEWEST || n_b < GD_RANKS_FEWEST)
		return 0;
	return test(a, n_a, b, n_b, 1, ret, err);
}

/* --- values in a row ------------------------------------------------------------------ */

struct placed {
	double v, rank;
	size_t at;
};

static int by_placed_value(const void *x, const void *y)
{
	const struct placed *a = x, *b = y;

	return (a->v > b->v) - (a->v < b->v);
}

static int by_place(const void *x, const void *y)
{
	const struct placed *a = x, *b = y;

	return (a->at > b->at) - (a->at < b->at);
}

/* Ranks, equal values sharing theirs, in the order of the values. */
static void rank_all(const double *v, size_t n, struct placed *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = (struct placed){.v = v[i], .at = i};
	qsort(ret, n, sizeof(*ret), by_placed_value);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && ret[end].v <= ret[i].v; end++)
			;
		for (size_t k = i; k < end; k++)
			ret[k].rank = ((double)(i + 1) + (double)end) / 2;
	}
	qsort(ret, n, sizeof(*ret), by_place);
}

/* How many times as many values of this set are needed as if they were independent. */
static int serial(const double *v, size_t n, double *ret, struct gd_error *err)
{
	GD_AUTO_FREE struct placed *p = calloc(n, sizeof(*p));
	double mean = ((double)n + 1) / 2, sum = 0, lag = 0, r;

	if (!p)
		return gd_raise_nomem(err);
	rank_all(v, n, p);
	for (size_t i = 0; i < n; i++)
		sum += (p[i].rank - mean) * (p[i].rank - mean);
	for (size_t i = 0; i + 1 < n; i++)
		lag += (p[i].rank - mean) * (p[i + 1].rank - mean);
	r = sum > 0 ? fmin(0.99, fmax(0, lag / sum)) : 0;
	*ret = (1 + r) / (1 - r);
	return 0;
}

int gd_ranks_p_series(const double *a, size_t n_a, const double *b, size_t n_b,
		      double *ret, struct gd_error *err)
{
	double of_a, of_b;

	*ret = (double)NAN;
	if (n_a < GD_RANKS_FEWEST || n_b < GD_RANKS_FEWEST)
		return 0;
	if (serial(a, n_a, &of_a, err) < 0 || serial(b, n_b, &of_b, err) < 0)
		return -1;
	return test(a, n_a, b, n_b, fmax(of_a, of_b), ret, err);
}

/* --- pairs ------------------------------------------------------------------------------ */

enum { PAIRS_EXACT_MOST = 50 };

/*
 * Twice the ranks of n numbers are whole: of all 2^n ways to give them signs, the share in
 * which those with one sign add up to `sum` or less.
 */
static int share_up_to(const struct placed *p, size_t n, long sum, double *ret,
		       struct gd_error *err)
{
	size_t total = n * (n + 1);
	GD_AUTO_FREE double *share = calloc(total + 1, sizeof(*share));

	if (!share)
		return gd_raise_nomem(err);
	share[0] = 1;
	for (size_t i = 0; i < n; i++) {
		size_t rank = (size_t)lround(2 * p[i].rank);

		for (size_t s = total + 1; s-- > 0;)
			share[s] = (share[s] + (s >= rank ? share[s - rank] : 0)) / 2;
	}
	*ret = 0;
	for (size_t s = 0; s <= total && (long)s <= sum; s++)
		*ret += share[s];
	return 0;
}

/* smaller: of the two signs' rank sums. */
static double signed_by_normal(const struct placed *p, size_t n, double smaller)
{
	double squares = 0, mean = (double)n * ((double)n + 1) / 4;

	/* With ties these squares are fewer, as the correction has it. */
	for (size_t i = 0; i < n; i++)
		squares += p[i].rank * p[i].rank;
	return erfc(fmax(0, mean - smaller - 0.5) / sqrt(squares / 4) / sqrt(2));
}

int gd_ranks_p_paired(const double *a, const double *b, size_t n, double *ret,
		      struct gd_error *err)
{
	GD_AUTO_FREE double *size = calloc(n + 1, sizeof(*size));
	GD_AUTO_FREE struct placed *p = calloc(n + 1, sizeof(*p));
	GD_AUTO_FREE bool *up = calloc(n + 1, sizeof(*up));
	double sums[2] = {0}, smaller, share = 0;
	size_t used = 0;

	*ret = (double)NAN;
	if (!size || !p || !up)
		return gd_raise_nomem(err);
	if (n < GD_RANKS_FEWEST)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (a[i] < b[i] || a[i] > b[i]) {
			up[used] = a[i] < b[i];
			size[used++] = fabs(a[i] - b[i]);
		}
	rank_all(size, used, p);
	for (size_t i = 0; i < used; i++)
		sums[up[i]] += p[i].rank;
	smaller = fmin(sums[0], sums[1]);
	if (used > PAIRS_EXACT_MOST) {
		*ret = signed_by_normal(p, used, smaller);
		return 0;
	}
	if (share_up_to(p, used, lround(2 * smaller), &share, err) < 0)
		return -1;
	*ret = fmin(1, 2 * share);
	return 0;
}

/* --- a few values --------------------------------------------------------------------- */

/* The next larger number with as many bits set (R. W. Gosper, HAKMEM item 175). */
static uint32_t next_set(uint32_t x)
{
	uint32_t low = x & -x, up = x + low;

	return up | (((x ^ up) / low) >> 2);
}

static double sum_of(const struct placed *p, uint32_t set)
{
	double sum = 0;

	for (size_t i = 0; set >> i; i++)
		if (set >> i & 1)
			sum += p[i].rank;
	return sum;
}

double gd_ranks_p_exact(const double *a, size_t n_a, const double *b, size_t n_b)
{
	struct placed p[GD_RANKS_EXACT_MOST];
	double all[GD_RANKS_EXACT_MOST], mean, seen;
	size_t n = n_a + n_b, n_as_far = 0, n_sets = 0;

	if (n_a < 2 || n_b < 2 || n > GD_RANKS_EXACT_MOST)
		return (double)NAN;
	for (size_t i = 0; i < n; i++)
		all[i] = i < n_a ? a[i] : b[i - n_a];
	rank_all(all, n, p);
	mean = (double)n_a * ((double)n + 1) / 2;
	/* Ranks are multiples of a half: a quarter is only for their sum's rounding. */
	seen = fabs(sum_of(p, (1U << n_a) - 1) - mean) - 0.25;
	for (uint32_t set = (1U << n_a) - 1; set < 1U << n; set = next_set(set)) {
		n_as_far += fabs(sum_of(p, set) - mean) >= seen;
		n_sets++;
	}
	return (double)n_as_far / (double)n_sets;
}

double gd_ranks_least_p(size_t n_a, size_t n_b)
{
	double sets = 1;

	for (size_t i = 1; i <= n_a; i++)
		sets *= (double)(n_b + i) / (double)i;
	return fmin(1, 2 / sets);
}
