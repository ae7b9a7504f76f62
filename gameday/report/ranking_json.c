/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/json_make.h"
#include "gameday/report/ranking.h"

static cJSON *make_client(const struct gd_ranking *k, size_t i)
{
	const struct gd_ranked *c = &k->at[i];
	const struct gd_load_stats *s = &c->stats;
	uint64_t denied = s->budget_denied + s->counts.hedges_denied;
	cJSON *o = cJSON_CreateObject();
	GD_AUTO_STRBUF(cost);

	gd_ranking_cost(s, &cost);
	return gd_make_done(
		o,
		gd_json_set_int(o, "rank", (int64_t)c->rank) &&
			gd_json_set_bool(o, "shared", gd_ranking_is_shared(k, i)) &&
			gd_json_set_str(o, "client", c->client) &&
			gd_make_num(o, "success", s->success) &&
			gd_make_num(o, "success_p", c->success_p) &&
			gd_make_num(o, "p99_ns", s->p99) &&
			gd_make_num(o, "p99_p", c->p99_p) &&
			gd_make_num(o, "goodput", s->goodput) &&
			gd_make_num(o, "extra_attempts", s->attempts_per_request - 1) &&
			gd_json_set_int(o, "retries", (int64_t)s->retries) &&
			gd_json_set_int(o, "hedges", (int64_t)s->counts.hedges) &&
			gd_json_set_int(o, "refused",
					(int64_t)s->error_kinds[GD_OUTCOME_SHED]) &&
			gd_json_set_int(o, "denied", (int64_t)denied) &&
			gd_make_num(o, "wasted", s->wasted) &&
			gd_json_set_str(o, "cost", gd_strbuf_str(&cost)));
}

static cJSON *make_ranking(const struct gd_ranking *k)
{
	cJSON *o = cJSON_CreateObject(), *list = cJSON_CreateArray();
	GD_AUTO_STRBUF(line);
	bool ok = list;

	gd_ranking_say(k, &line);
	for (size_t i = 0; ok && i < k->n; i++)
		ok = gd_make_append(list, make_client(k, i));
	ok = gd_json_set(o, "clients", list) && ok;
	return gd_make_done(o, ok && gd_json_set_str(o, "load", k->load) &&
				       gd_json_set_str(o, "stage", k->stage) &&
				       gd_json_set_str(o, "line", gd_strbuf_str(&line)));
}

cJSON *gd_ranking_json(const struct gd_results *r)
{
	cJSON *list = cJSON_CreateArray();
	struct gd_error err = GD_ERROR_INIT;
	struct gd_ranking k;
	bool ok = list;
	size_t i = 0;
	int got = 0;

	while (ok && (got = gd_ranking_next(r, &i, &k, &err)) == 1)
		ok = gd_make_append(list, make_ranking(&k));
	return gd_make_done(list, ok && got == 0);
}
