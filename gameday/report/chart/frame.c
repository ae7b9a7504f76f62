/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/chart/frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gameday/report/chart/svg.h"
#include "gameday/report/text.h"

enum { BAR = 17, MARK = 16, MARK_ROWS = 6, BAR_CHAR = 8 };

void gd_frame_fini(struct gd_frame *f)
{
	gd_strbuf_fini(&f->body);
}

int gd_frame_finish(struct gd_frame *f, const char *title, const char *description,
		    struct gd_strbuf *out, struct gd_error *err)
{
	gd_strbuf_addf(out,
		       "<svg class=\"gdc\" xmlns=\"http://www.w3.org/2000/svg\" "
		       "viewBox=\"0 0 %d %.0f\" width=\"100%%\" role=\"img\" "
		       "aria-labelledby=\"%s-t %s-d\" font-family=\"sans-serif\" "
		       "font-size=\"12\">\n<title id=\"%s-t\">",
		       GD_FRAME_WIDTH, ceil(f->y + 4), f->id, f->id, f->id);
	gd_svg_escape(out, title, 300);
	gd_strbuf_addf(out, "</title>\n<desc id=\"%s-d\">", f->id);
	gd_svg_escape(out, description, 1000);
	gd_strbuf_adds(out, "</desc>\n");
	gd_strbuf_add(out, f->body.data, f->body.len);
	gd_strbuf_adds(out, "</svg>\n");
	if (f->body.failed || out->failed)
		return gd_raise_nomem(err);
	return 0;
}

/* As many characters of that width as fit into so much room; "" when hardly any do. */
static void fit(const char *text, double room, double width, struct gd_strbuf *out)
{
	double chars = floor(room / width);
	size_t len = gd_svg_length(text);

	if (chars >= (double)len)
		gd_text_plain(out, text, len + 1);
	else if (chars >= 10)
		gd_text_plain(out, text, (size_t)chars - 2);
}

/* --- the strip on top ------------------------------------------------------------------ */

static void draw_stage(struct gd_frame *f, const struct gd_time_stage *s)
{
	double a = gd_scale_at(&f->x, s->begin), b = gd_scale_at(&f->x, s->end);
	GD_AUTO_STRBUF(name);
	GD_AUTO_STRBUF(title);

	gd_strbuf_addf(&title, "stage %s: %.1f s to %.1f s", s->name, s->begin, s->end);
	gd_svg_rect(&f->body, s->fault ? "st sf" : "st",
		    (struct gd_box){a, f->y, b - a - 1, 20}, gd_strbuf_str(&title));
	if (s->counts_to > s->counts_from) {
		double c = gd_scale_at(&f->x, s->counts_from);
		double d = gd_scale_at(&f->x, s->counts_to);

		gd_svg_rect(&f->body, "sc", (struct gd_box){c, f->y + 18, d - c, 2.5},
			    "its figures count here");
	}
	fit(s->name, b - a - 8, GD_FRAME_CHAR, &name);
	if (name.len > 0)
		gd_svg_text(&f->body, "t", a + 4, f->y + 14.5, gd_strbuf_str(&name));
}

static void draw_fault(struct gd_frame *f, const struct gd_time_fault *fault)
{
	GD_AUTO_STRBUF(text);
	GD_AUTO_STRBUF(label);
	double widest = 0, at = 0;

	gd_strbuf_addf(&text, "%c  %s on %s", fault->letter, fault->describe,
		       *fault->hosts ? fault->hosts : "a host");
	for (size_t i = 0; i < fault->n_spans; i++) {
		const struct gd_time_span *s = &fault->spans[i];
		double a = gd_scale_at(&f->x, s->from), b = gd_scale_at(&f->x, s->to);

		gd_svg_rect(&f->body, s->open ? "fb fo" : "fb",
			    (struct gd_box){a, f->y, fmax(b - a, 1.5), BAR - 3},
			    gd_strbuf_str(&text));
		if (b - a > widest * 1.05) {
			widest = b - a;
			at = a;
		}
	}
	fit(gd_strbuf_str(&text), widest - 6, BAR_CHAR, &label);
	if (label.len == 0)
		gd_strbuf_addf(&label, "%c", fault->letter);
	if (fault->n_spans > 0)
		gd_svg_text(&f->body, "ft", at + 3, f->y + 11.5, gd_strbuf_str(&label));
	f->y += BAR;
}

static const char *mark_class(enum gd_mark_kind kind)
{
	return kind == GD_MARK_GOOD ? "mk mg" : kind == GD_MARK_BAD ? "mk mb" : "mk mh";
}

/* The numbers in as many rows as it takes for neighbours not to cover each other. */
static void draw_marks(struct gd_frame *f, const struct gd_times *t)
{
	double ends[MARK_ROWS];
	size_t rows = 0;

	for (size_t i = 0; i < MARK_ROWS; i++)
		ends[i] = -100;
	for (size_t i = 0; i < t->n_marks; i++) {
		double x = gd_scale_at(&f->x, t->marks[i].at) - MARK / 2.0, y;
		size_t row = 0;
		char number[32];

		while (row + 1 < MARK_ROWS && x < ends[row] + 1)
			row++;
		x = fmin(fmax(x, GD_FRAME_LEFT - MARK / 2.0), GD_FRAME_RIGHT - MARK);
		ends[row] = x + MARK;
		rows = row + 1 > rows ? row + 1 : rows;
		y = f->y + (double)row * (MARK + 2);
		(void)snprintf(number, sizeof(number), "%zu", i + 1);
		gd_strbuf_addf(&f->body, "<g class=\"%s\">",
			       mark_class(t->marks[i].kind));
		gd_svg_rect(&f->body, t->marks[i].kind == GD_MARK_BAD ? "mr" : "mr ro",
			    (struct gd_box){x, y, MARK, MARK}, t->marks[i].text);
		gd_svg_text(&f->body, "mt", x + MARK / 2.0, y + 12, number);
		gd_strbuf_adds(&f->body, "</g>\n");
	}
	f->y += (double)rows * (MARK + 2) + 2;
}

void gd_frame_times(struct gd_frame *f, const struct gd_times *t)
{
	f->x = (struct gd_scale){
		.lo = t->lo, .hi = t->hi, .from = GD_FRAME_LEFT, .to = GD_FRAME_RIGHT};
	f->y += 2;
	for (size_t i = 0; i < t->n_stages; i++)
		draw_stage(f, &t->stages[i]);
	if (t->n_stages > 0)
		f->y += 24;
	for (size_t i = 0; i < t->n_faults; i++)
		draw_fault(f, &t->faults[i]);
	draw_marks(f, t);
}

/* --- behind the values ----------------------------------------------------------------- */

static void shade_faults(struct gd_frame *f, const struct gd_times *t, const char *cls,
			 double top, double bottom)
{
	for (size_t i = 0; i < t->n_faults; i++)
		for (size_t k = 0; k < t->faults[i].n_spans; k++) {
			const struct gd_time_span *s = &t->faults[i].spans[k];
			double a = gd_scale_at(&f->x, s->from);
			double b = gd_scale_at(&f->x, s->to);

			gd_svg_rect(&f->body, cls,
				    (struct gd_box){a, top, fmax(b - a, 1), bottom - top},
				    NULL);
		}
}

void gd_frame_shade(struct gd_frame *f, const struct gd_times *t, double top,
		    double bottom)
{
	shade_faults(f, t, "fs", top, bottom);
	for (size_t i = 0; i < t->n_marks; i++) {
		double x = gd_scale_at(&f->x, t->marks[i].at);

		gd_svg_line(&f->body, t->marks[i].kind == GD_MARK_BAD ? "ml mlb" : "ml",
			    x, top, x, bottom);
	}
}

void gd_frame_veil(struct gd_frame *f, const struct gd_times *t, double top,
		   double bottom)
{
	shade_faults(f, t, "fv", top, bottom);
}

/* --- axes ------------------------------------------------------------------------------ */

void gd_frame_time_axis(struct gd_frame *f, const struct gd_times *t)
{
	double length = t->hi - t->lo, step = gd_scale_time_step(length / 7);
	char buf[32], clock[32] = "";
	GD_AUTO_STRBUF(caption);

	for (int i = 0; i < 16; i++) {
		double s = (ceil(t->lo / step - 1e-9) + i) * step;
		double x = gd_scale_at(&f->x, s);

		if (s > t->hi + step * 1e-6)
			break;

		gd_svg_line(&f->body, "ax", x, f->y, x, f->y + 4);
		gd_svg_text(&f->body, "t c", x, f->y + 17,
			    gd_scale_time_label(s, length, buf));
	}
	gd_svg_line(&f->body, "ax", GD_FRAME_LEFT, f->y, GD_FRAME_RIGHT, f->y);
	gd_strbuf_adds(&caption, "since the run's start");
	if (t->started_ns) {
		(void)gd_wall_format((struct gd_wall){t->started_ns}, clock);
		gd_strbuf_addf(&caption, " (%.8s UTC)", clock + 11);
	}
	gd_svg_text(&f->body, "t e", GD_FRAME_RIGHT, f->y + 35, gd_strbuf_str(&caption));
	f->y += 44;
}

void gd_frame_heading(struct gd_frame *f, const char *text)
{
	gd_svg_text(&f->body, "h", 4, f->y + 16, text);
	f->y += GD_FRAME_LINE;
}

void gd_frame_grid(struct gd_frame *f, const struct gd_scale *s, enum gd_metric_unit unit,
		   const char *per)
{
	double room = fabs(s->to - s->from), ticks[GD_SCALE_MAX_TICKS];
	size_t n = gd_scale_ticks(s, (size_t)fmax(2, floor(room / 26)), ticks);

	for (size_t i = 0; i < n; i++) {
		double y = gd_scale_at(s, ticks[i]);
		char buf[32], label[48];

		(void)snprintf(label, sizeof(label), "%s%s",
			       gd_scale_label(ticks[i], unit, buf), per);
		gd_svg_line(&f->body, "gr", GD_FRAME_LEFT, y, GD_FRAME_RIGHT, y);
		gd_svg_text(&f->body, "t e", GD_FRAME_LEFT - 5, y + 4, label);
	}
}

/* --- words ----------------------------------------------------------------------------- */

/* Is it the space between a number and its unit, as gd_metric_format writes them? */
static bool holds_unit(const char *text, size_t at)
{
	static const char *const units[] = {"/s", "%",  "s",  "ms", "us", "ns",
					    "B",  "kB", "MB", "GB", "TB"};
	size_t len = strcspn(text + at + 1, " ,;:.()");

	if (at == 0 || text[at - 1] < '0' || text[at - 1] > '9')
		return false;
	for (size_t i = 0; i < GD_N_ELEMS(units); i++)
		if (len == strlen(units[i]) && memcmp(text + at + 1, units[i], len) == 0)
			return true;
	return false;
}

/*
 * The length of the longest beginning of text that fits and ends between words, but not
 * between a number and its unit.
 */
static size_t line_of(const char *text, size_t chars)
{
	size_t at = 0, n = 0, fits = 0;

	while (text[at] && n <= chars) {
		if (text[at] == ' ' && !holds_unit(text, at))
			fits = at;
		at++;
		while (((unsigned char)text[at] & 0xc0) == 0x80)
			at++;
		n++;
	}
	if (!text[at] && n <= chars)
		return at;
	return fits ? fits : at;
}

void gd_frame_note(struct gd_frame *f, const char *head, const char *text)
{
	size_t room = (size_t)((GD_FRAME_WIDTH - 12) / GD_FRAME_CHAR);
	size_t indent = gd_svg_length(head) + (*head ? 2 : 0);
	GD_AUTO_STRBUF(plain);
	const char *rest;
	double x = 4 + (double)indent * GD_FRAME_CHAR;

	gd_text_plain(&plain, text, 300);
	rest = gd_strbuf_str(&plain);
	if (*head)
		gd_svg_text(&f->body, "k", 4, f->y + 15, head);
	for (int line = 0; *rest && line < 5; line++) {
		size_t len = line_of(rest, room > indent ? room - indent : 20);
		GD_AUTO_STRBUF(one);

		gd_strbuf_add(&one, rest, len);
		gd_svg_text(&f->body, "t", x, f->y + 15, gd_strbuf_str(&one));
		f->y += GD_FRAME_LINE - 3;
		rest += len;
		rest += strspn(rest, " ");
	}
}

static void key_fault(struct gd_frame *f, const struct gd_times *t,
		      const struct gd_time_fault *fault)
{
	double length = t->hi - t->lo;
	char a[32], b[32], head[2] = {fault->letter, '\0'};
	GD_AUTO_STRBUF(text);

	gd_strbuf_addf(&text, "%s on %s", fault->describe, fault->hosts);
	if (fault->n_spans == 1)
		gd_strbuf_addf(&text, ", in from %s to %s%s",
			       gd_scale_time_label(fault->spans[0].from, length, a),
			       gd_scale_time_label(fault->spans[0].to, length, b),
			       fault->spans[0].open ? " or longer" : "");
	else
		gd_strbuf_addf(&text, ", in %zu times", fault->n_spans);
	gd_frame_note(f, head, gd_strbuf_str(&text));
}

void gd_frame_keys(struct gd_frame *f, const struct gd_times *t)
{
	double length = t->hi - t->lo;

	for (size_t i = 0; i < t->n_faults; i++)
		key_fault(f, t, &t->faults[i]);
	if (t->more_faults > 0) {
		GD_AUTO_STRBUF(text);

		gd_strbuf_addf(&text, "and %zu more faults, not shown", t->more_faults);
		gd_frame_note(f, "", gd_strbuf_str(&text));
	}
	for (size_t i = 0; i < t->n_marks; i++) {
		char head[16], buf[32];
		GD_AUTO_STRBUF(text);

		(void)snprintf(head, sizeof(head), "%zu", i + 1);
		gd_strbuf_addf(&text, "%s  %s",
			       gd_scale_time_label(t->marks[i].at, length, buf),
			       t->marks[i].text);
		gd_frame_note(f, head, gd_strbuf_str(&text));
	}
	if (t->more_marks > 0) {
		GD_AUTO_STRBUF(text);

		gd_strbuf_addf(&text, "and %zu more events: see the timeline",
			       t->more_marks);
		gd_frame_note(f, "", gd_strbuf_str(&text));
	}
}

static void draw_swatch(struct gd_frame *f, const struct gd_legend_item *item, double x)
{
	if (!item->area) {
		gd_svg_line(&f->body, item->cls, x, f->y + 11, x + 24, f->y + 11);
		return;
	}
	gd_strbuf_addf(&f->body,
		       "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"18\" "
		       "height=\"12\"",
		       item->cls, x + 3, f->y + 5);
	if (item->fill)
		gd_strbuf_addf(&f->body, " style=\"fill:%s\"", item->fill);
	gd_strbuf_adds(&f->body, "/>\n");
}

void gd_frame_legend(struct gd_frame *f, const struct gd_legend_item *items, size_t n)
{
	double x = 4;

	for (size_t i = 0; i < n; i++) {
		GD_AUTO_STRBUF(name);
		double width;

		gd_text_plain(&name, items[i].name, 48);
		width = 30 + (double)gd_svg_length(gd_strbuf_str(&name)) * GD_FRAME_CHAR +
			14;
		if (x > 4 && x + width > GD_FRAME_WIDTH) {
			x = 4;
			f->y += GD_FRAME_LINE - 2;
		}
		draw_swatch(f, &items[i], x);
		gd_svg_text(&f->body, "t", x + 30, f->y + 15, gd_strbuf_str(&name));
		x += width;
	}
	if (n > 0)
		f->y += GD_FRAME_LINE;
}
