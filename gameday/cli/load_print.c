/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "gameday/base/units.h"
#include "gameday/cli/load_result.h"
#include "gameday/shape/metric.h"

static void print_errors(const struct gd_interval *iv)
{
	bool first = true;

	for (size_t i = 0; i < GD_N_OUTCOMES; i++) {
		if (i == GD_OUTCOME_OK || iv->outcomes[i] == 0)
			continue;
		(void)printf("%s%s %llu", first ? "  errors: " : ", ",
			     gd_outcome_name((enum gd_outcome)i),
			     (unsigned long long)iv->outcomes[i]);
		first = false;
	}
	if (!first)
		(void)printf("%s%s%s\n", *iv->problem ? " (" : "", iv->problem,
			     *iv->problem ? ")" : "");
}

static void print_counts(const struct gd_counts *counts)
{
	bool first = true;
	char cell[32];

	for (const struct gd_count_row *row = gd_count_rows; row->name; row++) {
		if (row->group != GD_COUNT_POLICY || gd_count_get(counts, row) == 0)
			continue;
		(void)printf("%s%s %s", first ? "  policies: " : ", ", row->name,
			     gd_metric_format((double)gd_count_get(counts, row),
					      row->unit, cell));
		first = false;
	}
	if (!first)
		(void)putchar('\n');
}

static void print_row(const struct gd_load_summary *c)
{
	const struct gd_interval *iv = &c->sum;
	char rate[32], success[32], cell[32];

	(void)gd_metric_format((double)iv->intended / gd_load_seconds(iv), GD_UNIT_FREQ,
			       rate);
	(void)gd_metric_format(gd_load_success(iv), GD_UNIT_RATIO, success);
	(void)printf("%-14s %10s %9llu %10s", iv->client, rate,
		     (unsigned long long)iv->intended, success);
	for (size_t i = 0; i < GD_LOAD_N_COLUMNS; i++)
		(void)printf(" %9s",
			     gd_metric_format(gd_load_percentile(
						      iv, gd_load_columns[i].percentile),
					      GD_UNIT_DURATION, cell));
	(void)printf(" %8.3f %8llu\n", gd_load_share(iv->attempts, iv->intended),
		     (unsigned long long)iv->retries);
	print_errors(iv);
	if (iv->budget_denied > 0)
		(void)printf("  retries denied by the budget: %llu\n",
			     (unsigned long long)iv->budget_denied);
	print_counts(&iv->counts);
}

/* What makes lateness of the generator worth a line, beside intervals that were behind. */
static bool is_late(const struct gd_load_summary *c)
{
	const struct gd_hist *late = c->sum.lateness;

	return c->n_behind > 0 || gd_load_achieved(&c->sum) < 0.999 ||
	       (late && gd_hist_percentile(late, 99) > GD_NS_PER_MS);
}

static void print_pace(const struct gd_load_summary *c)
{
	const struct gd_interval *iv = &c->sum;
	double asked = (double)iv->intended / gd_load_seconds(iv);
	char want[32], got[32], p99[32], most[32], achieved[32];

	if (!iv->lateness || !is_late(c))
		return;
	(void)printf(
		"%s: the generator itself was late: asked %s, started %s in time (%s); "
		"starts late by %s at p99, %s at most\n",
		iv->client, gd_metric_format(asked, GD_UNIT_FREQ, want),
		gd_metric_format(asked * gd_load_achieved(iv), GD_UNIT_FREQ, got),
		gd_metric_format(gd_load_achieved(iv), GD_UNIT_RATIO, achieved),
		gd_span_human((struct gd_span){gd_hist_percentile(iv->lateness, 99)},
			      p99),
		gd_span_human((struct gd_span){iv->late_max_ns}, most));
	if (c->n_behind > 0)
		(void)printf("  it fell behind in %zu of %zu intervals: these latencies "
			     "hold its own delay too\n",
			     c->n_behind, c->n_points);
}

void gd_load_result_print(const struct gd_load_result *r)
{
	(void)printf("%-14s %10s %9s %10s", "client", "rate", "requests", "success");
	for (size_t i = 0; i < GD_LOAD_N_COLUMNS; i++)
		(void)printf(" %9s", gd_load_columns[i].title);
	(void)printf(" %8s %8s\n", "att/req", "retries");
	for (size_t i = 0; i < r->n_clients; i++)
		print_row(&r->clients[i]);
	for (size_t i = 0; i < r->n_clients; i++)
		print_pace(&r->clients[i]);
}

void gd_load_result_print_live(const struct gd_interval *iv)
{
	char rate[32], success[32], p50[32], p99[32];
	uint64_t n_errors = gd_load_finished(iv) - iv->outcomes[GD_OUTCOME_OK];

	(void)fprintf(stderr,
		      "%4llu  %-14s %10s  ok %-9s p50 %-9s p99 %-9s errors %llu%s\n",
		      (unsigned long long)iv->index + 1, iv->client,
		      gd_metric_format((double)iv->intended / gd_load_seconds(iv),
				       GD_UNIT_FREQ, rate),
		      gd_metric_format(gd_load_success(iv), GD_UNIT_RATIO, success),
		      gd_metric_format(gd_load_percentile(iv, 50), GD_UNIT_DURATION, p50),
		      gd_metric_format(gd_load_percentile(iv, 99), GD_UNIT_DURATION, p99),
		      (unsigned long long)n_errors, iv->behind ? "  (behind)" : "");
}
