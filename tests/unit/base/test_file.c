/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

static void test_write_read_remove(void **state GD_UNUSED)
{
	char dir[] = "/tmp/gameday-test-XXXXXX";
	GD_AUTO_FREE char *deep = NULL, *path = NULL, *back = NULL;
	struct gd_error err = GD_ERROR_INIT;
	struct stat st;
	size_t size;

	assert_non_null(mkdtemp(dir));
	deep = gd_strf("%s/a/b/c", dir);
	path = gd_path_join(deep, "file");
	assert_int_equal(gd_mkdir_p(deep, 0700, &err), 0);
	assert_int_equal(gd_mkdir_p(deep, 0700, &err), 0);
	assert_int_equal(gd_file_write(path, "one", 3, 0600, &err), 0);
	assert_int_equal(gd_file_write(path, "two!", 4, 0600, &err), 0);
	assert_int_equal(gd_file_read(path, 10, &back, &size, &err), 0);
	assert_int_equal(size, 4);
	assert_string_equal(back, "two!");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	free(back);
	back = NULL;
	assert_int_equal(gd_file_read(path, 3, &back, &size, &err), -1);
	assert_non_null(strstr(err.text, "more than 3 bytes"));
	assert_int_equal(gd_file_read(deep, 10, &back, &size, &err), -1);
	assert_int_equal(gd_remove_tree(dir, &err), 0);
	assert_int_equal(stat(dir, &st), -1);
	assert_int_equal(gd_remove_tree(dir, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_read_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
