/* SPDX-License-Identifier: Apache-2.0 */
/*
 * High dynamic range histogram of latencies in nanoseconds: 3 significant digits from
 * 1 us (the lowest discernible value) to 1 hour; larger values are counted as 1 hour,
 * negative ones as 0. Bucket layout, percentiles and the V2 encoding are those of
 * HdrHistogram with lowestDiscernibleValue 1000, highestTrackableValue 3.6e12 and 3 digits,
 * so its tools read ours. Its unit magnitude is floor(log2(1000)) = 9: steps are 512 ns wide
 * up to 1.05 ms, then double with each power of two.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/auto.h"
#include "gameday/base/error.h"

struct gd_hist;

struct gd_hist *gd_hist_new(void) GD_MUST_CHECK; /* NULL when out of memory */
struct gd_hist *gd_hist_free(struct gd_hist *h); /* accepts NULL, returns NULL */
GD_DEFINE_AUTO(gd_hist, gd_hist_free);

/* Never fails: a value for which there was no memory is counted by gd_hist_lost. */
void gd_hist_record(struct gd_hist *h, int64_t value_ns) GD_NONNULL;
void gd_hist_clear(struct gd_hist *h) GD_NONNULL;
/* into += from. Exact: counts are added bucket by bucket. */
void gd_hist_merge(struct gd_hist *into, const struct gd_hist *from) GD_NONNULL;
uint64_t gd_hist_count(const struct gd_hist *h) GD_NONNULL;
/*
 * Highest value equivalent at the given percentile (0..100), as HdrHistogram defines it;
 * -1 when empty.
 */
int64_t gd_hist_percentile(const struct gd_hist *h, double percentile) GD_NONNULL;
uint64_t gd_hist_lost(const struct gd_hist *h) GD_NONNULL;
int64_t gd_hist_max(const struct gd_hist *h) GD_NONNULL; /* exact; -1 when empty */
int64_t gd_hist_min(const struct gd_hist *h) GD_NONNULL; /* exact; -1 when empty */
/* From the middles of the steps, as HdrHistogram does; NAN when empty. */
double gd_hist_mean(const struct gd_hist *h) GD_NONNULL;
/*
 * Adds `from` to `into` with what a closed loop left out: while one request took long, others
 * would have been sent every expected_ns and waited as much less each. So a value v brings
 * v - e, v - 2e, ... down to e with it (copyCorrectedForCoordinatedOmission of HdrHistogram).
 * An estimate: it believes that each long value was a stall of all. expected_ns > 0.
 */
void gd_hist_add_corrected(struct gd_hist *into, const struct gd_hist *from,
			   int64_t expected_ns) GD_NONNULL;
/* Number of values <= value_ns (to the bucket's resolution). */
uint64_t gd_hist_count_below(const struct gd_hist *h, int64_t value_ns) GD_NONNULL;

/*
 * The values at n percentiles in ascending order, each as gd_hist_percentile gives it, in one
 * pass; all are -1 when empty.
 */
void gd_hist_percentiles(const struct gd_hist *h, const double *percentiles, size_t n,
			 int64_t *ret) GD_NONNULL;
/*
 * How many values lie in each of n ranges, to the buckets' resolution: ret[i] counts those
 * above upper[i - 1] (for the first: all) and up to upper[i]. upper ascends; what is above
 * the last is not counted.
 */
void gd_hist_ranges(const struct gd_hist *h, const int64_t *upper, size_t n,
		    uint64_t *ret) GD_NONNULL;

/*
 * Sets the exact extremes, which the encoding does not carry. What does not fall into the
 * step of the extreme known so far is ignored.
 */
void gd_hist_refine(struct gd_hist *h, int64_t min_ns, int64_t max_ns) GD_NONNULL;

/* HdrHistogram V2 compressed (zlib) payload in base64; the caller frees. */
int gd_hist_encode(const struct gd_hist *h, char **ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The reverse, for any V2 histogram whose values fit; bounded against hostile input. */
int gd_hist_decode(const char *base64, struct gd_hist **ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * What a histogram counts in a byte or two for each step that is used, extremes included:
 * for keeping many, as unpacking costs a tenth of decoding. The caller frees (with free());
 * NULL when out of memory.
 */
struct gd_hist_pack;
struct gd_hist_pack *gd_hist_pack(const struct gd_hist *h) GD_NONNULL GD_MUST_CHECK;
/* The caller frees; NULL when out of memory. */
struct gd_hist *gd_hist_unpack(const struct gd_hist_pack *p) GD_NONNULL GD_MUST_CHECK;
