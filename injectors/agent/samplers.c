/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/samplers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/watch/watch.h"
#include "gameday/wire/message.h"

enum { MAX_SAMPLERS = 32, MIN_INTERVAL_MS = 100, MAX_INTERVAL_MS = 3600 * 1000 };

struct sampler {
	struct gd_samplers *all;
	const struct gd_watch_kind *kind;
	void *state; /* the kind's; owned */
	char ref[128];
	struct gd_span interval;
	struct gd_instant next;
	struct gd_timer *timer; /* owned */
	bool failing;           /* said so already */
};

struct gd_samplers {
	struct gd_loop *loop;
	gd_emit_fn *emit;
	void *ctx;
	struct sampler *list[MAX_SAMPLERS];
	size_t n;
};

struct gd_samplers *gd_samplers_new(struct gd_loop *loop, gd_emit_fn *emit, void *ctx)
{
	struct gd_samplers *s = calloc(1, sizeof(*s));

	if (s)
		*s = (struct gd_samplers){.loop = loop, .emit = emit, .ctx = ctx};
	return s;
}

static void sampler_free(struct sampler *w)
{
	if (!w)
		return;
	gd_timer_remove(w->timer);
	if (w->state)
		w->kind->close(w->state);
	free(w);
}

GD_DEFINE_AUTO(sampler, sampler_free);

void gd_samplers_free(struct gd_samplers *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		sampler_free(s->list[i]);
	free(s);
}

static void emit_sample(const struct sampler *w, const struct gd_watch_sample *sample,
			int64_t wall_ns)
{
	GD_AUTO(cJSON) cJSON *event = gd_message_event("watch");
	cJSON *values = cJSON_CreateObject();
	bool ok = event && values;

	for (size_t i = 0; ok && i < sample->n; i++)
		ok = gd_json_set_num(values, sample->values[i].name,
				     sample->values[i].value);
	if (gd_json_set(event, "values", values) && ok &&
	    gd_json_set_str(event, "ref", w->ref) &&
	    gd_json_set_int(event, "wall_ns", wall_ns))
		w->all->emit(w->all->ctx, gd_steal_ptr(&event));
}

static void emit_failure(const struct sampler *w, const struct gd_error *why)
{
	GD_AUTO(cJSON) cJSON *event = gd_message_event("log");
	char text[640];

	(void)snprintf(text, sizeof(text), "watch %.60s: %s", w->ref, why->text);
	if (event && gd_json_set_str(event, "level", "warning") &&
	    gd_json_set_str(event, "text", text))
		w->all->emit(w->all->ctx, gd_steal_ptr(&event));
}

/* A sample that is late moves none of those behind it. */
static void arm_next(struct sampler *w)
{
	struct gd_instant now = gd_now();

	do {
		w->next = gd_after(w->next, w->interval);
	} while (w->next.ns <= now.ns);
	gd_timer_arm(w->timer, w->next);
}

static void on_time(void *ctx)
{
	struct sampler *w = ctx;
	struct gd_watch_sample sample = {0};
	struct gd_error err = GD_ERROR_INIT;
	int64_t wall_ns = gd_wall_now().ns;

	if (w->kind->sample(w->state, &sample, &err) == 0) {
		w->failing = false;
		emit_sample(w, &sample, wall_ns);
	} else if (!w->failing) {
		w->failing = true;
		emit_failure(w, &err);
	}
	arm_next(w);
}

static int open_state(struct sampler *w, const cJSON *request, struct gd_error *err)
{
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(request, "args");
	GD_AUTO(cJSON) cJSON *none = cJSON_CreateObject();
	GD_AUTO_FREE void *decoded = calloc(1, w->kind->args.size);
	int rc;

	if (!decoded || !none)
		return gd_raise_nomem(err);
	if (gd_shape_from_json(&w->kind->args, args ? args : none, decoded, err) < 0)
		return -1;
	rc = w->kind->open(decoded, &w->state, err);
	gd_shape_fini(&w->kind->args, decoded);
	return rc;
}

int gd_samplers_start(struct gd_samplers *s, const cJSON *request, struct gd_error *err)
{
	const char *kind = gd_json_str(request, "kind", "");
	int64_t ms = gd_json_int(request, "interval_ms", 1000);
	GD_AUTO(sampler) struct sampler *w = calloc(1, sizeof(*w));

	if (!w)
		return gd_raise_nomem(err);
	w->all = s;
	w->kind = gd_watch_find(kind);
	w->interval = gd_span_ms(ms);
	w->next = gd_now();
	if (!w->kind)
		return gd_raise(err, GD_E_INPUT, "this agent knows no watch \"%.40s\"",
				kind);
	if (ms < MIN_INTERVAL_MS || ms > MAX_INTERVAL_MS)
		return gd_raise(err, GD_E_INPUT,
				"interval_ms is %" PRId64 ", wanted: %d to %d", ms,
				(int)MIN_INTERVAL_MS, (int)MAX_INTERVAL_MS);
	if (s->n == MAX_SAMPLERS)
		return gd_raise(err, GD_E_REFUSED, "%d watches are running already",
				(int)MAX_SAMPLERS);
	(void)snprintf(w->ref, sizeof(w->ref), "%s", gd_json_str(request, "ref", kind));
	if (open_state(w, request, err) < 0)
		return gd_wrap(err, "%s: ", kind);
	if (gd_loop_timer(s->loop, on_time, w, &w->timer, err) < 0)
		return -1;
	gd_timer_arm(w->timer, w->next);
	s->list[s->n++] = gd_steal_ptr(&w);
	return 0;
}
