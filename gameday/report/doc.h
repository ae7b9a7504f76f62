/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document, written once and rendered as Markdown or as HTML. A section of the report is
 * a function that calls these; it never writes markup. Texts are handed over raw, whatever
 * they hold (host output, people's titles): the writers escape them, make one line of them
 * and cut them with a note after GD_DOC_MAX_TEXT bytes.
 *
 *	gd_doc_heading(d, 2, "people", "What the people did");
 *	gd_doc_begin(d, GD_DOC_PARA);
 *	gd_doc_text(d, "No note was taken (");
 *	gd_doc_code(d, "gameday note RUN detected");
 *	gd_doc_text(d, " takes one).");
 *	gd_doc_end(d, GD_DOC_PARA);
 *
 * What begins must end, inside out. Out of memory is told once, by gd_doc_finish.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/auto.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"

enum { GD_DOC_MAX_TEXT = 4096 };

struct gd_doc;

/* out gets the document, complete after gd_doc_finish. NULL: out of memory. */
struct gd_doc *gd_doc_md_new(struct gd_strbuf *out) GD_NONNULL GD_MUST_CHECK;
/* A self-contained page; title is for the browser's tab. */
struct gd_doc *gd_doc_html_new(struct gd_strbuf *out,
			       const char *title) GD_NONNULL GD_MUST_CHECK;
int gd_doc_finish(struct gd_doc *d, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_doc_free(struct gd_doc *d); /* accepts NULL */
GD_DEFINE_AUTO(gd_doc, gd_doc_free);

/* --- blocks --------------------------------------------------------------------------- */

/*
 * Level 1 (once, the page's title), 2 (a section: HTML lists it in the contents) or 3.
 * anchor: what links point at, lower case letters and '-'; NULL when nothing does.
 */
void gd_doc_heading(struct gd_doc *d, int level, const char *anchor, const char *fmt, ...)
	GD_PRINTF(4, 5) GD_NONNULL_ARGS(1, 4);

enum gd_doc_block {
	GD_DOC_PARA,     /* holds runs */
	GD_DOC_LIST,     /* holds items */
	GD_DOC_NUMBERED, /* the same, numbered from 1 */
	GD_DOC_ITEM,     /* holds runs, then code blocks or a list; lists nest up to 4 */
	GD_DOC_ROW,      /* of a table, holds cells; those that are missing are empty */
	GD_DOC_CELL,     /* holds runs */
};
void gd_doc_begin(struct gd_doc *d, enum gd_doc_block b) GD_NONNULL;
void gd_doc_end(struct gd_doc *d, enum gd_doc_block b) GD_NONNULL;

/* A whole paragraph, item or cell of one plain run. */
void gd_doc_para(struct gd_doc *d, const char *text) GD_NONNULL;
void gd_doc_paraf(struct gd_doc *d, const char *fmt, ...) GD_PRINTF(2, 3) GD_NONNULL;
void gd_doc_item(struct gd_doc *d, const char *text) GD_NONNULL;
void gd_doc_itemf(struct gd_doc *d, const char *fmt, ...) GD_PRINTF(2, 3) GD_NONNULL;
void gd_doc_cell(struct gd_doc *d, const char *text) GD_NONNULL;
void gd_doc_cellf(struct gd_doc *d, const char *fmt, ...) GD_PRINTF(2, 3) GD_NONNULL;

enum gd_doc_align {
	GD_DOC_LEFT,  /* text that may take several lines */
	GD_DOC_RIGHT, /* numbers */
	GD_DOC_WORD,  /* on the left, and short: never broken */
};
struct gd_doc_column {
	const char *title;
	enum gd_doc_align align;
};
enum { GD_DOC_MAX_COLUMNS = 64 };
/* caption: what the table is, for who can't see it; not shown. At most 64 columns. */
void gd_doc_table(struct gd_doc *d, const char *caption,
		  const struct gd_doc_column *columns, size_t n) GD_NONNULL;
void gd_doc_table_end(struct gd_doc *d) GD_NONNULL;

/*
 * Text of several lines as it stands (output, a command, a host's state), at most max
 * bytes, then a line that says how many are left out. caption: NULL for none.
 */
void gd_doc_code_block(struct gd_doc *d, const char *caption, const char *text,
		       size_t max) GD_NONNULL_ARGS(1, 3);

/* --- runs: parts of a line ------------------------------------------------------------- */

enum gd_doc_tone { GD_DOC_PLAIN, GD_DOC_GOOD, GD_DOC_WARN, GD_DOC_BAD };

void gd_doc_text(struct gd_doc *d, const char *text) GD_NONNULL;
void gd_doc_textf(struct gd_doc *d, const char *fmt, ...) GD_PRINTF(2, 3) GD_NONNULL;
void gd_doc_strong(struct gd_doc *d, const char *text) GD_NONNULL;
void gd_doc_code(struct gd_doc *d, const char *text) GD_NONNULL;
/*
 * href: http:, https:, mailto:, "#anchor" or a path below the document; anything else
 * leaves the text alone.
 */
void gd_doc_link(struct gd_doc *d, const char *href, const char *text) GD_NONNULL;
/* A word that judges ("FAIL", "proved"): HTML gives it the tone's colour and sign. */
void gd_doc_mark(struct gd_doc *d, enum gd_doc_tone tone, const char *word) GD_NONNULL;

/* --- the first screen and figures ------------------------------------------------------ */

/* One of the few numbers that matter. */
struct gd_doc_number {
	char label[64], value[64],
		note[128]; /* note: "was 4 ms in baseline"; may be "" */
	enum gd_doc_tone tone;
};
struct gd_doc_fact {
	const char *label, *text;
};
struct gd_doc_banner {
	enum gd_doc_tone tone;
	const char *word;     /* "refuted" */
	const char *line;     /* the verdict: "refuted: 1 of 5 ..." */
	const char *happened; /* the one sentence */
	const char *next;     /* what to do, or "" */
	const struct gd_doc_number *numbers;
	size_t n_numbers;
	const struct gd_doc_fact *facts; /* scenario, hypothesis, ... */
	size_t n_facts;
};
/* First in a report, instead of a heading of level 1. */
void gd_doc_banner(struct gd_doc *d, const struct gd_doc_banner *b) GD_NONNULL;

/*
 * A chart. Between the two calls stands the table behind it.
 */
struct gd_doc_figure {
	/*
	 * Lower case letters, digits and '-', one per document. Markdown links to
	 * charts/NAME.svg, which gd_doc_figure_file hands out for writing.
	 */
	const char *name;
	const char *title; /* "Latency over time: checkout.plain" */
	const char *about; /* how to read it; "" when there is nothing to say */
	const char *svg;   /* trusted markup of our own: one <svg> element */
};
void gd_doc_figure(struct gd_doc *d, const struct gd_doc_figure *f) GD_NONNULL;
void gd_doc_figure_end(struct gd_doc *d) GD_NONNULL;
/* Do figures become files, complete in themselves (else they stand in the page)? */
bool gd_doc_figures_are_files(const struct gd_doc *d) GD_NONNULL;
/* The i-th file to write beside the document; NULL when there are no more. */
struct gd_doc_file {
	char *path; /* "charts/latency.svg" */
	char *text;
};
const struct gd_doc_file *gd_doc_figure_file(const struct gd_doc *d, size_t i) GD_NONNULL;
/* What is shown only when it is asked for; on paper never. */
void gd_doc_fold(struct gd_doc *d, const char *summary) GD_NONNULL;
void gd_doc_fold_end(struct gd_doc *d) GD_NONNULL;
