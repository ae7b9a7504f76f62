/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error object. A function returns 0, or -1 with *err filled, or a positive outcome
 * that its header names and its direct caller handles. err is never NULL, is the last
 * parameter, and is untouched on success. The object is the caller's and has a fixed
 * size, so reporting an error never allocates.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "gameday/base/attr.h"

/* A code exists only where a program decides differently. */
enum gd_errc {
	GD_OK = 0,
	GD_E_INPUT,       /* a file, argument or message is wrong: fix it and try again */
	GD_E_REFUSED,     /* right, but not safe or not possible here: nothing was done */
	GD_E_SYSTEM,      /* the operating system said no */
	GD_E_REMOTE,      /* a host could not be reached or broke the protocol */
	GD_E_TIMEOUT,     /* a time limit passed */
	GD_E_DRIFT,       /* read back, and it is not what was written or captured */
	GD_E_LEFT_BEHIND, /* a fault could not be undone: a human must look */
	GD_E_ABORTED,     /* stopped by an abort condition or by the user */
	GD_E_NOMEM,
	GD_E_BUG, /* our own mistake */
};

/* A place in a file; line and column count from 1, 0 = unknown. file is borrowed. */
struct gd_pos {
	const char *file;
	int line, column;
};

struct gd_error {
	enum gd_errc code;
	int sys_errno;
	struct gd_pos pos;
	char text[512];
};

#define GD_ERROR_INIT                                                                    \
	{                                                                                \
		0                                                                        \
	}

/* Each fills *err and returns -1. Text is a sentence with the noun and the value. */
int gd_raise(struct gd_error *err, enum gd_errc code, const char *fmt, ...)
	GD_PRINTF(3, 4) GD_NONNULL;
/* As gd_raise, with a place. */
int gd_raise_at(struct gd_error *err, enum gd_errc code, struct gd_pos pos,
		const char *fmt, ...) GD_PRINTF(4, 5) GD_NONNULL_ARGS(1, 4);
/* From errno: the text gets ": strerror" appended; code GD_E_SYSTEM, or NOMEM. */
int gd_raise_errno(struct gd_error *err, const char *fmt, ...) GD_PRINTF(2, 3) GD_NONNULL;
int gd_raise_nomem(struct gd_error *err) GD_NONNULL;
/* Puts context in front: "host db-1: fault slow: " + what was there. Keeps code and pos. */
int gd_wrap(struct gd_error *err, const char *fmt, ...) GD_PRINTF(2, 3) GD_NONNULL;

/*
 * The functions above as seen by a caller: -1 is a constant at the call, so that compilers
 * and analysers know which outputs are not set behind it.
 */
#define gd_raise(...) ((void)gd_raise(__VA_ARGS__), -1)
#define gd_raise_at(...) ((void)gd_raise_at(__VA_ARGS__), -1)
#define gd_raise_errno(...) ((void)gd_raise_errno(__VA_ARGS__), -1)
#define gd_raise_nomem(err) ((void)gd_raise_nomem(err), -1)
#define gd_wrap(...) ((void)gd_wrap(__VA_ARGS__), -1)

/* Stable lower-case name of a code ("refused"), and back; unknown names are GD_E_REMOTE. */
const char *gd_errc_name(enum gd_errc code);
enum gd_errc gd_errc_from_name(const char *name) GD_NONNULL;

/* A class of errors for people: what it means, and what to do. */
struct gd_errc_row {
	const char *name, *meaning, *next;
};
/* The row of a code; an unknown code is a bug. Never NULL. */
const struct gd_errc_row *gd_errc_row(enum gd_errc code);

/* Exit statuses, DESIGN: each command maps its outcome to one of these. */
enum gd_exit {
	GD_EXIT_HELD = 0,
	GD_EXIT_EXPECTATION = 1,
	GD_EXIT_USAGE = 2,
	GD_EXIT_PREFLIGHT = 3,
	GD_EXIT_ABORTED = 4,
	GD_EXIT_LEFT_BEHIND = 5,
	GD_EXIT_INVALID = 6,
};

struct gd_exit_row {
	enum gd_exit status;
	const char *name, *meaning, *next;
};
extern const struct gd_exit_row gd_exit_rows[]; /* in order of status; ends with NULL */

/* For our own bugs only: prints and aborts; the guardian undoes what was in. */
#define gd_assert(cond) ((cond) ? (void)0 : gd_assert_failed(#cond, __FILE__, __LINE__))
void gd_assert_failed(const char *cond, const char *file, int line) GD_NORETURN;
