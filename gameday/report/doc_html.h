/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of an HTML page: its head with the style, up to and with <body>. */
#pragma once

#include "gameday/base/strbuf.h"

void gd_doc_html_head(struct gd_strbuf *out, const char *title) GD_NONNULL;
