/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/json.h"
#include "injectors/injector.h"
#include "tests/unit/injectors/fakes/host.h"

struct fixture {
	const struct gd_injector *i;
	struct fake_host h;
	void *args, *undo;
	struct gd_error err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->i = gd_injector_find("io_max");
	f->args = calloc(1, f->i->args.size);
	f->undo = calloc(1, f->i->undo.size);
	fake_host_init(&f->h);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	gd_shape_fini(&f->i->args, f->args);
	gd_shape_fini(&f->i->undo, f->undo);
	free(f->args);
	free(f->undo);
	free(f);
	return 0;
}

static int parse(struct fixture *f, const char *text)
{
	GD_AUTO(cJSON) cJSON *json = NULL;

	gd_shape_fini(&f->i->args, f->args);
	assert_int_equal(gd_json_parse(text, strlen(text), &json, &f->err), 0);
	if (gd_shape_from_json(&f->i->args, json, f->args, &f->err) < 0)
		return -1;
	return f->i->check(f->args, &f->err);
}

static void assert_refused(struct fixture *f, const char *word)
{
	assert_int_equal(f->i->preflight(&f->h.ports, f->args, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_REFUSED);
	if (!strstr(f->err.text, word))
		fail_msg("\"%s\" does not say \"%s\"", f->err.text, word);
}

static void inject(struct fixture *f, const char *args)
{
	if (parse(f, args) < 0 || f->i->preflight(&f->h.ports, f->args, &f->err) < 0 ||
	    f->i->capture(&f->h.ports, f->args, f->undo, &f->err) < 0 ||
	    f->i->apply(&f->h.ports, f->args, f->undo, &f->err) < 0 ||
	    f->i->verify(&f->h.ports, f->args, f->undo, &f->err) < 0)
		fail_msg("%s", f->err.text);
}

static int revert(struct fixture *f)
{
	return f->i->revert(&f->h.ports, f->undo, &f->err);
}

#define ARGS(more) "{\"device\":\"/data\",\"group\":\"db\"" more "}"

static void test_what_is_asked_is_checked(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, ARGS("")), GD_CHECK_IDLE);
	assert_int_equal(parse(f, ARGS(",\"wiops\":-1")), -1);
	assert_int_equal(
		parse(f, "{\"device\":\"/data\",\"group\":\"../x\",\"wiops\":1}"), -1);
	assert_int_equal(parse(f, "{\"device\":\"/data\",\"group\":\"/db\",\"wiops\":1}"),
			 -1);
	assert_non_null(strstr(f->err.text, "below /sys/fs/cgroup"));
}

static void test_preflight(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "{\"device\":\"/no\",\"group\":\"db\",\"wiops\":1}"),
			 0);
	assert_refused(f, "no disk /no");
	assert_int_equal(parse(f, "{\"device\":\"/data\",\"group\":\"x\",\"wiops\":1}"),
			 0);
	assert_refused(f, "no control group x");
	assert_int_equal(parse(f, ARGS(",\"riops\":500")), 0);
	assert_refused(f, "as low or lower");
	assert_int_equal(parse(f, ARGS(",\"riops\":501,\"wiops\":1")), 0);
	assert_refused(f, "as low or lower");
	assert_int_equal(parse(f, ARGS(",\"riops\":499")), 0);
	assert_int_equal(f->i->preflight(&f->h.ports, f->args, &f->err), 0);
	f->h.agent_in_group = true;
	assert_refused(f, "agent itself");
	f->h.agent_in_group = false;
	fake_disk(&f->h, "data")->disk.partition = true;
	assert_refused(f, "part of a disk");
}

static void test_other_limits_stay(void **state)
{
	struct fixture *f = *state;

	inject(f, ARGS(",\"wbps\":\"1MiB\",\"wiops\":20"));
	assert_int_equal(f->h.io_max.rbps, GD_IO_NO_LIMIT);
	assert_int_equal(f->h.io_max.wbps, 1 << 20);
	assert_int_equal(f->h.io_max.riops, 500);
	assert_int_equal(f->h.io_max.wiops, 20);
	assert_int_equal(revert(f), 0);
	assert_int_equal(f->h.io_max.wbps, 1 << 30);
	assert_int_equal(f->h.io_max.wiops, GD_IO_NO_LIMIT);
}

static void test_captured_lines(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_STRBUF(lines);
	GD_AUTO_STRBUF(quoted);

	inject(f, ARGS(",\"wiops\":20"));
	f->i->manual_captured(f->args, f->undo, &lines);
	assert_string_equal(gd_strbuf_str(&lines),
			    "echo \"254:0 rbps=max wbps=1073741824 riops=500 wiops=max\" "
			    ">/sys/fs/cgroup/db/io.max\n");
	assert_int_equal(parse(f, "{\"device\":\"/data\",\"group\":\"a\\\\x2db;c\","
				  "\"wiops\":1}"),
			 0);
	f->i->manual(f->args, &quoted);
	assert_non_null(
		strstr(gd_strbuf_str(&quoted), ">'/sys/fs/cgroup/a\\x2db;c/io.max'\n"));
}

static void test_a_lost_limit_is_drift_and_a_lost_group_is_well(void **state)
{
	struct fixture *f = *state;

	inject(f, ARGS(",\"wiops\":20"));
	f->h.io_max.wiops = 21;
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
	f->h.no_group = true;
	assert_int_equal(revert(f), 0);
}

static void test_effect_compares_with_the_limit(void **state)
{
	struct fixture *f = *state;
	struct gd_effect e = {0};

	f->h.io_count = (struct gd_io_count){.writes = 1000};
	inject(f, ARGS(",\"wiops\":20"));
	f->h.now_ns += 10 * GD_NS_PER_S;
	f->h.io_count.writes += 90;
	assert_int_equal(f->i->effect(&f->h.ports, f->args, f->undo, &e, &f->err), 0);
	assert_false(e.seen);
	f->h.io_count.writes += 60;
	assert_int_equal(f->i->effect(&f->h.ports, f->args, f->undo, &e, &f->err), 0);
	assert_true(e.seen);
	assert_non_null(strstr(e.text, "150 writes"));
}

static int foresee(struct fixture *f, const char *args)
{
	assert_true(parse(f, args) >= 0);
	return f->i->foresee(&f->h.ports, f->args, f->undo, &f->err);
}

static void test_a_later_limit_is_looked_at_first(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, ARGS("")), GD_CHECK_IDLE);
	assert_int_equal(f->i->preflight(&f->h.ports, f->args, &f->err), 0);
	inject(f, ARGS(",\"riops\":400"));
	assert_int_equal(foresee(f, ARGS(",\"riops\":100")), 0);
	assert_int_equal(foresee(f, ARGS("")), 0);
	assert_int_equal(foresee(f, ARGS(",\"riops\":600")), -1);
	assert_int_equal(f->err.code, GD_E_REFUSED);
	assert_int_equal(
		foresee(f, "{\"device\":\"/dev/vdb\",\"group\":\"db\",\"riops\":1}"), -1);
	assert_non_null(strstr(f->err.text, "another disk"));
}

static void test_a_limit_changes_in_place(void **state)
{
	struct fixture *f = *state;

	inject(f, ARGS(",\"wiops\":20"));
	assert_int_equal(parse(f, ARGS(",\"riops\":30")), 0);
	assert_int_equal(f->i->change(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_int_equal(f->h.io_max.wiops, GD_IO_NO_LIMIT);
	assert_int_equal(f->h.io_max.riops, 30);
	assert_int_equal(revert(f), 0);
	assert_int_equal(f->h.io_max.riops, 500);
}

static void test_effect_compares_with_the_lowest_limit(void **state)
{
	struct fixture *f = *state;
	struct gd_effect e = {0};

	inject(f, ARGS(",\"wiops\":20"));
	assert_int_equal(foresee(f, ARGS(",\"wiops\":200")), 0);
	f->h.now_ns += 10 * GD_NS_PER_S;
	f->h.io_count.writes += 90;
	assert_int_equal(f->i->effect(&f->h.ports, f->args, f->undo, &e, &f->err), 0);
	assert_false(e.seen);
	f->h.io_count.writes += 60;
	assert_int_equal(f->i->effect(&f->h.ports, f->args, f->undo, &e, &f->err), 0);
	assert_true(e.seen);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_asked_is_checked),
		TEST(test_preflight),
		TEST(test_other_limits_stay),
		TEST(test_captured_lines),
		TEST(test_a_lost_limit_is_drift_and_a_lost_group_is_well),
		TEST(test_effect_compares_with_the_limit),
		TEST(test_a_later_limit_is_looked_at_first),
		TEST(test_a_limit_changes_in_place),
		TEST(test_effect_compares_with_the_lowest_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
