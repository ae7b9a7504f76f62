/* SPDX-License-Identifier: Apache-2.0 */
/* What hist.c and hist_codec.c share: the bucket layout and the struct. For no one else. */
#pragma once

#include <stdbool.h>

#include "gameday/load/hist.h"

enum {
	GD_HIST_LOWEST = 1000,
	GD_HIST_DIGITS = 3,
	GD_HIST_N_COUNTS = 24576,
	GD_HIST_CHUNK = 256,
	GD_HIST_N_CHUNKS = GD_HIST_N_COUNTS / GD_HIST_CHUNK,
};
#define GD_HIST_HIGHEST INT64_C(3600000000000)

/*
 * A layout of HdrHistogram (https://github.com/HdrHistogram/HdrHistogram, the constructor
 * of AbstractHistogram): values are grouped in buckets of doubling width, each cut in
 * 2^half_bits steps; the lowest bucket has twice as many.
 */
struct gd_hist_layout {
	int unit_bits;    /* floor(log2(lowest discernible value)) */
	int half_bits;    /* ceil(log2(2 x 10^digits)) - 1 */
	int64_t n_counts; /* (number of buckets + 1) << half_bits */
};

static inline int64_t gd_hist_index(const struct gd_hist_layout *l, int64_t value)
{
	int sub_bits = l->half_bits + 1;
	uint64_t mask = ((UINT64_C(1) << sub_bits) - 1) << l->unit_bits;
	int bucket =
		64 - l->unit_bits - sub_bits - __builtin_clzll((uint64_t)value | mask);
	int64_t sub = value >> (bucket + l->unit_bits);

	return (((int64_t)bucket + 1) << l->half_bits) + sub -
	       (INT64_C(1) << l->half_bits);
}

/* The width of the step at index, as a power of two. */
static inline int gd_hist_step_bits(const struct gd_hist_layout *l, int64_t index)
{
	int bucket = (int)(index >> l->half_bits) - 1;

	return l->unit_bits + (bucket < 0 ? 0 : bucket);
}

/* The lowest value that is counted at index. */
static inline int64_t gd_hist_lowest(const struct gd_hist_layout *l, int64_t index)
{
	int64_t half = INT64_C(1) << l->half_bits;
	int64_t sub = (index & (half - 1)) + (index >= half ? half : 0);

	return sub << gd_hist_step_bits(l, index);
}

static inline int64_t gd_hist_highest(const struct gd_hist_layout *l, int64_t index)
{
	return gd_hist_lowest(l, index) + (INT64_C(1) << gd_hist_step_bits(l, index)) - 1;
}

static const struct gd_hist_layout gd_hist_own = {
	.unit_bits = 9, .half_bits = 10, .n_counts = GD_HIST_N_COUNTS};

/* Which counts are not 0 stands in bits, so that walking a histogram costs what is in it. */
struct gd_hist_chunk {
	uint64_t used[GD_HIST_CHUNK / 64];
	uint64_t n[GD_HIST_CHUNK];
};

struct gd_hist_pair {
	uint32_t index;
	uint64_t n; /* > 0 */
};

/*
 * What was decoded is a list, which is all that asking, merging and packing need; counting
 * into it turns it into chunks.
 */
struct gd_hist {
	uint64_t count, lost;
	int64_t min, max; /* exact, when count > 0 */
	struct gd_hist_chunk *
		*chunks; /* owned: GD_HIST_N_CHUNKS, of which NULL: all 0; NULL: none */
	struct gd_hist_pair *list; /* owned: in order; only when there are no chunks */
	size_t n_list;
};

/* Adds n values at index, of which the lowest is min and the highest max. */
void gd_hist_add(struct gd_hist *h, int64_t index, uint64_t n, int64_t min,
		 int64_t max) GD_NONNULL;
/* Before the values are counted. */
static inline void gd_hist_note_extremes(struct gd_hist *h, int64_t min, int64_t max)
{
	if (h->count == 0 || min < h->min)
		h->min = min;
	if (h->count == 0 || max > h->max)
		h->max = max;
}

/* Goes through what a histogram counts, in order: start with {.h = h}. */
struct gd_hist_walk {
	const struct gd_hist *h;
	int64_t at; /* of the list, or the next index */
	int64_t index;
	uint64_t n; /* what is counted at index */
};
bool gd_hist_walk_chunks(struct gd_hist_walk *w) GD_NONNULL;
/* False at the end. */
static inline bool gd_hist_walk(struct gd_hist_walk *w)
{
	const struct gd_hist *h = w->h;

	if (!h->list)
		return gd_hist_walk_chunks(w);
	if (w->at == (int64_t)h->n_list)
		return false;
	w->index = h->list[w->at].index;
	w->n = h->list[w->at++].n;
	return true;
}
