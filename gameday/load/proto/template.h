/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text with places that differ from request to request:
 *
 *   ${seq}           the request's number, from 0
 *   ${random:A..B}   a whole number from A to B, both included
 *   ${text:N}        N random letters and digits
 *   ${uuid}          a random UUID (RFC 9562, version 4)
 *   $${              the two characters ${
 *
 * What stands in a place depends on the seed, the request's number and the place alone: all
 * attempts of a request are equal, as are the same requests of several clients. Pure; after
 * compiling nothing is allocated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

enum { GD_TEMPLATE_MAX_PARTS = 32 };

struct gd_template_part {
	enum gd_template_kind {
		GD_TEMPLATE_LITERAL,
		GD_TEMPLATE_SEQ,
		GD_TEMPLATE_RANDOM,
		GD_TEMPLATE_TEXT,
		GD_TEMPLATE_UUID,
	} kind;
	uint64_t a,
		b; /* LITERAL: offset and length; RANDOM: the range; TEXT: length in a */
};

struct gd_template {
	char *literals; /* owned: all of them, one after the other */
	size_t n_parts;
	size_t max; /* bytes it has at most */
	struct gd_template_part parts[GD_TEMPLATE_MAX_PARTS];
};

/* The error tells which place is wrong and what there is. Caller calls fini. */
int gd_template_compile(const char *text, struct gd_template *ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_template_fini(struct gd_template *t) GD_NONNULL; /* all zero is safe */
/* Each request gets the same text. */
bool gd_template_is_constant(const struct gd_template *t) GD_NONNULL;
/* Writes the text of request `number` to out, t->max bytes large; returns its length. */
size_t gd_template_render(const struct gd_template *t, uint64_t seed, uint64_t number,
			  char *out) GD_NONNULL;
/* The length that render returns. */
size_t gd_template_size(const struct gd_template *t, uint64_t seed,
			uint64_t number) GD_NONNULL;
/*
 * The place that begins at s ("${...}"), its end: behind the brace, or NULL when it isn't
 * closed. For those who look for other braces in the same text.
 */
const char *gd_template_place_end(const char *s) GD_NONNULL;
/* A well-mixed number for place `place` of request `number` (splitmix64; Steele 2014). */
uint64_t gd_template_mix(uint64_t seed, uint64_t number, uint64_t place);
