/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/json_runbook.h"

#include <math.h>
#include <string.h>

#include "gameday/report/evidence.h"
#include "gameday/report/exercised.h"
#include "gameday/report/json_make.h"

static cJSON *make_gap(const struct gd_report *r)
{
	cJSON *o = cJSON_CreateObject();
	GD_AUTO_STRBUF(text);
	struct gd_gap gap;

	gd_evidence_gap(r, &gap);
	gd_evidence_say_gap(r, &text);
	return gd_make_done(
		o, gd_json_set_bool(o, "harmed", gap.harmed) &&
			   gd_json_set_bool(o, "detected", gap.detected) &&
			   gd_make_num(o, "seconds",
				       gap.harmed ? gap.seconds : (double)NAN) &&
			   gd_json_set_int(o, "requests", (int64_t)gap.requests) &&
			   gd_json_set_int(o, "failed", (int64_t)gap.failed) &&
			   gd_json_set_str(o, "text", gd_strbuf_str(&text)));
}

/* The records as they were written; their members are in doc/PROTOCOL.md. */
static cJSON *make_diagnosis(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < r->n_events; i++)
		if (strcmp(gd_json_str(r->events[i], "event", ""), "diagnosis") == 0)
			ok = gd_make_append(list, cJSON_Duplicate(r->events[i], 1));
	return gd_make_done(list, ok);
}

static bool add_both(cJSON *o, const char *key, double without, double with)
{
	cJSON *pair = cJSON_CreateObject();

	return gd_json_set(o, key,
			   gd_make_done(pair, gd_make_num(pair, "without", without) &&
						      gd_make_num(pair, "with", with)));
}

static cJSON *make_benefit(const struct gd_report *r, size_t series,
			   const struct gd_benefit *b)
{
	cJSON *o = cJSON_CreateObject();
	const char *load, *client;

	gd_results_series(r->results, series, &load, &client);
	return gd_make_done(
		o, gd_json_set_str(o, "load", load) &&
			   gd_json_set_str(o, "client", client) &&
			   gd_json_set_str(o, "verdict", gd_benefit_word(b->kind)) &&
			   gd_make_num(o, "p_success", b->p_success) &&
			   gd_make_num(o, "p_p99", b->p_p99) &&
			   add_both(o, "success", b->without.success, b->with.success) &&
			   add_both(o, "p50_ns", b->without.p50, b->with.p50) &&
			   add_both(o, "p99_ns", b->without.p99, b->with.p99) &&
			   add_both(o, "goodput", b->without.goodput, b->with.goodput) &&
			   add_both(o, "attempts_per_request",
				    b->without.attempts_per_request,
				    b->with.attempts_per_request));
}

static cJSON *make_benefits(const struct gd_report *r, const struct gd_tried *t)
{
	cJSON *list = cJSON_CreateArray();
	struct gd_error err = GD_ERROR_INIT;
	bool ok = list;

	for (size_t i = 0; ok && t->without && i < gd_results_n_series(r->results); i++) {
		struct gd_benefit b;

		if (gd_evidence_benefit(r, i, t->without, t->stage, &b, &err) < 0)
			return gd_make_done(list, false);
		if (b.known)
			ok = gd_make_append(list, make_benefit(r, i, &b));
	}
	return gd_make_done(list, ok);
}

static cJSON *make_tried(const struct gd_report *r)
{
	size_t n;
	GD_AUTO_FREE struct gd_tried *tried = gd_evidence_tried(r, &n);
	cJSON *list = cJSON_CreateArray();
	bool ok = tried && list;

	for (size_t i = 0; ok && i < n; i++) {
		const struct gd_tried *t = &tried[i];
		cJSON *o = cJSON_CreateObject();
		double at = t->injected_ns ? gd_report_seconds(r, t->injected_ns)
					   : (double)NAN;

		ok = gd_make_append(
			list,
			gd_make_done(
				o,
				gd_json_set_str(o, "action", t->action) &&
					gd_json_set_str(o, "stage", t->stage) &&
					gd_json_set_str(o, "host", t->host) &&
					gd_json_set_str(o, "ref", t->ref) &&
					gd_make_num(o, "done_s", at) &&
					gd_make_num(o, "took_ms", t->took_ms) &&
					gd_json_set_bool(o, "as_before",
							 t->reverted && t->equal) &&
					gd_json_set_str(o, "without", t->without) &&
					gd_json_set(o, "clients", make_benefits(r, t))));
	}
	return gd_make_done(list, ok);
}

static cJSON *make_exercised(const struct gd_report *r)
{
	static const char *const by[] = {
		[GD_BY_NOBODY] = NULL,
		[GD_BY_PEOPLE] = "people",
		[GD_BY_RUNBOOK] = "runbook",
	};
	cJSON *o = cJSON_CreateObject();
	struct gd_exercised e;

	gd_exercised_in(r, &e);
	return gd_make_done(
		o, gd_make_num(o, "detect_s", e.detect_s) &&
			   gd_json_set_str(o, "detected_by", by[e.detected_by]) &&
			   gd_make_num(o, "mitigate_s", e.mitigate_s) &&
			   gd_json_set_str(o, "mitigated_by", by[e.mitigated_by]));
}

cJSON *gd_make_runbook(const struct gd_report *r)
{
	cJSON *o = cJSON_CreateObject();

	return gd_make_done(o, gd_json_set(o, "gap", make_gap(r)) &&
				       gd_json_set(o, "diagnosis", make_diagnosis(r)) &&
				       gd_json_set(o, "tried", make_tried(r)) &&
				       gd_json_set(o, "exercised", make_exercised(r)));
}
