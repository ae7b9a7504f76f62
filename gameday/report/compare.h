/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs side by side: per load, client and stage the figures of each side, and whether they
 * differ from those of the first side by more than the runs' own noise.
 *
 * A side is one run or several of one kind. Its percentiles come from the merged histograms
 * of all its runs. What the noise is depends on what there is:
 *
 *   several runs on both sides   each run's own figure is one value; an exact rank test.
 *                                This noise is what another run of the same would differ by.
 *   else                         the figure of each interval is one value; a rank test that
 *                                allows for values depending on the one before. This is the
 *                                noise within the runs; that between runs is not in it.
 */
#pragma once

#include "gameday/report/doc.h"
#include "gameday/report/model.h"

enum { GD_COMPARE_MAX_SIDES = 8, GD_COMPARE_MAX_RUNS = 20 };

/* A difference with a p value below is more than noise. */
#define GD_COMPARE_SIGNIFICANT 0.01

struct gd_compare_side {
	struct gd_report *runs[GD_COMPARE_MAX_RUNS]; /* owned */
	size_t n;
};

/* The figures that are compared, in order; ends with a NULL name. */
struct gd_compare_figure {
	const char *name, *title; /* "p99_ns", "p99" */
	enum gd_metric_unit unit;
	int better;        /* 1: more is better, -1: less is, 0: neither */
	double percentile; /* of the latency; 0: no latency */
	size_t offset; /* in struct gd_load_stats: the figure of one run or interval */
};
extern const struct gd_compare_figure gd_compare_figures[];
enum { GD_COMPARE_N_FIGURES = 8 };

enum gd_compare_verdict {
	GD_COMPARE_MISSING, /* not measured on one of the two sides */
	GD_COMPARE_TOO_FEW, /* values to say */
	GD_COMPARE_NOISE,
	GD_COMPARE_SMALL, /* more than noise, but below 5 % of a latency */
	GD_COMPARE_BETTER,
	GD_COMPARE_WORSE,
	GD_COMPARE_OTHER, /* differs, and neither is better */
};

struct gd_compare_cell {
	double value;                    /* of the side; NAN: not measured */
	double p;                        /* against the first side; NAN: not tested */
	bool between_runs;               /* which noise it was compared with */
	size_t n_first, n;               /* values of the two sides the test had */
	enum gd_compare_verdict verdict; /* of every side but the first */
};

/* One load, client and stage. Names are borrowed from the runs. */
struct gd_compare_row {
	const char *load, *client, *stage;
	struct gd_compare_cell cells[GD_COMPARE_N_FIGURES][GD_COMPARE_MAX_SIDES];
};

struct gd_comparison {
	struct gd_compare_side sides[GD_COMPARE_MAX_SIDES];
	size_t n_sides;
	struct gd_compare_row *rows; /* owned */
	size_t n_rows;
	struct gd_finding *notes; /* owned: what makes the sides hard to compare */
	size_t n_notes;
	bool worse; /* any figure is */
};

void gd_comparison_fini(struct gd_comparison *c) GD_NONNULL;
/* Fills rows and notes from the sides. */
int gd_comparison_make(struct gd_comparison *c,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* "within the noise", and "noise" for programs. */
const char *gd_compare_verdict_text(enum gd_compare_verdict v);
const char *gd_compare_verdict_key(enum gd_compare_verdict v);
/* "+12.3 %", "-0.40 points"; "-" when a value is missing. Into buf; returns buf. */
const char *gd_compare_change(const struct gd_compare_figure *f, double first,
			      double value, char buf[32]) GD_NONNULL;
/* How differences were judged, in sentences: which test, what it takes for granted. */
void gd_comparison_method(const struct gd_comparison *c,
			  struct gd_strbuf *out) GD_NONNULL;

void gd_comparison_text(const struct gd_comparison *c, struct gd_strbuf *out) GD_NONNULL;
int gd_comparison_json(const struct gd_comparison *c, struct gd_strbuf *out,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_comparison_doc(const struct gd_comparison *c, struct gd_doc *d) GD_NONNULL;
/* A section of charts: the first run of each side over time, laid over each other. */
int gd_comparison_charts(const struct gd_comparison *c, struct gd_doc *d,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
