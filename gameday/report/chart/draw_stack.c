/* SPDX-License-Identifier: Apache-2.0 */
/* Areas on top of each other, stepwise: a count belongs to its whole interval. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/report/chart/draw.h"
#include "gameday/report/chart/styles.h"

enum { MAX_BINS = 320 };

struct bins {
	double edges[MAX_BINS + 1];
	double sums[MAX_BINS]; /* of the tracks so far */
	double seconds[MAX_BINS];
	double values[MAX_BINS]; /* of one track */
	size_t n;
};

static void bins_init(struct bins *b, const struct gd_plot *p, const struct gd_track *t)
{
	double length = p->times.hi - p->times.lo;
	size_t most = p->columns < MAX_BINS ? p->columns : MAX_BINS;

	*b = (struct bins){.n = t->n < most ? t->n : most};
	if (t->n <= most) {
		/* Each interval is a bin of its own; a gap between two is seen as one. */
		for (size_t i = 0; i < b->n; i++)
			b->edges[i] = t->points[i].from;
		b->edges[b->n] = b->n ? t->points[b->n - 1].to : 0;
		return;
	}
	for (size_t i = 0; i <= b->n; i++)
		b->edges[i] = p->times.lo + length * (double)i / (double)b->n;
}

/* Counts per second over a bin: counts may be added up, so nothing is lost but detail. */
static void bins_fill(struct bins *b, const struct gd_track *t)
{
	size_t bin = 0;

	memset(b->values, 0, sizeof(b->values));
	memset(b->seconds, 0, sizeof(b->seconds));
	for (size_t i = 0; i < t->n; i++) {
		const struct gd_plot_point *p = &t->points[i];

		while (bin + 1 < b->n && gd_point_middle(p) >= b->edges[bin + 1])
			bin++;
		if (isnan(p->value))
			continue;
		b->values[bin] += p->value * (p->to - p->from);
		b->seconds[bin] += p->to - p->from;
	}
	for (size_t i = 0; i < b->n; i++)
		b->values[i] = b->seconds[i] > 0 ? b->values[i] / b->seconds[i] : 0;
}

/* From where to where a bin has data: a gap after it is not painted over. */
static void bin_span(const struct bins *b, const struct gd_track *t, size_t i,
		     double *ret_from, double *ret_to)
{
	*ret_from = b->edges[i];
	*ret_to = b->edges[i + 1];
	if (b->n == t->n && i + 1 < b->n && *ret_to - t->points[i].to > gd_track_gap(t))
		*ret_to = t->points[i].to;
}

/* The area below the sums, stepwise, one closed shape per stretch with data. */
static void fill_area(struct gd_frame *f, const struct gd_place *pl, const struct bins *b,
		      const struct gd_track *t, bool close)
{
	bool down = false;
	double last_to = 0, last_y = (double)NAN;

	for (size_t i = 0; i < b->n; i++) {
		double from, to, y = gd_scale_at(&pl->y, b->sums[i]);

		bin_span(b, t, i, &from, &to);
		from = gd_scale_at(&f->x, from);
		to = gd_scale_at(&f->x, to);
		if (down && (b->seconds[i] <= 0 || from > last_to + 0.05)) {
			gd_strbuf_addf(&f->body, "H%.1f", last_to);
			if (close)
				gd_strbuf_addf(&f->body, "V%.1fZ", pl->bottom);
			down = false;
		}
		if (b->seconds[i] <= 0)
			continue;
		if (!down && close)
			gd_strbuf_addf(&f->body, "M%.1f %.1fV%.1f", from, pl->bottom, y);
		else if (!down)
			gd_strbuf_addf(&f->body, "M%.1f %.1f", from, y);
		else if (fabs(y - last_y) > 0.05)
			gd_strbuf_addf(&f->body, "H%.1fV%.1f", from, y);
		down = true;
		last_y = y;
		last_to = to;
	}
	if (down)
		gd_strbuf_addf(&f->body, close ? "H%.1fV%.1fZ" : "H%.1f", last_to,
			       pl->bottom);
}

static void draw_area(struct gd_frame *f, const struct gd_place *pl, const struct bins *b,
		      const struct gd_track *t)
{
	if (t->style == 0) {
		gd_strbuf_adds(&f->body, "<path class=\"ok ar\" d=\"");
	} else {
		gd_strbuf_addf(&f->body,
			       "<path class=\"b%d ar\" style=\"fill:url(#%s-p%d)\" d=\"",
			       gd_style_colour(t->style), f->id,
			       gd_style_colour(t->style));
	}
	fill_area(f, pl, b, t, true);
	gd_strbuf_adds(&f->body, "\"/>\n");
}

/* From the top of the pile down: each covers what is not its own. */
void gd_draw_stack(struct gd_frame *f, const struct gd_place *pl)
{
	const struct gd_panel *p = pl->panel;
	struct bins *b = malloc(sizeof(*b));

	if (!b) {
		f->body.failed = true;
		return;
	}
	for (size_t top = p->n_tracks; top-- > 0;) {
		if (p->tracks[top].over || p->tracks[top].n == 0)
			continue;
		bins_init(b, pl->plot, &p->tracks[top]);
		for (size_t i = 0; i <= top; i++) {
			if (p->tracks[i].over)
				continue;
			bins_fill(b, &p->tracks[i]);
			for (size_t k = 0; k < b->n; k++)
				b->sums[k] += b->values[k];
		}
		draw_area(f, pl, b, &p->tracks[top]);
	}
	for (size_t i = 0; i < p->n_tracks; i++) {
		if (!p->tracks[i].over || p->tracks[i].n == 0)
			continue;
		bins_init(b, pl->plot, &p->tracks[i]);
		bins_fill(b, &p->tracks[i]);
		memcpy(b->sums, b->values, sizeof(b->sums));
		gd_strbuf_adds(&f->body, "<path class=\"l so\" d=\"");
		fill_area(f, pl, b, &p->tracks[i], false);
		gd_strbuf_adds(&f->body, "\"/>\n");
	}
	free(b);
}
