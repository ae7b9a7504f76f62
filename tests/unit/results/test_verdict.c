/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/results/verdict.h"

#include <string.h>

#include "gameday/base/error.h"
#include "tests/unit/cmocka_all.h"

static enum gd_verdict_kind kind_of(struct gd_verdict_facts facts)
{
	struct gd_verdict v;

	gd_verdict_decide(&facts, &v);
	assert_int_equal(v.exit, gd_verdict_exit(v.kind));
	assert_true(*v.reason != '\0');
	return v.kind;
}

static void names_are_stable(void **state)
{
	static const char *const names[] = {"held",    "refuted", "invalid",
					    "aborted", "not-run", "left-behind"};

	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_string_equal(gd_verdict_name((enum gd_verdict_kind)i), names[i]);
		assert_int_equal(gd_verdict_from_name(names[i]), i);
	}
	assert_int_equal(gd_verdict_from_name("sunny"), -1);
	assert_int_equal(gd_verdict_exit(GD_VERDICT_HELD), 0);
	assert_int_equal(gd_verdict_exit(GD_VERDICT_REFUTED), 1);
	assert_int_equal(gd_verdict_exit(GD_VERDICT_NOT_RUN), 3);
	assert_int_equal(gd_verdict_exit(GD_VERDICT_ABORTED), 4);
	assert_int_equal(gd_verdict_exit(GD_VERDICT_LEFT_BEHIND), 5);
	assert_int_equal(gd_verdict_exit(GD_VERDICT_INVALID), 6);
}

/* Each fact added to the ones before must win over them, in the order of precedence. */
static void precedence_holds(void **state)
{
	struct gd_verdict_facts f = {.over = true, .n_faults = 2, .n_expect = 3};

	(void)state;
	assert_int_equal(kind_of(f), GD_VERDICT_HELD);
	f.n_failed = 1;
	assert_int_equal(kind_of(f), GD_VERDICT_REFUTED);
	f.n_no_data = 1;
	assert_int_equal(kind_of(f), GD_VERDICT_INVALID);
	f.n_no_data = 0;
	f.n_without_effect = 1;
	assert_int_equal(kind_of(f), GD_VERDICT_INVALID);
	f.aborted = true;
	assert_int_equal(kind_of(f), GD_VERDICT_ABORTED);
	f.n_left_behind = 1;
	assert_int_equal(kind_of(f), GD_VERDICT_LEFT_BEHIND);
}

static void not_run_needs_no_injection(void **state)
{
	struct gd_verdict_facts f = {
		.over = true, .steady_failed = true, .aborted = true};

	(void)state;
	assert_int_equal(kind_of(f), GD_VERDICT_NOT_RUN);
	f.steady_failed = false;
	f.preflight_failed = true;
	assert_int_equal(kind_of(f), GD_VERDICT_NOT_RUN);
	f.preflight_failed = false;
	f.not_run = true;
	assert_int_equal(kind_of(f), GD_VERDICT_NOT_RUN);
	f.n_faults = 1;
	assert_int_equal(kind_of(f), GD_VERDICT_ABORTED);
	/* In on trial only, and undone: nothing stayed in. Unless something did. */
	f.way_back_lost = true;
	assert_int_equal(kind_of(f), GD_VERDICT_NOT_RUN);
	f.n_unwitnessed = 1;
	assert_int_equal(kind_of(f), GD_VERDICT_LEFT_BEHIND);
}

static void unwitnessed_depends_on_the_end(void **state)
{
	struct gd_verdict_facts f = {
		.n_faults = 1, .n_unwitnessed = 1, .last_event = "stage_begin x"};
	struct gd_verdict v;

	(void)state;
	gd_verdict_decide(&f, &v);
	assert_int_equal(v.kind, GD_VERDICT_ABORTED);
	assert_non_null(strstr(v.reason, "the runner died; last event: stage_begin x"));
	f.over = true;
	assert_int_equal(kind_of(f), GD_VERDICT_LEFT_BEHIND);
}

static void reasons_name_the_detail(void **state)
{
	struct gd_verdict_facts f = {
		.over = true, .n_expect = 5, .n_failed = 2, .detail = "a > b"};
	struct gd_verdict v;

	(void)state;
	gd_verdict_decide(&f, &v);
	assert_string_equal(v.reason, "2 of 5 expectations failed: a > b");
	f = (struct gd_verdict_facts){.over = true};
	gd_verdict_decide(&f, &v);
	assert_non_null(strstr(v.reason, "declared no expectation"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_stable),
		cmocka_unit_test(precedence_holds),
		cmocka_unit_test(not_run_needs_no_injection),
		cmocka_unit_test(unwitnessed_depends_on_the_end),
		cmocka_unit_test(reasons_name_the_detail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
