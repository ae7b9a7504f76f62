/* SPDX-License-Identifier: Apache-2.0 */
/* Do two sets of measurements differ by more than they vary themselves? */
#pragma once

#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

/* With fewer values in one of the sets the normal approximation says nothing. */
enum { GD_RANKS_FEWEST = 5 };

/*
 * The two-sided p value of the test of H. B. Mann and D. R. Whitney, "On a Test of Whether one
 * of Two Random Variables is Stochastically Larger than the Other" (1947), by the normal
 * approximation with the corrections for ties and continuity: how probable a difference like
 * this is when both sets are of one distribution, whatever its shape. Values are taken as
 * independent. NAN when there are too few; no value is NAN.
 */
int gd_ranks_p(const double *a, size_t n_a, const double *b, size_t n_b, double *ret,
	       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * The same for values measured one after the other, which are rarely independent: the
 * number of values counts as n (1 - r) / (1 + r), r being the correlation of each rank with
 * the next within its set (M. Z. Bayley and J. M. Hammersley, "The 'Effective' Number of
 * Independent Observations in an Autocorrelated Time Series", 1946; below 0 taken as 0).
 * NAN when there are too few.
 */
int gd_ranks_p_series(const double *a, size_t n_a, const double *b, size_t n_b,
		      double *ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * For values that come in pairs, measured under the same circumstances: the two-sided p value of
 * the signed-rank test of F. Wilcoxon, "Individual Comparisons by Ranking Methods" (1945), how
 * probable differences like these are when either sign is as likely. Pairs that are equal say
 * nothing. Exact for some dozens of pairs that differ, then by the normal approximation with
 * the corrections for ties and continuity. NAN with fewer than GD_RANKS_FEWEST pairs.
 */
int gd_ranks_p_paired(const double *a, const double *b, size_t n, double *ret,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Sets together must not have more than this for gd_ranks_p_exact. */
enum { GD_RANKS_EXACT_MOST = 20 };

/*
 * The same two-sided p value, exactly, for a few values: of all ways to deal the values to
 * two sets of these sizes, the share whose rank sum is as far from its mean. Ties are fine.
 * NAN when a set has fewer than 2 values or both together more than GD_RANKS_EXACT_MOST.
 */
double gd_ranks_p_exact(const double *a, size_t n_a, const double *b,
			size_t n_b) GD_NONNULL;
/* The least p value that sets of these sizes can have: two ways of all. */
double gd_ranks_least_p(size_t n_a, size_t n_b);
