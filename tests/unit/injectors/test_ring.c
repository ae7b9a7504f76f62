/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/injectors/fixture.h"

#include <string.h>

static int setup(void **state)
{
	struct fixture *f = set_up(state, "ring");

	f->eth0 = fake_link(&f->h, "eth0");
	return 0;
}

static void capture(struct fixture *f)
{
	assert_int_equal(f->i->capture(&f->h.ports, f->args, f->undo, &f->err), 0);
}

static void test_preflight(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "{\"device\":\"eth0\"}"), -1);
	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":-1}"), -1);
	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":8192}"), 0);
	assert_refused(f, "4096 (now 256)");
	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx_jumbo\":8}"), 0);
	assert_refused(f, "no rx_jumbo ring");
	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":256}"), 0);
	assert_refused(f, "already");
	assert_int_equal(parse(f, "{\"device\":\"lo\",\"rx\":64}"), 0);
	assert_refused(f, "no rings");
}

static void test_what_is_not_given_stays(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":64}"), 0);
	capture(f);
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_int_equal(f->eth0->ring.rx, 64);
	assert_int_equal(f->eth0->ring.tx, 256);
}

static void test_waits_for_the_carrier(void **state)
{
	struct fixture *f = *state;
	int64_t start = f->h.now_ns;

	f->eth0->carrier_gap = gd_span_ms(2000);
	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":64}"), 0);
	capture(f);
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_in_range(f->h.now_ns - start, 2000 * GD_NS_PER_MS, 2300 * GD_NS_PER_MS);
	assert_non_null(strstr(f->h.last_note, "away for 2.0 s"));
	assert_string_equal(f->h.last_figure, "carrier_away_ms 2000");
}

static void test_a_carrier_that_stays_away(void **state)
{
	struct fixture *f = *state;

	f->eth0->carrier_gap = gd_span_s(60);
	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":64}"), 0);
	capture(f);
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_TIMEOUT);
	f->eth0->carrier_gap = gd_span_s(0);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_int_equal(f->eth0->ring.rx, 256);
}

static void test_rings_of_all_kinds(void **state)
{
	struct fixture *f = *state;

	f->eth0->ring.rx_jumbo = 128;
	f->eth0->ring_max.rx_jumbo = 1024;
	f->eth0->ring_step = 48;
	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx_jumbo\":50}"), 0);
	assert_int_equal(f->i->preflight(&f->h.ports, f->args, &f->err), 0);
	capture(f);
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_int_equal(f->eth0->ring.rx_jumbo, 96);
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_non_null(strstr(f->h.last_note, "rx_jumbo 96"));
	f->eth0->ring_step = 0;
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_int_equal(f->eth0->ring.rx_jumbo, 128);
}

static void test_no_cable_no_wait(void **state)
{
	struct fixture *f = *state;

	f->eth0->carrier = false;
	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":64}"), 0);
	capture(f);
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_int_equal(f->h.now_ns, 0);
}

static void test_rounding_is_told_and_refusing_is_drift(void **state)
{
	struct fixture *f = *state;

	f->eth0->ring_step = 48;
	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":32}"), 0);
	capture(f);
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_non_null(strstr(f->h.last_note, "rounded the rings to rx 48"));
	f->eth0->ring = (struct gd_ring){.rx = 256, .tx = 256};
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
}

static void test_effect_counts_from_capture(void **state)
{
	struct fixture *f = *state;
	struct gd_effect e = {0};

	f->eth0->missed = 100;
	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":64}"), 0);
	capture(f);
	assert_int_equal(f->i->effect(&f->h.ports, f->args, f->undo, &e, &f->err), 0);
	assert_false(e.seen);
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	f->eth0->missed = 142;
	assert_int_equal(f->i->effect(&f->h.ports, f->args, f->undo, &e, &f->err), 0);
	assert_true(e.seen);
	assert_non_null(strstr(e.text, "42 packets missed"));
}

static void test_revert_resets_no_card_without_need(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":64}"), 0);
	capture(f);
	f->eth0->carrier_gap = gd_span_s(2);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_int_equal(f->h.now_ns, 0);
}

static void test_the_captured_lines_can_be_typed(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_STRBUF(lines);

	assert_int_equal(parse(f, "{\"device\":\"eth0\",\"rx\":64,\"tx\":96}"), 0);
	capture(f);
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	f->i->manual_captured(f->args, f->undo, &lines);
	assert_string_equal(gd_strbuf_str(&lines), "ethtool -G eth0 rx 256 tx 256\n");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_preflight),
		TEST(test_what_is_not_given_stays),
		TEST(test_waits_for_the_carrier),
		TEST(test_rings_of_all_kinds),
		TEST(test_a_carrier_that_stays_away),
		TEST(test_no_cable_no_wait),
		TEST(test_rounding_is_told_and_refusing_is_drift),
		TEST(test_effect_counts_from_capture),
		TEST(test_revert_resets_no_card_without_need),
		TEST(test_the_captured_lines_can_be_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
