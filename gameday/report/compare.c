/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/load/hist.h"
#include "gameday/load/ranks.h"
#include "gameday/report/compare_impl.h"

/* What nobody would act upon. */
#define SMALL 0.05

#define AT(member) offsetof(struct gd_load_stats, member)
const struct gd_compare_figure gd_compare_figures[] = {
	{"success", "success", GD_UNIT_RATIO, 1, 0, AT(success)},
	{"p50_ns", "p50", GD_UNIT_DURATION, -1, 50, AT(p50)},
	{"p90_ns", "p90", GD_UNIT_DURATION, -1, 90, AT(p90)},
	{"p99_ns", "p99", GD_UNIT_DURATION, -1, 99, AT(p99)},
	{"p999_ns", "p99.9", GD_UNIT_DURATION, -1, 99.9, AT(p999)},
	{"max_ns", "max", GD_UNIT_DURATION, -1, 100, AT(max)},
	{"rate", "rate", GD_UNIT_FREQ, 0, 0, AT(rate)},
	{"attempts_per_request", "attempts per request", GD_UNIT_COUNT, -1, 0,
	 AT(attempts_per_request)},
	{0},
};
#undef AT

static double stat_at(const struct gd_load_stats *s, size_t offset)
{
	double v;

	memcpy(&v, (const char *)s + offset, sizeof(v));
	return v;
}

void gd_comparison_fini(struct gd_comparison *c)
{
	for (size_t i = 0; i < c->n_sides; i++)
		for (size_t k = 0; k < c->sides[i].n; k++)
			gd_report_free(c->sides[i].runs[k]);
	for (size_t i = 0; i < c->n_notes; i++)
		free(c->notes[i].text);
	free(c->rows);
	free(c->notes);
	*c = (struct gd_comparison){0};
}

/* --- one side's figures --------------------------------------------------------------- */

size_t gd_compare_find_series(const struct gd_report *r, const struct gd_compare_row *row)
{
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		if (strcmp(load, row->load) == 0 && strcmp(client, row->client) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* The sums of a side over a row, and its merged latencies. */
struct pool {
	struct gd_hist *hist; /* owned */
	uint64_t ok, attempts, requests;
	double seconds;
};

static int pool_side(const struct gd_compare_side *side, const struct gd_compare_row *row,
		     struct pool *p, struct gd_error *err)
{
	*p = (struct pool){.hist = gd_hist_new()};
	if (!p->hist)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < side->n; i++) {
		const struct gd_results *res = side->runs[i]->results;
		size_t series = gd_compare_find_series(side->runs[i], row);
		const struct gd_hist *h;
		struct gd_load_stats s;

		if (series == SIZE_MAX ||
		    gd_results_load_stats(res, row->load, row->client, row->stage, &s) !=
			    0)
			continue;
		if (gd_results_hist(res, series, row->stage, &h) == 0)
			gd_hist_merge(p->hist, h);
		p->ok += s.ok;
		p->requests += s.requests;
		p->attempts += s.attempts;
		p->seconds += s.seconds;
	}
	if (gd_hist_lost(p->hist) > 0)
		return gd_raise_nomem(err);
	return 0;
}

static double share(double of, double whole)
{
	return whole > 0 ? of / whole : (double)NAN;
}

static double figure_of(const struct pool *p, const struct gd_compare_figure *f)
{
	if (f->percentile > 0)
		return gd_hist_count(p->hist) == 0 ? (double)NAN
		       : f->percentile >= 100
			       ? (double)gd_hist_max(p->hist)
			       : (double)gd_hist_percentile(p->hist, f->percentile);
	if (f->unit == GD_UNIT_RATIO)
		return share((double)p->ok, (double)p->requests);
	if (f->unit == GD_UNIT_FREQ)
		return share((double)p->requests, p->seconds);
	return share((double)p->attempts, (double)p->requests);
}

static int fill_values(struct gd_comparison *c, struct gd_compare_row *row,
		       struct gd_error *err)
{
	for (size_t s = 0; s < c->n_sides; s++) {
		struct pool p;
		int rc = pool_side(&c->sides[s], row, &p, err);

		for (size_t f = 0; rc == 0 && f < GD_COMPARE_N_FIGURES; f++)
			row->cells[f][s] = (struct gd_compare_cell){
				.value = figure_of(&p, &gd_compare_figures[f]),
				.p = (double)NAN};
		gd_hist_free(p.hist);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* --- noise ---------------------------------------------------------------------------- */

struct values {
	double *v; /* owned */
	size_t n;
};

static int room_for(struct values *to, size_t n, struct gd_error *err)
{
	*to = (struct values){.v = calloc(n + 1, sizeof(*to->v))};
	return to->v ? 0 : gd_raise_nomem(err);
}

static void put(struct values *to, double v)
{
	if (!isnan(v))
		to->v[to->n++] = v;
}

static struct gd_stage_span stage_named(const struct gd_report *r, const char *name)
{
	for (size_t i = 0; i < gd_results_n_stages(r->results); i++) {
		struct gd_stage_span st = gd_results_stage(r->results, i);

		if (strcmp(st.name, name) == 0)
			return st;
	}
	return (struct gd_stage_span){.name = name, .kind = ""};
}

/* The same that count for the stage's figures. */
static bool counts(const struct gd_interval *iv, const struct gd_stage_span *st)
{
	int64_t from = st->measured_ns                     ? st->measured_ns
		       : strcmp(st->kind, "baseline") == 0 ? st->begin_ns
							   : 0;

	return from && iv->start_wall_ns >= from &&
	       (!st->figures_end_ns ||
		iv->start_wall_ns + iv->length_ns <= st->figures_end_ns);
}

/* One value per interval of a side's only run. */
static int interval_values(const struct gd_report *r, const struct gd_compare_row *row,
			   size_t offset, struct values *ret, struct gd_error *err)
{
	size_t series = gd_compare_find_series(r, row), n;
	struct gd_stage_span st = stage_named(r, row->stage);

	n = series == SIZE_MAX ? 0 : gd_results_n_intervals(r->results, series);
	if (room_for(ret, n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!counts(gd_results_interval(r->results, series, i), &st))
			continue;
		put(ret, stat_at(gd_results_point(r->results, series, i), offset));
	}
	return 0;
}

/* One value per run. */
static int run_values(const struct gd_compare_side *side,
		      const struct gd_compare_row *row, size_t offset, struct values *ret,
		      struct gd_error *err)
{
	if (room_for(ret, side->n, err) < 0)
		return -1;
	for (size_t i = 0; i < side->n; i++) {
		struct gd_load_stats s;

		if (gd_results_load_stats(side->runs[i]->results, row->load, row->client,
					  row->stage, &s) == 0)
			put(ret, stat_at(&s, offset));
	}
	return 0;
}

static int test(const struct gd_compare_side *a, const struct gd_compare_side *b,
		const struct gd_compare_row *row, size_t offset,
		struct gd_compare_cell *cell, struct gd_error *err)
{
	struct values va = {0}, vb = {0};
	int rc;

	cell->between_runs = a->n > 1 && b->n > 1;
	rc = cell->between_runs ? run_values(a, row, offset, &va, err)
				: interval_values(a->runs[0], row, offset, &va, err);
	if (rc == 0)
		rc = cell->between_runs
			     ? run_values(b, row, offset, &vb, err)
			     : interval_values(b->runs[0], row, offset, &vb, err);
	cell->n_first = va.n;
	cell->n = vb.n;
	if (rc == 0 && !cell->between_runs)
		rc = gd_ranks_p_series(va.v, va.n, vb.v, vb.n, &cell->p, err);
	else if (rc == 0 && gd_ranks_least_p(va.n, vb.n) < GD_COMPARE_SIGNIFICANT)
		cell->p = gd_ranks_p_exact(va.v, va.n, vb.v, vb.n);
	free(va.v);
	free(vb.v);
	return rc;
}

static enum gd_compare_verdict judge(const struct gd_compare_figure *f, double first,
				     const struct gd_compare_cell *cell)
{
	double change = cell->value - first;

	if (isnan(change))
		return GD_COMPARE_MISSING;
	if (isnan(cell->p))
		return GD_COMPARE_TOO_FEW;
	/* Figures of the whole may be the same though their intervals are not. */
	if (cell->p >= GD_COMPARE_SIGNIFICANT || fabs(change) <= 0)
		return GD_COMPARE_NOISE;
	if (f->percentile > 0 && fabs(change) < SMALL * first)
		return GD_COMPARE_SMALL;
	if (f->better == 0)
		return GD_COMPARE_OTHER;
	return (change > 0) == (f->better > 0) ? GD_COMPARE_BETTER : GD_COMPARE_WORSE;
}

static int judge_row(struct gd_comparison *c, struct gd_compare_row *row,
		     struct gd_error *err)
{
	for (size_t f = 0; f < GD_COMPARE_N_FIGURES; f++) {
		const struct gd_compare_figure *figure = &gd_compare_figures[f];
		double first = row->cells[f][0].value;

		for (size_t s = 1; s < c->n_sides; s++) {
			struct gd_compare_cell *cell = &row->cells[f][s];

			if (test(&c->sides[0], &c->sides[s], row, figure->offset, cell,
				 err) < 0)
				return -1;
			cell->verdict = judge(figure, first, cell);
			c->worse = c->worse || cell->verdict == GD_COMPARE_WORSE;
		}
	}
	return 0;
}

/* --- rows ----------------------------------------------------------------------------- */

static bool has_row(const struct gd_comparison *c, const char *load, const char *client,
		    const char *stage)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct gd_compare_row *row = &c->rows[i];

		if (strcmp(row->load, load) == 0 && strcmp(row->client, client) == 0 &&
		    strcmp(row->stage, stage) == 0)
			return true;
	}
	return false;
}

static int add_row(struct gd_comparison *c, const char *load, const char *client,
		   const char *stage, struct gd_error *err)
{
	struct gd_compare_row *rows;

	if (has_row(c, load, client, stage))
		return 0;
	rows = realloc(c->rows, (c->n_rows + 1) * sizeof(*rows));
	if (!rows)
		return gd_raise_nomem(err);
	c->rows = rows;
	rows[c->n_rows++] =
		(struct gd_compare_row){.load = load, .client = client, .stage = stage};
	return 0;
}

static int add_rows_of(struct gd_comparison *c, const struct gd_report *r,
		       struct gd_error *err)
{
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++)
			if (add_row(c, load, client, gd_results_stage(r->results, k).name,
				    err) < 0)
				return -1;
	}
	return 0;
}

int gd_comparison_make(struct gd_comparison *c, struct gd_error *err)
{
	for (size_t s = 0; s < c->n_sides; s++)
		for (size_t i = 0; i < c->sides[s].n; i++)
			if (add_rows_of(c, c->sides[s].runs[i], err) < 0)
				return -1;
	for (size_t i = 0; i < c->n_rows; i++)
		if (fill_values(c, &c->rows[i], err) < 0 ||
		    judge_row(c, &c->rows[i], err) < 0)
			return -1;
	return gd_comparison_find_notes(c, err);
}
