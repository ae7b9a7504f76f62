/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/story.h"

#include <math.h>
#include <string.h>

#include "gameday/report/impact.h"
#include "gameday/report/text.h"

bool gd_story_left_behind(const struct gd_report *r, const struct gd_fault_view *f)
{
	if (f->has_revert)
		return !f->equal;
	return r->over && (f->injecting_ns || f->injected_ns);
}

size_t gd_story_n_left_behind(const struct gd_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		n += gd_story_left_behind(r, &f);
	}
	return n;
}

bool gd_story_unwitnessed(const struct gd_report *r, const struct gd_fault_view *f)
{
	return !r->over && !f->has_revert && (f->injecting_ns || f->injected_ns);
}

/* --- the verdict ---------------------------------------------------------------------- */

static void add_fault(struct gd_strbuf *out, const struct gd_fault_view *f)
{
	gd_strbuf_addf(out, "host %s: %s", *f->host ? f->host : "?",
		       *f->describe ? f->describe : f->ref);
}

/* The reason names the first one; with one alone only the command is missing. */
static void add_left_behind(const struct gd_report *r, struct gd_strbuf *out)
{
	bool alone = gd_story_n_left_behind(r) == 1 &&
		     r->verdict.kind == GD_VERDICT_LEFT_BEHIND;

	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (!gd_story_left_behind(r, &f))
			continue;
		if (!alone) {
			gd_strbuf_adds(out, "; LEFT BEHIND on ");
			add_fault(out, &f);
		}
		gd_strbuf_addf(out, "%s look with `gameday status --on %s`",
			       alone ? ";" : ":", *f.host ? f.host : "HOST");
	}
}

static void add_unwitnessed(const struct gd_report *r, struct gd_strbuf *out)
{
	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (!gd_story_unwitnessed(r, &f))
			continue;
		gd_strbuf_adds(out, "; restoration not witnessed by the runner on ");
		add_fault(out, &f);
		gd_strbuf_addf(out, ": run `gameday status --on %s`",
			       *f.host ? f.host : "HOST");
	}
}

void gd_story_verdict(const struct gd_report *r, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "%s: %s", gd_verdict_name(r->verdict.kind),
		       r->verdict.reason);
	add_left_behind(r, out);
	add_unwitnessed(r, out);
}

/* --- what happened -------------------------------------------------------------------- */

static void add_change(struct gd_strbuf *out, const char *name, double before,
		       double under, enum gd_metric_unit unit, bool compared)
{
	char a[32], b[32];

	if (isnan(under)) {
		gd_strbuf_addf(out, "%s is not known", name);
		return;
	}
	(void)gd_metric_format(before, unit, a);
	(void)gd_metric_format(under, unit, b);
	if (!compared || isnan(before))
		gd_strbuf_addf(out, "%s was %s", name, b);
	else if (strcmp(a, b) == 0)
		gd_strbuf_addf(out, "%s stayed at %s", name, b);
	else if (unit == GD_UNIT_DURATION && before > 0)
		gd_strbuf_addf(out, "%s went from %s to %s (%.3gx)", name, a, b,
			       under / before);
	else
		gd_strbuf_addf(out, "%s went from %s to %s", name, a, b);
}

static void add_impact(const struct gd_report *r, const struct gd_impact *w,
		       struct gd_strbuf *out)
{
	const char *recovery = gd_impact_stage(r, "recovery");
	struct gd_load_stats after;
	char p99[32];

	gd_strbuf_addf(out, ": for %s.%s, hit hardest, ", w->load, w->client);
	add_change(out, "p99", w->before.p99, w->under.p99, GD_UNIT_DURATION,
		   w->compared);
	gd_strbuf_adds(out, " and ");
	add_change(out, "success", w->before.success, w->under.success, GD_UNIT_RATIO,
		   w->compared);
	if (recovery &&
	    gd_results_load_stats(r->results, w->load, w->client, recovery, &after) == 0)
		gd_strbuf_addf(out, "; in %s p99 was %s", recovery,
			       gd_metric_format(after.p99, GD_UNIT_DURATION, p99));
}

/* "eth1: lose 5 % of outgoing packets on api-1, and 2 more" */
static size_t add_faults(const struct gd_report *r, const char *stage,
			 struct gd_strbuf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (!f.injected_ns || (stage && strcmp(f.stage, stage) != 0))
			continue;
		if (n++ < 2)
			gd_strbuf_addf(out, "%s%s on %s", n > 1 ? " and " : "",
				       *f.describe ? f.describe : f.kind,
				       *f.host ? f.host : "a host");
	}
	if (n > 2)
		gd_strbuf_addf(out, " and %zu more", n - 2);
	return n;
}

void gd_story_happened(const struct gd_report *r, struct gd_strbuf *out)
{
	struct gd_impact worst = gd_impact_worst(r);
	GD_AUTO_STRBUF(faults);

	if (!gd_report_injected(r, NULL)) {
		gd_strbuf_adds(out, "No fault was injected.");
		return;
	}
	if (add_faults(r, worst.any ? worst.stage : NULL, &faults) == 0)
		gd_strbuf_adds(&faults, "a fault that never came to be in");
	gd_strbuf_addf(out, "Under %s", gd_strbuf_str(&faults));
	if (worst.any) {
		gd_strbuf_addf(out, " (stage %s)", worst.stage);
		add_impact(r, &worst, out);
	} else {
		gd_strbuf_adds(out, ", nothing that clients felt was measured");
	}
	gd_strbuf_adds(out, ".");
}

/* --- what next ------------------------------------------------------------------------ */

static void next_by_hand(const struct gd_report *r, struct gd_strbuf *out)
{
	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (!gd_story_left_behind(r, &f) && !gd_story_unwitnessed(r, &f))
			continue;
		gd_strbuf_addf(out,
			       "Look at host %s with `gameday status --on %s`, undo with "
			       "`gameday revert --on %s`, or by hand as the report says.",
			       f.host, f.host, f.host);
		return;
	}
}

void gd_story_next(const struct gd_report *r, struct gd_strbuf *out)
{
	next_by_hand(r, out);
	if (out->len > 0)
		return;
	switch (r->verdict.kind) {
	case GD_VERDICT_HELD:
		break;
	case GD_VERDICT_REFUTED:
		gd_strbuf_adds(out,
			       "Read the failed expectations: either the system or the "
			       "hypothesis needs a change.");
		break;
	case GD_VERDICT_INVALID:
		gd_strbuf_adds(out,
			       "Make the fault stronger, the load heavier or the stage "
			       "longer, and run again: this run proves nothing.");
		break;
	case GD_VERDICT_ABORTED:
		gd_strbuf_adds(out,
			       "Everything was undone. Mend what stopped the run before "
			       "the next one.");
		break;
	case GD_VERDICT_NOT_RUN:
		gd_strbuf_adds(
			out, "Mend what the reason names, then run again: every host is "
			     "as it was.");
		break;
	case GD_VERDICT_LEFT_BEHIND:
		gd_strbuf_adds(out,
			       "A human must look at the hosts named in the report.");
		break;
	}
}

void gd_story_when(const struct gd_report *r, const struct gd_verdict_item *item,
		   struct gd_strbuf *out)
{
	int64_t injected = gd_report_injected(r, *item->stage ? item->stage : NULL);
	double after;

	if (!item->first_wall_ns || !injected)
		return;
	after = (double)(item->first_wall_ns - injected) / (double)GD_NS_PER_S;
	gd_strbuf_addf(out, "%.1f s after the injection", after);
	if (!r->harm_ns)
		return;
	after = (double)(item->first_wall_ns - r->harm_ns) / (double)GD_NS_PER_S;
	if (after >= 0)
		gd_strbuf_addf(out, ", %.1f s after the first harm", after);
	else
		gd_strbuf_addf(out, ", %.1f s before any harm", -after);
}
