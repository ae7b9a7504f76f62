/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counts of one histogram would take 192 KiB, and a run keeps hundreds of them. A
 * latency distribution touches only a few of the 24,576 steps' neighbourhoods, so counts
 * live in chunks of 256 that are allocated when first counted in.
 */
#include "gameday/load/hist.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "gameday/load/hist_impl.h"

struct gd_hist *gd_hist_new(void)
{
	return calloc(1, sizeof(struct gd_hist));
}

struct gd_hist *gd_hist_free(struct gd_hist *h)
{
	if (!h)
		return NULL;
	for (size_t i = 0; i < GD_HIST_N_CHUNKS; i++)
		free(h->chunks[i]);
	free(h);
	return NULL;
}

void gd_hist_clear(struct gd_hist *h)
{
	for (size_t i = 0; i < GD_HIST_N_CHUNKS; i++)
		if (h->chunks[i])
			*h->chunks[i] = (struct gd_hist_chunk){0};
	h->count = 0;
	h->lost = 0;
}

static void note_extremes(struct gd_hist *h, int64_t min, int64_t max)
{
	if (h->count == 0 || min < h->min)
		h->min = min;
	if (h->count == 0 || max > h->max)
		h->max = max;
}

void gd_hist_add(struct gd_hist *h, int64_t index, uint64_t n, int64_t min, int64_t max)
{
	struct gd_hist_chunk **chunk = &h->chunks[index / GD_HIST_CHUNK];
	int64_t at = index % GD_HIST_CHUNK;

	if (!*chunk)
		*chunk = calloc(1, sizeof(**chunk));
	if (!*chunk) {
		h->lost += n;
		return;
	}
	note_extremes(h, min, max);
	(*chunk)->used[at / 64] |= (uint64_t)(n > 0) << (at % 64);
	(*chunk)->n[at] += n;
	h->count += n;
}

/* The same within a chunk; GD_HIST_CHUNK: none. */
static int64_t next_in_chunk(const struct gd_hist_chunk *c, int64_t from)
{
	for (int64_t word = from / 64; word < GD_HIST_CHUNK / 64; word++) {
		uint64_t bits = c->used[word];

		if (word == from / 64)
			bits &= UINT64_MAX << (from % 64);
		if (bits)
			return word * 64 + __builtin_ctzll(bits);
	}
	return GD_HIST_CHUNK;
}

int64_t gd_hist_next(const struct gd_hist *h, int64_t from)
{
	int64_t at = from % GD_HIST_CHUNK;

	for (int64_t c = from / GD_HIST_CHUNK; c < GD_HIST_N_CHUNKS; c++, at = 0) {
		int64_t found =
			h->chunks[c] ? next_in_chunk(h->chunks[c], at) : GD_HIST_CHUNK;

		if (found < GD_HIST_CHUNK)
			return c * GD_HIST_CHUNK + found;
	}
	return GD_HIST_N_COUNTS;
}

void gd_hist_record(struct gd_hist *h, int64_t value_ns)
{
	int64_t v = value_ns < 0 ? 0 : value_ns;

	if (v > GD_HIST_HIGHEST)
		v = GD_HIST_HIGHEST;
	gd_hist_add(h, gd_hist_index(&gd_hist_own, v), 1, v, v);
}

/* The counts alone; returns how many found no memory. */
static uint64_t merge_chunk(struct gd_hist_chunk **into, const struct gd_hist_chunk *from)
{
	uint64_t lost = 0;
	bool room = *into || (*into = calloc(1, sizeof(**into)));

	for (int64_t i = next_in_chunk(from, 0); i < GD_HIST_CHUNK;
	     i = i + 1 < GD_HIST_CHUNK ? next_in_chunk(from, i + 1) : GD_HIST_CHUNK) {
		if (room)
			(*into)->n[i] += from->n[i];
		else
			lost += from->n[i];
	}
	for (size_t word = 0; room && word < GD_HIST_CHUNK / 64; word++)
		(*into)->used[word] |= from->used[word];
	return lost;
}

void gd_hist_merge(struct gd_hist *into, const struct gd_hist *from)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < GD_HIST_N_CHUNKS; i++)
		if (from->chunks[i])
			lost += merge_chunk(&into->chunks[i], from->chunks[i]);
	if (from->count > lost)
		note_extremes(into, from->min, from->max);
	into->count += from->count - lost;
	into->lost += from->lost + lost;
}

uint64_t gd_hist_count(const struct gd_hist *h)
{
	return h->count;
}

uint64_t gd_hist_lost(const struct gd_hist *h)
{
	return h->lost;
}

/* The index at which the running count reaches n; n is 1..count. */
static int64_t index_of_rank(const struct gd_hist *h, uint64_t n)
{
	uint64_t seen = 0;

	for (int64_t i = gd_hist_next(h, 0); i < GD_HIST_N_COUNTS;
	     i = gd_hist_next(h, i + 1)) {
		seen += gd_hist_at(h, i);
		if (seen >= n)
			return i;
	}
	return GD_HIST_N_COUNTS - 1;
}

/*
 * AbstractHistogram.getValueAtPercentile: one unit in the last place is taken off first,
 * so that 99.9 of 1000 values is the 999th and not, by rounding, the 1000th.
 */
static uint64_t rank_of(const struct gd_hist *h, double percentile)
{
	double p = fmin(fmax(nextafter(percentile, -1.0), 0.0), 100.0);
	double rank = ceil(p * (double)h->count / 100.0);

	return rank < 1.0 ? 1 : (uint64_t)rank;
}

static int64_t value_at(int64_t index, double percentile)
{
	return percentile <= 0.0 ? gd_hist_lowest(&gd_hist_own, index)
				 : gd_hist_highest(&gd_hist_own, index);
}

int64_t gd_hist_percentile(const struct gd_hist *h, double percentile)
{
	if (h->count == 0)
		return -1;
	return value_at(index_of_rank(h, rank_of(h, percentile)), percentile);
}

void gd_hist_percentiles(const struct gd_hist *h, const double *percentiles, size_t n,
			 int64_t *ret)
{
	uint64_t seen = 0;
	size_t k = 0;

	for (int64_t i = gd_hist_next(h, 0); i < GD_HIST_N_COUNTS && k < n;
	     i = gd_hist_next(h, i + 1)) {
		seen += gd_hist_at(h, i);
		while (k < n && seen >= rank_of(h, percentiles[k])) {
			ret[k] = value_at(i, percentiles[k]);
			k++;
		}
	}
	for (; k < n; k++)
		ret[k] = -1; /* it is empty */
}

void gd_hist_ranges(const struct gd_hist *h, const int64_t *upper, size_t n,
		    uint64_t *ret)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		ret[i] = 0;
	for (int64_t i = gd_hist_next(h, 0); i < GD_HIST_N_COUNTS && k < n;
	     i = gd_hist_next(h, i + 1)) {
		while (k < n && gd_hist_lowest(&gd_hist_own, i) > upper[k])
			k++;
		if (k < n)
			ret[k] += gd_hist_at(h, i);
	}
}

int64_t gd_hist_max(const struct gd_hist *h)
{
	return h->count > 0 ? h->max : -1;
}

int64_t gd_hist_min(const struct gd_hist *h)
{
	return h->count > 0 ? h->min : -1;
}

static double middle_of(int64_t index)
{
	int64_t half = (INT64_C(1) << gd_hist_step_bits(&gd_hist_own, index)) / 2;

	return (double)(gd_hist_lowest(&gd_hist_own, index) + half);
}

double gd_hist_mean(const struct gd_hist *h)
{
	double sum = 0;

	if (h->count == 0)
		return (double)NAN;
	for (int64_t i = gd_hist_next(h, 0); i < GD_HIST_N_COUNTS;
	     i = gd_hist_next(h, i + 1))
		sum += (double)gd_hist_at(h, i) * middle_of(i);
	return sum / (double)h->count;
}

uint64_t gd_hist_count_below(const struct gd_hist *h, int64_t value_ns)
{
	int64_t last;
	uint64_t n = 0;

	if (value_ns < 0)
		return 0;
	if (value_ns > GD_HIST_HIGHEST)
		return h->count;
	last = gd_hist_index(&gd_hist_own, value_ns);
	for (int64_t i = gd_hist_next(h, 0); i <= last; i = gd_hist_next(h, i + 1))
		n += gd_hist_at(h, i);
	return n;
}

void gd_hist_refine(struct gd_hist *h, int64_t min_ns, int64_t max_ns)
{
	if (h->count == 0 || min_ns > max_ns || min_ns < 0 || max_ns > GD_HIST_HIGHEST)
		return;
	if (gd_hist_index(&gd_hist_own, min_ns) == gd_hist_index(&gd_hist_own, h->min))
		h->min = min_ns;
	if (gd_hist_index(&gd_hist_own, max_ns) == gd_hist_index(&gd_hist_own, h->max))
		h->max = max_ns;
}

/* How many of v - e, v - 2e, ... >= e are counted at index: all j with v - je in the step. */
static uint64_t missing_at(int64_t v, int64_t e, int64_t index)
{
	int64_t low = gd_hist_lowest(&gd_hist_own, index);
	int64_t high = gd_hist_highest(&gd_hist_own, index);
	int64_t first = v > high ? (v - high + e - 1) / e : 1;
	int64_t last = (v - low) / e;

	first = first > 1 ? first : 1;
	last = last < v / e - 1 ? last : v / e - 1;
	return last >= first ? (uint64_t)(last - first + 1) : 0;
}

static void add_missing(struct gd_hist *into, int64_t v, int64_t e, uint64_t n)
{
	int64_t first, last;

	if (v < 2 * e)
		return;
	first = gd_hist_index(&gd_hist_own, e);
	last = gd_hist_index(&gd_hist_own, v - e);
	/* Value by value, or step by step: whatever is less. */
	if (v / e <= last - first) {
		for (int64_t x = v - e; x >= e; x -= e)
			gd_hist_add(into, gd_hist_index(&gd_hist_own, x), n, x, x);
		return;
	}
	for (int64_t i = first; i <= last; i++) {
		uint64_t n_here = missing_at(v, e, i);
		int64_t low = gd_hist_lowest(&gd_hist_own, i);
		int64_t high = gd_hist_highest(&gd_hist_own, i);

		if (n_here > 0)
			gd_hist_add(into, i, n_here * n, low > e ? low : e,
				    high < v - e ? high : v - e);
	}
}

void gd_hist_add_corrected(struct gd_hist *into, const struct gd_hist *from,
			   int64_t expected_ns)
{
	gd_hist_merge(into, from);
	for (int64_t i = gd_hist_next(from, 0); i < GD_HIST_N_COUNTS;
	     i = gd_hist_next(from, i + 1))
		add_missing(into, gd_hist_highest(&gd_hist_own, i), expected_ns,
			    gd_hist_at(from, i));
}
