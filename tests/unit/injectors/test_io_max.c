/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/injectors/fixture.h"

#include <string.h>

static int setup(void **state)
{
	(void)set_up(state, "io_max");
	return 0;
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
