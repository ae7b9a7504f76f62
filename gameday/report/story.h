/* SPDX-License-Identifier: Apache-2.0 */
/* What the figures say in sentences; the same words in every format. */
#pragma once

#include "gameday/report/model.h"

/*
 * "refuted: 1 of 5 expectations failed: ..." and, when something was left behind or nobody
 * saw it put back, which host, what, and the command that shows it. Plain text, one line.
 */
void gd_story_verdict(const struct gd_report *r, struct gd_strbuf *out) GD_NONNULL;
/* One sentence: what was done, and what it did to the clients that were hit hardest. */
void gd_story_happened(const struct gd_report *r, struct gd_strbuf *out) GD_NONNULL;
/* What a person should do next; "" when nothing. */
void gd_story_next(const struct gd_report *r, struct gd_strbuf *out) GD_NONNULL;
/* What a journal record means, as a sentence without full stop. */
void gd_story_event(const cJSON *event, struct gd_strbuf *out) GD_NONNULL;
/* Is this fault, as far as is known, still in? */
bool gd_story_left_behind(const struct gd_report *r,
			  const struct gd_fault_view *f) GD_NONNULL;
/* How many are. */
size_t gd_story_n_left_behind(const struct gd_report *r) GD_NONNULL;
/* Nobody saw it put back, since the runner died first. */
bool gd_story_unwitnessed(const struct gd_report *r,
			  const struct gd_fault_view *f) GD_NONNULL;
/*
 * When a detection or an expectation came true: "12.3 s after the injection, 4.1 s after
 * the first harm"; "" when it never did.
 */
void gd_story_when(const struct gd_report *r, const struct gd_verdict_item *item,
		   struct gd_strbuf *out) GD_NONNULL;
