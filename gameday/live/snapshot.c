/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of finished intervals never change, so each is taken once, when it is new, and a
 * tick costs little however long the run is.
 */
#include "gameday/live/snapshot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/report/text.h"

/* A counter's speed is over so many samples, which is some seconds. */
enum { SPEED_SAMPLES = 10 };
enum { NAMED = 3 }; /* in one warning; the others are counted */
static const int64_t CLOCK_WARN_NS = 100 * GD_NS_PER_MS;

void gd_snapshot_text(char *dst, size_t size, const char *text)
{
	GD_AUTO_STRBUF(clean);
	const char *s;
	size_t len;

	gd_text_plain(&clean, text, size);
	s = gd_strbuf_str(&clean);
	len = strlen(s);
	if (len >= size) {
		len = size - 1;
		while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(dst, s, len);
	dst[len] = '\0';
}

static double seconds(struct gd_span d)
{
	return d.ns > 0 ? (double)d.ns / 1e9 : 0;
}

/* --- stages -------------------------------------------------------------------------- */

static struct gd_stage_span span_of(const struct gd_results *r, const char *stage)
{
	for (size_t i = 0; i < gd_results_n_stages(r); i++) {
		struct gd_stage_span span = gd_results_stage(r, i);

		if (strcmp(span.name, stage) == 0)
			return span;
	}
	return (struct gd_stage_span){.name = stage, .kind = ""};
}

static enum gd_snap_when when(const struct gd_shown_run *run, const struct gd_stage *st)
{
	if (st == run->stage)
		return GD_SNAP_NOW;
	return span_of(run->results, st->name).begin_ns ? GD_SNAP_PAST : GD_SNAP_TO_COME;
}

static void take_stages(struct gd_snapshot *s, const struct gd_shown_run *run,
			struct gd_instant now)
{
	const struct gd_list *all = &run->scenario->stages;

	s->left = 0;
	s->in_stage = run->stage != NULL;
	s->in_fault_stage = run->stage && run->stage->kind == GD_STAGE_FAULT;
	s->stage_seconds = run->stage ? seconds(run->stage->length) : 0;
	s->stage_left = run->stage ? seconds(gd_between(now, run->stage_until)) : 0;
	s->undoing = run->undoing;
	s->n_stages = all->n < GD_SNAP_STAGES ? all->n : GD_SNAP_STAGES;
	for (size_t i = 0; i < s->n_stages; i++) {
		const struct gd_stage *st = GD_AT(all, const struct gd_stage, i);
		struct gd_snap_stage *to = &s->stages[i];

		gd_snapshot_text(to->name, sizeof(to->name), st->name);
		to->fault = st->kind == GD_STAGE_FAULT;
		to->seconds = seconds(st->length);
		to->when = when(run, st);
		if (to->when == GD_SNAP_TO_COME)
			s->left += to->seconds;
	}
	s->left += s->stage_left;
	gd_snapshot_text(s->doing, sizeof(s->doing),
			 run->undoing ? "undoing everything"
			 : run->stage ? run->stage->name
				      : run->doing);
}

/* --- what clients feel --------------------------------------------------------------- */

static void add_point(struct gd_snap_series *to, const struct gd_load_stats *stats,
		      bool fault)
{
	if (to->n_history == GD_SNAP_HISTORY) {
		memmove(to->history, to->history + 1,
			(GD_SNAP_HISTORY - 1) * sizeof(to->history[0]));
		to->n_history--;
	}
	to->history[to->n_history++] = (struct gd_snap_point){
		.rate = (float)stats->rate,
		.success = (float)stats->success,
		.p99 = (float)stats->p99,
		.fault = fault,
	};
	to->rate = stats->rate;
	to->success = stats->success;
	to->p50 = stats->p50;
	to->p99 = stats->p99;
	to->attempts_per_request = stats->attempts_per_request;
	to->requests += stats->requests;
	to->errors = stats->errors;
	to->retries = stats->retries;
	to->behind = stats->late_intervals > 0;
}

/* Was a fault in at that moment? */
static bool fault_at(const struct gd_shown_run *run, int64_t wall_ns)
{
	for (size_t i = 0; i < run->n_faults; i++)
		if (!run->faults[i].coming && run->faults[i].since_wall_ns <= wall_ns)
			return true;
	return false;
}

static void take_one(struct gd_snap_series *to, size_t i, const struct gd_shown_run *run)
{
	size_t n = gd_results_n_intervals(run->results, i);
	const char *load, *client;

	gd_results_series(run->results, i, &load, &client);
	gd_snapshot_text(to->load, sizeof(to->load), load);
	gd_snapshot_text(to->client, sizeof(to->client), client);
	for (; to->taken < n; to->taken++) {
		const struct gd_interval *iv =
			gd_results_interval(run->results, i, to->taken);

		add_point(to, gd_results_point(run->results, i, to->taken),
			  fault_at(run, iv->start_wall_ns + iv->length_ns));
	}
	if (to->n_history == 0)
		to->rate = to->success = to->p50 = to->p99 = to->attempts_per_request =
			(double)NAN;
}

static void take_series(struct gd_snapshot *s, const struct gd_shown_run *run)
{
	size_t n = gd_results_n_series(run->results);

	s->n_series = n < GD_SNAP_SERIES ? n : GD_SNAP_SERIES;
	for (size_t i = 0; i < s->n_series; i++)
		take_one(&s->series[i], i, run);
}

/* --- faults and expectations --------------------------------------------------------- */

static void take_faults(struct gd_snapshot *s, const struct gd_shown_run *run)
{
	s->n_faults = run->n_faults < GD_SNAP_FAULTS ? run->n_faults : GD_SNAP_FAULTS;
	for (size_t i = 0; i < s->n_faults; i++) {
		const struct gd_shown_fault *f = &run->faults[i];
		struct gd_snap_fault *to = &s->faults[i];

		gd_snapshot_text(to->host, sizeof(to->host), f->host);
		gd_snapshot_text(to->what, sizeof(to->what), f->what);
		gd_snapshot_text(to->effect, sizeof(to->effect),
				 f->effect ? f->effect : "");
		to->coming = f->coming;
		to->seconds = f->coming ? 0
					: seconds((struct gd_span){s->wall_ns -
								   f->since_wall_ns});
	}
}

/* A condition on any fault stage is open until the last of them is over. */
static bool is_over(const struct gd_shown_run *run, const struct gd_condition *c)
{
	if (c->stage && strcmp(c->stage, "*") != 0)
		return span_of(run->results, c->stage).end_ns != 0;
	for (size_t i = 0; i < run->scenario->stages.n; i++) {
		const struct gd_stage *st =
			GD_AT(&run->scenario->stages, const struct gd_stage, i);

		if (st->kind == GD_STAGE_FAULT &&
		    span_of(run->results, st->name).end_ns == 0)
			return false;
	}
	return true;
}

static enum gd_snap_met met(const struct gd_verdict_item *item, bool over)
{
	switch (item->outcome) {
	case GD_COND_HOLDS:
		return over ? GD_SNAP_MET : GD_SNAP_HOLDS;
	case GD_COND_FAILS:
		return over ? GD_SNAP_MISSED : GD_SNAP_FAILS;
	case GD_COND_NO_DATA:
	default:
		return GD_SNAP_WAITING;
	}
}

/* "1.02 s", or with what it is compared to "1.02 s (21.3x)". */
static void format_measured(const struct gd_condition *c,
			    const struct gd_verdict_item *item, char *buf, size_t size)
{
	double times = item->measured / (item->limit / c->value);
	char value[32];

	(void)gd_metric_format(item->measured, item->unit, value);
	if (c->relative && isfinite(times))
		(void)snprintf(buf, size, "%s (%.3gx)", value, times);
	else
		(void)snprintf(buf, size, "%s", value);
}

static void take_expects(struct gd_snapshot *s, const struct gd_shown_run *run)
{
	const struct gd_list *all = &run->scenario->expect;

	s->n_expects = all->n < GD_SNAP_EXPECTS ? all->n : GD_SNAP_EXPECTS;
	for (size_t i = 0; i < s->n_expects; i++) {
		const struct gd_condition *c = GD_AT(all, const struct gd_condition, i);
		struct gd_snap_expect *to = &s->expects[i];
		struct gd_verdict_item item = {.outcome = GD_COND_NO_DATA};
		struct gd_error ignored = GD_ERROR_INIT;

		if (gd_results_evaluate(run->results, c, "*", &item, &ignored) < 0)
			item.outcome = GD_COND_NO_DATA;
		gd_snapshot_text(to->condition, sizeof(to->condition), c->source);
		to->met = met(&item, is_over(run, c));
		to->measured[0] = '\0';
		if (to->met != GD_SNAP_WAITING)
			format_measured(c, &item, to->measured, sizeof(to->measured));
	}
}

/* --- watches ------------------------------------------------------------------------- */

static bool in_conditions(const struct gd_list *list, const struct gd_watch_view *w,
			  const char *column)
{
	size_t len = strlen(column);

	for (size_t i = 0; i < list->n; i++) {
		const struct gd_condition *c = GD_AT(list, const struct gd_condition, i);

		if (c->part && strcmp(c->subject, w->role) == 0 &&
		    strcmp(c->part, w->watch) == 0 &&
		    strncmp(c->metric, column, len) == 0 &&
		    (!c->metric[len] || strcmp(c->metric + len, "_max") == 0 ||
		     strcmp(c->metric + len, "_min") == 0))
			return true;
	}
	return false;
}

/* A count that grows is a rate; what else grows is so much of its unit per second. */
static void format_value(double value, enum gd_metric_unit unit, bool gauge, char *out,
			 size_t size)
{
	bool rate = !gauge && unit == GD_UNIT_COUNT;
	char buf[32];

	if (rate)
		unit = GD_UNIT_FREQ;
	(void)snprintf(out, size, "%s%s",
		       isnan(value) ? "-" : gd_metric_format(value, unit, buf),
		       isnan(value) || gauge || rate ? "" : "/s");
}

/* The newest value of a gauge, or how fast a counter grew lately. NAN: not known. */
static double newest(const struct gd_results *r, size_t watch, size_t column, bool gauge,
		     size_t n)
{
	size_t before = n > SPEED_SAMPLES ? n - 1 - SPEED_SAMPLES : 0;
	int64_t t0, t1;
	double v0, v1;

	if (n == 0)
		return (double)NAN;
	gd_results_sample(r, watch, n - 1, column, &t1, &v1);
	if (gauge)
		return v1;
	gd_results_sample(r, watch, before, column, &t0, &v0);
	return t1 > t0 && v1 >= v0 ? (v1 - v0) * 1e9 / (double)(t1 - t0) : (double)NAN;
}

static void take_column(struct gd_snapshot *s, const struct gd_shown_run *run,
			size_t watch, size_t column, bool expected)
{
	struct gd_watch_view w = gd_results_watch(run->results, watch);
	enum gd_metric_unit unit;
	bool gauge;
	const char *name = gd_results_column(run->results, watch, column, &gauge, &unit);
	double value = newest(run->results, watch, column, gauge, w.n_samples);
	struct gd_snap_watch *to;
	char full[3 * GD_SNAP_NAME];

	if (in_conditions(&run->scenario->expect, &w, name) != expected ||
	    (!expected && (isnan(value) || value == 0)))
		return;
	if (s->n_watches == GD_SNAP_WATCHES) {
		s->more_watches++;
		return;
	}
	to = &s->watches[s->n_watches++];
	(void)snprintf(full, sizeof(full), "%s %s.%s", w.host, w.watch, name);
	gd_snapshot_text(to->name, sizeof(to->name), full);
	to->expected = expected;
	format_value(value, unit, gauge, to->value, sizeof(to->value));
}

/* Those that an expectation names first, then what moves. */
static void take_watches(struct gd_snapshot *s, const struct gd_shown_run *run)
{
	s->n_watches = s->more_watches = 0;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < gd_results_n_watches(run->results); i++) {
			struct gd_watch_view w = gd_results_watch(run->results, i);

			for (size_t c = 0; c < w.n_columns; c++)
				take_column(s, run, i, c, pass == 0);
		}
}

/* --- warnings ------------------------------------------------------------------------ */

static void warn(struct gd_snapshot *s, const char *fmt, ...) GD_PRINTF(2, 3);

static void warn(struct gd_snapshot *s, const char *fmt, ...)
{
	char text[GD_SNAP_TEXT];
	va_list ap;

	if (s->n_warnings == GD_SNAP_WARNINGS)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	gd_snapshot_text(s->warnings[s->n_warnings++], GD_SNAP_TEXT, text);
}

/* "A, B, C and 2 more": one line, so that what matters more keeps its place. */
static void add_name(struct gd_strbuf *list, size_t *n, const char *name)
{
	if ((*n)++ < NAMED)
		gd_strbuf_addf(list, "%s%s", list->len > 0 ? ", " : "", name);
}

static void warn_of(struct gd_snapshot *s, const char *what, const struct gd_strbuf *list,
		    size_t n)
{
	if (n > NAMED)
		warn(s, "%s: %s and %zu more", what, gd_strbuf_str(list), n - NAMED);
	else if (n > 0)
		warn(s, "%s: %s", what, gd_strbuf_str(list));
}

static void warn_of_late(struct gd_snapshot *s)
{
	GD_AUTO_STRBUF(list);
	char name[2 * 64];
	size_t n = 0;

	for (size_t i = 0; i < s->n_series; i++) {
		if (!s->series[i].behind)
			continue;
		(void)snprintf(name, sizeof(name), "%.60s.%.60s", s->series[i].load,
			       s->series[i].client);
		add_name(&list, &n, name);
	}
	warn_of(s, "the load generator is late, so these figures are too high", &list, n);
}

static void warn_of_clocks(struct gd_snapshot *s, const struct gd_shown_run *run)
{
	GD_AUTO_STRBUF(list);
	char name[160], buf[32];
	size_t n = 0;

	for (size_t i = 0; i < run->n_clocks; i++) {
		const struct gd_shown_clock *c = &run->clocks[i];
		struct gd_span away = {c->offset_ns < 0 ? -c->offset_ns : c->offset_ns};

		if (away.ns <= CLOCK_WARN_NS)
			continue;
		(void)snprintf(name, sizeof(name), "%.96s %s %s", c->host,
			       gd_span_human(away, buf),
			       c->offset_ns < 0 ? "behind" : "ahead");
		add_name(&list, &n, name);
	}
	warn_of(s, "clocks are off, and their times corrected", &list, n);
}

static void take_warnings(struct gd_snapshot *s, const struct gd_shown_run *run)
{
	s->n_warnings = 0;
	warn_of_late(s);
	warn_of_clocks(s, run);
}

/* ------------------------------------------------------------------------------------- */

void gd_snapshot_take(struct gd_snapshot *s, const struct gd_shown_run *run,
		      struct gd_instant now, struct gd_wall wall)
{
	s->wall_ns = wall.ns;
	gd_snapshot_text(s->title, sizeof(s->title), run->title);
	gd_snapshot_text(s->run, sizeof(s->run), run->run);
	s->no_load = run->scenario->loads.n == 0;
	take_stages(s, run, now);
	take_series(s, run);
	take_faults(s, run);
	take_expects(s, run);
	take_watches(s, run);
	take_warnings(s, run);
}

void gd_snapshot_event(struct gd_snapshot *s, double at, enum gd_tone tone,
		       const char *text)
{
	struct gd_snap_event *e;

	if (s->n_events == GD_SNAP_EVENTS) {
		memmove(s->events, s->events + 1,
			(GD_SNAP_EVENTS - 1) * sizeof(s->events[0]));
		s->n_events--;
	}
	e = &s->events[s->n_events++];
	e->seconds = at;
	e->tone = tone;
	gd_snapshot_text(e->text, sizeof(e->text), text);
}

/* Of the warnings only the one about our own generators, which comes first: others name hosts. */
static void hide_warnings(struct gd_snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_series && n == 0; i++)
		n = s->series[i].behind;
	for (size_t i = n; i < s->n_warnings; i++)
		memset(s->warnings[i], 0, sizeof(s->warnings[i]));
	s->n_warnings = n < s->n_warnings ? n : s->n_warnings;
}

void gd_snapshot_hide(struct gd_snapshot *s)
{
	hide_warnings(s);
	s->blind = true;
	/* All of each, not up to a NUL: nothing of it may stay in memory that is handed on. */
	memset(s->title, 0, sizeof(s->title));
	memset(s->run, 0, sizeof(s->run));
	(void)snprintf(s->title, sizeof(s->title), "A blind game day");
	memset(s->doing, 0, sizeof(s->doing));
	if (s->undoing)
		(void)snprintf(s->doing, sizeof(s->doing), "undoing everything");
	else
		(void)snprintf(s->doing, sizeof(s->doing), "%s",
			       s->in_stage ? "under way" : "getting ready");
	s->in_stage = s->in_fault_stage = false;
	s->stage_seconds = s->stage_left = 0;
	s->n_stages = s->n_faults = s->n_expects = 0;
	s->n_watches = s->more_watches = 0;
	memset(s->stages, 0, sizeof(s->stages));
	memset(s->faults, 0, sizeof(s->faults));
	memset(s->expects, 0, sizeof(s->expects));
	memset(s->watches, 0, sizeof(s->watches));
	for (size_t i = 0; i < s->n_series; i++)
		for (size_t k = 0; k < s->series[i].n_history; k++)
			s->series[i].history[k].fault = false;
}
