/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Computed from the definitions, so that nothing has to be installed on the host. The
 * normal quantile is found by halving, which is exact enough for 16 bits after 40 steps.
 * Pareto has shape 3 and minimum 1: mean 3/2, variance 3/4. Its deviation is taken as 3/4,
 * and the mixture as a quarter normal and three quarters Pareto, as iproute2's tables have
 * it, so that a fault described with `tc` is the same here.
 */
#include "injectors/ports/netem_dist.h"

#include <math.h>

#include <linux/pkt_sched.h>

static double normal_quantile(double p)
{
	double low = -8, high = 8;

	for (int i = 0; i < 40; i++) {
		double mid = (low + high) / 2;

		if (erfc(-mid / sqrt(2)) / 2 < p)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static double pareto_quantile(double p)
{
	return (pow(1 - p, -1.0 / 3) - 1.5) * 4 / 3;
}

static double quantile(enum gd_distribution d, double p)
{
	if (d == GD_DIST_NORMAL)
		return normal_quantile(p);
	if (d == GD_DIST_PARETO)
		return pareto_quantile(p);
	return normal_quantile(p) / 4 + pareto_quantile(p) * 3 / 4;
}

void gd_netem_dist(enum gd_distribution d, int16_t table[GD_NETEM_DIST_SIZE])
{
	for (int i = 0; i < GD_NETEM_DIST_SIZE; i++) {
		double v = quantile(d, (i + 0.5) / GD_NETEM_DIST_SIZE) * NETEM_DIST_SCALE;

		table[i] = (int16_t)lround(fmax(INT16_MIN, fmin(INT16_MAX, v)));
	}
}
