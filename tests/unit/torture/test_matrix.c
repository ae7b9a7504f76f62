/* SPDX-License-Identifier: Apache-2.0 */
/* Which steps there are, and what the matrix says of the trials. */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/torture/print.h"

static struct gd_bed two_faults(void)
{
	struct gd_bed b = {.name = "two.yaml", .host = "h", .n_faults = 2};

	(void)snprintf(b.kinds[0], sizeof(b.kinds[0]), "one");
	(void)snprintf(b.kinds[1], sizeof(b.kinds[1]), "two");
	return b;
}

static void test_steps_of_two_faults(void **state)
{
	static const char *const names[] = {
		"ready", "asked",   "open-one",  "active-one", "open-two", "active-two",
		"held",  "undoing", "clean-two", "clean-one",  "recovery"};
	const struct gd_bed b = two_faults();
	struct gd_step steps[GD_MAX_STEPS];
	int line = 0;

	(void)state;
	assert_int_equal(gd_steps_list(&b, steps), GD_N_ELEMS(names));
	for (size_t i = 0; i < GD_N_ELEMS(names); i++) {
		assert_string_equal(steps[i].name, names[i]);
		if (steps[i].when == GD_WHEN_HOST_LINE)
			assert_int_equal(steps[i].line, ++line);
	}
	assert_int_equal(line, 6);
}

static char *printed(const struct gd_matrix *m, const struct gd_bed *b)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	gd_matrix_print(m, b, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_a_difference_shows_and_counts(void **state)
{
	struct gd_matrix *m = calloc(1, sizeof(*m));
	const struct gd_bed b = two_faults();
	struct gd_tally tally = {0};
	char *text, *none;

	(void)state;
	assert_non_null(m);
	m->n_steps = gd_steps_list(&b, m->steps);
	none = printed(m, &b);
	assert_string_equal(none, "");
	m->cells[0][GD_VICTIM_AGENT] =
		(struct gd_cell){.outcome = GD_OUTCOME_SAME, .took_ms = 1500};
	m->cells[6][GD_VICTIM_LINK] = (struct gd_cell){
		.outcome = GD_OUTCOME_DIFF, .took_ms = 20000, .why = strdup("+ qdisc\n")};
	m->cells[7][GD_VICTIM_CLOCK] = (struct gd_cell){.outcome = GD_OUTCOME_MISSED};
	m->cells[8][GD_VICTIM_CLOCK] = (struct gd_cell){.outcome = GD_OUTCOME_HUNG};
	text = printed(m, &b);
	assert_non_null(strstr(text, "\nagent           ok 1.5 "));
	assert_non_null(strstr(text, " DIFF 20.0 "));
	assert_non_null(strstr(text, "held/link:\n+ qdisc\n"));
	gd_matrix_count(m, &tally);
	assert_int_equal(tally.n, 4);
	assert_int_equal(tally.n_differ, 2);
	assert_int_equal(tally.n_missed, 1);
	gd_matrix_fini(m);
	free(none);
	free(text);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_of_two_faults),
		cmocka_unit_test(test_a_difference_shows_and_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
