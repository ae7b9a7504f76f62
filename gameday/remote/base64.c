/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/remote/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int gd_base64_decode(const char *text, size_t len, unsigned char **ret, size_t *ret_size,
		     struct gd_error *err)
{
	unsigned char *out;
	size_t n = 0;
	uint32_t bits = 0;

	while (len > 0 && text[len - 1] == '=')
		len--;
	out = malloc(len / 4 * 3 + 3);
	if (!out)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < len; i++) {
		const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;

		if (!at) {
			free(out);
			return gd_raise(err, GD_E_INPUT, "not base64 at character %zu",
					i + 1);
		}
		bits = bits << 6 | (uint32_t)(at - alphabet);
		/* Each character after the first of four completes a byte. */
		if (i % 4 != 0)
			out[n++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
	}
	*ret = out;
	*ret_size = n;
	return 0;
}

char *gd_base64_encode(const unsigned char *data, size_t size)
{
	char *out = malloc((size + 2) / 3 * 4 + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t bits = (uint32_t)data[i] << 16 |
				(left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
				(left > 2 ? data[i + 2] : 0);

		for (size_t k = 0; k < 4 && k <= left; k++)
			out[n++] = alphabet[bits >> (18 - 6 * k) & 63];
	}
	out[n] = '\0';
	return out;
}
