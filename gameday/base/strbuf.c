/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gd_strbuf_fini(struct gd_strbuf *sb)
{
	free(sb->data);
	*sb = (struct gd_strbuf)GD_STRBUF_INIT;
}

void gd_strbuf_clear(struct gd_strbuf *sb)
{
	sb->len = 0;
	if (sb->data)
		sb->data[0] = '\0';
}

/* Room for `more` bytes and a NUL. */
static bool reserve(struct gd_strbuf *sb, size_t more)
{
	size_t cap = sb->cap ? sb->cap : 128;
	char *data;

	if (sb->failed)
		return false;
	if (more >= (size_t)1 << 40) {
		sb->failed = true;
		return false;
	}
	while (cap < sb->len + more + 1)
		cap *= 2;
	if (cap == sb->cap)
		return true;
	data = realloc(sb->data, cap);
	if (!data) {
		sb->failed = true;
		return false;
	}
	sb->data = data;
	sb->cap = cap;
	return true;
}

void gd_strbuf_add(struct gd_strbuf *sb, const void *data, size_t size)
{
	if (!reserve(sb, size))
		return;
	if (size)
		memcpy(sb->data + sb->len, data, size);
	sb->len += size;
	sb->data[sb->len] = '\0';
}

void gd_strbuf_adds(struct gd_strbuf *sb, const char *s)
{
	gd_strbuf_add(sb, s, strlen(s));
}

void gd_strbuf_addc(struct gd_strbuf *sb, char c)
{
	gd_strbuf_add(sb, &c, 1);
}

void gd_strbuf_add_word(struct gd_strbuf *sb, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:,@%+-";

	if (*s && !s[strspn(s, plain)]) {
		gd_strbuf_adds(sb, s);
		return;
	}
	gd_strbuf_addc(sb, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			gd_strbuf_adds(sb, "'\\''");
		else
			gd_strbuf_addc(sb, *s);
	}
	gd_strbuf_addc(sb, '\'');
}

void gd_strbuf_vaddf(struct gd_strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || !reserve(sb, (size_t)n)) {
		sb->failed = true;
		return;
	}
	(void)vsnprintf(sb->data + sb->len, (size_t)n + 1, fmt, ap);
	sb->len += (size_t)n;
}

void gd_strbuf_addf(struct gd_strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	gd_strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void gd_strbuf_add_indented(struct gd_strbuf *sb, const char *indent, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > 0)
			gd_strbuf_adds(sb, indent);
		gd_strbuf_add(sb, text, len);
		gd_strbuf_addc(sb, '\n');
		text += len + (text[len] == '\n');
	}
}

void gd_strbuf_consume(struct gd_strbuf *sb, size_t n)
{
	if (n >= sb->len) {
		gd_strbuf_clear(sb);
		return;
	}
	memmove(sb->data, sb->data + n, sb->len - n);
	sb->len -= n;
	sb->data[sb->len] = '\0';
}

const char *gd_strbuf_str(const struct gd_strbuf *sb)
{
	return sb->data ? sb->data : "";
}

char *gd_strbuf_steal(struct gd_strbuf *sb)
{
	char *s;

	if (sb->failed || !reserve(sb, 0))
		return NULL;
	s = sb->data;
	s[sb->len] = '\0';
	*sb = (struct gd_strbuf)GD_STRBUF_INIT;
	return s;
}
