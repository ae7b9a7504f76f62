/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manual: one page per command, file format and fault, and one of all errors, written as
 * Markdown from the tables that the program itself decodes, prints and decides by. lowdown(1)
 * makes man pages of them.
 */
#pragma once

#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"
#include "gameday/shape/field.h"

/* Where pages go: called once for each, with its whole text. */
struct gd_manual {
	/* name: "gameday-run.1.md" */
	int (*put)(void *ctx, const char *name, const struct gd_strbuf *text,
		   struct gd_error *err);
	void *ctx;
};

/* What lowdown makes the page's head of, and the section NAME. */
void gd_page_head(const char *name, int section, const char *summary,
		  struct gd_strbuf *out) GD_NONNULL;
/* Text as it is: characters that mean something in Markdown are escaped. */
void gd_page_text(const char *text, struct gd_strbuf *out) GD_NONNULL;
/* Help text with its own line ends; lines that begin with a blank are shown as they are. */
void gd_page_details(const char *text, struct gd_strbuf *out) GD_NONNULL;
/* A list of the shape's keys with form, default and meaning, choices included. */
void gd_page_keys(const struct gd_shape *shape, struct gd_strbuf *out) GD_NONNULL;
/*
 * The same, with a section of its own for the keys of each map inside, under a heading of
 * `marks` (as "##"): "retry: in clients".
 */
void gd_page_keys_deep(const struct gd_shape *shape, const char *marks,
		       struct gd_strbuf *out) GD_NONNULL;
/* One entry of a list of definitions; term is Markdown, text is not. */
void gd_page_entry(const char *term, const char *text, struct gd_strbuf *out) GD_NONNULL;

int gd_manual_commands(const struct gd_manual *m,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_manual_formats(const struct gd_manual *m,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* pages: the folder with NAME.md of each fault. */
int gd_manual_faults(const struct gd_manual *m, const char *pages,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_manual_errors(const struct gd_manual *m,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
