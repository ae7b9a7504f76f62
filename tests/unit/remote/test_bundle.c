/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/remote/bundle.h"

static void put(const char *path, const char *text, size_t size)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_file_write(path, text, size, 0600, &err), 0);
}

static void loads_what_the_environment_names(void **state)
{
	char path[] = "/tmp/gameday-test-bundle-XXXXXX";
	struct gd_error err = GD_ERROR_INIT;
	struct gd_bundle b = {0};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	put(path, "\177ELFabc", 7);
	assert_int_equal(setenv("GAMEDAY_AGENT", path, 1), 0);
	assert_int_equal(gd_bundle_load(&b, &err), 0);
	assert_int_equal(b.size, 7);
	assert_string_equal(b.path, path);
	/* printf '\177ELFabc' | sha256sum */
	assert_string_equal(
		b.hash,
		"03c42d2f2e631af1d37fa7ae9e7958dca97844988ed443fe68b5fe402bdb7670");
	gd_bundle_fini(&b);
	put(path, "#!/bin/sh\n", 10);
	assert_int_equal(gd_bundle_load(&b, &err), -1);
	assert_non_null(strstr(err.text, "is not an agent bundle"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(gd_bundle_load(&b, &err), -1);
	assert_int_equal(unsetenv("GAMEDAY_AGENT"), 0);
}

static void says_where_it_looked(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_bundle b = {0};

	(void)state;
	assert_int_equal(gd_bundle_load(&b, &err), -1);
	assert_int_equal(err.code, GD_E_INPUT);
	assert_non_null(strstr(err.text, "GAMEDAY_AGENT"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_what_the_environment_names),
		cmocka_unit_test(says_where_it_looked),
	};

	(void)unsetenv("GAMEDAY_AGENT");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
