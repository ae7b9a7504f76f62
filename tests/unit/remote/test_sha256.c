/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gameday/base/hash.h"
#include "injectors/agent/bundle/sha256.h"

/* The launcher's own SHA-256 against OpenSSL's, at every length around the block size. */
static void agrees_with_openssl(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	unsigned char data[300];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + i / 13);
	for (size_t size = 0; size <= sizeof(data); size++) {
		char want[GD_SHA256_HEX], got[SHA256_HEX];
		struct sha256 s;

		assert_int_equal(gd_sha256_hex(data, size, want, &err), 0);
		sha256_init(&s);
		sha256_add(&s, data, size / 3);
		sha256_add(&s, data + size / 3, size - size / 3);
		sha256_hex(&s, got);
		assert_string_equal(got, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_openssl)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
