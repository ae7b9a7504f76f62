/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/said.h"

#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "injectors/agent/record.h"

void gd_said_note(void *said, const char *text)
{
	struct gd_said *s = said;

	if (s->n_notes < GD_N_ELEMS(s->notes))
		(void)snprintf(s->notes[s->n_notes++], sizeof(s->notes[0]), "%s", text);
}

void gd_said_figure(void *said, const char *name, int64_t value)
{
	struct gd_said *s = said;
	size_t i = 0;

	while (i < s->n_figures && strcmp(s->figures[i].name, name) != 0)
		i++;
	if (i == GD_N_ELEMS(s->figures))
		return;
	if (i == s->n_figures) {
		s->figures[s->n_figures++].value = 0;
		(void)snprintf(s->figures[i].name, sizeof(s->figures[i].name), "%s",
			       name);
	}
	s->figures[i].value += value;
}

int gd_said_add(cJSON *obj, const struct gd_said *said, struct gd_error *err)
{
	cJSON *notes, *figures;

	if (said->n_notes) {
		notes = cJSON_CreateArray();
		if (!gd_json_set(obj, "notes", notes))
			return gd_raise_nomem(err);
		for (size_t i = 0; i < said->n_notes; i++) {
			cJSON *text = cJSON_CreateString(said->notes[i]);

			if (!text || !cJSON_AddItemToArray(notes, text))
				return gd_raise_nomem(err);
		}
	}
	if (!said->n_figures)
		return 0;
	figures = cJSON_CreateObject();
	if (!gd_json_set(obj, "figures", figures))
		return gd_raise_nomem(err);
	for (size_t i = 0; i < said->n_figures; i++)
		if (!gd_json_set_int(figures, said->figures[i].name,
				     said->figures[i].value))
			return gd_raise_nomem(err);
	return 0;
}

int gd_effect_add(cJSON *obj, const struct gd_effect *e, struct gd_error *err)
{
	cJSON *counters = cJSON_CreateObject();

	if (!gd_json_set(obj, "counters", counters) ||
	    !gd_json_set_bool(obj, "seen", e->seen) ||
	    !gd_json_set_str(obj, "text", e->text))
		return gd_raise_nomem(err);
	for (size_t i = 0; i < e->n_counters; i++)
		if (!gd_json_set_num(counters, e->counters[i].name, e->counters[i].value))
			return gd_raise_nomem(err);
	return 0;
}

void gd_undone_now(struct gd_undone *u, int64_t took_ms)
{
	u->wall_ns = gd_wall_now().ns;
	u->boot_ns = gd_now().ns;
	u->took_ms = took_ms;
}

cJSON *gd_undone_to_json(const struct gd_undone *u, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *obj = cJSON_CreateObject();
	char boot_id[40];
	cJSON *effect;

	gd_boot_id(boot_id);
	if (!obj || !gd_json_set_str(obj, "by", u->by) ||
	    (u->reason && !gd_json_set_str(obj, "reason", u->reason)) ||
	    !gd_json_set_int(obj, "undone_wall_ns", u->wall_ns) ||
	    !gd_json_set_int(obj, "undone_boot_ns", u->boot_ns) ||
	    !gd_json_set_str(obj, "boot_id", boot_id) ||
	    !gd_json_set_int(obj, "took_ms", u->took_ms)) {
		(void)gd_raise_nomem(err);
		return NULL;
	}
	if (gd_said_add(obj, &u->said, err) < 0)
		return NULL;
	if (!u->has_effect)
		return gd_steal_ptr(&obj);
	effect = cJSON_CreateObject();
	if (!gd_json_set(obj, "effect", effect)) {
		(void)gd_raise_nomem(err);
		return NULL;
	}
	return gd_effect_add(effect, &u->effect, err) < 0 ? NULL : gd_steal_ptr(&obj);
}

int gd_undone_add(cJSON *obj, const cJSON *facts, struct gd_error *err)
{
	static const char *const keys[] = {"by",    "reason",  "undone_wall_ns",
					   "notes", "figures", "effect"};
	char boot_id[40];
	const cJSON *v;

	for (size_t i = 0; i < GD_N_ELEMS(keys); i++) {
		v = cJSON_GetObjectItemCaseSensitive(facts, keys[i]);
		if (v && !gd_json_set(obj, keys[i], cJSON_Duplicate(v, true)))
			return gd_raise_nomem(err);
	}
	gd_boot_id(boot_id);
	v = cJSON_GetObjectItemCaseSensitive(facts, "undone_boot_ns");
	if (v && strcmp(gd_json_str(facts, "boot_id", ""), boot_id) == 0 &&
	    !gd_json_set(obj, "undone_boot_ns", cJSON_Duplicate(v, true)))
		return gd_raise_nomem(err);
	return 0;
}
