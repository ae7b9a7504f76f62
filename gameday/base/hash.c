/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/hash.h"

#include <stdio.h>

#include <openssl/evp.h>

int gd_sha256_hex(const void *data, size_t size, char ret[GD_SHA256_HEX],
		  struct gd_error *err)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (EVP_Digest(data, size, md, &len, EVP_sha256(), NULL) != 1 || len != 32)
		return gd_raise(err, GD_E_SYSTEM,
				"SHA-256 is not available in libcrypto");
	for (unsigned int i = 0; i < len; i++)
		(void)snprintf(ret + (size_t)2 * i, 3, "%02x", md[i]);
	return 0;
}
