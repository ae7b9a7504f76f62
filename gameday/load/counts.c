/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/counts.h"

#define ROW(name, unit, largest, group, help)                                            \
	{                                                                                \
		#name,          help,                                                    \
		GD_UNIT_##unit, offsetof(struct gd_counts, name),                        \
		largest,        GD_COUNT_##group},

const struct gd_count_row gd_count_rows[] = {GD_COUNTS(ROW){0}};

void gd_counts_add(struct gd_counts *into, const struct gd_counts *from)
{
	for (const struct gd_count_row *row = gd_count_rows; row->name; row++) {
		uint64_t *sum = gd_count_of(into, row), v = gd_count_get(from, row);

		if (row->largest)
			*sum = v > *sum ? v : *sum;
		else
			*sum = *sum > UINT64_MAX - v ? UINT64_MAX : *sum + v;
	}
}
