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
