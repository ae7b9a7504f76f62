/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4) in a hundred lines, for the launcher alone: it is linked statically
 * and libcrypto would double its size.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK = 64, SHA256_DIGEST = 32, SHA256_HEX = 65 };

struct sha256 {
	uint32_t h[8];
	uint64_t size;
	unsigned char block[SHA256_BLOCK];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t size);
/* Lower-case hexadecimal with NUL; s is used up. */
void sha256_hex(struct sha256 *s, char ret[SHA256_HEX]);
