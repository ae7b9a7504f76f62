/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/tally.h"

#include <stdio.h>
#include <stdlib.h>

static struct gd_tally_slot *slot_free(struct gd_tally_slot *s)
{
	gd_interval_fini(&s->iv);
	free(s);
	return NULL;
}

static int name_targets(const struct gd_tally *t, struct gd_interval *iv)
{
	if (t->n_targets == 0)
		return 0;
	iv->targets = calloc(t->n_targets, sizeof(*iv->targets));
	if (!iv->targets)
		return -1;
	iv->n_targets = t->n_targets;
	for (size_t i = 0; i < t->n_targets; i++)
		(void)snprintf(iv->targets[i].name, sizeof(iv->targets[i].name), "%.63s",
			       t->targets[i].name);
	return 0;
}

static struct gd_tally_slot *slot_new(const struct gd_tally *t)
{
	struct gd_tally_slot *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->begin_ns = t->start_ns + (int64_t)t->n_slots * t->length_ns;
	s->end_ns = s->begin_ns + t->length_ns;
	s->iv.index = t->n_slots;
	s->iv.start_wall_ns = s->begin_ns + t->wall_offset_ns;
	s->iv.length_ns = t->length_ns;
	(void)snprintf(s->iv.load, sizeof(s->iv.load), "%s", t->load);
	(void)snprintf(s->iv.client, sizeof(s->iv.client), "%s", t->client);
	s->iv.latency = gd_hist_new();
	s->iv.attempt_latency = gd_hist_new();
	s->iv.lateness = t->open_loop ? gd_hist_new() : NULL;
	if (!s->iv.latency || !s->iv.attempt_latency ||
	    (t->open_loop && !s->iv.lateness) || name_targets(t, &s->iv) < 0)
		return slot_free(s);
	return s;
}

void gd_tally_fini(struct gd_tally *t)
{
	while (t->head) {
		struct gd_tally_slot *s = t->head;

		t->head = s->next;
		slot_free(s);
	}
	t->tail = NULL;
}

static void note_open(struct gd_tally *t)
{
	if (t->tail && t->n_open)
		t->tail->iv.counts.open = *t->n_open;
}

struct gd_tally_slot *gd_tally_at(struct gd_tally *t, int64_t at)
{
	struct gd_tally_slot *s = t->head;

	while (!t->tail || t->tail->end_ns <= at) {
		struct gd_tally_slot *made = slot_new(t);

		if (!made)
			return NULL;
		t->n_slots++;
		note_open(t);
		if (t->tail)
			t->tail->next = made;
		else
			t->head = made;
		t->tail = made;
		s = t->head;
	}
	/* Nearly always the last one, else one of a few. */
	if (t->tail->begin_ns <= at)
		return t->tail;
	while (s->end_ns <= at)
		s = s->next;
	return s;
}

void gd_tally_cut(struct gd_tally *t, int64_t end)
{
	note_open(t);
	for (struct gd_tally_slot *s = t->head; s; s = s->next) {
		if (s->end_ns <= end)
			continue;
		s->end_ns = s->begin_ns < end ? end : s->begin_ns + 1;
		s->iv.length_ns = s->end_ns - s->begin_ns;
	}
}

bool gd_tally_take(struct gd_tally *t, int64_t now, struct gd_interval *ret)
{
	struct gd_tally_slot *s = t->head;

	if (!s || s->end_ns > now || s->n_open > 0)
		return false;
	t->head = s->next;
	if (!t->head)
		t->tail = NULL;
	s->iv.behind = gd_interval_is_behind(&s->iv);
	*ret = s->iv;
	free(s);
	return true;
}
