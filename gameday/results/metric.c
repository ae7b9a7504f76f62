/* SPDX-License-Identifier: Apache-2.0 */
/* From the names in conditions to numbers: load metrics by a table, watch numbers by column. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/results/store.h"

enum shape { SHAPE_VALUE, SHAPE_COUNT };

struct load_metric {
	const char *name;
	enum gd_metric_unit unit;
	enum shape shape;
	double (*get)(const struct gd_load_stats *s);
	size_t count; /* without get: where it is in struct gd_counts */
};

static double get_p50(const struct gd_load_stats *s)
{
	return s->p50;
}
static double get_p90(const struct gd_load_stats *s)
{
	return s->p90;
}
static double get_p99(const struct gd_load_stats *s)
{
	return s->p99;
}
static double get_p999(const struct gd_load_stats *s)
{
	return s->p999;
}
static double get_max(const struct gd_load_stats *s)
{
	return s->max;
}
static double get_min(const struct gd_load_stats *s)
{
	return s->min;
}
static double get_mean(const struct gd_load_stats *s)
{
	return s->mean;
}
static double get_attempt_p50(const struct gd_load_stats *s)
{
	return s->attempt_p50;
}
static double get_attempt_p99(const struct gd_load_stats *s)
{
	return s->attempt_p99;
}
static double get_success(const struct gd_load_stats *s)
{
	return s->success;
}
static double get_rate(const struct gd_load_stats *s)
{
	return s->rate;
}
static double get_amplification(const struct gd_load_stats *s)
{
	return s->attempts_per_request;
}
static double get_ok(const struct gd_load_stats *s)
{
	return (double)s->ok;
}

static double get_errors(const struct gd_load_stats *s)
{
	return (double)s->errors;
}
static double get_requests(const struct gd_load_stats *s)
{
	return (double)s->requests;
}
static double get_attempts(const struct gd_load_stats *s)
{
	return (double)s->attempts;
}
static double get_retries(const struct gd_load_stats *s)
{
	return (double)s->retries;
}

static double get_error_rate(const struct gd_load_stats *s)
{
	return 1 - s->success;
}

static double get_timeouts(const struct gd_load_stats *s)
{
	return (double)s->error_kinds[GD_OUTCOME_TIMEOUT];
}

static double get_resets(const struct gd_load_stats *s)
{
	return (double)s->error_kinds[GD_OUTCOME_RESET];
}

static double get_retries_denied(const struct gd_load_stats *s)
{
	return (double)s->budget_denied;
}

static double get_goodput(const struct gd_load_stats *s)
{
	return s->goodput;
}

static double get_wasted(const struct gd_load_stats *s)
{
	return s->wasted;
}

static double get_drained(const struct gd_load_stats *s)
{
	return s->drained;
}

static double get_rtt(const struct gd_load_stats *s)
{
	return s->rtt;
}

static double get_connect_p50(const struct gd_load_stats *s)
{
	return s->connect_p50;
}

static double get_connect_p99(const struct gd_load_stats *s)
{
	return s->connect_p99;
}

static double get_handshake_p50(const struct gd_load_stats *s)
{
	return s->handshake_p50;
}

static double get_handshake_p99(const struct gd_load_stats *s)
{
	return s->handshake_p99;
}

#define COUNT_ROW(name, unit, largest, group, help)                                      \
	{#name, GD_UNIT_##unit, (largest) ? SHAPE_VALUE : SHAPE_COUNT, NULL,             \
	 offsetof(struct gd_counts, name)},

static const struct load_metric load_metrics[] = {
	{"p50", GD_UNIT_DURATION, SHAPE_VALUE, get_p50, 0},
	{"p90", GD_UNIT_DURATION, SHAPE_VALUE, get_p90, 0},
	{"p99", GD_UNIT_DURATION, SHAPE_VALUE, get_p99, 0},
	{"p99.9", GD_UNIT_DURATION, SHAPE_VALUE, get_p999, 0},
	{"p999", GD_UNIT_DURATION, SHAPE_VALUE, get_p999, 0},
	{"max", GD_UNIT_DURATION, SHAPE_VALUE, get_max, 0},
	{"min", GD_UNIT_DURATION, SHAPE_VALUE, get_min, 0},
	{"mean", GD_UNIT_DURATION, SHAPE_VALUE, get_mean, 0},
	{"success", GD_UNIT_RATIO, SHAPE_VALUE, get_success, 0},
	{"ok", GD_UNIT_COUNT, SHAPE_COUNT, get_ok, 0},
	{"errors", GD_UNIT_COUNT, SHAPE_COUNT, get_errors, 0},
	{"error_rate", GD_UNIT_RATIO, SHAPE_VALUE, get_error_rate, 0},
	{"timeouts", GD_UNIT_COUNT, SHAPE_COUNT, get_timeouts, 0},
	{"resets", GD_UNIT_COUNT, SHAPE_COUNT, get_resets, 0},
	{"rate", GD_UNIT_FREQ, SHAPE_VALUE, get_rate, 0},
	{"requests", GD_UNIT_COUNT, SHAPE_COUNT, get_requests, 0},
	{"attempts", GD_UNIT_COUNT, SHAPE_COUNT, get_attempts, 0},
	{"retries", GD_UNIT_COUNT, SHAPE_COUNT, get_retries, 0},
	{"attempts_per_request", GD_UNIT_COUNT, SHAPE_VALUE, get_amplification, 0},
	{"attempt_p50", GD_UNIT_DURATION, SHAPE_VALUE, get_attempt_p50, 0},
	{"attempt_p99", GD_UNIT_DURATION, SHAPE_VALUE, get_attempt_p99, 0},
	{"retries_denied", GD_UNIT_COUNT, SHAPE_COUNT, get_retries_denied, 0},
	{"amplification", GD_UNIT_COUNT, SHAPE_VALUE, get_amplification, 0},
	{"goodput", GD_UNIT_FREQ, SHAPE_VALUE, get_goodput, 0},
	{"wasted", GD_UNIT_RATIO, SHAPE_VALUE, get_wasted, 0},
	{"drained", GD_UNIT_DURATION, SHAPE_VALUE, get_drained, 0},
	{"rtt", GD_UNIT_DURATION, SHAPE_VALUE, get_rtt, 0},
	{"connect_p50", GD_UNIT_DURATION, SHAPE_VALUE, get_connect_p50, 0},
	{"connect_p99", GD_UNIT_DURATION, SHAPE_VALUE, get_connect_p99, 0},
	{"handshake_p50", GD_UNIT_DURATION, SHAPE_VALUE, get_handshake_p50, 0},
	{"handshake_p99", GD_UNIT_DURATION, SHAPE_VALUE, get_handshake_p99, 0},
	GD_COUNTS(COUNT_ROW)};

static double metric_of(const struct load_metric *m, const struct gd_load_stats *s)
{
	uint64_t v;

	if (m->get)
		return m->get(s);
	memcpy(&v, (const char *)&s->counts + m->count, sizeof(v));
	return (double)v;
}

const struct load_metric *gd_res_load_metric_find(const char *name)
{
	for (size_t i = 0; i < GD_N_ELEMS(load_metrics); i++)
		if (strcmp(load_metrics[i].name, name) == 0)
			return &load_metrics[i];
	return NULL;
}

bool gd_res_source_is_count(const struct source *s)
{
	if (s->metric)
		return s->metric->shape == SHAPE_COUNT;
	return !gd_res_column_is_gauge(&s->watch->columns[s->column]);
}

const char *gd_res_source_subject(const struct source *s)
{
	return s->series ? s->series->load : s->watch->role;
}

const char *gd_res_source_part(const struct source *s)
{
	return s->series ? s->series->client : s->watch->watch;
}

static bool matches(const char *pattern, const char *name)
{
	return strcmp(pattern, "*") == 0 || strcmp(pattern, name) == 0;
}

/* How many clients a load has: the short form LOAD.NAME is only good for one. */
static size_t n_clients(const struct gd_results *r, const char *load)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_series; i++)
		n += strcmp(r->series[i]->load, load) == 0;
	return n;
}

static bool part_matches(const struct gd_results *r, const char *subject,
			 const char *part, const struct series *s)
{
	if (part)
		return matches(part, s->client);
	return strcmp(subject, "*") == 0 || n_clients(r, s->load) == 1;
}

size_t gd_res_sources_find(const struct gd_results *r, const char *subject,
			   const char *part, const char *metric,
			   struct source ret[MAX_SOURCES])
{
	const struct load_metric *m = gd_res_load_metric_find(metric);
	size_t n = 0;

	for (size_t i = 0; m && i < r->n_series; i++)
		if (matches(subject, r->series[i]->load) &&
		    part_matches(r, subject, part, r->series[i]))
			ret[n++] = (struct source){.series = r->series[i], .metric = m};
	for (size_t i = 0; part && i < r->n_watches; i++) {
		const struct watch *w = r->watches[i];
		struct source s = {.watch = w};

		if (matches(subject, w->role) && matches(part, w->watch) &&
		    gd_res_watch_column(w, metric, &s.column, &s.part))
			ret[n++] = s;
	}
	return n;
}

/* The series behind a const source: tallies are a cache, see store.h. */
static struct series *mutable_series(const struct gd_results *r, const struct series *s)
{
	return gd_res_series_find(r, s->load, s->client);
}

static enum gd_found load_value(const struct gd_results *r, const struct source *s,
				size_t stage, double *ret)
{
	struct series *series = mutable_series(r, s->series);
	const struct gd_load_stats *stats =
		series ? gd_res_series_stats(r, series, stage) : NULL;

	if (!stats)
		return GD_FOUND_NO_DATA;
	*ret = metric_of(s->metric, stats);
	return isnan(*ret) ? GD_FOUND_NO_DATA : GD_FOUND;
}

/* The same watch on all hosts of a role: counters add up, gauges give the largest. */
static enum gd_found watch_values(const struct source *s, size_t n, struct window win,
				  double *ret)
{
	double sum = 0, largest = (double)NAN;

	for (size_t i = 0; i < n; i++) {
		double v;

		if (!s[i].watch ||
		    !gd_res_watch_value(s[i].watch, s[i].column, s[i].part, win, &v))
			continue;
		sum += v;
		largest = fmax(largest, v); /* ignores NAN */
	}
	if (isnan(largest))
		return GD_FOUND_NO_DATA;
	*ret = gd_res_source_is_count(s) ? sum : largest;
	return GD_FOUND;
}

enum gd_found gd_results_metric(const struct gd_results *r, const char *subject,
				const char *part, const char *metric, const char *stage,
				double *ret, enum gd_metric_unit *ret_unit)
{
	GD_AUTO_FREE struct source *s = malloc(MAX_SOURCES * sizeof(*s));
	size_t n = s ? gd_res_sources_find(r, subject, part, metric, s) : 0;
	size_t i = gd_res_stage_find(r, stage);
	struct window win;

	if (n == 0)
		return GD_FOUND_UNKNOWN;
	*ret_unit =
		s[0].metric ? s[0].metric->unit : s[0].watch->columns[s[0].column].unit;
	if (i == MAX_STAGES)
		return GD_FOUND_UNKNOWN;
	if (!gd_res_stage_window(&r->stages[i], &win))
		return GD_FOUND_NO_DATA;
	if (s[0].metric)
		return load_value(r, &s[0], i, ret);
	return watch_values(s, n, win, ret);
}

/* --- step by step --------------------------------------------------------------------- */

static size_t load_steps(const struct source *src, struct window win, struct step *steps)
{
	const struct series *s = src->series;
	bool count = src->metric->shape == SHAPE_COUNT;
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->n_points; i++) {
		const struct gd_interval *iv = &s->points[i].iv;
		int64_t end = iv->start_wall_ns + iv->length_ns;
		double v = metric_of(src->metric, &s->points[i].stats);

		if (iv->start_wall_ns < win.from_ns || end > win.to_ns ||
		    !gd_res_point_is_whole(s, i))
			continue;
		sum += count ? v : 0;
		steps[n++] = (struct step){iv->start_wall_ns, end, count ? sum : v};
	}
	return n;
}

int gd_res_source_steps(const struct source *s, struct window win, struct step **ret,
			size_t *ret_n, struct gd_error *err)
{
	size_t room = s->series ? s->series->n_points : s->watch->n_samples;
	struct step *steps = calloc(room + 1, sizeof(*steps));

	if (!steps)
		return gd_raise_nomem(err);
	if (s->series)
		*ret_n = load_steps(s, win, steps);
	else
		*ret_n = gd_res_watch_steps(s->watch, s->column, win, steps);
	*ret = steps;
	return 0;
}
