/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/cli/runbook_print.h"

#include <stdio.h>

#include "gameday/report/story.h"
#include "gameday/report/text.h"

static const char *item_word(const struct gd_match_item *item)
{
	if (!item->detected.evaluated)
		return "for people";
	if (item->detected.item.outcome == GD_COND_NO_DATA)
		return "no data";
	if (item->in_baseline)
		return "no evidence";
	return item->detected.item.outcome == GD_COND_HOLDS ? "fits" : "contradicts";
}

static void print_item(const struct gd_report *r, const struct gd_match_item *item)
{
	const struct gd_detection *d = item->detected.detection;
	GD_AUTO_STRBUF(line);

	gd_strbuf_addf(&line, "      %-12s ", item_word(item));
	if (item->weight > 0)
		gd_strbuf_addf(&line, "(weight %d) ", item->weight);
	gd_text_plain(&line, d->alert ? d->alert : d->symptom ? d->symptom : "?", 60);
	if (item->detected.evaluated) {
		gd_strbuf_adds(&line, ": ");
		gd_text_plain(&line, item->detected.item.text, 160);
		if (item->in_baseline)
			gd_strbuf_adds(&line, "; but so it was before the fault");
		if (item->detected.item.outcome == GD_COND_HOLDS) {
			gd_strbuf_adds(&line, "; ");
			gd_story_when(r, &item->detected.item, &line);
		}
	}
	(void)puts(gd_strbuf_str(&line));
}

void gd_matches_print(const struct gd_report *r, const struct gd_matches *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct gd_match *b = &m->items[i];

		(void)printf(
			"%5.0f  %s%s: %zu of %zu detections that could be judged fit, "
			"%zu more could not\n",
			b->score, b->name, b->own ? " (the scenario's own)" : "",
			b->n_fired, b->n_judged, b->runbook.detection.n - b->n_judged);
		for (size_t k = 0; k < b->runbook.detection.n; k++)
			print_item(r, &b->items[k]);
	}
	if (m->n == 0)
		(void)puts("no runbook could be matched");
	if (m->n_unreadable > 0)
		(void)printf("%zu files are no valid runbook, the first: %s\n",
			     m->n_unreadable, m->first_unreadable);
	(void)puts(
		"\nscore = 100 x weight that fits / (weight judged + 1); a host signal weighs "
		"2, what clients\nfelt 1. What was so before the fault is no evidence and counts "
		"against.");
}

static cJSON *match_json(const struct gd_match *b)
{
	cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "detections");
	bool ok = gd_json_set_str(o, "runbook", b->name) &&
		  gd_json_set_num(o, "score", b->score) &&
		  gd_json_set_int(o, "fired", (int64_t)b->n_fired) &&
		  gd_json_set_int(o, "judged", (int64_t)b->n_judged) &&
		  gd_json_set_bool(o, "scenario_names_it", b->own);

	for (size_t k = 0; ok && k < b->runbook.detection.n; k++) {
		const struct gd_match_item *item = &b->items[k];
		cJSON *d = cJSON_CreateObject();

		ok = cJSON_AddItemToArray(list, d) &&
		     gd_json_set_str(d, "when", item->detected.detection->when) &&
		     gd_json_set_str(d, "outcome", item_word(item)) &&
		     gd_json_set_int(d, "weight", item->weight) &&
		     gd_json_set_str(d, "text", item->detected.item.text);
	}
	if (ok)
		return o;
	cJSON_Delete(o);
	return NULL;
}

cJSON *gd_matches_json(const struct gd_matches *m)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; list && i < m->n; i++) {
		cJSON *b = match_json(&m->items[i]);

		if (b && cJSON_AddItemToArray(list, b))
			continue;
		cJSON_Delete(b);
		cJSON_Delete(list);
		return NULL;
	}
	return list;
}
