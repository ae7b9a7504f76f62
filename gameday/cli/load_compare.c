/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/cli/load_compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/load/ranks.h"
#include "gameday/shape/metric.h"

enum { MAX_FILE = 256 * 1024 * 1024, MAX_INTERVALS = 100000 };

/* With six figures one in seventeen comparisons would err once at 1 %: rarely enough. */
#define SIGNIFICANT 0.01
/* What nobody would act upon. */
#define SMALL 0.05

static const char *const verdicts[] = {
	[GD_LOAD_UNKNOWN] = "too few intervals to say",
	[GD_LOAD_NOISE] = "within the noise",
	[GD_LOAD_SMALL] = "differs, by less than 5 %",
	[GD_LOAD_BETTER] = "better",
	[GD_LOAD_WORSE] = "worse",
};

static const char *const verdict_keys[] = {
	[GD_LOAD_UNKNOWN] = "unknown", [GD_LOAD_NOISE] = "noise",
	[GD_LOAD_SMALL] = "small",     [GD_LOAD_BETTER] = "better",
	[GD_LOAD_WORSE] = "worse",
};

/* Figure 0 is success, figure 1 + i a column. */
static const char *figure_key(size_t i)
{
	return i == 0 ? "success" : gd_load_columns[i - 1].key;
}

/* --- values of a figure, one per interval --------------------------------------------- */

struct values {
	double *v; /* owned */
	size_t n;
};

static void put(struct values *to, double v)
{
	if (!isnan(v))
		to->v[to->n++] = v;
}

static int values_now(const struct gd_load_summary *c, size_t figure, struct values *ret)
{
	ret->v = calloc(c->n_points + 1, sizeof(*ret->v));
	if (!ret->v)
		return -1;
	for (size_t i = 0; i < c->n_points; i++) {
		const struct gd_load_point *p = &c->points[i];

		put(ret, figure == 0 ? gd_load_share(p->ok, p->requests)
				     : p->latency[figure - 1]);
	}
	return 0;
}

static int values_then(const cJSON *series, size_t figure, struct values *ret)
{
	const cJSON *point;

	ret->v = calloc((size_t)cJSON_GetArraySize(series) + 1, sizeof(*ret->v));
	if (!ret->v)
		return -1;
	cJSON_ArrayForEach(point, series)
	{
		double n = gd_json_num(point, "requests", 0);
		double v = figure > 0
				   ? gd_json_num(point, figure_key(figure), (double)NAN)
			   : n > 0 ? gd_json_num(point, "ok", (double)NAN) / n
				   : (double)NAN;

		put(ret, v);
	}
	return 0;
}

/* --- comparing ------------------------------------------------------------------------ */

static enum gd_load_verdict judge(const struct gd_load_change *c, bool more_is_better)
{
	double change = c->now - c->then;

	if (isnan(c->p) || isnan(change))
		return GD_LOAD_UNKNOWN;
	if (c->p >= SIGNIFICANT)
		return GD_LOAD_NOISE;
	/* A percent of requests that fail is nothing small. */
	if (!more_is_better && fabs(change) < SMALL * c->then)
		return GD_LOAD_SMALL;
	return (change > 0) == more_is_better ? GD_LOAD_BETTER : GD_LOAD_WORSE;
}

static int compare_figure(const struct gd_load_summary *now, const cJSON *then, size_t i,
			  struct gd_load_change *ret, struct gd_error *err)
{
	const cJSON *series = cJSON_GetObjectItemCaseSensitive(then, "series");
	struct values a = {0}, b = {0};
	int status = -1;

	ret->then = gd_json_num(then, figure_key(i), (double)NAN);
	ret->now =
		i == 0 ? gd_load_success(&now->sum)
		       : gd_load_percentile(&now->sum, gd_load_columns[i - 1].percentile);
	if (values_then(series, i, &a) < 0 || values_now(now, i, &b) < 0)
		(void)gd_raise_nomem(err);
	else
		status = gd_ranks_p(a.v, a.n, b.v, b.n, &ret->p, err);
	free(a.v);
	free(b.v);
	ret->verdict = judge(ret, i == 0);
	return status;
}

static int compare_client(const struct gd_load_summary *now, const cJSON *then,
			  struct gd_load_comparison *ret, struct gd_error *err)
{
	const cJSON *series = cJSON_GetObjectItemCaseSensitive(then, "series");
	struct gd_load_client_changes *c = &ret->clients[ret->n_clients];

	if (!cJSON_IsArray(series) || cJSON_GetArraySize(series) > MAX_INTERVALS)
		return gd_raise(err, GD_E_INPUT,
				"%s: client %s has no series of intervals: wanted the "
				"output of gameday load --json",
				ret->path, now->sum.client);
	memcpy(c->client, now->sum.client, sizeof(c->client));
	c->n_then = (size_t)cJSON_GetArraySize(series);
	c->n_now = now->n_points;
	for (size_t i = 0; i < GD_LOAD_N_FIGURES; i++) {
		if (compare_figure(now, then, i, &c->figures[i], err) < 0)
			return -1;
		ret->worse |= c->figures[i].verdict == GD_LOAD_WORSE;
	}
	ret->n_clients++;
	return 0;
}

static const cJSON *find_client(const cJSON *root, const char *name)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "clients"), *c;

	cJSON_ArrayForEach(c, list)
	{
		if (strcmp(gd_json_str(c, "client", ""), name) == 0)
			return c;
	}
	return NULL;
}

int gd_load_compare(const struct gd_load_result *now, const char *path,
		    struct gd_load_comparison *ret, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *root = NULL;
	GD_AUTO_FREE char *text = NULL;
	size_t size = 0;

	*ret = (struct gd_load_comparison){.path = path};
	if (gd_file_read(path, MAX_FILE, &text, &size, err) < 0)
		return -1;
	if (gd_json_parse(text, size, &root, err) < 0)
		return gd_wrap(err, "%s: ", path);
	for (size_t i = 0; i < now->n_clients; i++) {
		const cJSON *then = find_client(root, now->clients[i].sum.client);

		if (then && compare_client(&now->clients[i], then, ret, err) < 0)
			return -1;
	}
	if (ret->n_clients == 0)
		return gd_raise(
			err, GD_E_INPUT,
			"%s: none of its clients has the name of one of this load", path);
	return 0;
}

/* --- telling -------------------------------------------------------------------------- */

static void print_change(const struct gd_load_change *c, size_t i)
{
	enum gd_metric_unit unit = i == 0 ? GD_UNIT_RATIO : GD_UNIT_DURATION;
	char then[32], now[32], change[32] = "-", p[32] = "";

	if (i > 0 && c->then > 0 && !isnan(c->now))
		(void)snprintf(change, sizeof(change), "%+.1f %%",
			       (c->now / c->then - 1) * 100);
	else if (i == 0 && !isnan(c->now - c->then))
		(void)snprintf(change, sizeof(change), "%+.2f points",
			       (c->now - c->then) * 100);
	if (!isnan(c->p))
		(void)snprintf(p, sizeof(p), " (p = %.2g)", c->p);
	(void)printf("  %-8s %10s %10s %14s  %s%s\n",
		     i == 0 ? "success" : gd_load_columns[i - 1].title,
		     gd_metric_format(c->then, unit, then),
		     gd_metric_format(c->now, unit, now), change, verdicts[c->verdict],
		     p);
}

void gd_load_comparison_print(const struct gd_load_comparison *c)
{
	(void)printf(
		"\ncompared with %s, interval by interval (Mann-Whitney, two-sided):\n",
		c->path);
	for (size_t i = 0; i < c->n_clients; i++) {
		const struct gd_load_client_changes *cl = &c->clients[i];

		(void)printf("%-10s %10s %10s %14s  (%zu and %zu intervals)\n",
			     cl->client, "then", "now", "change", cl->n_then, cl->n_now);
		for (size_t k = 0; k < GD_LOAD_N_FIGURES; k++)
			print_change(&cl->figures[k], k);
	}
}

static bool change_to_json(cJSON *figures, const struct gd_load_change *c, size_t i)
{
	cJSON *o = cJSON_AddObjectToObject(figures, figure_key(i));

	return o && (isnan(c->then) || gd_json_set_num(o, "then", c->then)) &&
	       (isnan(c->now) || gd_json_set_num(o, "now", c->now)) &&
	       (isnan(c->p) || gd_json_set_num(o, "p", c->p)) &&
	       gd_json_set_str(o, "verdict", verdict_keys[c->verdict]);
}

static bool client_to_json(cJSON *list, const struct gd_load_client_changes *c)
{
	cJSON *o = cJSON_CreateObject(), *figures;
	bool ok;

	if (!cJSON_AddItemToArray(list, o)) {
		cJSON_Delete(o);
		return false;
	}
	ok = gd_json_set_str(o, "client", c->client) &&
	     gd_json_set_int(o, "intervals_then", (int64_t)c->n_then) &&
	     gd_json_set_int(o, "intervals_now", (int64_t)c->n_now);
	figures = cJSON_AddObjectToObject(o, "figures");
	for (size_t i = 0; ok && figures && i < GD_LOAD_N_FIGURES; i++)
		ok = change_to_json(figures, &c->figures[i], i);
	return ok && figures;
}

int gd_load_comparison_to_json(const struct gd_load_comparison *c, cJSON *root,
			       struct gd_error *err)
{
	cJSON *o = cJSON_AddObjectToObject(root, "comparison"), *list;

	if (!o || !gd_json_set_str(o, "file", c->path) ||
	    !gd_json_set_str(o, "test", "Mann-Whitney U, two-sided, per interval") ||
	    !gd_json_set_bool(o, "worse", c->worse))
		return gd_raise_nomem(err);
	list = cJSON_AddArrayToObject(o, "clients");
	for (size_t i = 0; list && i < c->n_clients; i++) {
		if (!client_to_json(list, &c->clients[i]))
			return gd_raise_nomem(err);
	}
	return list ? 0 : gd_raise_nomem(err);
}
