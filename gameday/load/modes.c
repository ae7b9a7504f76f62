/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts go into bins of ln(latency), are smoothed, and cut at every local minimum. Then
 * pieces are joined, the weakest cut first, until every cut that is left is a real one.
 */
#include "gameday/load/modes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "gameday/load/hist_impl.h"

/* From the middle of the histogram's lowest step to above an hour. */
#define LN_LOWEST 5.5451774444795623 /* ln(256) */
#define BIN 0.02
enum { N_BINS = 1175, MAX_CUTS = N_BINS / 2 };

static const double narrowest = 0.10, widest = 0.30, deepest = 0.5, sigmas = 3.0,
		    least_share = 0.005, kernel_reach = 4;

struct density {
	double count[N_BINS]; /* requests */
	double smooth
		[N_BINS]; /* the same per unit of ln(latency), as the kernel sees it */
	double n, bandwidth;
};

/* What lies between two valleys. */
struct piece {
	int from, to, peak; /* bins; `to` is the first of the next piece */
	double n;
};

struct pieces {
	struct piece at[MAX_CUTS];
	int n;
};

static double bin_of(double ns)
{
	return (log(fmax(ns, 256)) - LN_LOWEST) / BIN;
}

static int64_t ns_of(int bin)
{
	return (int64_t)exp(LN_LOWEST + bin * BIN);
}

/* Spreads the n values of one step evenly over the bins that it touches. */
static void add_step(struct density *d, int64_t index, double n)
{
	double from = bin_of((double)gd_hist_lowest(&gd_hist_own, index));
	double to = bin_of((double)gd_hist_highest(&gd_hist_own, index) + 1);

	for (int b = (int)from; b < N_BINS && b < to; b++) {
		double part = fmin(b + 1, to) - fmax(b, from);

		d->count[b] += n * part / (to - from);
	}
}

/* The bin, with its fraction, below which that share of the requests is. */
static double quantile(const struct density *d, int from, double rank)
{
	for (int b = from; b < N_BINS; b++) {
		if (d->count[b] > 0 && rank <= d->count[b])
			return b + rank / d->count[b];
		rank -= d->count[b];
	}
	return N_BINS;
}

static double bandwidth_of(const struct density *d)
{
	double mean = 0, var = 0, iqr, spread;

	for (int b = 0; b < N_BINS; b++)
		mean += d->count[b] * b / d->n;
	for (int b = 0; b < N_BINS; b++)
		var += d->count[b] * (b - mean) * (b - mean) / d->n;
	iqr = quantile(d, 0, 0.75 * d->n) - quantile(d, 0, 0.25 * d->n);
	spread = BIN * fmin(sqrt(var), iqr / 1.34);
	return fmin(fmax(0.9 * spread * pow(d->n, -0.2), narrowest), widest);
}

static void smooth(struct density *d)
{
	double h = d->bandwidth / BIN;
	int reach = (int)(kernel_reach * h);

	for (int b = 0; b < N_BINS; b++) {
		int last = b + reach < N_BINS ? b + reach : N_BINS - 1;

		if (d->count[b] <= 0)
			continue;
		for (int k = b > reach ? b - reach : 0; k <= last; k++)
			d->smooth[k] += d->count[b] * exp(-0.5 * pow((k - b) / h, 2)) /
					(d->bandwidth * sqrt(2 * M_PI));
	}
}

/* Cuts at the middle of every valley, flat or not. */
static void cut(const struct density *d, struct pieces *p)
{
	int valley = 0, flat = 0;
	bool falling = false;

	*p = (struct pieces){.n = 1};
	for (int b = 1; b < N_BINS; b++) {
		struct piece *now = &p->at[p->n - 1];
		double step = d->smooth[b] - d->smooth[b - 1];

		if (step < 0) {
			falling = true;
			flat = b;
		} else if (step > 0 && falling && p->n < MAX_CUTS) {
			valley = (flat + b) / 2;
			now->to = valley;
			p->at[p->n++] = (struct piece){.from = valley, .peak = b};
			falling = false;
			continue;
		}
		if (d->smooth[b] > d->smooth[now->peak])
			now->peak = b;
	}
	p->at[p->n - 1].to = N_BINS;
	for (int i = 0; i < p->n; i++)
		for (int b = p->at[i].from; b < p->at[i].to; b++)
			p->at[i].n += d->count[b];
}

/* What rises above the valley, in standard deviations of a count. */
static double excess(const struct density *d, const struct piece *p, double valley)
{
	double above = 0;

	for (int b = p->from; b < p->to; b++)
		above += fmax(d->smooth[b] - valley, 0) * BIN;
	return p->n > 0 ? above / sqrt(p->n) : 0;
}

/* How sure the cut between two neighbours is: 1 and more is real. */
static double strength(const struct density *d, const struct piece *a,
		       const struct piece *b)
{
	double valley = d->smooth[b->from];
	double low = fmin(d->smooth[a->peak], d->smooth[b->peak]);
	double depth = low > 0 ? 1 - valley / low : 0;

	return fmin(fmin(depth / (1 - deepest),
			 fmin(excess(d, a, valley), excess(d, b, valley)) / sigmas),
		    fmin(a->n, b->n) / d->n / least_share);
}

static void join(const struct density *d, struct pieces *p, int i)
{
	struct piece *a = &p->at[i], *b = &p->at[i + 1];

	if (d->smooth[b->peak] > d->smooth[a->peak])
		a->peak = b->peak;
	a->to = b->to;
	a->n += b->n;
	memmove(b, b + 1, (size_t)(p->n - i - 2) * sizeof(*b));
	p->n--;
}

/* How much of the lower peak the valley between two neighbours reaches. */
static double filled(const struct density *d, const struct piece *a,
		     const struct piece *b)
{
	return d->smooth[b->from] / fmin(d->smooth[a->peak], d->smooth[b->peak]);
}

/*
 * A small peak belongs to the neighbour with the shallower valley between them, else a
 * straggler of the fast requests might carry all of them over to the slow ones. Bounded:
 * every turn takes one piece away.
 */
static void join_weak(const struct density *d, struct pieces *p)
{
	while (p->n > 1) {
		double weakest = HUGE_VAL, fullest = -1;
		int weak_at = 0, full_at = 0;

		for (int i = 0; i + 1 < p->n; i++) {
			double s = strength(d, &p->at[i], &p->at[i + 1]);
			double f = filled(d, &p->at[i], &p->at[i + 1]);

			if (s < 1 && f > fullest) {
				fullest = f;
				full_at = i;
			}
			if (s < weakest) {
				weakest = s;
				weak_at = i;
			}
		}
		if (weakest >= 1 && p->n <= GD_MODES_MAX)
			return;
		join(d, p, weakest < 1 ? full_at : weak_at);
	}
}

void gd_modes_find(const struct gd_hist *h, struct gd_modes *ret)
{
	struct density d = {.n = (double)gd_hist_count(h)};
	struct gd_hist_walk w = {.h = h};
	struct pieces p;

	*ret = (struct gd_modes){0};
	if (d.n < GD_MODES_FEWEST)
		return;
	while (gd_hist_walk(&w))
		add_step(&d, w.index, (double)w.n);
	d.bandwidth = bandwidth_of(&d);
	smooth(&d);
	cut(&d, &p);
	join_weak(&d, &p);
	for (int i = 0; i < p.n; i++) {
		double middle = quantile(&d, p.at[i].from, p.at[i].n / 2);

		ret->at[ret->n++] = (struct gd_mode){
			.centre_ns = (int64_t)exp(LN_LOWEST + middle * BIN),
			.low_ns = i > 0 ? ns_of(p.at[i].from) : gd_hist_min(h),
			.high_ns = i + 1 < p.n ? ns_of(p.at[i].to) : gd_hist_max(h) + 1,
			.share = p.at[i].n / d.n};
	}
}
