/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by compare*.c only. */
#pragma once

#include "gameday/report/compare.h"

int gd_comparison_find_notes(struct gd_comparison *c,
			     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The number of a row's load and client in a run's results; SIZE_MAX: none. */
size_t gd_compare_find_series(const struct gd_report *r,
			      const struct gd_compare_row *row) GD_NONNULL;
/* "A", "B", ... into buf. */
static inline const char *gd_compare_letter(size_t side, char buf[2])
{
	buf[0] = (char)('A' + side);
	buf[1] = '\0';
	return buf;
}
