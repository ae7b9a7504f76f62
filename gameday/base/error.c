/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const code_names[] = {
	[GD_OK] = "ok",
	[GD_E_INPUT] = "input",
	[GD_E_REFUSED] = "refused",
	[GD_E_SYSTEM] = "system",
	[GD_E_REMOTE] = "remote",
	[GD_E_TIMEOUT] = "timeout",
	[GD_E_DRIFT] = "drift",
	[GD_E_LEFT_BEHIND] = "left-behind",
	[GD_E_ABORTED] = "aborted",
	[GD_E_NOMEM] = "no-memory",
	[GD_E_BUG] = "bug",
};

static void GD_PRINTF(5, 0)
	fill(struct gd_error *err, enum gd_errc code, struct gd_pos pos, int sys_errno,
	     const char *fmt, va_list ap)
{
	err->code = code;
	err->sys_errno = sys_errno;
	err->pos = pos;
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

int(gd_raise)(struct gd_error *err, enum gd_errc code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, (struct gd_pos){0}, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int(gd_raise_at)(struct gd_error *err, enum gd_errc code, struct gd_pos pos,
		 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, pos, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int(gd_raise_errno)(struct gd_error *err, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	size_t len;
	char reason[96];

	va_start(ap, fmt);
	fill(err, saved == ENOMEM ? GD_E_NOMEM : GD_E_SYSTEM, (struct gd_pos){0}, saved,
	     fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	(void)snprintf(err->text + len, sizeof(err->text) - len, ": %s",
		       strerror_r(saved, reason, sizeof(reason)));
	return -1;
}

int(gd_raise_nomem)(struct gd_error *err)
{
	return gd_raise(err, GD_E_NOMEM, "out of memory");
}

int(gd_wrap)(struct gd_error *err, const char *fmt, ...)
{
	char front[sizeof(err->text)];
	size_t front_len, text_len;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(front, sizeof(front), fmt, ap);
	va_end(ap);
	front_len = strlen(front);
	text_len = strlen(err->text);
	if (front_len + text_len >= sizeof(err->text))
		text_len = sizeof(err->text) - 1 - front_len;
	memmove(err->text + front_len, err->text, text_len);
	memcpy(err->text, front, front_len);
	err->text[front_len + text_len] = '\0';
	return -1;
}

const char *gd_errc_name(enum gd_errc code)
{
	if ((size_t)code >= GD_N_ELEMS(code_names))
		return "bug";
	return code_names[code];
}

enum gd_errc gd_errc_from_name(const char *name)
{
	for (size_t i = 0; i < GD_N_ELEMS(code_names); i++)
		if (strcmp(code_names[i], name) == 0)
			return (enum gd_errc)i;
	return GD_E_REMOTE;
}

void gd_assert_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(stderr, "gameday: bug: assertion \"%s\" failed at %s:%d\n", cond,
		      file, line);
	abort();
}
