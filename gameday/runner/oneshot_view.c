/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live view wants a scenario and results: here the scenario has one stage, as long as
 * the fault's time, and the results stay empty.
 */
#include "gameday/runner/oneshot_view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/live/view.h"

enum { TICK_MS = 250 };

struct gd_oneshot_view {
	const struct gd_kind_row *kind; /* borrowed */
	struct gd_view *view;           /* owned */
	struct gd_timer *tick;          /* owned by the loop's owner until removed */
	struct gd_results *results;     /* owned: empty */
	struct gd_scenario scenario;
	struct gd_stage stage; /* the only one of the scenario, which borrows it */
	char title[200], host[GD_SNAP_NAME];
	const char *doing;
	struct gd_instant until; /* of the stage; 0: it has not begun */
	bool undoing;
	struct gd_strbuf what;   /* the fault, at its level; empty: it is out */
	struct gd_strbuf effect; /* of it so far; empty: not asked yet */
	bool coming;
	int64_t since_wall_ns;
};

static void show(struct gd_oneshot_view *v)
{
	const struct gd_shown_fault fault = {.host = v->host,
					     .what = gd_strbuf_str(&v->what),
					     .effect = gd_strbuf_str(&v->effect),
					     .coming = v->coming,
					     .since_wall_ns = v->since_wall_ns};
	const struct gd_shown_run shown = {
		.title = v->title,
		.run = "",
		.results = v->results,
		.scenario = &v->scenario,
		.stage = v->until.ns && !v->undoing ? &v->stage : NULL,
		.stage_until = v->until,
		.doing = v->doing,
		.undoing = v->undoing,
		.faults = &fault,
		.n_faults = v->what.len > 0,
	};

	gd_view_show(v->view, &shown);
}

static void on_tick(void *ctx)
{
	struct gd_oneshot_view *v = ctx;

	show(v);
	gd_timer_arm(v->tick, gd_after(gd_now(), gd_span_ms(TICK_MS)));
}

void gd_oneshot_view_free(struct gd_oneshot_view *v)
{
	if (!v)
		return;
	gd_timer_remove(v->tick);
	gd_view_free(v->view);
	gd_results_free(v->results);
	gd_strbuf_fini(&v->what);
	gd_strbuf_fini(&v->effect);
	free(v->stage.name);
	free(v);
}
GD_DEFINE_AUTO(gd_oneshot_view, gd_oneshot_view_free);

static int fill(struct gd_oneshot_view *v, const struct gd_oneshot_fault *fault,
		struct gd_error *err)
{
	(void)snprintf(v->title, sizeof(v->title), "gameday inject %.60s --on %.80s",
		       fault->kind->name, fault->host);
	(void)snprintf(v->host, sizeof(v->host), "%s", fault->host);
	v->kind = fault->kind;
	v->doing = "connecting";
	v->stage = (struct gd_stage){.name = gd_strf("%s", fault->kind->name),
				     .kind = GD_STAGE_FAULT,
				     .length = fault->length};
	v->scenario.stages = (struct gd_list){.items = &v->stage, .n = 1};
	if (!v->stage.name)
		return gd_raise_nomem(err);
	return gd_results_new(&v->results, err);
}

int gd_oneshot_view_new(const struct gd_oneshot *o, const struct gd_oneshot_fault *fault,
			struct gd_oneshot_view **ret, struct gd_error *err)
{
	GD_AUTO(gd_oneshot_view) struct gd_oneshot_view *v = NULL;
	struct gd_view_options opt = {.fd = -1, .lines = true};

	*ret = NULL;
	if (!o->dashboard)
		return 0;
	v = calloc(1, sizeof(*v));
	if (!v)
		return gd_raise_nomem(err);
	if (fill(v, fault, err) < 0 ||
	    gd_web_new(o->dashboard, o->dashboard_public, &opt.web, err) < 0)
		return -1;
	(void)printf("dashboard at %s\n", gd_web_url(opt.web));
	(void)fflush(stdout);
	if (gd_view_new(&opt, &v->view, err) < 0)
		return -1;
	show(v);
	*ret = gd_steal_ptr(&v);
	return 0;
}

int gd_oneshot_view_attach(struct gd_oneshot_view *v, struct gd_fleet *f,
			   struct gd_error *err)
{
	if (!v)
		return 0;
	if (gd_loop_timer(f->loop, on_tick, v, &v->tick, err) < 0)
		return -1;
	gd_timer_arm(v->tick, gd_now());
	return 0;
}

void gd_oneshot_say(struct gd_oneshot_view *v, enum gd_tone tone, const char *fmt, ...)
{
	GD_AUTO_STRBUF(line);
	va_list ap;

	va_start(ap, fmt);
	gd_strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	(void)printf("%s\n", gd_strbuf_str(&line));
	(void)fflush(stdout);
	if (v)
		gd_view_event(v->view, tone, "%s", gd_strbuf_str(&line));
}

/* --- what is shown ------------------------------------------------------------------- */

void gd_oneshot_view_doing(struct gd_oneshot_view *v, const char *doing)
{
	if (!v)
		return;
	v->doing = doing;
	show(v);
}

void gd_oneshot_view_begin(struct gd_oneshot_view *v, struct gd_instant until)
{
	if (!v)
		return;
	v->until = until;
	show(v);
}

static void set_fault(struct gd_oneshot_view *v, const struct gd_level *level)
{
	gd_strbuf_clear(&v->what);
	v->kind->describe(level->args, &v->what);
}

void gd_oneshot_view_coming(struct gd_oneshot_view *v, const struct gd_level *level)
{
	if (!v)
		return;
	set_fault(v, level);
	gd_strbuf_clear(&v->effect);
	v->coming = true;
	show(v);
}

void gd_oneshot_view_in(struct gd_oneshot_view *v, const struct gd_level *level)
{
	if (!v)
		return;
	set_fault(v, level);
	if (v->coming)
		v->since_wall_ns = gd_wall_now().ns;
	v->coming = false;
	show(v);
}

void gd_oneshot_view_effect(struct gd_oneshot_view *v, const char *text)
{
	if (!v)
		return;
	gd_strbuf_clear(&v->effect);
	gd_strbuf_adds(&v->effect, text);
	show(v);
}

void gd_oneshot_view_out(struct gd_oneshot_view *v)
{
	if (!v)
		return;
	gd_strbuf_clear(&v->what);
	gd_view_event(v->view, GD_TONE_GOOD, "%s: undone, the state is exactly as before",
		      v->host);
	show(v);
}

void gd_oneshot_view_undoing(struct gd_oneshot_view *v)
{
	if (!v)
		return;
	v->undoing = true;
	show(v);
}

static const char *word_of(int status)
{
	switch (status) {
	case GD_EXIT_HELD:
		return "undone";
	case GD_EXIT_INVALID:
		return "no effect seen";
	case GD_EXIT_ABORTED:
		return "stopped";
	case GD_EXIT_LEFT_BEHIND:
		return "left behind";
	default:
		return "failed";
	}
}

void gd_oneshot_view_over(struct gd_oneshot_view *v, int status, const char *reason)
{
	if (!v)
		return;
	v->undoing = false;
	v->until.ns = 0;
	v->doing = "over";
	if (status != GD_EXIT_LEFT_BEHIND)
		gd_strbuf_clear(&v->what);
	show(v);
	gd_view_over(v->view, word_of(status), reason);
}
