/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison for a terminal, for a page, and for programs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gameday/load/ranks.h"
#include "gameday/report/compare_impl.h"
#include "gameday/report/json_make.h"
#include "gameday/report/text.h"

static const struct {
	const char *text, *key;
	enum gd_doc_tone tone;
} verdicts[] = {
	[GD_COMPARE_MISSING] = {"not measured", "missing", GD_DOC_PLAIN},
	[GD_COMPARE_TOO_FEW] = {"too few values to say", "too-few", GD_DOC_PLAIN},
	[GD_COMPARE_NOISE] = {"within the noise", "noise", GD_DOC_PLAIN},
	[GD_COMPARE_SMALL] = {"differs, by less than 5 %", "small", GD_DOC_PLAIN},
	[GD_COMPARE_BETTER] = {"better", "better", GD_DOC_GOOD},
	[GD_COMPARE_WORSE] = {"worse", "worse", GD_DOC_BAD},
	[GD_COMPARE_OTHER] = {"differs", "differs", GD_DOC_WARN},
};

const char *gd_compare_verdict_text(enum gd_compare_verdict v)
{
	return verdicts[v].text;
}

const char *gd_compare_verdict_key(enum gd_compare_verdict v)
{
	return verdicts[v].key;
}

const char *gd_compare_change(const struct gd_compare_figure *f, double first,
			      double value, char buf[32])
{
	if (isnan(first) || isnan(value))
		(void)snprintf(buf, 32, "-");
	else if (f->unit == GD_UNIT_RATIO)
		(void)snprintf(buf, 32, "%+.2f points", (value - first) * 100);
	else if (first > 0)
		(void)snprintf(buf, 32, "%+.1f %%", (value / first - 1) * 100);
	else
		(void)snprintf(buf, 32, "-");
	return buf;
}

static bool is_real(enum gd_compare_verdict v)
{
	return v == GD_COMPARE_BETTER || v == GD_COMPARE_WORSE || v == GD_COMPARE_OTHER;
}

static bool between_runs(const struct gd_comparison *c, size_t side)
{
	return c->sides[0].n > 1 && c->sides[side].n > 1;
}

void gd_comparison_method(const struct gd_comparison *c, struct gd_strbuf *out)
{
	bool within = false, between = false, cant = false;

	for (size_t s = 1; s < c->n_sides; s++) {
		within = within || !between_runs(c, s);
		between = between || between_runs(c, s);
		cant = cant || (between_runs(c, s) &&
				gd_ranks_least_p(c->sides[0].n, c->sides[s].n) >=
					GD_COMPARE_SIGNIFICANT);
	}
	gd_strbuf_addf(out,
		       "A difference counts as more than noise when p is below %.2g. "
		       "Percentiles are of merged histograms. ",
		       GD_COMPARE_SIGNIFICANT);
	if (between)
		gd_strbuf_adds(
			out,
			"Between runs: the exact two-sided rank test of Mann and "
			"Whitney, one value per run; it takes the runs as independent "
			"and nothing else for granted. ");
	if (cant)
		gd_strbuf_adds(out, "With so few runs no p below that is possible: five "
				    "on each side are enough. ");
	if (within)
		gd_strbuf_adds(
			out,
			"Within runs: the two-sided rank test of Mann and Whitney, one "
			"value per interval of the stage, their number reduced for the "
			"correlation of each with the next (Bayley and Hammersley). It "
			"tells whether these two runs differ, not whether the next two "
			"will: for that compare several of each, `gameday compare A1 A2 "
			"... vs B1 B2 ...`. ");
	gd_strbuf_addf(out,
		       "Of a hundred figures that do not differ, one is expected to look "
		       "as if it did.");
}

/* --- text ----------------------------------------------------------------------------- */

static void add_side_text(const struct gd_comparison *c, size_t s, struct gd_strbuf *out)
{
	char letter[2];

	for (size_t i = 0; i < c->sides[s].n; i++) {
		const struct gd_report *r = c->sides[s].runs[i];

		gd_strbuf_addf(out, "%-3s ", i == 0 ? gd_compare_letter(s, letter) : "");
		gd_strbuf_addf(out, "%-12s ", gd_verdict_name(r->verdict.kind));
		gd_text_plain(out, r->name, 100);
		gd_strbuf_addc(out, '\n');
	}
}

static void add_figure_text(const struct gd_comparison *c,
			    const struct gd_compare_row *row, size_t f,
			    struct gd_strbuf *out)
{
	const struct gd_compare_figure *figure = &gd_compare_figures[f];
	const struct gd_compare_cell *cells = row->cells[f];
	char value[32];

	gd_strbuf_addf(out, "  %-20s", figure->title);
	gd_text_right(out, gd_metric_format(cells[0].value, figure->unit, value), 11);
	for (size_t s = 1; s < c->n_sides; s++) {
		const struct gd_compare_cell *cell = &cells[s];

		gd_text_right(out, gd_metric_format(cell->value, figure->unit, value),
			      11);
		gd_text_right(
			out,
			gd_compare_change(figure, cells[0].value, cell->value, value),
			15);
		gd_strbuf_addf(out, "  %s", verdicts[cell->verdict].text);
		if (!isnan(cell->p))
			gd_strbuf_addf(out, " (p = %.2g)", cell->p);
	}
	gd_strbuf_addc(out, '\n');
}

static bool is_empty(const struct gd_comparison *c, const struct gd_compare_row *row,
		     size_t f)
{
	for (size_t s = 0; s < c->n_sides; s++)
		if (!isnan(row->cells[f][s].value))
			return false;
	return true;
}

static void add_row_text(const struct gd_comparison *c, const struct gd_compare_row *row,
			 struct gd_strbuf *out)
{
	GD_AUTO_STRBUF(who);
	char letter[2];

	gd_strbuf_addf(&who, "%s.%s in %s", row->load, row->client, row->stage);
	gd_strbuf_addc(out, '\n');
	gd_text_plain(out, gd_strbuf_str(&who), 60);
	gd_strbuf_addf(out, "\n  %-20s", "");
	for (size_t s = 0; s < c->n_sides; s++) {
		gd_text_right(out, gd_compare_letter(s, letter), 11);
		if (s > 0)
			gd_text_right(out, "against A", 15);
	}
	gd_strbuf_addc(out, '\n');
	for (size_t f = 0; f < GD_COMPARE_N_FIGURES; f++)
		if (!is_empty(c, row, f))
			add_figure_text(c, row, f, out);
	out->failed = out->failed || who.failed;
}

void gd_comparison_text(const struct gd_comparison *c, struct gd_strbuf *out)
{
	GD_AUTO_STRBUF(method);

	for (size_t s = 0; s < c->n_sides; s++)
		add_side_text(c, s, out);
	for (size_t i = 0; i < c->n_rows; i++)
		add_row_text(c, &c->rows[i], out);
	gd_strbuf_addc(out, '\n');
	for (size_t i = 0; i < c->n_notes; i++) {
		gd_strbuf_adds(out, "note: ");
		gd_text_plain(out, c->notes[i].text, 300);
		gd_strbuf_addc(out, '\n');
	}
	gd_comparison_method(c, &method);
	gd_strbuf_addf(out, "%s\n", gd_strbuf_str(&method));
	out->failed = out->failed || method.failed;
}

/* --- JSON ----------------------------------------------------------------------------- */

static cJSON *make_side(const struct gd_compare_side *side)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < side->n; i++) {
		const struct gd_report *r = side->runs[i];
		cJSON *o = cJSON_CreateObject();

		ok = gd_make_append(
			list,
			gd_make_done(
				o,
				gd_json_set_str(o, "run", r->name) &&
					gd_json_set_str(o, "dir", r->dir) &&
					gd_json_set_str(o, "scenario",
							gd_report_text(r, "scenario")) &&
					gd_json_set_str(
						o, "verdict",
						gd_verdict_name(r->verdict.kind))));
	}
	return gd_make_done(list, ok);
}

static cJSON *make_cell(const struct gd_compare_cell *cell, bool first)
{
	cJSON *o = cJSON_CreateObject();
	bool ok = gd_make_num(o, "value", cell->value);

	if (ok && !first)
		ok = gd_make_num(o, "p", cell->p) &&
		     gd_json_set_str(o, "verdict", verdicts[cell->verdict].key) &&
		     gd_json_set_str(o, "noise",
				     cell->between_runs ? "between-runs"
							: "within-runs") &&
		     gd_json_set_str(o, "test",
				     cell->between_runs
					     ? "Mann-Whitney, exact, one value per run"
					     : "Mann-Whitney, one value per interval, "
					       "corrected for serial correlation") &&
		     gd_json_set_int(o, "n_first", (int64_t)cell->n_first) &&
		     gd_json_set_int(o, "n", (int64_t)cell->n);
	return gd_make_done(o, ok);
}

static cJSON *make_row(const struct gd_comparison *c, const struct gd_compare_row *row)
{
	cJSON *o = cJSON_CreateObject(), *figures = cJSON_CreateObject();
	bool ok = gd_json_set_str(o, "load", row->load) &&
		  gd_json_set_str(o, "client", row->client) &&
		  gd_json_set_str(o, "stage", row->stage);

	for (size_t f = 0; ok && f < GD_COMPARE_N_FIGURES; f++) {
		cJSON *list = cJSON_CreateArray();

		for (size_t s = 0; ok && s < c->n_sides; s++)
			ok = gd_make_append(list, make_cell(&row->cells[f][s], s == 0));
		ok = gd_json_set(figures, gd_compare_figures[f].name, list) && ok;
	}
	ok = gd_json_set(o, "figures", figures) && ok;
	return gd_make_done(o, ok);
}

int gd_comparison_json(const struct gd_comparison *c, struct gd_strbuf *out,
		       struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *o = cJSON_CreateObject();
	cJSON *sides = cJSON_CreateArray(), *rows = cJSON_CreateArray(),
	      *notes = cJSON_CreateArray();
	GD_AUTO_STRBUF(method);
	bool ok = gd_json_set_str(o, "schema", "gameday.comparison/1") &&
		  gd_json_set_bool(o, "worse", c->worse) &&
		  gd_make_num(o, "significant", GD_COMPARE_SIGNIFICANT);

	gd_comparison_method(c, &method);
	ok = ok && gd_json_set_str(o, "method", gd_strbuf_str(&method)) && !method.failed;
	for (size_t s = 0; ok && s < c->n_sides; s++)
		ok = gd_make_append(sides, make_side(&c->sides[s]));
	for (size_t i = 0; ok && i < c->n_rows; i++)
		ok = gd_make_append(rows, make_row(c, &c->rows[i]));
	for (size_t i = 0; ok && i < c->n_notes; i++)
		ok = gd_make_append(notes, cJSON_CreateString(c->notes[i].text));
	ok = gd_json_set(o, "sides", sides) && ok;
	ok = gd_json_set(o, "notes", notes) && ok;
	ok = gd_json_set(o, "rows", rows) && ok;
	return gd_make_print(ok ? o : NULL, out, err);
}

/* --- document ------------------------------------------------------------------------- */

static void write_sides(const struct gd_comparison *c, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"Side", GD_DOC_LEFT},
		{"Run", GD_DOC_LEFT},
		{"Scenario", GD_DOC_LEFT},
		{"Verdict", GD_DOC_LEFT},
	};
	char letter[2];

	gd_doc_table(d, "The runs that are compared", columns, GD_N_ELEMS(columns));
	for (size_t s = 0; s < c->n_sides; s++) {
		for (size_t i = 0; i < c->sides[s].n; i++) {
			const struct gd_report *r = c->sides[s].runs[i];

			gd_doc_begin(d, GD_DOC_ROW);
			gd_doc_cell(d, gd_compare_letter(s, letter));
			gd_doc_cell(d, r->name);
			gd_doc_cell(d, gd_report_text(r, "scenario"));
			gd_doc_cell(d, gd_verdict_name(r->verdict.kind));
			gd_doc_end(d, GD_DOC_ROW);
		}
	}
	gd_doc_table_end(d);
}

/* "checkout.plain in lossy: p99 4.0 ms in A, 212 ms in B: +5200 %, worse (p = 0.0001)" */
static void write_difference(const struct gd_compare_row *row, size_t f, size_t s,
			     struct gd_doc *d)
{
	const struct gd_compare_figure *figure = &gd_compare_figures[f];
	const struct gd_compare_cell *cell = &row->cells[f][s];
	char first[32], value[32], change[32], letter[2];

	gd_doc_begin(d, GD_DOC_ITEM);
	gd_doc_mark(d, verdicts[cell->verdict].tone, verdicts[cell->verdict].text);
	gd_doc_textf(
		d, ": %s.%s in %s, %s: %s in A, %s in %s (%s, p = %.2g)", row->load,
		row->client, row->stage, figure->title,
		gd_metric_format(row->cells[f][0].value, figure->unit, first),
		gd_metric_format(cell->value, figure->unit, value),
		gd_compare_letter(s, letter),
		gd_compare_change(figure, row->cells[f][0].value, cell->value, change),
		cell->p);
	gd_doc_end(d, GD_DOC_ITEM);
}

static size_t count_real(const struct gd_comparison *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t f = 0; f < GD_COMPARE_N_FIGURES; f++)
			for (size_t s = 1; s < c->n_sides; s++)
				n += is_real(c->rows[i].cells[f][s].verdict);
	return n;
}

static void write_differences(const struct gd_comparison *c, struct gd_doc *d)
{
	gd_doc_heading(d, 2, "differences", "What differs by more than noise");
	if (count_real(c) == 0) {
		gd_doc_para(d, "Nothing.");
		return;
	}
	gd_doc_begin(d, GD_DOC_LIST);
	for (size_t i = 0; i < c->n_rows; i++)
		for (size_t f = 0; f < GD_COMPARE_N_FIGURES; f++)
			for (size_t s = 1; s < c->n_sides; s++)
				if (is_real(c->rows[i].cells[f][s].verdict))
					write_difference(&c->rows[i], f, s, d);
	gd_doc_end(d, GD_DOC_LIST);
}

static void write_figure(const struct gd_comparison *c, const struct gd_compare_row *row,
			 size_t f, struct gd_doc *d)
{
	const struct gd_compare_figure *figure = &gd_compare_figures[f];
	char text[32];

	gd_doc_begin(d, GD_DOC_ROW);
	gd_doc_cell(d, figure->title);
	for (size_t s = 0; s < c->n_sides; s++) {
		const struct gd_compare_cell *cell = &row->cells[f][s];

		gd_doc_cell(d, gd_metric_format(cell->value, figure->unit, text));
		if (s == 0)
			continue;
		gd_doc_begin(d, GD_DOC_CELL);
		gd_doc_textf(d, "%s, ",
			     gd_compare_change(figure, row->cells[f][0].value,
					       cell->value, text));
		gd_doc_mark(d, verdicts[cell->verdict].tone,
			    verdicts[cell->verdict].text);
		if (!isnan(cell->p))
			gd_doc_textf(d, " (p = %.2g)", cell->p);
		gd_doc_end(d, GD_DOC_CELL);
	}
	gd_doc_end(d, GD_DOC_ROW);
}

static void write_row(const struct gd_comparison *c, const struct gd_compare_row *row,
		      struct gd_doc *d)
{
	struct gd_doc_column columns[1 + 2 * GD_COMPARE_MAX_SIDES] = {
		{"Figure", GD_DOC_LEFT}};
	char letters[GD_COMPARE_MAX_SIDES][2], against[GD_COMPARE_MAX_SIDES][16];
	size_t n = 1;

	for (size_t s = 0; s < c->n_sides; s++) {
		(void)gd_compare_letter(s, letters[s]);
		(void)snprintf(against[s], sizeof(against[s]), "%c against A",
			       letters[s][0]);
		columns[n++] = (struct gd_doc_column){letters[s], GD_DOC_RIGHT};
		if (s > 0)
			columns[n++] = (struct gd_doc_column){against[s], GD_DOC_LEFT};
	}
	gd_doc_heading(d, 3, NULL, "%s.%s in %s", row->load, row->client, row->stage);
	gd_doc_table(d, "Figures of the sides", columns, n);
	for (size_t f = 0; f < GD_COMPARE_N_FIGURES; f++)
		if (!is_empty(c, row, f))
			write_figure(c, row, f, d);
	gd_doc_table_end(d);
}

void gd_comparison_doc(const struct gd_comparison *c, struct gd_doc *d)
{
	GD_AUTO_STRBUF(method);

	gd_doc_heading(d, 1, NULL, "Runs compared");
	write_sides(c, d);
	write_differences(c, d);
	if (c->n_notes > 0) {
		gd_doc_heading(d, 2, "notes", "What to keep in mind");
		gd_doc_begin(d, GD_DOC_LIST);
		for (size_t i = 0; i < c->n_notes; i++)
			gd_doc_item(d, c->notes[i].text);
		gd_doc_end(d, GD_DOC_LIST);
	}
	gd_doc_heading(d, 2, "figures", "Figures side by side");
	for (size_t i = 0; i < c->n_rows; i++)
		write_row(c, &c->rows[i], d);
	gd_doc_heading(d, 2, "method", "How differences were judged");
	gd_comparison_method(c, &method);
	gd_doc_para(d, gd_strbuf_str(&method));
}
