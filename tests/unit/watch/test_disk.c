/* SPDX-License-Identifier: Apache-2.0 */
/* The watches on disks: fsync in a folder of the test's own, disk on whatever is there. */
#include "tests/unit/cmocka_all.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/disk.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/watch/watch.h"

static int open_with(const char *kind_name, const char *text, void **ret,
		     struct gd_error *err)
{
	const struct gd_watch_kind *kind = gd_watch_find(kind_name);
	GD_AUTO(cJSON) cJSON *json = NULL;
	void *args = calloc(1, kind->args.size);
	int rc;

	assert_non_null(args);
	assert_int_equal(gd_json_parse(text, strlen(text), &json, err), 0);
	assert_int_equal(gd_shape_from_json(&kind->args, json, args, err), 0);
	rc = kind->open(args, ret, err);
	gd_shape_fini(&kind->args, args);
	free(args);
	return rc;
}

/* -1: not in this sample. */
static double value(const struct gd_watch_sample *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->values[i].name, name) == 0)
			return s->values[i].value;
	return -1;
}

static int n_files(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

static void test_fsync_is_timed_and_leaves_nothing(void **state GD_UNUSED)
{
	const struct gd_watch_kind *kind = gd_watch_find("fsync");
	char dir[] = "watch-fsync-XXXXXX";
	GD_AUTO_FREE char *args = NULL;
	struct gd_watch_sample s = {0};
	struct gd_error err = GD_ERROR_INIT;
	void *w = NULL;

	assert_non_null(mkdtemp(dir));
	args = gd_strf("{\"path\":\"%s\",\"every\":\"10ms\",\"keep\":5}", dir);
	if (open_with("fsync", args, &w, &err) < 0)
		fail_msg("%s", err.text);
	for (int i = 0; i < 500 && value(&s, "writes") < 8; i++) {
		gd_sleep(gd_span_ms(10));
		assert_int_equal(kind->sample(w, &s, &err), 0);
	}
	assert_true(value(&s, "writes") >= 8);
	assert_true(value(&s, "p50") > 1000);
	assert_true(value(&s, "p50") <= value(&s, "p99"));
	assert_true(value(&s, "p99") <= value(&s, "max"));
	assert_int_equal(n_files(dir), 0);
	kind->close(w);
	/* Its process is over and was waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(rmdir(dir), 0);
}

static void test_fsync_needs_a_directory(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	void *w = NULL;

	assert_int_equal(open_with("fsync", "{\"path\":\"/no/such/folder\"}", &w, &err),
			 -1);
	assert_non_null(strstr(err.text, "/no/such/folder"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Some disk's device file in ret; false: this machine has none to look at. */
static bool some_disk(char *ret, size_t size)
{
	DIR *d = opendir("/sys/block");
	const struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		(void)snprintf(ret, size, "/dev/%.60s", e->d_name);
		found = e->d_name[0] != '.' && gd_disk_find(ret) != 0;
	}
	if (d)
		(void)closedir(d);
	return found;
}

static void test_disk_gives_counters_then_gauges(void **state GD_UNUSED)
{
	const struct gd_watch_kind *kind = gd_watch_find("disk");
	struct gd_watch_sample first = {0}, second = {0};
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *args = NULL;
	char device[80];
	void *w = NULL;

	if (!some_disk(device, sizeof(device)))
		skip();
	args = gd_strf("{\"device\":\"%s\"}", device);
	if (open_with("disk", args, &w, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(kind->sample(w, &first, &err), 0);
	gd_sleep(gd_span_ms(20));
	assert_int_equal(kind->sample(w, &second, &err), 0);
	kind->close(w);
	assert_true(value(&first, "util") < 0);
	assert_in_range((int)(value(&second, "util") * 100), 0, 100);
	assert_true(value(&first, "writes") >= 0);
	assert_true(value(&second, "writes") >= value(&first, "writes"));
}

static void test_disks_are_found_by_name_only(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	void *w = NULL;

	assert_int_equal(gd_disk_find("/dev/null"), 0);
	assert_int_equal(gd_disk_find("no-such-mapping"), 0);
	assert_int_equal(gd_disk_find("/proc/self/exe"), 0);
	assert_int_equal(gd_disk_find(""), 0);
	/* A mount point with a device of its own, with and without the last slash. */
	assert_true(gd_disk_find("/proc/") == gd_disk_find("/proc"));
	assert_int_equal(open_with("disk", "{\"device\":\"/dev/null\"}", &w, &err), -1);
	assert_int_equal(err.code, GD_E_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fsync_is_timed_and_leaves_nothing),
		cmocka_unit_test(test_fsync_needs_a_directory),
		cmocka_unit_test(test_disk_gives_counters_then_gauges),
		cmocka_unit_test(test_disks_are_found_by_name_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
