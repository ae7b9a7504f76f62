/* SPDX-License-Identifier: Apache-2.0 */
/* A growing string. On out-of-memory it turns sticky-failed; ask once, at the end. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"

struct gd_strbuf {
	char *data; /* owned; NUL-terminated when len > 0 */
	size_t len;
	size_t cap;
	bool failed; /* out of memory once: everything after is ignored */
};

#define GD_STRBUF_INIT                                                                   \
	{                                                                                \
		0                                                                        \
	}
/* Declares and initialises a buffer that frees itself. */
#define GD_AUTO_STRBUF(name)                                                             \
	__attribute__((cleanup(gd_strbuf_fini))) struct gd_strbuf name = GD_STRBUF_INIT

void gd_strbuf_fini(struct gd_strbuf *sb) GD_NONNULL;
/* Empties without giving memory back. */
void gd_strbuf_clear(struct gd_strbuf *sb) GD_NONNULL;
void gd_strbuf_add(struct gd_strbuf *sb, const void *data, size_t size)
	GD_NONNULL_ARGS(1);
void gd_strbuf_adds(struct gd_strbuf *sb, const char *s) GD_NONNULL;
void gd_strbuf_addc(struct gd_strbuf *sb, char c) GD_NONNULL;
void gd_strbuf_addf(struct gd_strbuf *sb, const char *fmt, ...)
	GD_PRINTF(2, 3) GD_NONNULL;
void gd_strbuf_vaddf(struct gd_strbuf *sb, const char *fmt, va_list ap) GD_PRINTF(2, 0)
	GD_NONNULL_ARGS(1, 2);
/*
 * One word for a shell: as it stands when all its characters mean nothing to one, else in
 * single quotes (POSIX.1-2017, Shell Command Language, 2.2.2).
 */
void gd_strbuf_add_word(struct gd_strbuf *sb, const char *s) GD_NONNULL;
/* text line by line, each with `indent` before it and its newline; an empty line stays empty. */
void gd_strbuf_add_indented(struct gd_strbuf *sb, const char *indent,
			    const char *text) GD_NONNULL;
/* Drops the first n bytes. */
void gd_strbuf_consume(struct gd_strbuf *sb, size_t n) GD_NONNULL;
/* Borrowed view, never NULL ("" when empty). */
const char *gd_strbuf_str(const struct gd_strbuf *sb) GD_NONNULL;
/* Hands the string over (caller frees); NULL when out of memory. The buffer is empty after. */
char *gd_strbuf_steal(struct gd_strbuf *sb) GD_NONNULL GD_MUST_CHECK;
