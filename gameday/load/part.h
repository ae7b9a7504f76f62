/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of several that divide a load between them: threads, vantage points. What counts for
 * the whole is divided so that the parts together are exactly the whole. Pure.
 */
#pragma once

#include <stdint.h>

struct gd_part {
	uint32_t index, of; /* of 0 or 1: all of it */
};

/* Its part of a number; the first parts have one more when it can't be divided evenly. */
static inline int64_t gd_part_of(int64_t whole, struct gd_part part)
{
	int64_t n = part.of > 1 ? part.of : 1;

	return whole / n + (part.index < whole % n);
}
