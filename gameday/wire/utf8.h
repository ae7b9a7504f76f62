/* SPDX-License-Identifier: Apache-2.0 */
/* Text that comes from elsewhere, made safe to frame, to print and to store. */
#pragma once

#include <stddef.h>

#include "gameday/base/attr.h"

/*
 * Bytes of the character at s, of which `left` can be read; 0 when there is no valid one
 * (RFC 3629: overlong forms, surrogates and cut characters are not).
 */
size_t gd_utf8_length(const char *s, size_t left) GD_NONNULL;
/* Replaces in place every byte that belongs to no valid character by '?'. */
void gd_utf8_scrub(char *text, size_t size) GD_NONNULL;
/*
 * The same, and control characters too: a terminal must not obey what a target said.
 * Newlines and tabs become blanks. text ends with NUL.
 */
void gd_text_scrub(char *text) GD_NONNULL;
