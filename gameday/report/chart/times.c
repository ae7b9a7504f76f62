/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fault is taken to be in from the moment its injection began to the moment its undo was
 * verified: what was seen in between may be its doing.
 */
#include "gameday/report/chart/times.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/report/story.h"

/* --- the span ------------------------------------------------------------------------- */

static void include(struct gd_times *t, const struct gd_report *r, int64_t wall_ns)
{
	double s;

	if (wall_ns <= 0)
		return;
	s = gd_report_seconds(r, wall_ns);
	t->lo = fmin(t->lo, s);
	t->hi = fmax(t->hi, s);
}

static void include_series(struct gd_times *t, const struct gd_report *r, size_t series)
{
	size_t n = gd_results_n_intervals(r->results, series);
	const struct gd_interval *iv;

	if (n == 0)
		return;
	include(t, r, gd_results_interval(r->results, series, 0)->start_wall_ns);
	iv = gd_results_interval(r->results, series, n - 1);
	include(t, r, iv->start_wall_ns + iv->length_ns);
}

static void include_watch(struct gd_times *t, const struct gd_report *r, size_t watch)
{
	struct gd_watch_view v = gd_results_watch(r->results, watch);
	int64_t at;
	double ignored;

	if (v.n_samples == 0 || v.n_columns == 0)
		return;
	gd_results_sample(r->results, watch, 0, 0, &at, &ignored);
	include(t, r, at);
	gd_results_sample(r->results, watch, v.n_samples - 1, 0, &at, &ignored);
	include(t, r, at);
}

static void find_span(struct gd_times *t, const struct gd_report *r)
{
	t->lo = (double)INFINITY;
	t->hi = -(double)INFINITY;
	for (size_t i = 0; i < gd_results_n_series(r->results); i++)
		include_series(t, r, i);
	for (size_t i = 0; i < gd_results_n_watches(r->results); i++)
		include_watch(t, r, i);
	for (size_t i = 0; i < gd_results_n_stages(r->results); i++) {
		struct gd_stage_span st = gd_results_stage(r->results, i);

		include(t, r, st.begin_ns);
		include(t, r, st.end_ns);
	}
	if (!isfinite(t->lo) || !isfinite(t->hi)) {
		t->lo = 0;
		t->hi = 1;
	}
	if (t->hi - t->lo < 1)
		t->hi = t->lo + 1;
}

/* --- stages --------------------------------------------------------------------------- */

static void find_stages(struct gd_times *t, const struct gd_report *r)
{
	size_t n = gd_results_n_stages(r->results);

	for (size_t i = 0; i < n && t->n_stages < GD_TIMES_STAGES; i++) {
		struct gd_stage_span st = gd_results_stage(r->results, i);
		struct gd_time_stage *s = &t->stages[t->n_stages++];
		int64_t from = st.measured_ns;

		if (!from && strcmp(st.kind, "baseline") == 0)
			from = st.begin_ns;
		*s = (struct gd_time_stage){
			.name = st.name,
			.fault = strcmp(st.kind, "fault") == 0,
			.begin = gd_report_seconds(r, st.begin_ns),
			.end = st.end_ns ? gd_report_seconds(r, st.end_ns) : t->hi,
			.counts_from = from ? gd_report_seconds(r, from) : (double)NAN,
			.counts_to = st.figures_end_ns
					     ? gd_report_seconds(r, st.figures_end_ns)
					     : t->hi};
	}
}

/* --- faults --------------------------------------------------------------------------- */

static int by_from(const void *a, const void *b)
{
	const struct gd_time_span *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

static int add_span(struct gd_time_fault *f, struct gd_time_span span)
{
	struct gd_time_span *spans;

	if (f->n_spans == GD_TIMES_SPANS)
		return 0;
	spans = realloc(f->spans, (f->n_spans + 1) * sizeof(*spans));
	if (!spans)
		return -1;
	f->spans = spans;
	spans[f->n_spans++] = span;
	return 0;
}

/* The same fault on several hosts is in when it is in on any. */
static void join_spans(struct gd_time_fault *f)
{
	size_t n = 0;

	if (f->n_spans == 0)
		return;
	qsort(f->spans, f->n_spans, sizeof(*f->spans), by_from);
	for (size_t i = 1; i < f->n_spans; i++) {
		struct gd_time_span *last = &f->spans[n], *next = &f->spans[i];

		if (next->from > last->to) {
			f->spans[++n] = *next;
			continue;
		}
		last->open = next->to > last->to ? next->open : last->open;
		last->to = fmax(last->to, next->to);
	}
	f->n_spans = n + 1;
}

/* When the fault `ref` came and went, by the journal; one that was left behind did not go. */
static int spans_of(struct gd_times *t, const struct gd_report *r, const char *ref,
		    struct gd_time_fault *f)
{
	double from = (double)NAN;

	for (size_t i = 0; i < r->n_events; i++) {
		const char *event = gd_json_str(r->events[i], "event", "");
		int64_t at = gd_report_event_time(r->events[i]);
		bool comes = strcmp(event, "fault_injecting") == 0;
		bool goes = (strcmp(event, "fault_reverted") == 0 &&
			     gd_json_bool(r->events[i], "equal", false)) ||
			    strcmp(event, "fault_drift") == 0;

		if ((!comes && !goes) || !at ||
		    strcmp(gd_json_str(r->events[i], "ref", ""), ref) != 0)
			continue;
		if (comes && isnan(from))
			from = gd_report_seconds(r, at);
		if (!goes || isnan(from))
			continue;
		if (add_span(f, (struct gd_time_span){from, gd_report_seconds(r, at),
						      false}) < 0)
			return -1;
		from = (double)NAN;
	}
	if (isnan(from))
		return 0;
	return add_span(f, (struct gd_time_span){from, fmax(from, t->hi), true});
}

/* "lossy.1.netem@api-1" without its host. */
static void common_ref(const char *ref, char ret[96])
{
	(void)snprintf(ret, 96, "%.*s", (int)strcspn(ref, "@"), ref);
}

static struct gd_time_fault *fault_of(struct gd_times *t, const struct gd_fault_view *v)
{
	struct gd_time_fault *f;
	char ref[96];

	common_ref(v->ref, ref);
	for (size_t i = 0; i < t->n_faults; i++)
		if (strcmp(t->faults[i].ref, ref) == 0)
			return &t->faults[i];
	if (t->n_faults == GD_TIMES_FAULTS) {
		t->more_faults++;
		return NULL;
	}
	f = &t->faults[t->n_faults];
	*f = (struct gd_time_fault){.letter = (char)('A' + t->n_faults),
				    .describe = *v->describe ? v->describe : v->ref};
	memcpy(f->ref, ref, sizeof(ref));
	t->n_faults++;
	return f;
}

static void add_host(struct gd_time_fault *f, const char *host)
{
	size_t len = strlen(f->hosts);

	(void)snprintf(f->hosts + len, sizeof(f->hosts) - len, "%s%s", len ? ", " : "",
		       host);
}

static int find_faults(struct gd_times *t, const struct gd_report *r)
{
	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view v = gd_results_fault(r->results, i);
		struct gd_time_fault *f;

		if (!v.injecting_ns && !v.injected_ns)
			continue;
		f = fault_of(t, &v);
		if (!f)
			continue;
		add_host(f, v.host);
		if (spans_of(t, r, v.ref, f) < 0)
			return -1;
	}
	for (size_t i = 0; i < t->n_faults; i++)
		join_spans(&t->faults[i]);
	return 0;
}

/* --- events --------------------------------------------------------------------------- */

static void add_mark(struct gd_times *t, double at, enum gd_mark_kind kind,
		     const char *text)
{
	size_t i;

	if (!isfinite(at) || at < t->lo - 1 || at > t->hi + 1)
		return; /* before or after all that is shown */
	if (t->n_marks == GD_TIMES_MARKS) {
		t->more_marks++;
		return;
	}
	for (i = t->n_marks++; i > 0 && t->marks[i - 1].at > at; i--)
		t->marks[i] = t->marks[i - 1];
	t->marks[i] =
		(struct gd_time_mark){.at = fmin(fmax(at, t->lo), t->hi), .kind = kind};
	(void)snprintf(t->marks[i].text, sizeof(t->marks[i].text), "%s", text);
}

/* All conditions of the steady state are judged at one moment: one mark for them. */
static void add_steady(struct gd_times *t, const struct gd_report *r)
{
	const cJSON *first = NULL, *bad = NULL;
	GD_AUTO_STRBUF(text);

	for (size_t i = 0; i < r->n_events; i++) {
		const cJSON *e = r->events[i];

		if (strcmp(gd_json_str(e, "event", ""), "steady") != 0)
			continue;
		first = first ? first : e;
		if (!bad && !gd_json_bool(e, "ok", false))
			bad = e;
	}
	if (!first)
		return;
	if (bad)
		gd_story_event(bad, &text);
	else
		gd_strbuf_adds(&text, "steady state holds");
	add_mark(t, gd_report_seconds(r, gd_report_event_time(first)),
		 bad ? GD_MARK_BAD : GD_MARK_GOOD, gd_strbuf_str(&text));
}

static void add_events(struct gd_times *t, const struct gd_report *r)
{
	static const struct {
		const char *event;
		enum gd_mark_kind kind;
	} shown[] = {
		{"abort", GD_MARK_BAD},       {"signal", GD_MARK_BAD},
		{"host_lost", GD_MARK_BAD},   {"load_lost", GD_MARK_BAD},
		{"fault_drift", GD_MARK_BAD}, {"host_cut_off", GD_MARK_BAD},
		{"note", GD_MARK_HUMAN},
	};

	for (size_t i = 0; i < r->n_events; i++)
		for (size_t k = 0; k < GD_N_ELEMS(shown); k++) {
			int64_t at = gd_report_event_time(r->events[i]);
			GD_AUTO_STRBUF(text);

			if (!at || strcmp(gd_json_str(r->events[i], "event", ""),
					  shown[k].event) != 0)
				continue;
			gd_story_event(r->events[i], &text);
			add_mark(t, gd_report_seconds(r, at), shown[k].kind,
				 gd_strbuf_str(&text));
		}
}

static void add_detections(struct gd_times *t, const struct gd_report *r)
{
	size_t n = r->has_runbook && r->detected ? r->runbook.detection.n : 0;

	for (size_t i = 0; i < n; i++) {
		const struct gd_detected *d = &r->detected[i];
		const char *what =
			d->detection->alert ? d->detection->alert : d->detection->symptom;
		GD_AUTO_STRBUF(text);

		if (!d->evaluated || d->item.outcome != GD_COND_HOLDS ||
		    !d->item.first_wall_ns)
			continue;
		gd_strbuf_addf(&text, "detection fires: %s", what ? what : "unnamed");
		add_mark(t, gd_report_seconds(r, d->item.first_wall_ns), GD_MARK_HUMAN,
			 gd_strbuf_str(&text));
	}
}

int gd_times_init(struct gd_times *t, const struct gd_report *r)
{
	GD_AUTO_STRBUF(harm);

	*t = (struct gd_times){.started_ns = r->started_ns};
	find_span(t, r);
	find_stages(t, r);
	if (find_faults(t, r) < 0) {
		gd_times_fini(t);
		return -1;
	}
	add_steady(t, r);
	if (r->harm_ns) {
		gd_strbuf_addf(&harm, "harm begins: %s", r->harm);
		add_mark(t, gd_report_seconds(r, r->harm_ns), GD_MARK_BAD,
			 gd_strbuf_str(&harm));
	}
	add_detections(t, r);
	add_events(t, r);
	return 0;
}

void gd_times_fini(struct gd_times *t)
{
	for (size_t i = 0; i < t->n_faults; i++)
		free(t->faults[i].spans);
	t->n_faults = 0;
}
