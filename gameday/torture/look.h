/* SPDX-License-Identifier: Apache-2.0 */
/* How the host looks, and whether it looks as before. */
#pragma once

#include "gameday/base/strbuf.h"
#include "gameday/torture/bed.h"

/* The text of host.sh's look; the caller frees. */
int gd_look(struct gd_bed *b, char **ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Looks until the host is as before and nobody is at work on it, or until `until`. 0: it is;
 * GD_LOOK_DIFFERS: it is not, and `diff` says in what. With `others_may_work`
 * agents and guardians are not minded. A host that can't be reached differs.
 */
enum { GD_LOOK_DIFFERS = 1 };
int gd_look_until(struct gd_bed *b, struct gd_instant until, bool others_may_work,
		  struct gd_strbuf *diff, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The lines only one of two texts has, "- line" and "+ line"; pure. */
void gd_look_compare(const char *before, const char *after, bool skip_busy,
		     struct gd_strbuf *diff) GD_NONNULL;
