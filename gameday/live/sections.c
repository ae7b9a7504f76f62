/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/live/sections.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Columns of the table of clients, and the width from which there is room for more. */
enum {
	NAME_MIN = 12,
	NAME_MAX = 36,
	NARROW = 68, /* below it p50 and retries go */
	WIDE = 104,
	WATCH_CELL = 38,
	MARGIN = 2,
	READ = 110, /* a figure further to the right is not read with its line any more */
};

const char *gd_section_clock(double seconds, char buf[32])
{
	long s = isfinite(seconds) && seconds > 0 ? (long)(seconds + 0.5) : 0;

	if (s >= 3600)
		(void)snprintf(buf, 32, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
	else
		(void)snprintf(buf, 32, "%ld:%02ld", s / 60, s % 60);
	return buf;
}

/* Where lines with a figure at their right end. */
static int right_edge(const struct gd_pen *p)
{
	return (p->cols < READ ? p->cols : READ) - 1;
}

static void heading(struct gd_pen *p, const char *text, const char *rest)
{
	gd_pen_to(p, 1);
	gd_pen_putf(p, GD_STYLE_BOLD, "%s", text);
	gd_pen_putf(p, GD_STYLE_DIM, "%s%s", *rest ? "  " : "", rest);
	gd_pen_end(p);
}

/*
 * How many of n items a list of so many rows shows: all, or one less than it has rows for,
 * because the last says how many more there are.
 */
static size_t fit(size_t n, int rows)
{
	if (n <= (size_t)(rows > 0 ? rows : 0))
		return n;
	return rows > 1 ? (size_t)rows - 1 : 0;
}

static void more(struct gd_pen *p, size_t n, int rows)
{
	if (n == 0 || rows <= 0)
		return;
	gd_pen_to(p, MARGIN + 2);
	gd_pen_putf(p, GD_STYLE_DIM, "and %zu more", n);
	gd_pen_end(p);
}

/* --- warnings ------------------------------------------------------------------------ */

static int want_warnings(const struct gd_snapshot *s, int cols GD_UNUSED)
{
	return (int)s->n_warnings;
}

static void draw_warnings(struct gd_pen *p, const struct gd_snapshot *s, int rows)
{
	for (int i = 0; i < rows; i++) {
		gd_pen_to(p, 1);
		gd_pen_putf(p, GD_STYLE_FAULT, "! %s", s->warnings[i]);
		gd_pen_end(p);
	}
}

/* --- what clients feel --------------------------------------------------------------- */

struct columns {
	int name, rate, success, p50, p99, errors, retries, attempts, spark;
};

static void full_name(const struct gd_snap_series *se, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s.%s", se->load, se->client);
}

static struct columns columns_for(const struct gd_snapshot *s, int cols)
{
	struct columns c = {.name = NAME_MIN};
	int at;

	for (size_t i = 0; i < s->n_series; i++) {
		char name[2 * GD_SNAP_NAME + 2];
		int width;

		full_name(&s->series[i], name, sizeof(name));
		width = gd_pen_width(name);
		c.name = width > c.name ? width : c.name;
	}
	if (c.name > NAME_MAX)
		c.name = NAME_MAX;
	if (c.name > cols / 3)
		c.name = cols / 3;
	at = MARGIN + c.name;
	c.rate = at += 8;
	c.success = at += 8;
	if (cols >= NARROW)
		c.p50 = at += 9;
	c.p99 = at += 9;
	c.errors = at += 7;
	if (cols >= NARROW)
		c.retries = at += 8;
	if (cols >= WIDE)
		c.attempts = at += 9;
	c.spark = at + 2;
	return c;
}

static int want_series(const struct gd_snapshot *s, int cols GD_UNUSED)
{
	return 1 + (int)(s->n_series ? s->n_series : 1);
}

/* The range of p99 over all clients, so that their lines can be compared. */
static void range(const struct gd_snapshot *s, double *ret_low, double *ret_high)
{
	*ret_low = (double)INFINITY;
	*ret_high = 0;
	for (size_t i = 0; i < s->n_series; i++)
		for (size_t k = 0; k < s->series[i].n_history; k++) {
			double v = (double)s->series[i].history[k].p99;

			if (!isfinite(v) || v <= 0)
				continue;
			*ret_low = v < *ret_low ? v : *ret_low;
			*ret_high = v > *ret_high ? v : *ret_high;
		}
}

static void spark_one(struct gd_pen *p, const struct gd_snap_point *pt, double low,
		      double high)
{
	static const char *const marks[2][8] = {
		[false] = {"_", ".", ",", "-", "=", "+", "*", "#"},
		[true] = {"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586",
			  "\u2587", "\u2588"},
	};
	enum gd_style style = pt->fault ? GD_STYLE_FAULT : GD_STYLE_GOOD;
	double v = (double)pt->p99;
	int level = 0;

	if (!isfinite(v) || v <= 0) {
		gd_pen_put(p, GD_STYLE_PLAIN, p->cols, " ");
		return;
	}
	/* Logarithmic, as latencies are; and at least over a factor of four. */
	if (high < 4 * low)
		high = 4 * low;
	level = (int)(7.999 * log(v / low) / log(high / low));
	gd_pen_put(p, style, p->cols,
		   marks[p->utf8][level < 0   ? 0
				  : level > 7 ? 7
					      : level]);
}

static void spark(struct gd_pen *p, const struct gd_snapshot *s,
		  const struct gd_snap_series *se, int from)
{
	int room = p->cols - 1 - from;
	size_t first;
	double low, high;

	if (room < 6)
		return;
	gd_pen_to(p, from);
	range(s, &low, &high);
	first = se->n_history > (size_t)room ? se->n_history - (size_t)room : 0;
	for (size_t i = first; i < se->n_history; i++)
		spark_one(p, &se->history[i], low, high);
}

static void format_rate(double v, char buf[32])
{
	(void)snprintf(buf, 32, isfinite(v) ? v < 9.95 ? "%.1f/s" : "%.0f/s" : "-", v);
}

/* Rounded down: what is not all must not look like all. */
static void format_success(double v, char buf[32])
{
	if (!isfinite(v))
		(void)snprintf(buf, 32, "-");
	else if (v >= 1)
		(void)snprintf(buf, 32, "100%%");
	else
		(void)snprintf(buf, 32, "%.1f%%", floor(v * 1000) / 10);
}

static const char *format_ns(double ns, char buf[32])
{
	if (!isfinite(ns) || ns < 0)
		return "-";
	return gd_span_human((struct gd_span){(int64_t)ns}, buf);
}

static void draw_one(struct gd_pen *p, const struct gd_snapshot *s,
		     const struct gd_snap_series *se, const struct columns *c)
{
	enum gd_style bad = se->errors ? GD_STYLE_BAD : GD_STYLE_PLAIN;
	char name[2 * GD_SNAP_NAME + 2], buf[32];

	full_name(se, name, sizeof(name));
	gd_pen_to(p, MARGIN);
	gd_pen_put(p, GD_STYLE_PLAIN, MARGIN + c->name, name);
	if (se->n_history == 0) {
		gd_pen_to(p, MARGIN + c->name + 2);
		gd_pen_putf(p, GD_STYLE_DIM, "no answer yet");
		gd_pen_end(p);
		return;
	}
	format_rate(se->rate, buf);
	gd_pen_right(p, GD_STYLE_PLAIN, c->rate, buf);
	format_success(se->success, buf);
	gd_pen_right(p, se->success < 1 ? GD_STYLE_BAD : GD_STYLE_PLAIN, c->success, buf);
	if (c->p50)
		gd_pen_right(p, GD_STYLE_PLAIN, c->p50, format_ns(se->p50, buf));
	gd_pen_right(p, GD_STYLE_BOLD, c->p99, format_ns(se->p99, buf));
	(void)snprintf(buf, sizeof(buf), "%llu", (unsigned long long)se->errors);
	gd_pen_right(p, bad, c->errors, buf);
	(void)snprintf(buf, sizeof(buf), "%llu", (unsigned long long)se->retries);
	if (c->retries)
		gd_pen_right(p, se->retries ? GD_STYLE_FAULT : GD_STYLE_PLAIN, c->retries,
			     buf);
	if (c->attempts) {
		(void)snprintf(buf, sizeof(buf),
			       isfinite(se->attempts_per_request) ? "%.2f" : "-",
			       se->attempts_per_request);
		gd_pen_right(p, GD_STYLE_PLAIN, c->attempts, buf);
	}
	spark(p, s, se, c->spark);
	gd_pen_end(p);
}

static void draw_series(struct gd_pen *p, const struct gd_snapshot *s, int rows)
{
	struct columns c = columns_for(s, p->cols);
	size_t n = fit(s->n_series, rows - 1);

	gd_pen_to(p, 1);
	gd_pen_put(p, GD_STYLE_BOLD, MARGIN + c.name, "Clients");
	gd_pen_right(p, GD_STYLE_DIM, c.rate, "rate");
	gd_pen_right(p, GD_STYLE_DIM, c.success, "success");
	if (c.p50)
		gd_pen_right(p, GD_STYLE_DIM, c.p50, "p50");
	gd_pen_right(p, GD_STYLE_DIM, c.p99, "p99");
	gd_pen_right(p, GD_STYLE_DIM, c.errors, "errors");
	if (c.retries)
		gd_pen_right(p, GD_STYLE_DIM, c.retries, "retries");
	if (c.attempts)
		gd_pen_right(p, GD_STYLE_DIM, c.attempts, "att/req");
	if (p->cols - 1 - c.spark >= 6) {
		gd_pen_to(p, c.spark);
		gd_pen_putf(p, GD_STYLE_DIM, "p99/s");
	}
	gd_pen_end(p);
	for (size_t i = 0; i < n; i++)
		draw_one(p, s, &s->series[i], &c);
	more(p, s->n_series - n, rows - 1);
	if (s->n_series == 0 && rows > 1) {
		gd_pen_to(p, MARGIN);
		gd_pen_putf(p, GD_STYLE_DIM, "no traffic yet");
		gd_pen_end(p);
	}
}

/* --- faults -------------------------------------------------------------------------- */

static int want_faults(const struct gd_snapshot *s, int cols GD_UNUSED)
{
	return s->blind ? 0 : 1 + (int)s->n_faults;
}

static void draw_faults(struct gd_pen *p, const struct gd_snapshot *s, int rows)
{
	size_t n = fit(s->n_faults, rows - 1);
	char clock[32], since[64];

	heading(p, "Faults", s->n_faults ? "" : "none is in");
	for (size_t i = 0; i < n; i++) {
		const struct gd_snap_fault *f = &s->faults[i];

		if (f->coming)
			(void)snprintf(since, sizeof(since), "  coming or going");
		else
			(void)snprintf(since, sizeof(since), "  for %s",
				       gd_section_clock(f->seconds, clock));
		gd_pen_to(p, MARGIN);
		gd_pen_putf(p, GD_STYLE_FAULT, "%s ", p->utf8 ? "\u25b2" : "!");
		gd_pen_put(p, GD_STYLE_BOLD, right_edge(p) / 3, f->host);
		gd_pen_putf(p, GD_STYLE_PLAIN, "  ");
		gd_pen_put(p, GD_STYLE_FAULT, right_edge(p) - gd_pen_width(since),
			   f->what);
		gd_pen_right(p, GD_STYLE_PLAIN, right_edge(p), since);
		gd_pen_end(p);
	}
	more(p, s->n_faults - n, rows - 1);
}

/* --- expectations -------------------------------------------------------------------- */

static int want_expects(const struct gd_snapshot *s, int cols GD_UNUSED)
{
	return s->n_expects ? 1 + (int)s->n_expects : 0;
}

static void draw_expect(struct gd_pen *p, const struct gd_snap_expect *e)
{
	static const struct {
		const char *mark, *ascii, *word;
		enum gd_style style;
	} looks[] = {
		[GD_SNAP_WAITING] = {"\u25cb", " ", "not yet", GD_STYLE_DIM},
		[GD_SNAP_HOLDS] = {"\u25cf", "+", "", GD_STYLE_GOOD},
		[GD_SNAP_FAILS] = {"\u25cf", "-", "", GD_STYLE_FAULT},
		[GD_SNAP_MET] = {"\u2713", "+", "", GD_STYLE_GOOD},
		[GD_SNAP_MISSED] = {"\u2717", "x", "", GD_STYLE_BAD},
	};
	const char *right = e->measured[0] ? e->measured : looks[e->met].word;
	int edge = right_edge(p), width = gd_pen_width(e->condition);
	int room = edge - MARGIN - 2, split = (edge + 1) * 11 / 20;

	gd_pen_to(p, MARGIN);
	gd_pen_putf(p, looks[e->met].style, "%s ",
		    p->utf8 ? looks[e->met].mark : looks[e->met].ascii);
	/* What the condition does not need belongs to the figure, and the other way round. */
	if (width + 2 + gd_pen_width(right) <= room)
		split = edge - gd_pen_width(right);
	else if (MARGIN + 2 + width + 2 > split)
		split = MARGIN + 2 + width + 2 < (edge + 1) * 7 / 10
				? MARGIN + 2 + width + 2
				: (edge + 1) * 7 / 10;
	gd_pen_put(p, e->met == GD_SNAP_WAITING ? GD_STYLE_DIM : GD_STYLE_PLAIN,
		   split - 2, e->condition);
	gd_pen_to(p, split);
	gd_pen_put(p, looks[e->met].style, edge, right);
	gd_pen_end(p);
}

static void draw_expects(struct gd_pen *p, const struct gd_snapshot *s, int rows)
{
	size_t n = fit(s->n_expects, rows - 1);
	size_t good = 0, bad = 0;
	char sum[96];

	for (size_t i = 0; i < s->n_expects; i++) {
		enum gd_snap_met m = s->expects[i].met;

		good += m == GD_SNAP_HOLDS || m == GD_SNAP_MET;
		bad += m == GD_SNAP_FAILS || m == GD_SNAP_MISSED;
	}
	(void)snprintf(sum, sizeof(sum), "%zu seen, %zu not, %zu to come", good, bad,
		       s->n_expects - good - bad);
	heading(p, "Expected", sum);
	for (size_t i = 0; i < n; i++)
		draw_expect(p, &s->expects[i]);
	more(p, s->n_expects - n, rows - 1);
}

/* --- watches ------------------------------------------------------------------------- */

static int cells(int cols)
{
	int n = (cols - MARGIN) / WATCH_CELL;

	return n > 0 ? n : 1;
}

static int want_watches(const struct gd_snapshot *s, int cols)
{
	int n = cells(cols);

	return s->n_watches ? 1 + ((int)s->n_watches + n - 1) / n : 0;
}

static void draw_watches(struct gd_pen *p, const struct gd_snapshot *s, int rows)
{
	int n = cells(p->cols), width = (p->cols - MARGIN) / n;
	size_t room = (size_t)n * (size_t)(rows > 1 ? rows - 1 : 0), i = 0;
	size_t shown = s->n_watches < room ? s->n_watches : room;
	size_t left = s->n_watches - shown + s->more_watches;
	char rest[64] = "";

	if (left > 0)
		(void)snprintf(rest, sizeof(rest), "%zu shown, %zu more", shown, left);
	heading(p, "Hosts", rest);
	for (int row = 1; row < rows; row++) {
		for (int k = 0; k < n && i < shown; k++, i++) {
			const struct gd_snap_watch *w = &s->watches[i];
			int from = MARGIN + k * width, end = from + width - 2;

			gd_pen_to(p, from);
			gd_pen_put(p, w->expected ? GD_STYLE_PLAIN : GD_STYLE_DIM,
				   end - gd_pen_width(w->value) - 1, w->name);
			gd_pen_right(p, w->expected ? GD_STYLE_BOLD : GD_STYLE_PLAIN, end,
				     w->value);
		}
		gd_pen_end(p);
	}
}

/* --- events -------------------------------------------------------------------------- */

static int want_events(const struct gd_snapshot *s, int cols GD_UNUSED)
{
	return s->n_events ? 4 : 0;
}

static void draw_events(struct gd_pen *p, const struct gd_snapshot *s, int rows)
{
	static const enum gd_style styles[] = {
		[GD_TONE_PLAIN] = GD_STYLE_PLAIN,
		[GD_TONE_GOOD] = GD_STYLE_GOOD,
		[GD_TONE_BAD] = GD_STYLE_BAD,
		[GD_TONE_FAULT] = GD_STYLE_FAULT,
	};
	size_t room = rows > 1 ? (size_t)rows - 1 : 0;
	size_t first = s->n_events > room ? s->n_events - room : 0;

	heading(p, "Events", "");
	for (size_t i = first; i < s->n_events; i++) {
		const struct gd_snap_event *e = &s->events[i];

		gd_pen_to(p, MARGIN);
		gd_pen_putf(p, GD_STYLE_DIM, "%6.1fs  ", e->seconds);
		gd_pen_putf(p, styles[e->tone], "%s", e->text);
		gd_pen_end(p);
	}
	for (size_t i = s->n_events - first; i < room; i++)
		gd_pen_end(p);
}

const struct gd_section gd_sections[] = {
	{want_series, draw_series, 6, 5, 2, false},
	{want_warnings, draw_warnings, 4, 1, 0, false},
	{want_faults, draw_faults, 5, 3, 1, false},
	{want_expects, draw_expects, 3, 4, 0, false},
	{want_watches, draw_watches, 1, 2, 0, false},
	/* Last: it takes the room that is left, and has it below its text. */
	{want_events, draw_events, 2, 4, 0, true},
	{NULL, NULL, 0, 0, 0, false},
};
