/* SPDX-License-Identifier: Apache-2.0 */
#include "../cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/scenario/condition.h"

static void must_parse(const char *text, struct gd_condition *c)
{
	struct gd_error err = GD_ERROR_INIT;

	if (gd_condition_parse(text, (struct gd_pos){"f", 7, 5}, c, &err) < 0)
		fail_msg("%s: %s", text, err.text);
}

static void all_parts_are_taken(void **state)
{
	struct gd_condition c;

	(void)state;
	must_parse("checkout.plain.p99 in lossy >= 50ms for 5s", &c);
	assert_string_equal(c.subject, "checkout");
	assert_string_equal(c.part, "plain");
	assert_string_equal(c.metric, "p99");
	assert_string_equal(c.stage, "lossy");
	assert_int_equal(c.op, GD_OP_GE);
	assert_false(c.relative);
	assert_int_equal(c.unit, GD_UNIT_DURATION);
	assert_true(fabs(c.value - 50e6) < 1);
	assert_int_equal(c.hold.ns, 5 * GD_NS_PER_S);
	assert_int_equal(c.metric_pos.column, 20);
	assert_int_equal(c.stage_pos.column, 27);
	assert_int_equal(c.value_pos.column, 36);
	assert_string_equal(c.source, "checkout.plain.p99 in lossy >= 50ms for 5s");
	gd_condition_fini(&c);

	must_parse("checkout.p99 > 2.5x baseline", &c);
	assert_null(c.part);
	assert_null(c.stage);
	assert_true(c.relative);
	assert_true(fabs(c.value - 2.5) < 1e-9);
	assert_string_equal(c.reference, "baseline");
	gd_condition_fini(&c);

	must_parse("*.nic.drops in *>0", &c);
	assert_string_equal(c.subject, "*");
	assert_string_equal(c.stage, "*");
	assert_int_equal(c.op, GD_OP_GT);
	gd_condition_fini(&c);
}

static void values_know_their_unit(void **state)
{
	static const struct {
		const char *text;
		enum gd_metric_unit unit;
		double value;
	} rows[] = {
		{"a.b.c < 50ms", GD_UNIT_DURATION, 50e6},
		{"a.b.c < 1.5 s", GD_UNIT_DURATION, 1.5e9},
		{"a.b.c < 99.9%", GD_UNIT_RATIO, 0.999},
		{"a.b.c < 99 %", GD_UNIT_RATIO, 0.99},
		{"a.b.c < 200/s", GD_UNIT_FREQ, 200},
		{"a.b.c < 30/m", GD_UNIT_FREQ, 0.5},
		{"a.b.c < 64KiB", GD_UNIT_BYTES, 65536},
		{"a.b.c < 1.02", GD_UNIT_COUNT, 1.02},
		{"a.b.c == 0", GD_UNIT_COUNT, 0},
		{"a.b.c != -5", GD_UNIT_COUNT, -5},
		{"a.b.c < 2m", GD_UNIT_DURATION, 120e9},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gd_condition c;

		must_parse(rows[i].text, &c);
		if (c.unit != rows[i].unit || fabs(c.value - rows[i].value) > 1e-6)
			fail_msg("%s: unit %d value %g", rows[i].text, (int)c.unit,
				 c.value);
		gd_condition_fini(&c);
	}
}

static const struct {
	const char *text;
	int column;
	const char *said;
} wrong[] = {
	{"", 5, "is empty"},
	{"p99 < 5ms", 5, "has 1 part"},
	{"a.b.c.d < 5ms", 5, "has 4 parts"},
	{"a.b.p99.9 < 5ms", 5, "write the 99.9th percentile as p999"},
	{"a..c < 5ms", 7, "is not a name"},
	{"a.b$.c < 5ms", 7, "is not a name"},
	{"a.b.c", 10, "a comparison is missing"},
	{"a.b.c in", 13, "a stage's name is missing"},
	{"a.b.c in < 5ms", 14, "a stage's name is missing"},
	{"a.b.c = 5ms", 11, "did you mean \"==\"?"},
	{"a.b.c => 5ms", 11, "did you mean \">=\"?"},
	{"a.b.c above 5ms", 11, "expected a comparison"},
	{"a.b.c <", 12, "a value is missing"},
	{"a.b.c < fast", 13, "is not a value"},
	{"a.b.c < 5 parsec", 13, "is not a value"},
	{"a.b.c < 0x10", 13, "is not a value"},
	{"a.b.c < 1e999", 13, "is not a value"},
	{"a.b.c < 2x", 15, "a stage's name is missing"},
	{"a.b.c < 2x baseline please", 25, "nothing is expected here"},
	{"a.b.c < 5ms for", 20, "is not a duration"},
	{"a.b.c < 5ms for 0s", 21, "above zero"},
	{"a.b.c < 5ms for 5s for 6s", 24, "one duration"},
	{"a b c d e f g h i j k l m n", 29, "too long"},
};

static void mistakes_point_at_the_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct gd_error err = GD_ERROR_INIT;
		struct gd_condition c;

		assert_int_equal(gd_condition_parse(wrong[i].text,
						    (struct gd_pos){"f", 7, 5}, &c, &err),
				 -1);
		if (!strstr(err.text, wrong[i].said) ||
		    err.pos.column != wrong[i].column || err.pos.line != 7)
			fail_msg("\"%s\": %d:%d %s", wrong[i].text, err.pos.line,
				 err.pos.column, err.text);
	}
}

static void operators_do_what_they_say(void **state)
{
	static const bool below[] = {true, true, false, false, false, true};
	static const bool equal[] = {false, true, false, true, true, false};

	(void)state;
	for (int op = GD_OP_LT; op <= GD_OP_NE; op++) {
		assert_int_equal(gd_op_holds((enum gd_op)op, 1, 2), below[op]);
		assert_int_equal(gd_op_holds((enum gd_op)op, 2, 2), equal[op]);
		assert_false(gd_op_holds((enum gd_op)op, (double)NAN, 2));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_parts_are_taken),
		cmocka_unit_test(values_know_their_unit),
		cmocka_unit_test(mistakes_point_at_the_word),
		cmocka_unit_test(operators_do_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
