/* SPDX-License-Identifier: Apache-2.0 */
/* One scalar member between its text form and memory: what decode and encode share. */
#pragma once

#include "gameday/shape/field.h"

/* Is the kind one that a single text stands for (neither nested nor borrowed)? */
bool gd_value_is_scalar(enum gd_kind kind);
/*
 * Parses text into the member (of field->size bytes, zeroed before) and holds it against
 * the field's range. The error says what is wanted, without the field's name.
 */
int gd_value_parse(const struct gd_field *field, const char *text, void *member,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The member as text that parses back to an equal value. An ENUM without name: nothing. */
void gd_value_print(const struct gd_field *field, const void *member,
		    struct gd_strbuf *out) GD_NONNULL;
/* A limit of the field in its kind's text form: "60s", "100%", "4096". */
void gd_value_print_limit(const struct gd_field *field, int64_t limit,
			  struct gd_strbuf *out) GD_NONNULL;
/* The range that holds: the field's own, else its kind's; INT64_MAX = no upper limit. */
void gd_value_range(const struct gd_field *field, int64_t *ret_min,
		    int64_t *ret_max) GD_NONNULL;
/* "duration", "whole number", ... as people say it. */
const char *gd_kind_words(enum gd_kind kind);
