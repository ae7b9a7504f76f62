/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counts of one histogram would take 192 KiB, and a run keeps hundreds of them. A
 * latency distribution touches only a few of the 24,576 steps' neighbourhoods, so counts
 * live in chunks of 256 that are allocated when first counted in. A report reads some
 * 100,000 histograms of an interval each, of a hundred values: those are lists.
 */
#include "gameday/load/hist.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/load/hist_impl.h"

struct gd_hist *gd_hist_new(void)
{
	return calloc(1, sizeof(struct gd_hist));
}

struct gd_hist *gd_hist_free(struct gd_hist *h)
{
	if (!h)
		return NULL;
	for (size_t i = 0; h->chunks && i < GD_HIST_N_CHUNKS; i++)
		free(h->chunks[i]);
	free(h->chunks);
	free(h->list);
	free(h);
	return NULL;
}

void gd_hist_clear(struct gd_hist *h)
{
	for (size_t i = 0; h->chunks && i < GD_HIST_N_CHUNKS; i++)
		if (h->chunks[i])
			*h->chunks[i] = (struct gd_hist_chunk){0};
	h->n_list = 0;
	h->count = 0;
	h->lost = 0;
}

static bool has_chunks(struct gd_hist *h)
{
	if (!h->chunks)
		h->chunks = calloc(GD_HIST_N_CHUNKS, sizeof(*h->chunks));
	return h->chunks;
}

/* The chunk of an index, made when it is not there; NULL: no memory. */
static struct gd_hist_chunk *chunk_of(struct gd_hist *h, int64_t index)
{
	struct gd_hist_chunk **chunk;

	if (!has_chunks(h))
		return NULL;
	chunk = &h->chunks[index / GD_HIST_CHUNK];
	if (!*chunk)
		*chunk = calloc(1, sizeof(**chunk));
	return *chunk;
}

static void add_count(struct gd_hist_chunk *chunk, int64_t index, uint64_t n)
{
	int64_t at = index % GD_HIST_CHUNK;

	chunk->used[at / 64] |= (uint64_t)(n > 0) << (at % 64);
	chunk->n[at] += n;
}

/* Adds the counts of a list; returns how many found no memory. */
static uint64_t add_list(struct gd_hist *into, const struct gd_hist_pair *list, size_t n)
{
	struct gd_hist_chunk *chunk = NULL;
	uint32_t number = UINT32_MAX; /* of that chunk */
	uint64_t lost = 0;

	for (size_t i = 0; i < n; i++) {
		if (list[i].index / GD_HIST_CHUNK != number) {
			number = list[i].index / GD_HIST_CHUNK;
			chunk = chunk_of(into, list[i].index);
		}
		if (chunk)
			add_count(chunk, list[i].index, list[i].n);
		else
			lost += list[i].n;
	}
	return lost;
}

static void list_to_chunks(struct gd_hist *h)
{
	struct gd_hist_pair *list = h->list;
	uint64_t lost;

	if (!list)
		return;
	h->list = NULL;
	lost = add_list(h, list, h->n_list);
	h->n_list = 0;
	h->count -= lost;
	h->lost += lost;
	free(list);
}

void gd_hist_add(struct gd_hist *h, int64_t index, uint64_t n, int64_t min, int64_t max)
{
	struct gd_hist_chunk *chunk;

	list_to_chunks(h);
	chunk = chunk_of(h, index);
	if (!chunk) {
		h->lost += n;
		return;
	}
	add_count(chunk, index, n);
	gd_hist_note_extremes(h, min, max);
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

/* The first index from `from` on that counts something; GD_HIST_N_COUNTS: none. */
static int64_t next_in_chunks(const struct gd_hist *h, int64_t from)
{
	int64_t at = from % GD_HIST_CHUNK;

	if (!h->chunks)
		return GD_HIST_N_COUNTS;
	for (int64_t c = from / GD_HIST_CHUNK; c < GD_HIST_N_CHUNKS; c++, at = 0) {
		int64_t found =
			h->chunks[c] ? next_in_chunk(h->chunks[c], at) : GD_HIST_CHUNK;

		if (found < GD_HIST_CHUNK)
			return c * GD_HIST_CHUNK + found;
	}
	return GD_HIST_N_COUNTS;
}

bool gd_hist_walk_chunks(struct gd_hist_walk *w)
{
	const struct gd_hist *h = w->h;

	w->index = next_in_chunks(h, w->at);
	if (w->index == GD_HIST_N_COUNTS)
		return false;
	w->n = h->chunks[w->index / GD_HIST_CHUNK]->n[w->index % GD_HIST_CHUNK];
	w->at = w->index + 1;
	return true;
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

static uint64_t merge_chunks(struct gd_hist *into, const struct gd_hist *from)
{
	uint64_t lost = 0;

	if (!has_chunks(into))
		return from->count;
	for (size_t i = 0; i < GD_HIST_N_CHUNKS; i++)
		if (from->chunks[i])
			lost += merge_chunk(&into->chunks[i], from->chunks[i]);
	return lost;
}

/* A copy of a list, into what has nothing yet. */
static uint64_t copy_list(struct gd_hist *into, const struct gd_hist *from)
{
	into->list = malloc((from->n_list + 1) * sizeof(*into->list));
	if (!into->list)
		return from->count;
	memcpy(into->list, from->list, from->n_list * sizeof(*into->list));
	into->n_list = from->n_list;
	return 0;
}

void gd_hist_merge(struct gd_hist *into, const struct gd_hist *from)
{
	uint64_t lost = 0;

	if (from->list && !into->list && !into->chunks) {
		lost = copy_list(into, from);
	} else {
		list_to_chunks(into);
		if (from->list)
			lost = add_list(into, from->list, from->n_list);
		else if (from->chunks)
			lost = merge_chunks(into, from);
	}
	if (from->count > lost)
		gd_hist_note_extremes(into, from->min, from->max);
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
	struct gd_hist_walk w = {.h = h};
	uint64_t seen = 0;

	while (gd_hist_walk(&w)) {
		seen += w.n;
		if (seen >= n)
			return w.index;
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
	struct gd_hist_walk w = {.h = h};
	uint64_t seen = 0, rank = n > 0 ? rank_of(h, percentiles[0]) : 0;
	size_t k = 0;

	while (k < n && gd_hist_walk(&w)) {
		seen += w.n;
		while (k < n && seen >= rank) {
			ret[k] = value_at(w.index, percentiles[k]);
			if (++k < n)
				rank = rank_of(h, percentiles[k]);
		}
	}
	for (; k < n; k++)
		ret[k] = -1; /* it is empty */
}

void gd_hist_ranges(const struct gd_hist *h, const int64_t *upper, size_t n,
		    uint64_t *ret)
{
	struct gd_hist_walk w = {.h = h};
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		ret[i] = 0;
	while (k < n && gd_hist_walk(&w)) {
		while (k < n && gd_hist_lowest(&gd_hist_own, w.index) > upper[k])
			k++;
		if (k < n)
			ret[k] += w.n;
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
	struct gd_hist_walk w = {.h = h};
	double sum = 0;

	if (h->count == 0)
		return (double)NAN;
	while (gd_hist_walk(&w))
		sum += (double)w.n * middle_of(w.index);
	return sum / (double)h->count;
}

uint64_t gd_hist_count_below(const struct gd_hist *h, int64_t value_ns)
{
	struct gd_hist_walk w = {.h = h};
	int64_t last;
	uint64_t n = 0;

	if (value_ns < 0)
		return 0;
	if (value_ns > GD_HIST_HIGHEST)
		return h->count;
	last = gd_hist_index(&gd_hist_own, value_ns);
	while (gd_hist_walk(&w) && w.index <= last)
		n += w.n;
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
	struct gd_hist_walk w = {.h = from};

	gd_hist_merge(into, from);
	while (gd_hist_walk(&w))
		add_missing(into, gd_hist_highest(&gd_hist_own, w.index), expected_ns,
			    w.n);
}
