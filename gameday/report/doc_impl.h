/* SPDX-License-Identifier: Apache-2.0 */
/* What the two writers of documents share; for doc*.c only. */
#pragma once

#include "gameday/report/doc.h"

enum gd_doc_style { GD_DOC_RUN_TEXT, GD_DOC_RUN_STRONG, GD_DOC_RUN_CODE };

enum { GD_DOC_MAX_DEPTH = 4 };

struct gd_doc_ops {
	void (*heading)(struct gd_doc *d, int level, const char *anchor,
			const char *text);
	void (*begin)(struct gd_doc *d, enum gd_doc_block b);
	void (*end)(struct gd_doc *d, enum gd_doc_block b);
	void (*table)(struct gd_doc *d, const char *caption,
		      const struct gd_doc_column *columns, size_t n);
	void (*table_end)(struct gd_doc *d);
	void (*code_block)(struct gd_doc *d, const char *caption, const char *text,
			   size_t max);
	void (*run)(struct gd_doc *d, enum gd_doc_style style, const char *text);
	void (*link)(struct gd_doc *d, const char *href, const char *text);
	void (*mark)(struct gd_doc *d, enum gd_doc_tone tone, const char *word);
	/* All but the facts, which follow one by one when there are any. */
	void (*banner)(struct gd_doc *d, const struct gd_doc_banner *b);
	void (*fact)(struct gd_doc *d, const char *label, const char *text);
	void (*banner_end)(struct gd_doc *d, const struct gd_doc_banner *b);
	void (*figure)(struct gd_doc *d, const struct gd_doc_figure *f);
	void (*figure_end)(struct gd_doc *d);
	void (*fold)(struct gd_doc *d, const char *summary);
	void (*fold_end)(struct gd_doc *d);
	void (*finish)(struct gd_doc *d);
	bool figures_are_files;
};

/* What stands on the last line of Markdown. */
enum gd_doc_last { GD_DOC_AT_START, GD_DOC_AFTER_BLOCK, GD_DOC_AFTER_ITEM };

struct gd_doc {
	const struct gd_doc_ops *ops;
	struct gd_strbuf *out; /* borrowed: where the document goes */
	struct gd_strbuf body; /* HTML: until finish */
	struct gd_strbuf toc;  /* HTML */
	char *title;           /* owned; HTML */
	bool failed;           /* out of memory outside the buffers */
	bool in_section;       /* HTML: a <section> is open */
	enum gd_doc_last last; /* Markdown */
	bool midline;          /* Markdown: the line has no end yet */
	bool line_start;       /* Markdown: nothing stands in the line yet */
	size_t depth;          /* lists that are open */
	size_t numbers
		[GD_DOC_MAX_DEPTH]; /* per list: the last number; SIZE_MAX: bullets */
	size_t n_columns, n_cells;  /* of the table, and of its row so far */
	bool in_table;
	enum gd_doc_align aligns[GD_DOC_MAX_COLUMNS];
	bool any_figure;           /* HTML: it needs the charts' style */
	struct gd_doc_file *files; /* owned */
	size_t n_files;
};

/* A zeroed document of a writer; NULL: out of memory. */
struct gd_doc *gd_doc_new(const struct gd_doc_ops *ops,
			  struct gd_strbuf *out) GD_NONNULL GD_MUST_CHECK;
/* May a link go there? */
bool gd_doc_href_ok(const char *href) GD_NONNULL;
