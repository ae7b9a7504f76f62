/* SPDX-License-Identifier: Apache-2.0 */
/* The copy and the unit, in a folder of the test's own. */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "injectors/agent/boot.h"

struct fixture {
	char root[64];
	char *bundle, *state, *units;
	struct gd_boot_places places;
};

static void put(const char *dir, const char *name, const char *text)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, name);
	struct gd_error err;

	assert_int_equal(gd_file_write(path, text, strlen(text), 0700, &err), 0);
}

/* The text of a file, or NULL where there is none. The caller frees. */
static char *get(const char *dir, const char *name)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, name);
	struct gd_error err;
	char *text = NULL;
	size_t size;

	return gd_file_read(path, 1 << 16, &text, &size, &err) < 0 ? NULL : text;
}

static bool has(const char *dir, const char *name)
{
	GD_AUTO_FREE char *text = get(dir, name);

	return text != NULL;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct gd_error err;

	assert_non_null(f);
	(void)snprintf(f->root, sizeof(f->root), "/tmp/gameday-test-boot-XXXXXX");
	assert_non_null(mkdtemp(f->root));
	f->bundle = gd_path_join(f->root, "run");
	f->state = gd_path_join(f->root, "state");
	f->units = gd_path_join(f->root, "units");
	assert_int_equal(gd_mkdir_p(f->bundle, 0700, &err), 0);
	put(f->bundle, "gameday-agent", "program 1");
	put(f->bundle, "libx.so.1", "library");
	put(f->bundle, ".complete", "16\n");
	f->places = (struct gd_boot_places){f->bundle, f->state, f->units};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct gd_error err;

	assert_int_equal(gd_remove_tree(f->root, &err), 0);
	free(f->bundle);
	free(f->state);
	free(f->units);
	free(f);
	return 0;
}

static bool install(const struct fixture *f)
{
	GD_AUTO_STRBUF(command);
	struct gd_error err;
	bool enabled = false;

	if (gd_boot_install(&f->places, &command, &enabled, &err) < 0)
		fail_msg("%s", err.text);
	assert_non_null(strstr(gd_strbuf_str(&command), f->state));
	return enabled;
}

static void assert_text(const char *dir, const char *name, const char *want)
{
	GD_AUTO_FREE char *text = get(dir, name);

	assert_non_null(text);
	assert_string_equal(text, want);
}

static void test_a_copy_without_systemd(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_false(install(f));
	assert_text(f->state, "agent/gameday-agent", "program 1");
	assert_text(f->state, "agent/libx.so.1", "library");
	assert_int_equal(stat(f->state, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_false(has(f->units, GD_BOOT_UNIT));
}

static void test_a_newer_version_takes_its_place(void **state)
{
	struct fixture *f = *state;

	assert_false(install(f));
	put(f->bundle, "gameday-agent", "program 2");
	put(f->bundle, "liby.so.1", "another");
	assert_false(install(f));
	assert_text(f->state, "agent/gameday-agent", "program 2");
	assert_text(f->state, "agent/liby.so.1", "another");
	assert_false(has(f->state, "agent.new/gameday-agent"));
	/* From the copy itself: nothing to copy, and nothing lost. */
	free(f->bundle);
	f->bundle = gd_path_join(f->state, "agent");
	f->places.bundle = f->bundle;
	assert_false(install(f));
	assert_text(f->state, "agent/gameday-agent", "program 2");
}

static void test_the_unit_is_enabled_and_removed(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *unit = NULL, *start = NULL, *only = NULL, *linked = NULL;
	struct gd_error err;

	assert_int_equal(gd_mkdir_p(f->units, 0755, &err), 0);
	put(f->units, "other.service", "somebody else's");
	assert_int_equal(gd_mkdir_p(f->state, 0700, &err), 0);
	put(f->state, "journal", "kept");
	for (int i = 0; i < 2; i++)
		assert_true(install(f));
	unit = get(f->units, GD_BOOT_UNIT);
	linked = get(f->units, "multi-user.target.wants/" GD_BOOT_UNIT);
	assert_non_null(unit);
	assert_non_null(linked);
	assert_string_equal(unit, linked);
	start = gd_strf(
		"\nExecStart=%s/agent/ld-linux-x86-64.so.2 --library-path %s/agent "
		"%s/agent/gameday-agent recover --wait 120\n",
		f->state, f->state, f->state);
	only = gd_strf("\nConditionPathExists=%s/journal\n", f->state);
	assert_non_null(strstr(unit, start));
	assert_non_null(strstr(unit, only));
	assert_null(strchr(unit, '@'));
	for (int i = 0; i < 2; i++)
		assert_int_equal(gd_boot_remove(&f->places, &err), 0);
	assert_false(has(f->units, GD_BOOT_UNIT));
	assert_false(has(f->units, "multi-user.target.wants/" GD_BOOT_UNIT));
	assert_false(has(f->state, "agent/gameday-agent"));
	assert_text(f->units, "other.service", "somebody else's");
	assert_text(f->state, "journal", "kept");
}

static void test_half_a_bundle_is_refused(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *marker = gd_path_join(f->bundle, ".complete");
	GD_AUTO_STRBUF(command);
	struct gd_error err;
	bool enabled;

	assert_int_equal(unlink(marker), 0);
	assert_int_equal(gd_boot_install(&f->places, &command, &enabled, &err), -1);
	assert_int_equal(err.code, GD_E_REFUSED);
	assert_false(has(f->state, "agent/gameday-agent"));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_copy_without_systemd),
		TEST(test_a_newer_version_takes_its_place),
		TEST(test_the_unit_is_enabled_and_removed),
		TEST(test_half_a_bundle_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
