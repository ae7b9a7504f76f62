/* SPDX-License-Identifier: Apache-2.0 */
/* The frame and the look of an HTML page; for doc_html.c. */
#pragma once

#include "gameday/report/doc.h"

/* The page's head with its style (and that of charts), up to and with <body>. */
void gd_doc_html_head(struct gd_strbuf *out, const char *title, bool charts) GD_NONNULL;
/* A small picture for a tone, in the colour of the text; nothing for GD_DOC_PLAIN. */
void gd_doc_html_icon(struct gd_strbuf *out, enum gd_doc_tone tone) GD_NONNULL;
