/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/injectors/fixture.h"

#include <stdio.h>
#include <string.h>

static const char linear[] = "0 2048 linear 252:1 0\n2048 2048 linear 252:1 8192\n";

static int setup(void **state)
{
	struct fixture *f = set_up(state, "disk_delay");

	f->data = fake_disk(&f->h, "data");
	return 0;
}

static void test_delays_are_checked(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "{\"device\":\"data\"}"), GD_CHECK_IDLE);
	assert_non_null(strstr(f->err.text, "nothing is asked for"));
	assert_int_equal(parse(f, "{\"device\":\"data\",\"write\":\"1500us\"}"), -1);
	assert_non_null(strstr(f->err.text, "whole milliseconds"));
	assert_int_equal(parse(f, "{\"device\":\"data\",\"write\":\"61s\"}"), -1);
	assert_int_equal(parse(f, "{\"read\":\"1ms\"}"), -1);
}

static void test_preflight(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "{\"device\":\"/dev/nope\",\"write\":\"1ms\"}"), 0);
	assert_refused(f, "no disk /dev/nope");
	assert_int_equal(parse(f, "{\"device\":\"/dev/vda\",\"write\":\"1ms\"}"), 0);
	assert_refused(f, "vda is in use");
	assert_int_equal(parse(f, "{\"device\":\"/data\",\"write\":\"1ms\"}"), 0);
	assert_int_equal(f->i->preflight(&f->h.ports, f->args, &f->err), 0);
	f->data->disk.swap = true;
	assert_refused(f, "swaps to /data");
	f->data->disk.swap = false;
	f->h.journal_disk = "dm-0";
	assert_refused(f, "journal");
	f->h.journal_disk = NULL;
	f->data->dm.suspended = true;
	assert_refused(f, "suspended");
	f->data->dm.suspended = false;
	f->data->dm.has_inactive_table = true;
	assert_refused(f, "dmsetup clear data");
	f->data->dm.has_inactive_table = false;
	f->h.lacks = "dm-delay";
	assert_refused(f, "dm-delay");
}

static void test_only_linear_tables(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "{\"device\":\"data\",\"write\":\"1ms\"}"), 0);
	(void)snprintf(f->data->table, sizeof(f->data->table),
		       "0 2048 linear 252:1 0\n2048 64 striped 1 8 252:1 0\n");
	assert_refused(f, "\"striped\"");
	(void)snprintf(f->data->table, sizeof(f->data->table),
		       "0 4096 crypt aes 00112233 0 252:1 0\n");
	assert_refused(f, "\"crypt\"");
	assert_null(strstr(f->err.text, "00112233"));
	(void)snprintf(f->data->table, sizeof(f->data->table),
		       "0 4096 delay 252:1 0 5\n");
	assert_refused(f, "delays its requests already");
}

static void test_live_table_there_and_back(void **state)
{
	struct fixture *f = *state;

	inject(f, "{\"device\":\"/data\",\"read\":\"20ms\",\"write\":\"50ms\","
		  "\"flush\":\"30ms\"}");
	assert_string_equal(f->data->table,
			    "0 2048 delay 252:1 0 20 252:1 0 50 252:1 0 30\n"
			    "2048 2048 delay 252:1 8192 20 252:1 8192 50 "
			    "252:1 8192 30\n");
	assert_refused(f, "already");
	assert_int_equal(revert(f), 0);
	assert_string_equal(f->data->table, linear);
}

static void test_a_suspended_disk_is_let_go(void **state)
{
	struct fixture *f = *state;

	inject(f, "{\"device\":\"data\",\"flush\":\"30ms\"}");
	f->data->dm.suspended = true;
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), -1);
	assert_int_equal(revert(f), 0);
	assert_false(f->data->dm.suspended);
	assert_string_equal(f->data->table, linear);
	/* Dead before the swap: suspended with its own table, ours beside it. */
	f->data->dm.suspended = f->data->dm.has_inactive_table = true;
	assert_int_equal(revert(f), 0);
	assert_false(f->data->dm.suspended || f->data->dm.has_inactive_table);
	assert_string_equal(f->data->table, linear);
}

static void test_what_others_made_stays(void **state)
{
	struct fixture *f = *state;

	inject(f, "{\"device\":\"data\",\"write\":\"30ms\"}");
	(void)snprintf(f->data->table, sizeof(f->data->table), "0 4096 error \n");
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
	assert_int_equal(revert(f), -1);
	assert_string_equal(f->data->table, "0 4096 error \n");
	(void)snprintf(f->data->dm.uuid, sizeof(f->data->dm.uuid), "other");
	assert_int_equal(revert(f), -1);
	assert_non_null(strstr(f->err.text, "another device"));
}

static void test_a_read_only_disk_stays_so(void **state)
{
	struct fixture *f = *state;

	f->data->dm.read_only = true;
	inject(f, "{\"device\":\"data\",\"read\":\"30ms\"}");
	assert_int_equal(revert(f), 0);
	assert_string_equal(f->data->table, linear);
}

static void test_idle_disk_gets_a_device_on_top(void **state)
{
	struct fixture *f = *state;
	struct fake_disk *made;

	inject(f, "{\"device\":\"/dev/vdb\",\"write\":\"100ms\"}");
	made = fake_disk(&f->h, "gd-vdb");
	assert_non_null(made);
	assert_string_equal(made->table,
			    "0 4096 delay 252:2 0 0 252:2 0 100 252:2 0 0\n");
	assert_refused(f, "gd-vdb already");
	made->is_open = true;
	assert_int_equal(revert(f), -1);
	assert_non_null(strstr(f->err.text, "delays nothing any more"));
	assert_string_equal(made->table, "0 4096 linear 252:2 0\n");
	assert_int_equal(revert(f), -1);
	made->is_open = false;
	assert_int_equal(revert(f), 0);
	assert_null(fake_disk(&f->h, "gd-vdb"));
	assert_int_equal(revert(f), 0);
}

static int change(struct fixture *f, const char *args)
{
	if (parse(f, args) < 0 ||
	    f->i->change(&f->h.ports, f->args, f->undo, &f->err) < 0)
		return -1;
	return f->i->verify(&f->h.ports, f->args, f->undo, &f->err);
}

static void foresee(struct fixture *f, const char *args)
{
	assert_true(parse(f, args) >= 0);
	assert_int_equal(f->i->foresee(&f->h.ports, f->args, f->undo, &f->err), 0);
}

static void test_delays_change_in_place(void **state)
{
	struct fixture *f = *state;

	inject(f, "{\"device\":\"data\",\"write\":\"20ms\"}");
	assert_int_equal(change(f, "{\"device\":\"data\",\"write\":\"60ms\"}"), 0);
	assert_string_equal(f->data->table,
			    "0 2048 delay 252:1 0 0 252:1 0 60 252:1 0 0\n"
			    "2048 2048 delay 252:1 8192 0 252:1 8192 60 252:1 8192 0\n");
	assert_int_equal(change(f, "{\"device\":\"data\"}"), 0);
	assert_int_equal(change(f, "{\"device\":\"data\",\"read\":\"7ms\"}"), 0);
	assert_int_equal(revert(f), 0);
	assert_string_equal(f->data->table, linear);
	assert_int_equal(change(f, "{\"device\":\"data\",\"write\":\"60ms\"}"), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
	assert_string_equal(f->data->table, linear);
}

/* Dead between load and swap, and suspended by somebody else. */
static void test_a_change_cut_short_is_undone(void **state)
{
	struct fixture *f = *state;

	inject(f, "{\"device\":\"data\",\"write\":\"20ms\"}");
	assert_int_equal(parse(f, "{\"device\":\"data\",\"write\":\"60ms\"}"), 0);
	f->h.calls = 0;
	f->h.fail_at = 3;
	assert_int_equal(f->i->change(&f->h.ports, f->args, f->undo, &f->err), -1);
	f->h.fail_at = 0;
	assert_true(f->data->dm.has_inactive_table);
	f->data->dm.suspended = true;
	assert_int_equal(revert(f), 0);
	assert_false(f->data->dm.suspended || f->data->dm.has_inactive_table);
	assert_string_equal(f->data->table, linear);
}

/* Ours is what the table from before would be with delays, and nothing else. */
static void test_other_delays_are_not_ours(void **state)
{
	static const char *const others[] = {
		"0 4096 delay 252:1 0 0 252:1 0 60 252:1 0 0\n",
		"0 2048 delay 252:1 8 0 252:1 0 60 252:1 0 0\n"
		"2048 2048 delay 252:1 8192 0 252:1 8192 60 252:1 8192 0\n",
		"0 2048 delay 252:1 0 0 252:1 0 60 252:1 0 0\n"
		"2048 2048 delay 252:1 8192 0 252:1 8192 61 252:1 8192 0\n",
		"0 2048 delay 252:1 0 60\n2048 2048 delay 252:1 8192 60\n",
	};
	struct fixture *f = *state;

	inject(f, "{\"device\":\"data\",\"write\":\"20ms\"}");
	for (size_t i = 0; i < GD_N_ELEMS(others); i++) {
		(void)snprintf(f->data->table, sizeof(f->data->table), "%s", others[i]);
		assert_int_equal(revert(f), -1);
		assert_int_equal(f->err.code, GD_E_DRIFT);
		assert_string_equal(f->data->table, others[i]);
	}
}

static void assert_lines(struct fixture *f, const char *want)
{
	GD_AUTO_STRBUF(lines);

	f->i->manual_captured(f->args, f->undo, &lines);
	assert_string_equal(gd_strbuf_str(&lines), want);
}

static void test_captured_lines(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "{\"device\":\"/data\",\"write\":\"1ms\"}"), 0);
	assert_int_equal(f->i->capture(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_lines(f, "printf '%s\\n' '0 2048 linear 252:1 0' "
			"'2048 2048 linear 252:1 8192' | dmsetup load data\n"
			"dmsetup resume --noflush --nolockfs data\n");
	gd_shape_fini(&f->i->undo, f->undo);
	(void)snprintf(f->data->disk.dm_name, sizeof(f->data->disk.dm_name), "my\\x20vg");
	f->data->dm.read_only = true;
	assert_int_equal(f->i->capture(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_lines(f, "printf '%s\\n' '0 2048 linear 252:1 0' "
			"'2048 2048 linear 252:1 8192' "
			"| dmsetup load --readonly 'my\\x20vg'\n"
			"dmsetup resume --noflush --nolockfs 'my\\x20vg'\n");
	gd_shape_fini(&f->i->undo, f->undo);
	assert_int_equal(parse(f, "{\"device\":\"/dev/vdb\",\"write\":\"1ms\"}"), 0);
	assert_int_equal(f->i->capture(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_lines(f, "dmsetup remove gd-vdb   # refused while it is open: first end "
			"what uses it (`fuser -vm /dev/mapper/gd-vdb`)\n");
}

static bool seen(struct fixture *f, int64_t reads, int64_t read_ms, int64_t writes,
		 int64_t write_ms)
{
	struct gd_effect e = {0};

	f->data->stats = (struct gd_disk_stats){1000 + reads, 2000 + writes,
						gd_span_ms(100 + read_ms),
						gd_span_ms(400 + write_ms)};
	assert_int_equal(f->i->effect(&f->h.ports, f->args, f->undo, &e, &f->err), 0);
	assert_int_equal(e.counters[0].value, reads);
	return e.seen;
}

static void test_effect_is_time_spent_since(void **state)
{
	struct fixture *f = *state;

	f->data->stats =
		(struct gd_disk_stats){1000, 2000, gd_span_ms(100), gd_span_ms(400)};
	inject(f, "{\"device\":\"data\",\"read\":\"20ms\",\"write\":\"100ms\","
		  "\"flush\":\"100ms\"}");
	assert_false(seen(f, 0, 0, 0, 0));
	assert_false(seen(f, 10, 5, 50, 20));
	assert_true(seen(f, 10, 200, 0, 0));
	assert_true(seen(f, 0, 0, 50, 5000));
	assert_false(seen(f, 0, 0, 50, 1000));
}

static void test_effect_of_delays_that_change(void **state)
{
	struct fixture *f = *state;

	f->data->stats =
		(struct gd_disk_stats){1000, 2000, gd_span_ms(100), gd_span_ms(400)};
	inject(f, "{\"device\":\"data\",\"write\":\"20ms\",\"flush\":\"20ms\"}");
	foresee(f, "{\"device\":\"data\",\"write\":\"120ms\",\"flush\":\"120ms\"}");
	assert_false(seen(f, 0, 0, 100, 1000));
	assert_true(seen(f, 0, 0, 100, 7000));
	/* One of 100 requests came when there was a delay. */
	foresee(f, "{\"device\":\"data\"}");
	assert_true(seen(f, 0, 0, 100, 20));
	assert_false(seen(f, 0, 0, 100, 10));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_delays_are_checked),
		TEST(test_preflight),
		TEST(test_only_linear_tables),
		TEST(test_live_table_there_and_back),
		TEST(test_a_suspended_disk_is_let_go),
		TEST(test_what_others_made_stays),
		TEST(test_a_read_only_disk_stays_so),
		TEST(test_idle_disk_gets_a_device_on_top),
		TEST(test_delays_change_in_place),
		TEST(test_a_change_cut_short_is_undone),
		TEST(test_other_delays_are_not_ours),
		TEST(test_captured_lines),
		TEST(test_effect_is_time_spent_since),
		TEST(test_effect_of_delays_that_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
