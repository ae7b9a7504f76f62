/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store itself and its stages. A stage's figures end at the earliest sign that it is
 * no longer what was declared (a revert began, the run was stopped), which may be known
 * only after intervals beyond that point were taken: every change of a window therefore
 * drops the tallies made for it, and they are built again from the intervals kept.
 */
#include "gameday/results/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/results/store.h"

int gd_results_new(struct gd_results **ret, struct gd_error *err)
{
	struct gd_results *r = calloc(1, sizeof(*r));

	if (!r)
		return gd_raise_nomem(err);
	r->n_fed = 1;
	*ret = r;
	return 0;
}

void gd_results_free(struct gd_results *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_series; i++)
		gd_res_series_free(r->series[i]);
	for (size_t i = 0; i < r->n_watches; i++)
		gd_res_watch_free(r->watches[i]);
	for (size_t i = 0; i < r->n_infos; i++)
		free(r->infos[i]);
	gd_res_ledger_fini(&r->ledger);
	free(r);
}

void gd_res_saw(struct gd_results *r, int64_t wall_ns)
{
	if (wall_ns > r->latest_ns)
		r->latest_ns = wall_ns;
}

int64_t gd_res_record_time(const cJSON *record, const char *key)
{
	const cJSON *v = gd_json_get(record, key);
	int64_t ns;

	/* Wall times are beyond 2^53 and come as text; a number has lost digits, not sense. */
	if (cJSON_IsNumber(v))
		ns = v->valuedouble > 0 && v->valuedouble < 9.2e18
			     ? (int64_t)v->valuedouble
			     : 0;
	else
		ns = gd_json_int(record, key, 0);
	return ns > 0 ? ns : 0;
}

size_t gd_res_stage_find(const struct gd_results *r, const char *name)
{
	for (size_t i = 0; i < r->n_stages; i++)
		if (strcmp(r->stages[i].name, name) == 0)
			return i;
	return MAX_STAGES;
}

/* Where the figures end: 0 while nothing ended them. */
static int64_t figures_end(const struct stage *s)
{
	if (s->cut_ns && (!s->end_ns || s->cut_ns < s->end_ns))
		return s->cut_ns;
	return s->end_ns;
}

bool gd_res_stage_window(const struct stage *s, struct window *ret)
{
	int64_t from = s->measured_ns, end = figures_end(s);

	if (!from && strcmp(s->kind, "baseline") == 0)
		from = s->begin_ns;
	if (!from)
		return false;
	*ret = (struct window){from, end ? end : INT64_MAX};
	return true;
}

int gd_results_stage_begin(struct gd_results *r, const char *name, const char *kind,
			   int64_t wall_ns, struct gd_error *err)
{
	struct stage *s;

	if (!*name || strlen(name) >= sizeof(s->name) || strlen(kind) >= sizeof(s->kind))
		return gd_raise(err, GD_E_INPUT,
				"stage \"%.40s\": no usable name or kind", name);
	if (wall_ns <= 0)
		return gd_raise(err, GD_E_INPUT, "stage %.40s: begins at no time", name);
	if (gd_res_stage_find(r, name) < MAX_STAGES)
		return gd_raise(err, GD_E_INPUT, "stage %.40s: begins a second time",
				name);
	if (r->n_stages == MAX_STAGES)
		return gd_raise(err, GD_E_INPUT, "more than %d stages", MAX_STAGES);
	r->n_fed++;
	s = &r->stages[r->n_stages++];
	*s = (struct stage){.begin_ns = wall_ns};
	memcpy(s->name, name, strlen(name) + 1);
	memcpy(s->kind, kind, strlen(kind) + 1);
	gd_res_series_invalidate(r, r->n_stages - 1);
	return 0;
}

void gd_results_stage_measured(struct gd_results *r, const char *name, int64_t wall_ns)
{
	size_t i = gd_res_stage_find(r, name);

	if (i == MAX_STAGES || r->stages[i].measured_ns || wall_ns <= 0)
		return;
	r->n_fed++;
	r->stages[i].measured_ns = wall_ns;
	gd_res_series_invalidate(r, i);
}

void gd_results_stage_end(struct gd_results *r, const char *name, int64_t wall_ns)
{
	size_t i = gd_res_stage_find(r, name);

	if (i == MAX_STAGES || r->stages[i].end_ns || wall_ns <= 0)
		return;
	r->n_fed++;
	r->stages[i].end_ns = wall_ns;
	gd_res_series_invalidate(r, i);
}

void gd_res_stages_cut(struct gd_results *r, int64_t at)
{
	for (size_t i = 0; i < r->n_stages && at > 0; i++) {
		struct stage *s = &r->stages[i];

		if (at < s->begin_ns || (s->end_ns && at >= s->end_ns))
			continue;
		if (s->cut_ns && s->cut_ns <= at)
			continue;
		s->cut_ns = at;
		gd_res_series_invalidate(r, i);
	}
}

size_t gd_results_n_stages(const struct gd_results *r)
{
	return r->n_stages;
}

struct gd_stage_span gd_results_stage(const struct gd_results *r, size_t i)
{
	const struct stage *s = &r->stages[i];

	return (struct gd_stage_span){s->name,        s->kind,   s->begin_ns,
				      s->measured_ns, s->end_ns, figures_end(s)};
}

/* The text of a histogram in a line that was read without error. */
static const char *text_of(const cJSON *line, const char *key)
{
	return gd_json_str(gd_json_get(line, key), "hdr", NULL);
}

static int add_load_line(struct gd_results *r, const cJSON *line, struct gd_error *err)
{
	const char *latency = text_of(line, "latency");
	const char *attempts = text_of(line, "attempt_latency");
	struct as_read read = {latency,
			       latency && attempts && strcmp(latency, attempts) == 0};
	struct gd_interval iv = {0};
	int rc;

	if (gd_interval_from_json(line, &iv, err) < 0)
		return -1;
	rc = gd_res_add_load(r, &iv, &read, err);
	gd_interval_fini(&iv);
	return rc;
}

static int add_watch_line(struct gd_results *r, const cJSON *line, struct gd_error *err)
{
	const cJSON *gauges = gd_json_get(line, "gauges");
	const char *watch = gd_json_str(line, "watch", "");

	if (gauges && gd_results_add_watch_info(r, watch, gauges, NULL, err) < 0)
		return -1;
	return gd_results_add_watch(
		r, gd_json_str(line, "role", ""), gd_json_str(line, "host", ""), watch,
		gd_res_record_time(line, "wall_ns"), gd_json_get(line, "values"), err);
}

int gd_results_add_metrics_line(struct gd_results *r, const cJSON *line,
				struct gd_error *err)
{
	const char *type = gd_json_str(line, "type", "");

	if (strcmp(type, "load") == 0)
		return add_load_line(r, line, err);
	if (strcmp(type, "watch") == 0)
		return add_watch_line(r, line, err);
	if (strcmp(type, "watch_info") == 0)
		return gd_results_add_watch_info(r, gd_json_str(line, "watch", ""),
						 gd_json_get(line, "gauges"),
						 gd_json_get(line, "units"), err);
	return 0;
}

int gd_results_add_journal_line(struct gd_results *r, const cJSON *line,
				struct gd_error *err)
{
	const char *event = gd_json_str(line, "event", "");
	const char *stage = gd_json_str(line, "stage", "");
	int64_t at = gd_res_record_time(line, "wall_ns");

	r->n_fed++;
	if (strcmp(event, "stage_begin") == 0 &&
	    gd_results_stage_begin(r, stage, gd_json_str(line, "kind", ""), at, err) < 0)
		return -1;
	if (strcmp(event, "stage_measured") == 0)
		gd_results_stage_measured(r, stage, at);
	else if (strcmp(event, "stage_end") == 0)
		gd_results_stage_end(r, stage, at);
	return gd_res_ledger_add(r, event, line, err);
}
