/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/injectors/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/json.h"

struct fixture *set_up(void **state, const char *name)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->i = gd_injector_find(name);
	assert_non_null(f->i);
	f->args = calloc(1, f->i->args.size);
	f->undo = calloc(1, f->i->undo.size);
	fake_host_init(&f->h);
	*state = f;
	return f;
}

int teardown(void **state)
{
	struct fixture *f = *state;

	gd_shape_fini(&f->i->args, f->args);
	gd_shape_fini(&f->i->undo, f->undo);
	free(f->args);
	free(f->undo);
	free(f->before);
	free(f);
	return 0;
}

int parse(struct fixture *f, const char *json)
{
	GD_AUTO(cJSON) cJSON *args = NULL;

	gd_shape_fini(&f->i->args, f->args);
	assert_int_equal(gd_json_parse(json, strlen(json), &args, &f->err), 0);
	if (gd_shape_from_json(&f->i->args, args, f->args, &f->err) < 0)
		return -1;
	return f->i->check(f->args, &f->err);
}

void must_parse(struct fixture *f, const char *json)
{
	if (parse(f, json) < 0)
		fail_msg("%s: %s", json, f->err.text);
}

void assert_refused(struct fixture *f, const char *word)
{
	assert_int_equal(f->i->preflight(&f->h.ports, f->args, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_REFUSED);
	if (!strstr(f->err.text, word))
		fail_msg("\"%s\" does not say \"%s\"", f->err.text, word);
}

void put_in(struct fixture *f)
{
	const struct gd_ports *p = &f->h.ports;

	if (f->i->preflight(p, f->args, &f->err) < 0 ||
	    f->i->capture(p, f->args, f->undo, &f->err) < 0 ||
	    f->i->apply(p, f->args, f->undo, &f->err) < 0 ||
	    f->i->verify(p, f->args, f->undo, &f->err) < 0)
		fail_msg("%s", f->err.text);
}

void inject(struct fixture *f, const char *json)
{
	must_parse(f, json);
	put_in(f);
}

int revert(struct fixture *f)
{
	return f->i->revert(&f->h.ports, f->undo, &f->err);
}
