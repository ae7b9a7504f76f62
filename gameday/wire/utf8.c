/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/wire/utf8.h"

#include <stdint.h>
#include <string.h>

/* Length that the first byte announces, 0 for a byte that begins nothing. */
static size_t announced(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

size_t gd_utf8_length(const char *s, size_t left)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)s;
	size_t n = left > 0 ? announced(u[0]) : 0;
	uint32_t c;

	if (n <= 1)
		return n;
	if (n > left)
		return 0;
	c = u[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (u[i] >> 6 != 2)
			return 0;
		c = c << 6 | (u[i] & 0x3fu);
	}
	return c < smallest[n] || c > 0x10ffff || c >> 11 == 0x1b ? 0 : n;
}

void gd_utf8_scrub(char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t n = gd_utf8_length(text + i, size - i);

		if (n == 0)
			text[i] = '?';
		i += n ? n : 1;
	}
}

void gd_text_scrub(char *text)
{
	gd_utf8_scrub(text, strlen(text));
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p == '\n' || *p == '\t' || *p == '\r')
			*p = ' ';
		else if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?'; /* C1 controls, which some terminals obey */
	}
}
