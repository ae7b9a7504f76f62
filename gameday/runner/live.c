/* SPDX-License-Identifier: Apache-2.0 */
/* The block at the bottom of the terminal: where the run is and what clients feel now. */
#include "gameday/runner/session.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *ms(double ns, char buf[32])
{
	if (isnan(ns) || ns < 0)
		return "-";
	return gd_span_human((struct gd_span){(int64_t)ns}, buf);
}

static uint64_t finished(const struct gd_interval *iv)
{
	uint64_t n = 0;

	for (int o = 0; o < GD_N_OUTCOMES; o++)
		n += iv->outcomes[o];
	return n;
}

static void draw_series(struct gd_run *r, size_t series)
{
	size_t n = gd_results_n_intervals(r->results, series);
	const struct gd_interval *iv;
	const char *load, *client;
	char p50[32], p99[32];
	uint64_t all, ok;

	gd_results_series(r->results, series, &load, &client);
	if (n == 0) {
		gd_view_block_line(r->view, GD_TONE_PLAIN, "  %-10s %-10s no answer yet",
				   load, client);
		return;
	}
	iv = gd_results_interval(r->results, series, n - 1);
	all = finished(iv);
	ok = iv->outcomes[GD_OUTCOME_OK];
	gd_view_block_line(
		r->view, all && ok < all ? GD_TONE_BAD : GD_TONE_PLAIN,
		"  %-10s %-10s %5.0f/s  p50 %-8s p99 %-8s errors %-4llu retries %llu%s",
		load, client, (double)all * 1e9 / (double)iv->length_ns,
		ms((double)gd_hist_percentile(iv->latency, 50), p50),
		ms((double)gd_hist_percentile(iv->latency, 99), p99),
		(unsigned long long)(all - ok), (unsigned long long)iv->retries,
		iv->behind ? "  (generator behind)" : "");
}

static void draw_faults(struct gd_run *r)
{
	for (size_t i = 0; i < r->plan.n_faults; i++) {
		const struct gd_live_fault *f = &r->faults[i];
		GD_AUTO_STRBUF(what);

		if (f->phase != GD_FAULT_IN && f->phase != GD_FAULT_ASKED)
			continue;
		f->plan->kind->describe(gd_cycle_level(f)->args, &what);
		gd_view_block_line(r->view, GD_TONE_FAULT, "  fault  %s: %s",
				   f->member->inv->name, gd_strbuf_str(&what));
	}
}

static void draw_expectations(struct gd_run *r)
{
	for (size_t i = 0; i < r->scenario.expect.n; i++) {
		const struct gd_condition *c =
			GD_AT(&r->scenario.expect, struct gd_condition, i);
		struct gd_error err = GD_ERROR_INIT;
		struct gd_verdict_item item = {0};
		const char *mark = "?";
		enum gd_view_tone tone = GD_TONE_PLAIN;

		if (gd_results_evaluate(r->results, c, "*", &item, &err) < 0)
			continue;
		if (item.outcome == GD_COND_HOLDS) {
			mark = "+";
			tone = GD_TONE_GOOD;
		} else if (item.outcome == GD_COND_FAILS) {
			mark = "-";
			tone = GD_TONE_BAD;
		}
		gd_view_block_line(r->view, tone, "  %s %s%s%s", mark, c->source,
				   item.outcome == GD_COND_NO_DATA ? "" : "  now ",
				   item.outcome == GD_COND_NO_DATA ? "" : item.text);
	}
}

void gd_live_draw(struct gd_run *r)
{
	int64_t left = gd_between(gd_now(), r->stage_until).ns / GD_NS_PER_S;

	if (!gd_view_is_live(r->view))
		return;
	gd_view_block_begin(r->view);
	if (r->stage)
		gd_view_block_line(r->view,
				   r->stage->kind == GD_STAGE_FAULT ? GD_TONE_FAULT
								    : GD_TONE_PLAIN,
				   "-- stage %s: %lld s left -- Ctrl-C undoes everything",
				   r->stage->name, (long long)(left > 0 ? left : 0));
	for (size_t i = 0; i < gd_results_n_series(r->results); i++)
		draw_series(r, i);
	draw_faults(r);
	draw_expectations(r);
	gd_view_block_end(r->view);
}
