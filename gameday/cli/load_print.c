/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "gameday/base/units.h"
#include "gameday/cli/load_result.h"
#include "gameday/load/modes.h"
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

/* What went over the wire, and how long new connections took. */
static void print_traffic(const struct gd_interval *iv)
{
	const struct gd_counts *c = &iv->counts;
	double seconds = gd_load_seconds(iv);
	char sent[32], got[32], per_s[32], p50[32], p99[32];

	(void)printf("%s: sent %s, received %s (%s a second)", iv->client,
		     gd_metric_format((double)c->bytes_sent, GD_UNIT_BYTES, sent),
		     gd_metric_format((double)c->bytes_received, GD_UNIT_BYTES, got),
		     gd_metric_format((double)c->bytes_received / seconds, GD_UNIT_BYTES,
				      per_s));
	if (iv->connect)
		(void)printf(
			"; %llu connections, made in %s at p50, %s at p99",
			(unsigned long long)c->connects,
			gd_span_human(
				(struct gd_span){gd_hist_percentile(iv->connect, 50)},
				p50),
			gd_span_human(
				(struct gd_span){gd_hist_percentile(iv->connect, 99)},
				p99));
	if (iv->handshake)
		(void)printf(
			", TLS in %s and %s",
			gd_span_human(
				(struct gd_span){gd_hist_percentile(iv->handshake, 50)},
				p50),
			gd_span_human(
				(struct gd_span){gd_hist_percentile(iv->handshake, 99)},
				p99));
	(void)putchar('\n');
}

/* A closed loop sends nothing while it waits: what it shows of a stall is one request. */
static void print_omission(const struct gd_interval *iv)
{
	struct gd_error ignored = GD_ERROR_INIT;
	struct gd_load_omission o;
	char cell[32];

	if (gd_load_omission(iv, &o, &ignored) < 0 || !o.corrected)
		return;
	if (o.missed > 0) {
		(void)printf(
			"%s: closed loop, a stalled server delays the next request: some %llu "
			"requests were never sent\n  with them, one per %s and connection:",
			iv->client, (unsigned long long)o.missed,
			gd_span_human((struct gd_span){o.expected_ns}, cell));
		for (size_t i = 0; i < GD_LOAD_N_COLUMNS; i++)
			(void)printf(
				" %s %s%s", gd_load_columns[i].title,
				gd_metric_format(gd_load_hist_percentile(
							 o.corrected,
							 gd_load_columns[i].percentile),
						 GD_UNIT_DURATION, cell),
				i + 1 < GD_LOAD_N_COLUMNS ? "," : "\n");
	}
	gd_hist_free(o.corrected);
}

/* Several speeds: a percentile says nothing of them. */
static void print_modes(const struct gd_interval *iv)
{
	struct gd_modes modes;
	char share[32], cell[32];

	gd_modes_find(iv->latency, &modes);
	if (modes.n < 2)
		return;
	(void)printf("%s has %zu speeds:", iv->client, modes.n);
	for (size_t i = 0; i < modes.n; i++)
		(void)printf(" %s at %s%s",
			     gd_metric_format(modes.at[i].share, GD_UNIT_RATIO, share),
			     gd_span_human((struct gd_span){modes.at[i].centre_ns}, cell),
			     i + 1 < modes.n ? "," : "\n");
}

void gd_load_result_print(const struct gd_load_result *r)
{
	(void)printf("%-14s %10s %9s %10s", "client", "rate", "requests", "success");
	for (size_t i = 0; i < GD_LOAD_N_COLUMNS; i++)
		(void)printf(" %9s", gd_load_columns[i].title);
	(void)printf(" %8s %8s\n", "att/req", "retries");
	for (size_t i = 0; i < r->n_clients; i++)
		print_row(&r->clients[i]);
	for (size_t i = 0; i < r->n_clients; i++) {
		print_traffic(&r->clients[i].sum);
		print_modes(&r->clients[i].sum);
		print_omission(&r->clients[i].sum);
		print_pace(&r->clients[i]);
	}
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
