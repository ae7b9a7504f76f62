/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report's charts: pure functions from a run to SVG text, and to the table of values
 * behind each. What is drawn is what was seen: a missing interval is a gap, percentiles are
 * those of single intervals or of merged histograms and never averages of percentiles,
 * and where a long run is thinned the extremes stay.
 *
 *	for (size_t k = 0; gd_charts[k]; k++)
 *		for (size_t i = 0; i < gd_charts[k]->count(r); i++)
 *			gd_chart_draw(gd_charts[k], r, i, GD_CHART_INLINE, &svg, &err);
 *
 * A chart is made when it is first asked for and kept with the report: all formats show the
 * same one. That changes a report that is const, so one thread at a time may ask.
 */
#pragma once

#include "gameday/report/model.h"

/* Rows of plain text cells, not escaped; the first row has the heads. */
struct gd_chart_table {
	char **cells; /* owned; n_rows x n_columns, none is NULL */
	size_t n_columns, n_rows;
};
void gd_chart_table_fini(struct gd_chart_table *t) GD_NONNULL;

struct gd_chart {
	const char *name;  /* "latency" */
	const char *title; /* "Latency over time" */
	const char *about; /* how to read it, in one sentence or two */
	/* How many there are of this run: one per load, client or watch; 0: nothing to show. */
	size_t (*count)(const struct gd_report *r);
	/* What the i-th is about ("checkout.plain"): foreign text, not escaped. */
	void (*label)(const struct gd_report *r, size_t i, struct gd_strbuf *out);
	/* For gd_chart_get: what is drawn and its table, from one look at the records. */
	int (*make)(const struct gd_report *r, size_t i, const char *id,
		    struct gd_strbuf *svg, struct gd_chart_table *ret_table,
		    struct gd_error *err);
};

/* In the order of a report; ends with NULL. */
extern const struct gd_chart *const gd_charts[];

struct gd_chart_made {
	/*
	 * "latency-1-checkout": lower case letters, digits and '-', one per chart of a run.
	 */
	char *id;  /* owned */
	char *svg; /* owned: as GD_CHART_INLINE */
	struct gd_chart_table
		table; /* owned: the values, at most 64 rows and 64 columns */
	const struct gd_chart *chart;
	size_t i;
};
/* Borrowed from r. */
int gd_chart_get(const struct gd_chart *c, const struct gd_report *r, size_t i,
		 const struct gd_chart_made **ret,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

enum gd_chart_form {
	GD_CHART_FILE,   /* complete in itself: with its <style> */
	GD_CHART_INLINE, /* for a page that has gd_chart_css once */
};
/*
 * Appends one <svg> element: well-formed XML, whatever the records hold; about 10 to 80 kB
 * whatever the length of the run. Its width is that of its container.
 */
int gd_chart_draw(const struct gd_chart *c, const struct gd_report *r, size_t i,
		  enum gd_chart_form form, struct gd_strbuf *out,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* An inline chart, whose id is its own, made complete: as GD_CHART_FILE. */
int gd_chart_standalone(const char *svg, struct gd_strbuf *out,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Appends the style of all charts, for a page's <style>. Every rule is below the class gdc; the
 * colours are variables (--gdc-ink, ...) that a page may set, also for a theme of its own.
 */
void gd_chart_css(struct gd_strbuf *out) GD_NONNULL;

/* What a report keeps of its charts. */
struct gd_chart_set;
struct gd_chart_set *gd_chart_set_new(void) GD_MUST_CHECK; /* NULL: out of memory */
void gd_chart_set_free(struct gd_chart_set *s);            /* accepts NULL */
