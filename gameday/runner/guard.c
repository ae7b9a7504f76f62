/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/runner/guard.h"

#include <stdlib.h>

static void record_steady(struct gd_record *rec, const struct gd_condition *c,
			  const struct gd_verdict_item *item)
{
	cJSON *m = cJSON_CreateObject();

	if (m) {
		(void)gd_json_set_str(m, "condition", c->source);
		(void)gd_json_set_bool(m, "ok", item->outcome == GD_COND_HOLDS);
		(void)gd_json_set_str(m, "measured", item->text);
	}
	gd_record_event(rec, "steady", m);
}

int gd_guard_steady(const struct gd_scenario *s, const char *baseline,
		    const struct gd_results *results, struct gd_record *rec,
		    struct gd_strbuf *why, struct gd_error *err)
{
	int all = 1;

	for (size_t i = 0; i < s->steady.n; i++) {
		const struct gd_condition *c = GD_AT(&s->steady, struct gd_condition, i);
		struct gd_verdict_item item = {0};

		if (gd_results_evaluate(results, c, baseline, &item, err) < 0)
			return -1;
		record_steady(rec, c, &item);
		if (item.outcome == GD_COND_HOLDS)
			continue;
		all = 0;
		gd_strbuf_addf(why, "%s%s: %s", why->len ? "; " : "", c->source,
			       item.text);
	}
	return all;
}

int gd_guard_abort(const struct gd_scenario *s, const struct gd_results *results,
		   int64_t from_wall_ns, struct gd_strbuf *why, struct gd_error *err)
{
	int64_t now = gd_wall_now().ns;

	for (size_t i = 0; i < s->abort.n; i++) {
		const struct gd_condition *c = GD_AT(&s->abort, struct gd_condition, i);
		int64_t since = 0;
		int held =
			gd_results_holds_for(results, c, from_wall_ns, now, &since, err);

		if (held < 0)
			return -1;
		if (held == 0)
			continue;
		gd_strbuf_addf(why, "abort condition held: %s", c->source);
		return 1;
	}
	return 0;
}
