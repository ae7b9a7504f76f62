/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include "gameday/torture/look.h"

static void expect(const char *before, const char *after, bool skip_busy,
		   const char *diff)
{
	GD_AUTO_STRBUF(out);

	gd_look_compare(before, after, skip_busy, &out);
	assert_string_equal(gd_strbuf_str(&out), diff);
}

static void test_same(void **state)
{
	(void)state;
	expect("", "", false, "");
	expect("a\nb\n", "a\nb\n", false, "");
	/* The kernel lists some things in whatever order. */
	expect("a\nb\n", "b\na\n", false, "");
}

static void test_every_difference_shows(void **state)
{
	(void)state;
	expect("a\nb\n", "a\n", false, "- b\n");
	expect("a\n", "a\nb\n", false, "+ b\n");
	expect("ring 256\n", "ring 128\n", false, "- ring 256\n+ ring 128\n");
	/* Once more than before is a difference as well; so is an empty look. */
	expect("a\n", "a\na\n", false, "+ a\n+ a\n");
	expect("a\n", "", false, "- a\n");
	expect("ab\n", "a\n", false, "- ab\n+ a\n");
}

static void test_somebody_at_work(void **state)
{
	(void)state;
	expect("a\n", "busy: gameday-agent\na\n", false, "+ busy: gameday-agent\n");
	expect("a\n", "busy: gameday-agent\na\n", true, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_every_difference_shows),
		cmocka_unit_test(test_somebody_at_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
