/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours
 * cost one each. Three rows of the table are enough; words over 48 bytes never match.
 */
#include "gameday/shape/diag.h"

#include <ctype.h>
#include <string.h>

enum { MAX_WORD = 48, MAX_DISTANCE = 2 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Case does not count: a key in capitals is a slip like any other. */
static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][MAX_WORD + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		above[j] = before[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *recycled = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned cost = same(a[i - 1], b[j - 1]) ? 0 : 1;

			row[j] = least(least(above[j], row[j - 1]) + 1,
				       above[j - 1] + cost);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = recycled;
	}
	return above[b_len];
}

const char *gd_suggest(const char *word, const char *const candidates[], size_t n)
{
	size_t len = strlen(word);
	unsigned best = MAX_DISTANCE + 1;
	const char *ret = NULL;

	if (len == 0 || len > MAX_WORD)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t c_len = candidates[i] ? strlen(candidates[i]) : 0;
		unsigned d;

		if (c_len == 0 || c_len > MAX_WORD)
			continue;
		d = distance(word, len, candidates[i], c_len);
		if (d < best && (size_t)d * 2 < (len > c_len ? len : c_len)) {
			best = d;
			ret = candidates[i];
		}
	}
	return ret;
}
