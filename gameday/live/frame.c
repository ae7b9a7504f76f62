/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header and footer are fixed; the sections between them bid for rows. First each gets what
 * it wants; when that is too much, those lowest in weight give one row after the other, down
 * to their soft and then to their hard floor. What is left over parts them by blank lines,
 * and the rest goes to the one that grows.
 */
#include "gameday/live/frame.h"

#include <stdio.h>
#include <string.h>

#include "gameday/live/sections.h"

enum { MAX_SECTIONS = 8, HEAD_ROWS = 3, FOOT_ROWS = 1 };

/* --- head and foot ------------------------------------------------------------------- */

static void draw_title(struct gd_pen *p, const struct gd_snapshot *s)
{
	char when[32], elapsed[32], right[80];

	(void)gd_wall_format((struct gd_wall){s->wall_ns}, when);
	when[19] = '\0'; /* seconds will do */
	(void)snprintf(right, sizeof(right), " %s  %s UTC ",
		       gd_section_clock(s->elapsed, elapsed), when + 11);
	gd_pen_putf(p, GD_STYLE_HEAD, " gameday  ");
	gd_pen_put(p, GD_STYLE_HEAD, p->cols - gd_pen_width(right), s->title);
	gd_pen_right(p, GD_STYLE_HEAD, p->cols, right);
	gd_pen_end(p);
}

static void draw_stages(struct gd_pen *p, const struct gd_snapshot *s)
{
	static const char *const marks[2][3] = {
		[false] = {[GD_SNAP_TO_COME] = " ",
			   [GD_SNAP_NOW] = ">",
			   [GD_SNAP_PAST] = "+"},
		[true] = {[GD_SNAP_TO_COME] = "\u25cb",
			  [GD_SNAP_NOW] = "\u25b6",
			  [GD_SNAP_PAST] = "\u2713"},
	};

	gd_pen_to(p, 1);
	for (size_t i = 0; i < s->n_stages; i++) {
		const struct gd_snap_stage *st = &s->stages[i];
		enum gd_style style = st->when == GD_SNAP_PAST      ? GD_STYLE_GOOD
				      : st->when == GD_SNAP_TO_COME ? GD_STYLE_DIM
				      : st->fault                   ? GD_STYLE_FAULT
								    : GD_STYLE_BOLD;

		gd_pen_putf(p, style, "%s %s", marks[p->utf8][st->when], st->name);
		gd_pen_putf(p, GD_STYLE_PLAIN, "   ");
	}
	if (s->blind)
		gd_pen_putf(p, GD_STYLE_FAULT,
			    "blind: what is injected, where and when is hidden");
	gd_pen_end(p);
}

static void draw_bar(struct gd_pen *p, enum gd_style style, double part, int width)
{
	int full = (int)(part * width + 0.5);

	for (int i = 0; i < width; i++) {
		bool in = i < full;

		if (p->utf8)
			gd_pen_put(p, in ? style : GD_STYLE_DIM, p->cols,
				   in ? "\u2588" : "\u2591");
		else
			gd_pen_put(p, in ? style : GD_STYLE_DIM, p->cols, in ? "#" : ".");
	}
}

static enum gd_style verdict_style(const struct gd_snapshot *s)
{
	return strcmp(s->verdict, "held") == 0 ? GD_STYLE_GOOD : GD_STYLE_BAD;
}

static void draw_progress(struct gd_pen *p, const struct gd_snapshot *s)
{
	enum gd_style style = s->in_fault_stage ? GD_STYLE_FAULT : GD_STYLE_BOLD;
	double length = s->stage_seconds > 0 ? s->stage_seconds : s->elapsed + s->left;
	double left = s->stage_seconds > 0 ? s->stage_left : s->left;
	char text[64], a[32], b[32];

	gd_pen_to(p, 1);
	if (s->over) {
		gd_pen_putf(p, verdict_style(s), "%s: %s", s->verdict, s->reason);
		gd_pen_end(p);
		return;
	}
	if (!s->in_stage && (s->undoing || !s->blind)) {
		gd_pen_putf(p, s->undoing ? GD_STYLE_BAD : GD_STYLE_BOLD, "%s", s->doing);
		gd_pen_end(p);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s left of %s", gd_section_clock(left, a),
		       gd_section_clock(length, b));
	gd_pen_put(p, style, p->cols / 3, s->doing);
	gd_pen_putf(p, GD_STYLE_PLAIN, "  ");
	draw_bar(p, style, length > 0 ? 1 - left / length : 0,
		 p->cols - 3 - p->col - gd_pen_width(text));
	gd_pen_putf(p, GD_STYLE_PLAIN, "  %s", text);
	gd_pen_end(p);
}

static void draw_foot(struct gd_pen *p, const struct gd_snapshot *s)
{
	gd_pen_to(p, 1);
	gd_pen_putf(p, GD_STYLE_DIM, "Ctrl-C undoes everything and reports   ");
	if (s->blind)
		gd_pen_putf(p, GD_STYLE_FAULT, "r reveals");
	if (s->url[0] && p->col + gd_pen_width(s->url) < p->cols)
		gd_pen_right(p, GD_STYLE_DIM, p->cols - 1, s->url);
	/* No line end: the last line of a screen must not scroll it. */
}

/* --- who gets which rows ------------------------------------------------------------- */

static int giver(int n, int turn)
{
	for (int i = 0; i < n; i++)
		if (gd_sections[i].gives == turn)
			return i;
	return 0;
}

/* Takes rows away until they fit, or nobody can give more. */
static int squeeze(int rows[MAX_SECTIONS], int n, int sum, int avail, bool hard)
{
	for (int turn = 1; turn <= n; turn++) {
		int i = giver(n, turn);
		int floor = hard ? gd_sections[i].hard : gd_sections[i].soft;

		while (sum > avail && rows[i] > floor) {
			rows[i]--;
			sum--;
		}
	}
	return sum;
}

static int n_sections(void)
{
	int n = 0;

	while (gd_sections[n].draw)
		n++;
	return n;
}

static void draw_sections(struct gd_pen *p, const struct gd_snapshot *s, int avail)
{
	int rows[MAX_SECTIONS] = {0};
	int n = n_sections(), sum = 0, spare, gaps = 0;

	for (int i = 0; i < n; i++) {
		rows[i] = gd_sections[i].want(s, p->cols);
		sum += rows[i];
	}
	sum = squeeze(rows, n, sum, avail, false);
	sum = squeeze(rows, n, sum, avail, true);
	for (int i = 0; i < n; i++)
		gaps += rows[i] > 0;
	spare = avail - sum;
	for (int i = 0; i < n; i++)
		if (gd_sections[i].grows && rows[i] > 0 && spare > gaps)
			rows[i] += spare - gaps;
	for (int i = 0; i < n; i++) {
		if (rows[i] <= 0)
			continue;
		if (spare > 0) {
			gd_pen_end(p);
			spare--;
		}
		gd_sections[i].draw(p, s, rows[i]);
	}
}

void gd_frame_draw(const struct gd_snapshot *s, int cols, int rows, bool utf8,
		   struct gd_strbuf *out)
{
	struct gd_pen p = {.out = out, .cols = cols, .rows = rows, .utf8 = utf8};

	draw_title(&p, s);
	draw_stages(&p, s);
	draw_progress(&p, s);
	if (rows > HEAD_ROWS + FOOT_ROWS)
		draw_sections(&p, s, rows - HEAD_ROWS - FOOT_ROWS);
	while (p.row < rows - FOOT_ROWS)
		gd_pen_end(&p);
	if (rows > HEAD_ROWS)
		draw_foot(&p, s);
}
