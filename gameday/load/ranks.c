/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/ranks.h"

#include <math.h>
#include <stdbool.h>
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

int gd_ranks_p(const double *a, size_t n_a, const double *b, size_t n_b, double *ret,
	       struct gd_error *err)
{
	double na = (double)n_a, nb = (double)n_b, n = na + nb, ties, u, variance, z;
	GD_AUTO_FREE struct value *all = NULL;

	*ret = (double)NAN;
	if (n_a < GD_RANKS_FEWEST || n_b < GD_RANKS_FEWEST)
		return 0;
	all = calloc(n_a + n_b, sizeof(*all));
	if (!all)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < n_a; i++)
		all[i].v = a[i];
	for (size_t i = 0; i < n_b; i++)
		all[n_a + i] = (struct value){b[i], true};
	qsort(all, n_a + n_b, sizeof(*all), by_value);
	u = rank_sum(all, n_a + n_b, &ties) - nb * (nb + 1) / 2;
	variance = na * nb / 12 * (n + 1 - ties / (n * (n - 1)));
	z = variance > 0 ? fmax(0, fabs(u - na * nb / 2) - 0.5) / sqrt(variance) : 0;
	*ret = erfc(z / sqrt(2));
	return 0;
}
