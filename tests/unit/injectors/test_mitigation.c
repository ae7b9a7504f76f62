/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/injectors/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/file.h"
#include "gameday/base/json.h"

static int setup(void **state)
{
	(void)set_up(state, "mitigation");
	return 0;
}

static void prepare(struct fixture *f, const char *command, const char *undo)
{
	GD_AUTO_FREE char *text =
		gd_strf("{\"action\":\"Turn\\nit up\",\"command\":\"%s\","
			"\"undo\":\"%s\",\"state\":\"get\"}",
			command, undo);
	GD_AUTO(cJSON) cJSON *json = NULL;

	assert_int_equal(gd_json_parse(text, strlen(text), &json, &f->err), 0);
	assert_int_equal(gd_shape_from_json(&f->i->args, json, f->args, &f->err), 0);
	assert_int_equal(f->i->check(f->args, &f->err), 0);
	assert_int_equal(f->i->capture(&f->h.ports, f->args, f->undo, &f->err), 0);
}

/* Undoing gets the text from before, also when the host changed in between. */
static void test_before_is_given_back(void **state)
{
	struct fixture *f = *state;

	prepare(f, "set high", "restore");
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_string_equal(f->h.knob, "high");
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_string_equal(f->h.knob, "low");
}

/* An undo that can't be done twice is not asked to. */
static void test_undone_once(void **state)
{
	struct fixture *f = *state;

	prepare(f, "set high", "false");
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), -1);
	assert_non_null(strstr(f->err.text, "undo command ended with status 1"));
}

static void test_nothing_changed(void **state)
{
	struct fixture *f = *state;
	struct gd_effect effect;

	prepare(f, "set low", "restore");
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
	assert_int_equal(f->i->effect(&f->h.ports, f->args, f->undo, &effect, &f->err),
			 0);
	assert_false(effect.seen);
}

static void test_failing_command(void **state)
{
	struct fixture *f = *state;

	prepare(f, "false", "restore");
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), -1);
	assert_non_null(strstr(f->err.text, "ended with status 1"));
}

static void test_words(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_STRBUF(out);

	(void)snprintf(f->h.knob, sizeof(f->h.knob), "it's");
	prepare(f, "set high\\nset higher", "x $GAMEDAY_BEFORE");
	f->i->describe(f->args, &out);
	assert_string_equal(gd_strbuf_str(&out), "mitigation \"Turn ...\": set high ...");
	gd_strbuf_clear(&out);
	f->i->manual_captured(f->args, f->undo, &out);
	assert_string_equal(gd_strbuf_str(&out), "# takes back: Turn ...\n"
						 "GAMEDAY_BEFORE='it'\\''s'\n"
						 "x $GAMEDAY_BEFORE\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_before_is_given_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_undone_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failing_command, setup, teardown),
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
