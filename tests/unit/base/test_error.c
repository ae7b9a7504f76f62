/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <string.h>

#include "gameday/base/error.h"

static void test_raise_and_wrap(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_raise(&err, GD_E_REFUSED, "ring %d is too large", 9000), -1);
	assert_int_equal(gd_wrap(&err, "host %s: ", "db-1"), -1);
	assert_string_equal(err.text, "host db-1: ring 9000 is too large");
	assert_int_equal(err.code, GD_E_REFUSED);
}

static void test_errno(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;

	errno = ENOENT;
	assert_int_equal(gd_raise_errno(&err, "open %s", "/nowhere"), -1);
	assert_string_equal(err.text, "open /nowhere: No such file or directory");
	assert_int_equal(err.sys_errno, ENOENT);
	errno = ENOMEM;
	(void)gd_raise_errno(&err, "allocate");
	assert_int_equal(err.code, GD_E_NOMEM);
}

static void test_long_texts_are_cut(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	char many[2000];

	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	(void)gd_raise(&err, GD_E_INPUT, "%s", many);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	(void)gd_wrap(&err, "front: ");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "front: xxx", 10);
	(void)gd_wrap(&err, "%s", many);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void test_names(void **state GD_UNUSED)
{
	for (enum gd_errc c = GD_OK; c <= GD_E_BUG; c++)
		assert_int_equal(gd_errc_from_name(gd_errc_name(c)), c);
	assert_int_equal(gd_errc_from_name("who knows"), GD_E_REMOTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raise_and_wrap),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
