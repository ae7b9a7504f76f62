/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many speeds a latency distribution has. An average, and a percentile too, hides that
 * most requests take 12 ms and the rest a second; the density of the logarithm shows it.
 */
#pragma once

#include "gameday/load/hist.h"

/* One speed: the requests between the valleys beside one peak of the density. */
struct gd_mode {
	int64_t centre_ns;       /* the median of its requests */
	int64_t low_ns, high_ns; /* where it begins and ends, high not included */
	double share;            /* of all requests; the shares add up to 1 */
};

enum { GD_MODES_MAX = 8 };

struct gd_modes {
	struct gd_mode at[GD_MODES_MAX]; /* from fast to slow */
	size_t n;                        /* 0: too few requests to say */
};

/* Below so many requests nothing is said. */
enum { GD_MODES_FEWEST = 50 };

/*
 * The modes of a histogram, at most GD_MODES_MAX. Never fails; allocates nothing.
 *
 * The density is a Gaussian kernel estimate of ln(latency) on a grid of 2 % with the
 * bandwidth of B. W. Silverman, "Density Estimation for Statistics and Data Analysis"
 * (1986), equation 3.31: 0.9 min(standard deviation, interquartile range / 1.34) n^(-1/5),
 * but at least 10 %, which also covers the steps of the histogram, and at most 30 %. A
 * step counts evenly over its width. Two neighbouring peaks are two modes when
 *  - the valley between them is at most half as high as the lower one,
 *  - what rises above the valley is at least 3 sqrt(n) requests of the n of either (the
 *    excess mass of D. W. Mueller and G. Sawitzki, "Excess Mass Estimates and Tests for
 *    Multimodality", 1991, against the noise of a count), and
 *  - each has at least 0.5 % of the requests.
 * Else the lower one belongs to the other.
 */
void gd_modes_find(const struct gd_hist *h, struct gd_modes *ret) GD_NONNULL;
