/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct gd_errc_row code_rows[] = {
	[GD_OK] = {"ok", "Nothing went wrong", "Nothing to do"},
	[GD_E_INPUT] = {"input", "A file, an argument or a message is wrong",
			"Mend what the message names and try again; nothing was done"},
	[GD_E_REFUSED] = {"refused",
			  "What was asked is right, but not safe or not possible here",
			  "Do what the message says is missing; nothing was done"},
	[GD_E_SYSTEM] = {"system", "The operating system refused something",
			 "Its own reason ends the message: permissions, space, a missing "
			 "kernel module"},
	[GD_E_REMOTE] = {"remote",
			 "A host could not be reached, or did not answer as it should",
			 "Try ssh to it by hand; gameday status tells whether a fault is "
			 "in"},
	[GD_E_TIMEOUT] = {"timeout", "A time limit passed",
			  "Look whether the host is overloaded, and try again"},
	[GD_E_DRIFT] =
		{"drift", "What was read back is not what was written or captured",
		 "Somebody or something else changes the same thing: find out who"},
	[GD_E_LEFT_BEHIND] =
		{"left-behind", "A fault could not be undone",
		 "Look at the host: gameday revert, else the commands of the "
		 "run's undo.md"},
	[GD_E_ABORTED] = {"aborted",
			  "Stopped by an abort condition, a lost host or the user",
			  "Everything was undone; the report tells why it stopped"},
	[GD_E_NOMEM] = {"no-memory", "Memory ran out",
			"Free memory on the machine that says so"},
	[GD_E_BUG] =
		{"bug", "gameday itself is wrong",
		 "Report it with the run's directory; a guardian undoes what was in"},
};

const struct gd_exit_row gd_exit_rows[] = {
	{GD_EXIT_HELD, "held", "The hypothesis held, or the command did its work",
	 "Nothing to do"},
	{GD_EXIT_EXPECTATION, "an expectation failed",
	 "An expectation failed: the hypothesis is refuted",
	 "The report says which and by how much; everything was put back"},
	{GD_EXIT_USAGE, "usage", "Bad usage or a bad file",
	 "The message names the place; gameday COMMAND --help"},
	{GD_EXIT_PREFLIGHT, "not run",
	 "Preflight or the steady state failed, nothing was injected",
	 "gameday doctor HOST says what a host can take; wait for a healthy system"},
	{GD_EXIT_ABORTED, "aborted", "Aborted, everything was undone",
	 "The report says which condition or who stopped it"},
	{GD_EXIT_LEFT_BEHIND, "left behind",
	 "Something could not be put back, or nobody saw it put back",
	 "A person must look: gameday status and gameday revert, else the run's undo.md"},
	{GD_EXIT_INVALID, "invalid",
	 "The fault had no verified effect, or an expectation no data: the run proves "
	 "nothing",
	 "The report says which fault or expectation and why"},
	{0},
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

const struct gd_errc_row *gd_errc_row(enum gd_errc code)
{
	return &code_rows[(size_t)code < GD_N_ELEMS(code_rows) ? code : GD_E_BUG];
}

const char *gd_errc_name(enum gd_errc code)
{
	return gd_errc_row(code)->name;
}

enum gd_errc gd_errc_from_name(const char *name)
{
	for (size_t i = 0; i < GD_N_ELEMS(code_rows); i++)
		if (strcmp(code_rows[i].name, name) == 0)
			return (enum gd_errc)i;
	return GD_E_REMOTE;
}

void gd_assert_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(stderr, "gameday: bug: assertion \"%s\" failed at %s:%d\n", cond,
		      file, line);
	abort();
}
