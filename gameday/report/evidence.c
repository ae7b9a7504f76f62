/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/load/ranks.h"

/* --- detections ------------------------------------------------------------------------- */

static const char *baseline_of(const struct gd_report *r)
{
	for (size_t i = 0; i < gd_results_n_stages(r->results); i++)
		if (strcmp(gd_results_stage(r->results, i).kind, "baseline") == 0)
			return gd_results_stage(r->results, i).name;
	return NULL;
}

int gd_evidence_true_before(const struct gd_report *r, const struct gd_detected *d,
			    bool *ret, struct gd_error *err)
{
	const char *baseline = baseline_of(r);
	struct gd_condition c = d->detection->condition;
	struct gd_verdict_item before;

	*ret = false;
	/* "2x baseline" in the baseline is never true of a quantity above zero. */
	if (!baseline || c.relative)
		return 0;
	c.stage = NULL;
	if (gd_results_evaluate(r->results, &c, baseline, &before, err) < 0)
		return -1;
	*ret = before.outcome == GD_COND_HOLDS;
	return 0;
}

static bool fired(const struct gd_report *r, const struct gd_detected *d)
{
	struct gd_error err = GD_ERROR_INIT;
	bool before = false;

	return d->evaluated && d->item.outcome == GD_COND_HOLDS &&
	       d->item.first_wall_ns > 0 &&
	       gd_evidence_true_before(r, d, &before, &err) == 0 && !before;
}

/* The end of the last fault stage's figures, or of what was recorded. */
static int64_t end_of_faults(const struct gd_report *r)
{
	int64_t end = 0;

	for (size_t i = 0; i < gd_results_n_stages(r->results); i++) {
		struct gd_stage_span st = gd_results_stage(r->results, i);

		if (strcmp(st.kind, "fault") == 0 && st.figures_end_ns > end)
			end = st.figures_end_ns;
	}
	return end ? end : r->last_ns;
}

static void count_requests(const struct gd_report *r, int64_t from, int64_t to,
			   struct gd_gap *gap)
{
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		for (size_t k = 0; k < gd_results_n_intervals(r->results, i); k++) {
			const struct gd_interval *iv =
				gd_results_interval(r->results, i, k);
			const struct gd_load_stats *s =
				gd_results_point(r->results, i, k);

			if (iv->start_wall_ns + iv->length_ns <= from ||
			    iv->start_wall_ns >= to)
				continue;
			gap->requests += s->requests;
			gap->failed += s->errors;
		}
	}
}

void gd_evidence_gap(const struct gd_report *r, struct gd_gap *ret)
{
	struct gd_gap gap = {.harmed = r->harm_ns > 0};

	for (size_t i = 0; r->has_runbook && i < r->runbook.detection.n; i++) {
		const struct gd_detected *d = &r->detected[i];

		gap.n_judged += d->evaluated && d->item.outcome != GD_COND_NO_DATA;
		if (!fired(r, d) ||
		    (gap.detected && d->item.first_wall_ns >= gap.first_ns))
			continue;
		gap.detected = true;
		gap.first = i;
		gap.first_ns = d->item.first_wall_ns;
	}
	gap.end_ns = gap.detected ? gap.first_ns : end_of_faults(r);
	if (gap.harmed && gap.end_ns > r->harm_ns) {
		gap.seconds = (double)(gap.end_ns - r->harm_ns) / (double)GD_NS_PER_S;
		count_requests(r, r->harm_ns, gap.end_ns, &gap);
	}
	*ret = gap;
}

void gd_evidence_say_gap(const struct gd_report *r, struct gd_strbuf *out)
{
	const struct gd_detection *d;
	struct gd_gap gap;

	gd_evidence_gap(r, &gap);
	if (!gap.harmed) {
		gd_strbuf_adds(out,
			       gap.detected
				       ? "The runbook's detections fired, though no "
					 "client was seen to be hurt."
				       : "No client was seen to be hurt, so there is no "
					 "detection gap.");
		return;
	}
	if (gap.n_judged == 0) {
		gd_strbuf_addf(
			out,
			"Undetected harm: no detection of the runbook could be "
			"judged; %.1f s and %llu of %llu requests failed until the "
			"faults were over.",
			gap.seconds, (unsigned long long)gap.failed,
			(unsigned long long)gap.requests);
		return;
	}
	if (!gap.detected) {
		gd_strbuf_addf(
			out,
			"Undetected harm: none of the %zu detections that could be "
			"judged fired in %.1f s, in which %llu of %llu requests "
			"failed.",
			gap.n_judged, gap.seconds, (unsigned long long)gap.failed,
			(unsigned long long)gap.requests);
		return;
	}
	d = r->detected[gap.first].detection;
	if (gap.first_ns <= r->harm_ns)
		gd_strbuf_addf(out,
			       "Detection gap: none; \"%s\" fired %.1f s before "
			       "clients were hurt.",
			       d->alert ? d->alert : d->symptom,
			       (double)(r->harm_ns - gap.first_ns) / (double)GD_NS_PER_S);
	else
		gd_strbuf_addf(out,
			       "Detection gap: %.1f s, in which %llu of %llu requests "
			       "failed, until the first detection fired: \"%s\".",
			       gap.seconds, (unsigned long long)gap.failed,
			       (unsigned long long)gap.requests,
			       d->alert ? d->alert : d->symptom);
}

/* --- the stage to compare with ------------------------------------------------------------ */

static bool same_node(const struct gd_node *a, const struct gd_node *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind || a->n_entries != b->n_entries)
		return false;
	if (a->kind == GD_NODE_SCALAR)
		return strcmp(a->text, b->text) == 0;
	for (size_t i = 0; i < a->n_entries; i++) {
		const struct gd_node *other = a->kind == GD_NODE_MAP
						      ? gd_node_get(b, a->entries[i].key)
						      : b->entries[i].value;

		if (!other || !same_node(a->entries[i].value, other))
			return false;
	}
	return true;
}

static bool same_use(const struct gd_fault_use *a, const struct gd_fault_use *b)
{
	return strcmp(a->kind, b->kind) == 0 && a->on && b->on &&
	       strcmp(a->on, b->on) == 0 && a->after.ns == b->after.ns &&
	       a->every.ns == b->every.ns && a->hold.ns == b->hold.ns &&
	       a->spread.ns == b->spread.ns && a->count == b->count &&
	       same_node(a->args, b->args);
}

static bool same_faults(const struct gd_stage *a, const struct gd_stage *b)
{
	if (a->faults.n != b->faults.n || a->faults.n == 0)
		return false;
	for (size_t i = 0; i < a->faults.n; i++) {
		bool found = false;

		for (size_t k = 0; !found && k < b->faults.n; k++)
			found = same_use(GD_AT(&a->faults, const struct gd_fault_use, i),
					 GD_AT(&b->faults, const struct gd_fault_use, k));
		if (!found)
			return false;
	}
	return true;
}

/* The nearest stage before it, else after it, with its faults and no mitigation. */
static const char *stage_without(const struct gd_report *r, const char *name)
{
	const struct gd_list *stages = &r->scenario.stages;
	const struct gd_stage *st =
		r->has_scenario ? gd_scenario_stage(&r->scenario, name) : NULL;
	const char *found = NULL;
	bool passed = false;

	for (size_t i = 0; st && i < stages->n; i++) {
		const struct gd_stage *o = GD_AT(stages, const struct gd_stage, i);

		passed = passed || o == st;
		if (o == st || o->mitigate.n > 0 || !same_faults(st, o))
			continue;
		if (!passed || !found)
			found = o->name;
	}
	return found;
}

/* --- what was tried ------------------------------------------------------------------------ */

static struct gd_tried tried_of(const struct gd_report *r, const cJSON *e)
{
	const char *ref = gd_json_str(e, "ref", "");
	struct gd_tried t = {.action = gd_json_str(e, "mitigation", ""),
			     .stage = gd_json_str(e, "stage", ""),
			     .host = gd_json_str(e, "host", ""),
			     .ref = ref,
			     .took_ms = (double)NAN};

	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (strcmp(f.ref, ref) != 0)
			continue;
		t.injected_ns = f.injected_ns;
		t.took_ms = f.inject_ms;
		t.reverted = f.has_revert;
		t.equal = f.equal;
	}
	t.without = stage_without(r, t.stage);
	return t;
}

struct gd_tried *gd_evidence_tried(const struct gd_report *r, size_t *ret_n)
{
	struct gd_tried *list = calloc(r->n_events + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; list && i < r->n_events; i++) {
		const cJSON *e = r->events[i];

		if (strcmp(gd_json_str(e, "event", ""), "fault_injecting") == 0 &&
		    gd_json_str(e, "mitigation", NULL))
			list[n++] = tried_of(r, e);
	}
	*ret_n = n;
	return list;
}

/* --- what it was worth --------------------------------------------------------------------- */

struct samples {
	double *success, *p99; /* owned */
	size_t n;
};

static void samples_fini(struct samples *s)
{
	free(s->success);
	free(s->p99);
}

/* Success and p99 of each interval that counts for the stage. */
static int sample(const struct gd_report *r, size_t series, const char *stage,
		  struct samples *ret, struct gd_error *err)
{
	size_t n = gd_results_n_intervals(r->results, series);
	struct gd_stage_span st = {0};

	ret->success = calloc(n + 1, sizeof(double));
	ret->p99 = calloc(n + 1, sizeof(double));
	if (!ret->success || !ret->p99)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < gd_results_n_stages(r->results); i++)
		if (strcmp(gd_results_stage(r->results, i).name, stage) == 0)
			st = gd_results_stage(r->results, i);
	for (size_t i = 0; i < n; i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		const struct gd_load_stats *s = gd_results_point(r->results, series, i);

		if (!st.measured_ns || iv->start_wall_ns < st.measured_ns ||
		    (st.figures_end_ns &&
		     iv->start_wall_ns + iv->length_ns > st.figures_end_ns))
			continue;
		if (isnan(s->success) || isnan(s->p99))
			continue;
		ret->success[ret->n] = s->success;
		ret->p99[ret->n++] = s->p99;
	}
	return 0;
}

/* 1: larger with it, and not by chance; -1: smaller; 0: neither. */
static int direction(double p, double without, double with)
{
	if (isnan(p) || p >= GD_BENEFIT_ALPHA || isnan(without) || isnan(with))
		return 0;
	return with > without ? 1 : with < without ? -1 : 0;
}

static enum gd_benefit_kind judge(const struct gd_benefit *b)
{
	int success = direction(b->p_success, b->without.success, b->with.success);
	int slower = direction(b->p_p99, b->without.p99, b->with.p99);

	if (isnan(b->p_success) && isnan(b->p_p99))
		return GD_BENEFIT_UNKNOWN;
	if (success == 0 && slower == 0)
		return GD_BENEFIT_NONE;
	if (success >= 0 && slower <= 0)
		return GD_BENEFIT_HELPED;
	return success <= 0 && slower >= 0 ? GD_BENEFIT_HARMED : GD_BENEFIT_MIXED;
}

static int test_both(const struct samples *a, const struct samples *b,
		     struct gd_benefit *ret, struct gd_error *err)
{
	ret->p_success = ret->p_p99 = (double)NAN;
	if (a->n < GD_RANKS_FEWEST || b->n < GD_RANKS_FEWEST)
		return 0;
	return gd_ranks_p(a->success, a->n, b->success, b->n, &ret->p_success, err) < 0 ||
			       gd_ranks_p(a->p99, a->n, b->p99, b->n, &ret->p_p99, err) <
				       0
		       ? -1
		       : 0;
}

int gd_evidence_benefit(const struct gd_report *r, size_t series, const char *without,
			const char *with, struct gd_benefit *ret, struct gd_error *err)
{
	struct samples a = {0}, b = {0};
	const char *load, *client;
	int rc;

	*ret = (struct gd_benefit){.p_success = (double)NAN, .p_p99 = (double)NAN};
	gd_results_series(r->results, series, &load, &client);
	if (gd_results_load_stats(r->results, load, client, without, &ret->without) !=
		    0 ||
	    gd_results_load_stats(r->results, load, client, with, &ret->with) != 0)
		return 0;
	ret->known = true;
	rc = sample(r, series, without, &a, err) < 0 ||
			     sample(r, series, with, &b, err) < 0
		     ? -1
		     : test_both(&a, &b, ret, err);
	samples_fini(&a);
	samples_fini(&b);
	if (rc == 0)
		ret->kind = judge(ret);
	return rc;
}

const char *gd_benefit_word(enum gd_benefit_kind kind)
{
	static const char *const words[] = {
		[GD_BENEFIT_UNKNOWN] = "too few intervals to tell",
		[GD_BENEFIT_NONE] = "no difference beyond chance",
		[GD_BENEFIT_HELPED] = "helped",
		[GD_BENEFIT_HARMED] = "made it worse",
		[GD_BENEFIT_MIXED] = "better and worse",
	};

	return words[kind];
}
