/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/cli/load_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"

const struct gd_load_column gd_load_columns[GD_LOAD_N_COLUMNS] = {
	{"p50", "p50_ns", 50},      {"p90", "p90_ns", 90},  {"p99", "p99_ns", 99},
	{"p99.9", "p999_ns", 99.9}, {"max", "max_ns", 100},
};

void gd_load_result_fini(struct gd_load_result *r)
{
	for (size_t i = 0; i < r->n_clients; i++) {
		gd_interval_fini(&r->clients[i].sum);
		free(r->clients[i].points);
	}
	*r = (struct gd_load_result){0};
}

/* --- figures -------------------------------------------------------------------------- */

uint64_t gd_load_finished(const struct gd_interval *iv)
{
	return iv->intended - iv->outcomes[GD_OUTCOME_UNFINISHED];
}

double gd_load_seconds(const struct gd_interval *iv)
{
	return (double)iv->length_ns / (double)GD_NS_PER_S;
}

double gd_load_share(uint64_t of, uint64_t whole)
{
	return whole > 0 ? (double)of / (double)whole : (double)NAN;
}

double gd_load_success(const struct gd_interval *iv)
{
	return gd_load_share(iv->outcomes[GD_OUTCOME_OK], gd_load_finished(iv));
}

double gd_load_achieved(const struct gd_interval *iv)
{
	return gd_load_share(iv->sent, iv->intended);
}

/* A step's upper end may lie above the greatest value itself: that would look odd. */
double gd_load_hist_percentile(const struct gd_hist *h, double p)
{
	if (gd_hist_count(h) == 0)
		return (double)NAN;
	return fmin((double)gd_hist_percentile(h, p), (double)gd_hist_max(h));
}

double gd_load_percentile(const struct gd_interval *iv, double p)
{
	return gd_load_hist_percentile(iv->latency, p);
}

int gd_load_omission(const struct gd_interval *iv, struct gd_load_omission *ret,
		     struct gd_error *err)
{
	*ret = (struct gd_load_omission){0};
	if (iv->lateness || gd_hist_count(iv->latency) == 0)
		return 0;
	ret->corrected = gd_hist_new();
	if (!ret->corrected)
		return gd_raise_nomem(err);
	ret->expected_ns = gd_hist_percentile(iv->latency, 50);
	gd_hist_add_corrected(ret->corrected, iv->latency, ret->expected_ns);
	ret->missed = gd_hist_count(ret->corrected) - gd_hist_count(iv->latency);
	return 0;
}

/* --- gathering ------------------------------------------------------------------------ */

/* The summary of iv's client, made when it is seen first; NULL when out of memory. */
static struct gd_load_summary *summary_of(struct gd_load_result *r,
					  const struct gd_interval *iv)
{
	struct gd_load_summary *c;

	for (size_t i = 0; i < r->n_clients; i++) {
		if (strcmp(r->clients[i].sum.client, iv->client) == 0)
			return &r->clients[i];
	}
	gd_assert(r->n_clients < GD_LOAD_MAX_CLIENTS);
	c = &r->clients[r->n_clients++];
	memcpy(c->sum.load, iv->load, sizeof(c->sum.load));
	memcpy(c->sum.client, iv->client, sizeof(c->sum.client));
	c->sum.start_wall_ns = iv->start_wall_ns;
	c->sum.latency = gd_hist_new();
	c->sum.attempt_latency = gd_hist_new();
	return c->sum.latency && c->sum.attempt_latency ? c : NULL;
}

static int add_point(struct gd_load_summary *c, const struct gd_interval *iv)
{
	size_t room = c->room ? 2 * c->room : 64;
	struct gd_load_point *p = c->points;

	if (c->n_points == c->room) {
		p = realloc(c->points, room * sizeof(*p));
		if (!p)
			return -1;
		c->points = p;
		c->room = room;
	}
	p = &c->points[c->n_points++];
	*p = (struct gd_load_point){
		.start_wall_ns = iv->start_wall_ns,
		.length_ns = iv->length_ns,
		.requests = gd_load_finished(iv),
		.ok = iv->outcomes[GD_OUTCOME_OK],
	};
	for (size_t i = 0; i < GD_LOAD_N_COLUMNS; i++)
		p->latency[i] = gd_load_percentile(iv, gd_load_columns[i].percentile);
	return 0;
}

int gd_load_result_add(struct gd_load_result *r, const struct gd_interval *iv,
		       struct gd_error *err)
{
	struct gd_load_summary *c = summary_of(r, iv);

	if (!c || add_point(c, iv) < 0)
		return gd_raise_nomem(err);
	gd_interval_add(&c->sum, iv);
	c->n_behind += iv->behind;
	return 0;
}

/* --- JSON ----------------------------------------------------------------------------- */

/* JSON has no NAN: what is not known is left out. */
static bool set_known(cJSON *obj, const char *key, double value)
{
	return isnan(value) || gd_json_set_num(obj, key, value);
}

static bool set_figures(cJSON *obj, const struct gd_load_summary *c)
{
	const struct gd_interval *iv = &c->sum;
	double seconds = gd_load_seconds(iv);
	bool ok = set_known(obj, "seconds", seconds) &&
		  set_known(obj, "rate", (double)iv->intended / seconds) &&
		  set_known(obj, "success", gd_load_success(iv)) &&
		  set_known(obj, "attempts_per_request",
			    gd_load_share(iv->attempts, iv->intended)) &&
		  gd_json_set_int(obj, "intervals", (int64_t)c->n_points) &&
		  gd_json_set_int(obj, "behind_intervals", (int64_t)c->n_behind);

	for (size_t i = 0; ok && i < GD_LOAD_N_COLUMNS; i++)
		ok = set_known(obj, gd_load_columns[i].key,
			       gd_load_percentile(iv, gd_load_columns[i].percentile));
	if (!ok || !iv->lateness)
		return ok;
	return set_known(obj, "achieved", gd_load_achieved(iv)) &&
	       set_known(obj, "late_p50_ns", gd_load_hist_percentile(iv->lateness, 50)) &&
	       set_known(obj, "late_p99_ns", gd_load_hist_percentile(iv->lateness, 99));
}

static int add_omission(cJSON *obj, const struct gd_interval *iv, struct gd_error *err)
{
	struct gd_load_omission o;
	cJSON *map = NULL;
	bool ok = true;

	if (gd_load_omission(iv, &o, err) < 0)
		return -1;
	if (o.corrected)
		map = cJSON_AddObjectToObject(obj, "omission");
	if (map)
		ok = gd_json_set_int(map, "expected_interval_ns", o.expected_ns) &&
		     gd_json_set_int(map, "missed", (int64_t)o.missed);
	for (size_t i = 0; map && ok && i < GD_LOAD_N_COLUMNS; i++)
		ok = set_known(map, gd_load_columns[i].key,
			       gd_load_hist_percentile(o.corrected,
						       gd_load_columns[i].percentile));
	ok = ok && (map || !o.corrected);
	gd_hist_free(o.corrected);
	return ok ? 0 : gd_raise_nomem(err);
}

static bool add_series(cJSON *obj, const struct gd_load_summary *c)
{
	cJSON *list = cJSON_AddArrayToObject(obj, "series");

	for (size_t i = 0; list && i < c->n_points; i++) {
		const struct gd_load_point *p = &c->points[i];
		cJSON *point = cJSON_CreateObject();
		bool ok = cJSON_AddItemToArray(list, point);

		if (!ok)
			cJSON_Delete(point);
		ok = ok && gd_json_set_int(point, "start_wall_ns", p->start_wall_ns) &&
		     gd_json_set_int(point, "length_ns", p->length_ns) &&
		     gd_json_set_int(point, "requests", (int64_t)p->requests) &&
		     gd_json_set_int(point, "ok", (int64_t)p->ok);
		for (size_t k = 0; ok && k < GD_LOAD_N_COLUMNS; k++)
			ok = set_known(point, gd_load_columns[k].key, p->latency[k]);
		if (!ok)
			return false;
	}
	return list;
}

static int add_client(cJSON *list, const struct gd_load_summary *c, struct gd_error *err)
{
	cJSON *obj = NULL;

	if (gd_interval_to_json(&c->sum, &obj, err) < 0)
		return -1;
	if (!cJSON_AddItemToArray(list, obj)) {
		cJSON_Delete(obj);
		return gd_raise_nomem(err);
	}
	cJSON_DeleteItemFromObjectCaseSensitive(obj, "type");
	cJSON_DeleteItemFromObjectCaseSensitive(obj, "index");
	if (!set_figures(obj, c) || !add_series(obj, c))
		return gd_raise_nomem(err);
	return add_omission(obj, &c->sum, err);
}

int gd_load_result_to_json(const struct gd_load_result *r, cJSON **ret,
			   struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *root = cJSON_CreateObject();
	cJSON *list = cJSON_CreateArray();

	if (!gd_json_set(root, "clients", list) ||
	    !gd_json_set_str(root, "url", r->url) ||
	    !gd_json_set_bool(root, "stopped", r->stopped))
		return gd_raise_nomem(err);
	for (size_t i = 0; i < r->n_clients; i++) {
		if (add_client(list, &r->clients[i], err) < 0)
			return -1;
	}
	*ret = gd_steal_ptr(&root);
	return 0;
}
