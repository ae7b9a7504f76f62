/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "gameday/report/history.h"
#include "gameday/report/json_make.h"
#include "gameday/report/text.h"

enum { MAX_SPARKS = 60 };

const struct gd_history_figure gd_history_figures[] = {
	{"baseline_p99_ns", "p99 in baseline", GD_UNIT_DURATION,
	 offsetof(struct gd_history_row, baseline_p99), 1},
	{"worst_p99_ns", "p99 under fault", GD_UNIT_DURATION,
	 offsetof(struct gd_history_row, worst_p99), 1},
	{"success", "success under fault", GD_UNIT_RATIO,
	 offsetof(struct gd_history_row, success), 1},
	{"time_to_detect_ns", "time to detect", GD_UNIT_DURATION,
	 offsetof(struct gd_history_row, detect_s), 1e9},
	{0},
};

double gd_history_value(const struct gd_history_row *row,
			const struct gd_history_figure *f)
{
	double v;

	memcpy(&v, (const char *)row + f->offset, sizeof(v));
	return v * f->scale;
}

/* --- the list ------------------------------------------------------------------------- */

static void add_cell(struct gd_strbuf *out, double v, enum gd_metric_unit unit)
{
	char text[32];

	gd_text_right(out, isnan(v) ? "-" : gd_metric_format(v, unit, text), 11);
}

void gd_history_list(const struct gd_history *h, struct gd_strbuf *out)
{
	if (h->n > 0)
		gd_strbuf_addf(out, "%-12s%11s%11s%11s%11s  %s\n", "verdict", "p99 base",
			       "p99 fault", "success", "detected", "run");
	for (size_t i = 0; i < h->n; i++) {
		const struct gd_history_row *row = &h->rows[i];

		gd_text_plain(out, row->verdict, 12);
		for (size_t k = strlen(row->verdict); k < 12; k++)
			gd_strbuf_addc(out, ' ');
		for (const struct gd_history_figure *f = gd_history_figures; f->name; f++)
			add_cell(out, gd_history_value(row, f), f->unit);
		gd_strbuf_adds(out, "  ");
		gd_text_plain(out, row->run, 60);
		gd_strbuf_adds(out, "  ");
		gd_text_plain(out, row->reason, 80);
		gd_strbuf_addc(out, '\n');
	}
}

/* --- trends --------------------------------------------------------------------------- */

static bool is_first_of(const struct gd_history *h, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(h->rows[k].scenario, h->rows[i].scenario) == 0)
			return false;
	return true;
}

/* What a figure was in the runs of a scenario. */
struct trend {
	size_t n; /* that have it */
	double least, most, newest;
};

static struct trend trend_of(const struct gd_history *h, const char *scenario,
			     const struct gd_history_figure *f)
{
	struct trend t = {
		.least = (double)NAN, .most = (double)NAN, .newest = (double)NAN};

	for (size_t i = h->n; i-- > 0;) { /* rows are newest first */
		double v = gd_history_value(&h->rows[i], f);

		if (strcmp(h->rows[i].scenario, scenario) != 0 || isnan(v))
			continue;
		t.least = fmin(t.least, v);
		t.most = fmax(t.most, v);
		t.newest = v;
		t.n++;
	}
	return t;
}

static void add_spark(struct gd_strbuf *out, double v, const struct trend *t)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	double span = t->most - t->least;

	if (isnan(v))
		gd_strbuf_addc(out, '.');
	else if (span > 0)
		gd_strbuf_adds(out, blocks[(int)((v - t->least) / span * 7 + 0.5)]);
	else
		gd_strbuf_adds(out, blocks[3]);
}

static size_t count_of(const struct gd_history *h, const char *scenario)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += strcmp(h->rows[i].scenario, scenario) == 0;
	return n;
}

static void add_trend(const struct gd_history *h, const char *scenario,
		      const struct gd_history_figure *f, const struct trend *t,
		      struct gd_strbuf *out)
{
	size_t left = count_of(h, scenario);
	char least[32], most[32], newest[32];

	gd_strbuf_addf(out, "  %-20s ", f->title);
	for (size_t i = h->n; i-- > 0;) {
		if (strcmp(h->rows[i].scenario, scenario) != 0)
			continue;
		if (left-- <= MAX_SPARKS)
			add_spark(out, gd_history_value(&h->rows[i], f), t);
	}
	gd_strbuf_addf(out, "  %s to %s, last %s\n",
		       gd_metric_format(t->least, f->unit, least),
		       gd_metric_format(t->most, f->unit, most),
		       gd_metric_format(t->newest, f->unit, newest));
}

void gd_history_trends(const struct gd_history *h, struct gd_strbuf *out)
{
	for (size_t i = 0; i < h->n; i++) {
		const char *scenario = h->rows[i].scenario;
		bool headed = false;

		if (!is_first_of(h, i))
			continue;
		for (const struct gd_history_figure *f = gd_history_figures; f->name;
		     f++) {
			struct trend t = trend_of(h, scenario, f);

			if (t.n < 2)
				continue;
			if (!headed) {
				gd_strbuf_addc(out, '\n');
				gd_text_plain(out, *scenario ? scenario : "(no scenario)",
					      80);
				gd_strbuf_addf(out, ", %zu runs, oldest first:\n",
					       count_of(h, scenario));
				headed = true;
			}
			add_trend(h, scenario, f, &t, out);
		}
	}
}

/* --- JSON ----------------------------------------------------------------------------- */

static cJSON *make_row(const struct gd_history_row *row)
{
	cJSON *o = cJSON_CreateObject();
	bool ok = gd_json_set_str(o, "run", row->run) &&
		  gd_json_set_str(o, "scenario", row->scenario) &&
		  gd_json_set_str(o, "started", row->started) &&
		  gd_json_set_str(o, "verdict", row->verdict) &&
		  gd_json_set_str(o, "reason", row->reason) &&
		  gd_json_set_str(o, "worst", row->worst);

	for (const struct gd_history_figure *f = gd_history_figures; ok && f->name; f++)
		ok = gd_make_num(o, f->name, gd_history_value(row, f));
	return gd_make_done(o, ok);
}

int gd_history_json(const struct gd_history *h, struct gd_strbuf *out,
		    struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < h->n; i++)
		ok = gd_make_append(list, make_row(&h->rows[i]));
	return gd_make_print(ok ? list : NULL, out, err);
}
