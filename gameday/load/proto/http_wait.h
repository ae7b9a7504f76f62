/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a server asks to wait before the next try: the field Retry-After (RFC 9110,
 * 10.2.3), in seconds or as a date. A date is taken relative to the Date of the same reply, so
 * no clock but the server's is asked; without one, or in another form than IMF-fixdate, it
 * counts as not there. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"

struct gd_http_wait {
	int64_t retry_after; /* seconds, or with is_date since 1970; -1: not told */
	bool is_date;
	int64_t date; /* of the reply, seconds since 1970; -1: not told */
};

/* A reply begins. */
void gd_http_wait_begin(struct gd_http_wait *w) GD_NONNULL;
/* One of its fields, blanks around the value taken off; most say nothing here. */
void gd_http_wait_field(struct gd_http_wait *w, const char *name, size_t name_len,
			const char *value, size_t len) GD_NONNULL;
/* Seconds to wait; -1: the server does not ask for it. */
int64_t gd_http_wait_seconds(const struct gd_http_wait *w) GD_NONNULL;
