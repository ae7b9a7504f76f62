/* SPDX-License-Identifier: Apache-2.0 */
/* Watch samples: a small table per watch and host, one column per number. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/results/store.h"

static const char *const gauge_suffixes[] = {
	"_ms",    "_us",    "_ns", "_seconds", "_percent", "_ratio", "_now", "_current",
	"_depth", "_state", "_up", "_max",     "_min",     "_avg",   "_p50", "_p99",
};

static const char *const unit_names[] = {
	[GD_UNIT_COUNT] = "count", [GD_UNIT_DURATION] = "duration",
	[GD_UNIT_RATIO] = "ratio", [GD_UNIT_FREQ] = "freq",
	[GD_UNIT_BYTES] = "bytes",
};

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n > m && strcmp(s + n - m, tail) == 0;
}

void gd_res_watch_free(struct watch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n_samples; i++)
		free(w->samples[i].values);
	free(w->samples);
	free(w);
}

bool gd_res_column_is_gauge(const struct column *c)
{
	if (c->meaning != MEANING_GUESSED)
		return c->meaning == MEANING_GAUGE;
	for (size_t i = 0; i < GD_N_ELEMS(gauge_suffixes); i++)
		if (ends_with(c->name, gauge_suffixes[i]))
			return true;
	return false;
}

/* --- what the numbers mean ------------------------------------------------------------ */

/* The column of that name, made if there is room; NULL otherwise. */
static struct column *column_get(struct column *columns, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	if (*n == MAX_COLUMNS || !*name || strlen(name) >= sizeof(columns->name))
		return NULL;
	columns[*n] = (struct column){0};
	memcpy(columns[*n].name, name, strlen(name) + 1);
	return &columns[(*n)++];
}

static struct watch_info *info_find(const struct gd_results *r, const char *watch)
{
	for (size_t i = 0; i < r->n_infos; i++)
		if (strcmp(r->infos[i]->watch, watch) == 0)
			return r->infos[i];
	return NULL;
}

static struct watch_info *info_get(struct gd_results *r, const char *watch)
{
	struct watch_info *info = info_find(r, watch);

	if (info || r->n_infos == MAX_WATCHES)
		return info;
	info = calloc(1, sizeof(*info));
	if (!info)
		return NULL;
	memcpy(info->watch, watch, strlen(watch) + 1);
	r->infos[r->n_infos++] = info;
	return info;
}

static void learn_units(struct watch_info *info, const cJSON *units)
{
	const cJSON *u;

	cJSON_ArrayForEach(u, units)
	{
		struct column *c = NULL;

		if (cJSON_IsString(u) && u->string)
			c = column_get(info->columns, &info->n_columns, u->string);
		for (size_t i = 0; c && i < GD_N_ELEMS(unit_names); i++) {
			if (strcmp(u->valuestring, unit_names[i]) != 0)
				continue;
			c->unit = (enum gd_metric_unit)i;
			c->has_unit = true;
		}
	}
}

static void learn_gauges(struct watch_info *info, const cJSON *gauges)
{
	const cJSON *g;

	if (!cJSON_IsArray(gauges))
		return;
	for (size_t i = 0; i < info->n_columns; i++)
		if (info->columns[i].meaning == MEANING_GUESSED)
			info->columns[i].meaning = MEANING_COUNTER;
	cJSON_ArrayForEach(g, gauges)
	{
		struct column *c = NULL;

		if (cJSON_IsString(g))
			c = column_get(info->columns, &info->n_columns, g->valuestring);
		if (c)
			c->meaning = MEANING_GAUGE;
	}
}

/* Copies what is known of a watch into the columns of one of its hosts. */
static void apply_info(struct watch *w, const struct watch_info *info)
{
	for (size_t i = 0; info && i < w->n_columns; i++) {
		struct column *c = &w->columns[i];

		/* A list of gauges was given: what it does not name is a counter. */
		if (c->meaning == MEANING_GUESSED && info->n_columns > 0)
			c->meaning = MEANING_COUNTER;
		for (size_t k = 0; k < info->n_columns; k++)
			if (strcmp(info->columns[k].name, c->name) == 0)
				*c = info->columns[k];
	}
}

int gd_results_add_watch_info(struct gd_results *r, const char *watch,
			      const cJSON *gauges, const cJSON *units,
			      struct gd_error *err)
{
	struct watch_info *info;

	if (!*watch || strlen(watch) >= sizeof(info->watch))
		return gd_raise(err, GD_E_INPUT, "watch \"%.40s\": no usable name",
				watch);
	info = info_get(r, watch);
	if (!info)
		return gd_raise(err, GD_E_INPUT, "watch %s: more than %d watches", watch,
				MAX_WATCHES);
	if (cJSON_IsObject(units))
		learn_units(info, units);
	learn_gauges(info, gauges);
	for (size_t i = 0; i < r->n_watches; i++)
		if (strcmp(r->watches[i]->watch, watch) == 0)
			apply_info(r->watches[i], info);
	return 0;
}

int gd_results_watch_info_line(const char *watch, const struct gd_metric_row *metrics,
			       const char *const *gauges, cJSON **ret,
			       struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *line = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(line, "gauges");
	cJSON *units = cJSON_AddObjectToObject(line, "units");
	bool ok = gd_json_set_str(line, "type", "watch_info") &&
		  gd_json_set_str(line, "watch", watch) && list && units;

	for (; ok && gauges && *gauges; gauges++)
		ok = cJSON_AddItemToArray(list, cJSON_CreateString(*gauges));
	for (; ok && metrics->name; metrics++)
		ok = gd_json_set_str(units, metrics->name, unit_names[metrics->unit]);
	if (!ok)
		return gd_raise_nomem(err);
	*ret = gd_steal_ptr(&line);
	return 0;
}

/* --- samples -------------------------------------------------------------------------- */

static struct watch *watch_find(const struct gd_results *r, const char *role,
				const char *host, const char *watch)
{
	for (size_t i = 0; i < r->n_watches; i++)
		if (strcmp(r->watches[i]->role, role) == 0 &&
		    strcmp(r->watches[i]->host, host) == 0 &&
		    strcmp(r->watches[i]->watch, watch) == 0)
			return r->watches[i];
	return NULL;
}

static struct watch *watch_add(struct gd_results *r, const char *role, const char *host,
			       const char *watch)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	memcpy(w->role, role, strlen(role) + 1);
	memcpy(w->host, host, strlen(host) + 1);
	memcpy(w->watch, watch, strlen(watch) + 1);
	r->watches[r->n_watches++] = w;
	return w;
}

static int samples_reserve(struct watch *w, struct gd_error *err)
{
	size_t cap = w->cap_samples ? 2 * w->cap_samples : 64;
	struct sample *samples;

	if (w->n_samples == MAX_SAMPLES)
		return gd_raise(err, GD_E_INPUT, "watch %s on %s: more than %d samples",
				w->watch, w->host, MAX_SAMPLES);
	if (w->n_samples < w->cap_samples)
		return 0;
	samples = realloc(w->samples, cap * sizeof(*samples));
	if (!samples)
		return gd_raise_nomem(err);
	w->samples = samples;
	w->cap_samples = cap;
	return 0;
}

static void insert_sample(struct watch *w, struct sample s)
{
	size_t at = w->n_samples;

	while (at > 0 && w->samples[at - 1].wall_ns > s.wall_ns)
		at--;
	memmove(&w->samples[at + 1], &w->samples[at], (w->n_samples - at) * sizeof(s));
	w->samples[at] = s;
	w->n_samples++;
}

static int add_sample(struct watch *w, const struct watch_info *info, int64_t wall_ns,
		      const cJSON *values, struct gd_error *err)
{
	double row[MAX_COLUMNS];
	const cJSON *v;
	size_t known = w->n_columns;
	struct sample s = {.wall_ns = wall_ns};

	for (size_t i = 0; i < MAX_COLUMNS; i++)
		row[i] = (double)NAN;
	cJSON_ArrayForEach(v, values)
	{
		const struct column *c = NULL;

		if (cJSON_IsNumber(v) && v->string && isfinite(v->valuedouble))
			c = column_get(w->columns, &w->n_columns, v->string);
		if (c)
			row[c - w->columns] = v->valuedouble;
	}
	if (w->n_columns > known)
		apply_info(w, info);
	s.n = w->n_columns;
	s.values = malloc((s.n ? s.n : 1) * sizeof(double));
	if (!s.values)
		return gd_raise_nomem(err);
	memcpy(s.values, row, s.n * sizeof(double));
	insert_sample(w, s);
	return 0;
}

int gd_results_add_watch(struct gd_results *r, const char *role, const char *host,
			 const char *watch, int64_t wall_ns, const cJSON *values,
			 struct gd_error *err)
{
	struct watch *w;

	if (!*role || !*watch || strlen(role) >= sizeof(w->role) ||
	    strlen(host) >= sizeof(w->host) || strlen(watch) >= sizeof(w->watch))
		return gd_raise(err, GD_E_INPUT,
				"watch \"%.40s\" on \"%.40s\": no usable name", watch,
				role);
	if (wall_ns <= 0 || !cJSON_IsObject(values))
		return gd_raise(err, GD_E_INPUT, "watch %s on %s: a sample without %s",
				watch, role, wall_ns <= 0 ? "a time" : "values");
	w = watch_find(r, role, host, watch);
	if (!w && r->n_watches == MAX_WATCHES)
		return gd_raise(err, GD_E_INPUT, "more than %d watches", MAX_WATCHES);
	if (!w)
		w = watch_add(r, role, host, watch);
	if (!w)
		return gd_raise_nomem(err);
	if (samples_reserve(w, err) < 0)
		return -1;
	gd_res_saw(r, wall_ns);
	return add_sample(w, info_find(r, watch), wall_ns, values, err);
}

/* --- figures -------------------------------------------------------------------------- */

static double value_at(const struct sample *s, size_t column)
{
	return column < s->n ? s->values[column] : (double)NAN;
}

bool gd_res_watch_column(const struct watch *w, const char *metric, size_t *ret_column,
			 enum watch_part *ret_part)
{
	for (size_t i = 0; i < w->n_columns; i++) {
		const char *name = w->columns[i].name;
		size_t n = strlen(name);

		if (strcmp(name, metric) == 0)
			*ret_part = PART_VALUE;
		else if (strncmp(metric, name, n) == 0 && strcmp(metric + n, "_max") == 0)
			*ret_part = PART_MAX;
		else if (strncmp(metric, name, n) == 0 && strcmp(metric + n, "_min") == 0)
			*ret_part = PART_MIN;
		else
			continue;
		*ret_column = i;
		if (*ret_part == PART_VALUE || gd_res_column_is_gauge(&w->columns[i]))
			return true;
	}
	return false;
}

/* A counter that fell was reset: what it shows now came since. */
static double increase(double before, double now)
{
	return now >= before ? now - before : now;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool gauge_value(double *values, size_t n, enum watch_part part, double *ret)
{
	if (n == 0)
		return false;
	qsort(values, n, sizeof(*values), by_value);
	if (part == PART_MAX)
		*ret = values[n - 1];
	else if (part == PART_MIN)
		*ret = values[0];
	else
		*ret = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
	return true;
}

static bool counter_value(const double *values, size_t n, double *ret)
{
	double sum = 0;

	for (size_t i = 1; i < n; i++)
		sum += increase(values[i - 1], values[i]);
	*ret = sum;
	return n >= 2;
}

bool gd_res_watch_value(const struct watch *w, size_t column, enum watch_part part,
			struct window win, double *ret)
{
	GD_AUTO_FREE double *values = malloc((w->n_samples + 1) * sizeof(*values));
	size_t n = 0;

	if (!values)
		return false;
	for (size_t i = 0; i < w->n_samples; i++) {
		const struct sample *s = &w->samples[i];
		double v = value_at(s, column);

		if (s->wall_ns >= win.from_ns && s->wall_ns <= win.to_ns && !isnan(v))
			values[n++] = v;
	}
	if (gd_res_column_is_gauge(&w->columns[column]))
		return gauge_value(values, n, part, ret);
	return counter_value(values, n, ret);
}

size_t gd_res_watch_steps(const struct watch *w, size_t column, struct window win,
			  struct step *steps)
{
	bool gauge = gd_res_column_is_gauge(&w->columns[column]);
	double last = (double)NAN, sum = 0;
	int64_t last_ns = 0;
	size_t n = 0;

	for (size_t i = 0; i < w->n_samples; i++) {
		const struct sample *s = &w->samples[i];
		double v = value_at(s, column);

		if (s->wall_ns < win.from_ns || s->wall_ns > win.to_ns || isnan(v))
			continue;
		if (!isnan(last))
			sum += increase(last, v);
		if (gauge)
			steps[n++] = (struct step){last_ns ? last_ns : s->wall_ns,
						   s->wall_ns, v};
		else if (!isnan(last))
			steps[n++] = (struct step){last_ns, s->wall_ns, sum};
		last = v;
		last_ns = s->wall_ns;
	}
	return n;
}

size_t gd_results_n_watches(const struct gd_results *r)
{
	return r->n_watches;
}

struct gd_watch_view gd_results_watch(const struct gd_results *r, size_t i)
{
	const struct watch *w = r->watches[i];

	return (struct gd_watch_view){w->role, w->host, w->watch, w->n_columns,
				      w->n_samples};
}

const char *gd_results_column(const struct gd_results *r, size_t watch, size_t column,
			      bool *ret_gauge, enum gd_metric_unit *ret_unit)
{
	const struct column *c = &r->watches[watch]->columns[column];

	*ret_gauge = gd_res_column_is_gauge(c);
	*ret_unit = c->has_unit ? c->unit : GD_UNIT_COUNT;
	return c->name;
}

enum gd_found gd_results_host_metric(const struct gd_results *r, size_t watch,
				     size_t column, const char *stage, double *ret,
				     enum gd_metric_unit *ret_unit)
{
	const struct watch *w = r->watches[watch];
	size_t i = gd_res_stage_find(r, stage);
	struct window win;

	*ret_unit = w->columns[column].unit;
	if (i == MAX_STAGES)
		return GD_FOUND_UNKNOWN;
	if (!gd_res_stage_window(&r->stages[i], &win) ||
	    !gd_res_watch_value(w, column, PART_VALUE, win, ret))
		return GD_FOUND_NO_DATA;
	return GD_FOUND;
}

void gd_results_sample(const struct gd_results *r, size_t watch, size_t sample,
		       size_t column, int64_t *ret_wall_ns, double *ret_value)
{
	const struct sample *s = &r->watches[watch]->samples[sample];

	*ret_wall_ns = s->wall_ns;
	*ret_value = value_at(s, column);
}
