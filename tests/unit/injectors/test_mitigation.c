/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/file.h"
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
	f->i = gd_injector_find("mitigation");
	assert_non_null(f->i);
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

static void parse(struct fixture *f, const char *command, const char *undo)
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

	parse(f, "set high", "restore");
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_string_equal(f->h.knob, "high");
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_string_equal(f->h.knob, "low");
}

/* An undo that can't be done twice is not asked to. */
static void test_undone_once(void **state)
{
	struct fixture *f = *state;

	parse(f, "set high", "false");
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), -1);
	assert_non_null(strstr(f->err.text, "undo command ended with status 1"));
}

static void test_nothing_changed(void **state)
{
	struct fixture *f = *state;
	struct gd_effect effect;

	parse(f, "set low", "restore");
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

	parse(f, "false", "restore");
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), -1);
	assert_non_null(strstr(f->err.text, "ended with status 1"));
}

static void test_words(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_STRBUF(out);

	(void)snprintf(f->h.knob, sizeof(f->h.knob), "it's");
	parse(f, "set high\\nset higher", "x $GAMEDAY_BEFORE");
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
