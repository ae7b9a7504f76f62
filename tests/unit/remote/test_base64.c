/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gameday/base/auto.h"
#include "gameday/remote/base64.h"

/* RFC 4648, section 10, without the padding. */
static const struct {
	const char *plain, *coded;
} vectors[] = {
	{"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
	{"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
};

static void encodes_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(vectors); i++) {
		const char *plain = vectors[i].plain;
		GD_AUTO_FREE char *got =
			gd_base64_encode((const unsigned char *)plain, strlen(plain));

		assert_string_equal(got, vectors[i].coded);
	}
}

static void decodes_the_vectors(void **state)
{
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(vectors); i++) {
		for (int padding = 0; padding < 3; padding++) {
			GD_AUTO_FREE unsigned char *got = NULL;
			char text[16];
			size_t size;

			(void)snprintf(text, sizeof(text), "%s%.*s", vectors[i].coded,
				       padding, "==");
			assert_int_equal(
				gd_base64_decode(text, strlen(text), &got, &size, &err),
				0);
			assert_int_equal(size, strlen(vectors[i].plain));
			assert_memory_equal(got, vectors[i].plain, size);
		}
	}
}

static void refuses_other_characters(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	unsigned char *got = NULL;
	size_t size;

	(void)state;
	assert_int_equal(gd_base64_decode("Zm9v YmFy", 9, &got, &size, &err), -1);
	assert_string_equal(err.text, "not base64 at character 5");
	assert_int_equal(gd_base64_decode("Z\0", 2, &got, &size, &err), -1);
	assert_int_equal(gd_base64_decode("Zg=a", 4, &got, &size, &err), -1);
	assert_null(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_the_vectors),
		cmocka_unit_test(decodes_the_vectors),
		cmocka_unit_test(refuses_other_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
