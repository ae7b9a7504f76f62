/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Foreign text (from hosts, journals and people's files) on its way to a page or terminal:
 * what could be read as markup, move the cursor or reverse the direction is disarmed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/strbuf.h"

/* Replaces in place every byte that is not part of valid UTF-8, and NULs, with '?'. */
void gd_text_clean(char *text, size_t size) GD_NONNULL;
/*
 * One line for a terminal: control characters, line ends and direction marks become
 * spaces. At most max characters, then "...".
 */
void gd_text_plain(struct gd_strbuf *out, const char *text, size_t max) GD_NONNULL;
/* One line of Markdown, fit for a table cell: the same, and markup is escaped. */
void gd_text_md(struct gd_strbuf *out, const char *text) GD_NONNULL;
/* printf, then gd_text_md. */
void gd_text_mdf(struct gd_strbuf *out, const char *fmt, ...) GD_PRINTF(2, 3) GD_NONNULL;
/*
 * A fenced block of several lines, its fence longer than any run of backticks inside; at
 * most max bytes of text, then a line that says how many are left out.
 */
void gd_text_md_block(struct gd_strbuf *out, const char *text, size_t max) GD_NONNULL;
/* One line of Markdown in backticks; in_table: as the cell of a table needs it. */
void gd_text_md_code(struct gd_strbuf *out, const char *text, bool in_table) GD_NONNULL;
/*
 * One line for an HTML element: the same as plain, escaped, and where a word is so long
 * that it could widen the page, it may be broken.
 */
void gd_text_html(struct gd_strbuf *out, const char *text) GD_NONNULL;
/* The same for an attribute in double quotes, or a <title>. */
void gd_text_html_attr(struct gd_strbuf *out, const char *text) GD_NONNULL;
/* Several lines for a <pre>, at most max bytes, then a line that says what is left out. */
void gd_text_html_block(struct gd_strbuf *out, const char *text, size_t max) GD_NONNULL;
/*
 * Text of an XML element or of an attribute in double quotes. Line ends and tabs stay, as
 * character references; what XML 1.0 can't hold becomes a space.
 */
void gd_text_xml(struct gd_strbuf *out, const char *text) GD_NONNULL;
/* As it is, in a column that wide, at its right; characters of several bytes count once. */
void gd_text_right(struct gd_strbuf *out, const char *text, size_t width) GD_NONNULL;
