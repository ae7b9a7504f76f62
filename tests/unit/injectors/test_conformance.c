/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every injector must do, tried on every one in the table: complete, decodable,
 * undoable from its undo record alone, whatever went wrong before.
 */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/json.h"
#include "injectors/injector.h"
#include "tests/unit/injectors/fakes/host.h"

/* Arguments that the fake host accepts, and what they name; a new injector adds its line. */
static const struct {
	const char *name, *target, *args;
} examples[] = {
	{"bgp", "uplink", "{\"protocol\":\"uplink\"}"},
	{"disk_delay", "data",
	 "{\"device\":\"data\",\"read\":\"20ms\",\"write\":\"100ms\"}"},
	{"io_max", "db", "{\"device\":\"/data\",\"group\":\"db\",\"wiops\":20}"},
	{"mitigation", "any mitigation",
	 "{\"action\":\"any mitigation\",\"command\":\"set high\","
	 "\"undo\":\"restore\",\"state\":\"get\"}"},
	{"netem", "eth0",
	 "{\"device\":\"eth0\",\"direction\":\"both\",\"delay\":\"20ms\","
	 "\"loss\":\"5%\",\"ingress\":{\"burst_start\":\"1%\",\"burst_end\":"
	 "\"25%\"},\"peers\":[\"10.0.0.0/8\",\"db.example\"],\"ports\":[80],"
	 "\"except\":{\"peers\":[\"10.1.0.0/16\"],\"protocols\":[\"udp\"]}}"},
	{"ring", "eth0", "{\"device\":\"eth0\",\"rx\":128,\"tx\":64}"},
};

/* What a fault with these can be changed to while it is in, for those that can change. */
static const struct {
	const char *name, *args;
} changed[] = {
	{"disk_delay", "{\"device\":\"data\",\"read\":\"0\",\"write\":\"200ms\","
		       "\"flush\":\"5ms\"}"},
	{"io_max", "{\"device\":\"/data\",\"group\":\"db\",\"riops\":100,\"wiops\":5}"},
	{"netem", "{\"device\":\"eth0\",\"direction\":\"both\",\"delay\":\"500ms\","
		  "\"loss\":\"0%\",\"ingress\":{\"rate\":\"10mbit\"},"
		  "\"peers\":[\"10.0.0.0/8\",\"db.example\"],\"ports\":[80],"
		  "\"except\":{\"peers\":[\"10.1.0.0/16\"],\"protocols\":[\"udp\"]}}"},
	{"ring", "{\"device\":\"eth0\",\"rx\":48,\"tx\":64}"},
};

struct subject {
	const struct gd_injector *i;
	const char *target;
	void *args, *undo;
	void *changed; /* NULL: it can't change */
};

static void decode_text(const struct gd_shape *shape, const char *text, void *out)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_json_parse(text, strlen(text), &json, &err), 0);
	if (gd_shape_from_json(shape, json, out, &err) < 0)
		fail_msg("%s", err.text);
}

static void subject_init(struct subject *s, const struct gd_injector *i)
{
	*s = (struct subject){.i = i};
	s->args = calloc(1, i->args.size);
	s->undo = calloc(1, i->undo.size);
	assert_non_null(s->args);
	assert_non_null(s->undo);
	for (size_t n = 0; n < GD_N_ELEMS(examples); n++)
		if (strcmp(examples[n].name, i->name) == 0) {
			decode_text(&i->args, examples[n].args, s->args);
			s->target = examples[n].target;
		}
	if (!s->target)
		fail_msg("%s: add example arguments to this test", i->name);
	for (size_t n = 0; n < GD_N_ELEMS(changed); n++)
		if (strcmp(changed[n].name, i->name) == 0) {
			s->changed = calloc(1, i->args.size);
			assert_non_null(s->changed);
			decode_text(&i->args, changed[n].args, s->changed);
		}
}

static void subject_fini(struct subject *s)
{
	gd_shape_fini(&s->i->args, s->args);
	gd_shape_fini(&s->i->undo, s->undo);
	if (s->changed)
		gd_shape_fini(&s->i->args, s->changed);
	free(s->changed);
	free(s->args);
	free(s->undo);
}

static char *read_state(const struct subject *s, struct fake_host *h)
{
	struct gd_strbuf text = GD_STRBUF_INIT;
	struct gd_error err = GD_ERROR_INIT;

	if (s->i->state(&h->ports, s->args, &text, &err) < 0)
		fail_msg("%s: %s", s->i->name, err.text);
	return gd_strbuf_steal(&text);
}

static void assert_state(const struct subject *s, struct fake_host *h, const char *want)
{
	GD_AUTO_FREE char *now = read_state(s, h);

	assert_string_equal(now, want);
}

/* The undo as another process sees it: written as JSON and read back. */
static void through_json(const struct gd_shape *shape, void **value)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	GD_AUTO_FREE char *first = NULL, *second = NULL;
	GD_AUTO(cJSON) cJSON *again = NULL;
	struct gd_error err = GD_ERROR_INIT;
	void *copy = calloc(1, shape->size);

	assert_non_null(copy);
	assert_int_equal(gd_shape_to_json(shape, *value, &json, &err), 0);
	first = gd_json_print(json);
	if (gd_shape_from_json(shape, json, copy, &err) < 0)
		fail_msg("%s: %s", first, err.text);
	assert_int_equal(gd_shape_to_json(shape, copy, &again, &err), 0);
	second = gd_json_print(again);
	assert_string_equal(first, second);
	gd_shape_fini(shape, *value);
	free(*value);
	*value = copy;
}

#define FOR_EACH_INJECTOR(i)                                                             \
	for (const struct gd_injector *const *at = gd_injectors, *i; (i = *at) != NULL;  \
	     at++)

static void test_every_slot_is_filled(void **state GD_UNUSED)
{
	FOR_EACH_INJECTOR(i)
	{
		bool found = false;

		assert_non_null(i->name);
		assert_non_null(i->summary);
		assert_true(i->check && i->describe && i->manual && i->manual_captured &&
			    i->look && i->doctor && i->preflight && i->state &&
			    i->capture && i->apply && i->verify && i->effect &&
			    i->revert);
		for (size_t n = 0; n < i->args.n_fields; n++)
			if (strcmp(i->args.fields[n].name, i->target_field) == 0)
				found = true;
		assert_true(found);
		assert_int_equal(!i->foresee, !i->change);
		assert_ptr_equal(gd_injector_find(i->name), i);
	}
	assert_null(gd_injector_find("no-such-fault"));
}

static void test_args_and_undo_cross_as_json(void **state GD_UNUSED)
{
	FOR_EACH_INJECTOR(i)
	{
		struct gd_error err = GD_ERROR_INIT;
		struct fake_host h;
		struct subject s;

		fake_host_init(&h);
		subject_init(&s, i);
		assert_int_equal(i->check(s.args, &err), 0);
		assert_int_equal(i->capture(&h.ports, s.args, s.undo, &err), 0);
		through_json(&i->args, &s.args);
		through_json(&i->undo, &s.undo);
		assert_int_equal(i->check(s.args, &err), 0);
		subject_fini(&s);
	}
}

static void test_words_for_people(void **state GD_UNUSED)
{
	FOR_EACH_INJECTOR(i)
	{
		GD_AUTO_STRBUF(line);
		GD_AUTO_STRBUF(manual);
		GD_AUTO_STRBUF(look);
		struct subject s;

		subject_init(&s, i);
		i->describe(s.args, &line);
		i->manual(s.args, &manual);
		assert_true(line.len > 10);
		assert_null(strchr(gd_strbuf_str(&line), '\n'));
		assert_non_null(strstr(gd_strbuf_str(&line), s.target));
		assert_non_null(strstr(gd_strbuf_str(&manual), s.target));
		assert_int_equal(gd_strbuf_str(&manual)[manual.len - 1], '\n');
		i->look(s.args, &look);
		assert_true(look.len > 0 && look.len < 200);
		assert_null(strchr(gd_strbuf_str(&look), '\n'));
		subject_fini(&s);
	}
}

/* Can be typed as they stand: no "NAME" or "MAJOR:MINOR" that stands for something else. */
static void assert_no_placeholder(const struct gd_injector *i, const char *lines)
{
	size_t capitals = 0;

	for (const char *c = lines; *c; c++) {
		if (*c == '#')
			c = strchrnul(c, '\n') - 1;
		capitals = *c >= 'A' && *c <= 'Z' ? capitals + 1 : 0;
		if (capitals == 3)
			fail_msg("%s: can't be typed:\n%s", i->name, lines);
	}
}

static void test_there_and_back(void **state GD_UNUSED)
{
	FOR_EACH_INJECTOR(i)
	{
		struct gd_error err = GD_ERROR_INIT;
		struct gd_effect effect = {0};
		GD_AUTO_FREE char *before = NULL;
		GD_AUTO_FREE char *during = NULL;
		GD_AUTO_STRBUF(manual);
		struct fake_host h;
		struct subject s;

		fake_host_init(&h);
		subject_init(&s, i);
		assert_int_equal(i->preflight(&h.ports, s.args, &err), 0);
		before = read_state(&s, &h);
		assert_int_equal(i->capture(&h.ports, s.args, s.undo, &err), 0);
		assert_state(&s, &h, before);
		if (i->apply(&h.ports, s.args, s.undo, &err) < 0 ||
		    i->verify(&h.ports, s.args, s.undo, &err) < 0)
			fail_msg("%s: %s", i->name, err.text);
		during = read_state(&s, &h);
		assert_string_not_equal(during, before);
		assert_int_equal(i->effect(&h.ports, s.args, s.undo, &effect, &err), 0);
		assert_true(effect.n_counters > 0);
		through_json(&i->undo, &s.undo);
		i->manual_captured(s.args, s.undo, &manual);
		assert_true(manual.len > 0 &&
			    gd_strbuf_str(&manual)[manual.len - 1] == '\n');
		assert_no_placeholder(i, gd_strbuf_str(&manual));
		for (int n = 0; n < 2; n++) {
			assert_int_equal(i->revert(&h.ports, s.undo, &err), 0);
			assert_state(&s, &h, before);
		}
		subject_fini(&s);
	}
}

static void test_revert_without_apply(void **state GD_UNUSED)
{
	FOR_EACH_INJECTOR(i)
	{
		struct gd_error err = GD_ERROR_INIT;
		GD_AUTO_FREE char *before = NULL;
		struct fake_host h;
		struct subject s;

		fake_host_init(&h);
		subject_init(&s, i);
		before = read_state(&s, &h);
		assert_int_equal(i->capture(&h.ports, s.args, s.undo, &err), 0);
		assert_int_equal(i->revert(&h.ports, s.undo, &err), 0);
		assert_state(&s, &h, before);
		subject_fini(&s);
	}
}

/* Makes call n of apply and verify fail; true when there was one. */
static bool fails_half_way(const struct gd_injector *i, int n)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *before = NULL;
	struct fake_host h;
	struct subject s;
	int rc;

	fake_host_init(&h);
	subject_init(&s, i);
	before = read_state(&s, &h);
	assert_int_equal(i->capture(&h.ports, s.args, s.undo, &err), 0);
	h.calls = 0;
	h.fail_at = n;
	rc = i->apply(&h.ports, s.args, s.undo, &err);
	if (rc == 0)
		rc = i->verify(&h.ports, s.args, s.undo, &err);
	assert_int_equal(rc, h.failed ? -1 : 0);
	h.fail_at = 0;
	assert_int_equal(i->revert(&h.ports, s.undo, &err), 0);
	assert_state(&s, &h, before);
	subject_fini(&s);
	return h.failed;
}

static void test_apply_that_fails_at_each_call(void **state GD_UNUSED)
{
	FOR_EACH_INJECTOR(i)
	{
		int n = 1;

		while (fails_half_way(i, n))
			n++;
		assert_true(n > 2); /* one call to change, one to read back */
	}
}

/* A revert whose call n fails; the next one must finish the work. */
static bool revert_fails_half_way(const struct gd_injector *i, int n)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *before = NULL;
	struct fake_host h;
	struct subject s;

	fake_host_init(&h);
	subject_init(&s, i);
	before = read_state(&s, &h);
	assert_int_equal(i->capture(&h.ports, s.args, s.undo, &err), 0);
	assert_int_equal(i->apply(&h.ports, s.args, s.undo, &err), 0);
	h.calls = 0;
	h.fail_at = n;
	(void)i->revert(&h.ports, s.undo, &err);
	h.fail_at = 0;
	assert_int_equal(i->revert(&h.ports, s.undo, &err), 0);
	assert_state(&s, &h, before);
	subject_fini(&s);
	return h.failed;
}

static void test_revert_that_fails_at_each_call(void **state GD_UNUSED)
{
	FOR_EACH_INJECTOR(i)
	{
		int n = 1;

		while (revert_fails_half_way(i, n))
			n++;
		assert_true(n > 2);
	}
}

/*
 * Changes an active fault, call n failing; whatever came of it, the undo of before brings all
 * back. True when there was a call n.
 */
static bool changes(const struct gd_injector *i, int n)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *before = NULL;
	struct fake_host h;
	struct subject s;
	int rc;

	fake_host_init(&h);
	subject_init(&s, i);
	assert_int_equal(!s.changed, !i->change);
	before = read_state(&s, &h);
	if (s.changed) {
		assert_int_equal(i->capture(&h.ports, s.args, s.undo, &err), 0);
		assert_int_equal(i->foresee(&h.ports, s.changed, s.undo, &err), 0);
		assert_state(&s, &h, before);
		assert_int_equal(i->apply(&h.ports, s.args, s.undo, &err), 0);
		through_json(&i->undo, &s.undo);
		h.calls = 0;
		h.fail_at = n;
		rc = i->change(&h.ports, s.changed, s.undo, &err);
		if (rc == 0)
			rc = i->verify(&h.ports, s.changed, s.undo, &err);
		assert_int_equal(rc, h.failed ? -1 : 0);
		h.fail_at = 0;
		/* It is another fault now. */
		if (rc == 0 && i->verify(&h.ports, s.args, s.undo, &err) == 0)
			assert_true(h.last_note[0]);
		assert_int_equal(i->revert(&h.ports, s.undo, &err), 0);
		assert_state(&s, &h, before);
	}
	subject_fini(&s);
	return h.failed;
}

static void test_change_that_fails_at_each_call(void **state GD_UNUSED)
{
	FOR_EACH_INJECTOR(i)
	{
		int n = 1;

		while (changes(i, n))
			n++;
		assert_true(n > 1 || !i->change);
	}
}

static void test_reading_changes_nothing(void **state GD_UNUSED)
{
	FOR_EACH_INJECTOR(i)
	{
		struct gd_error err = GD_ERROR_INIT;
		GD_AUTO_STRBUF(text);
		struct fake_host h, copy;
		struct subject s;

		fake_host_init(&h);
		subject_init(&s, i);
		copy = h;
		assert_int_equal(i->doctor(&h.ports, &text, &err), 0);
		assert_int_equal(i->preflight(&h.ports, s.args, &err), 0);
		assert_int_equal(i->capture(&h.ports, s.args, s.undo, &err), 0);
		assert_non_null(strstr(gd_strbuf_str(&text), s.target));
		assert_memory_equal(h.links, copy.links, sizeof(h.links));
		assert_int_equal(h.n_links, copy.n_links);
		assert_memory_equal(h.disks, copy.disks, sizeof(h.disks));
		assert_memory_equal(&h.bird, &copy.bird, sizeof(h.bird));
		assert_int_equal(h.n_disks, copy.n_disks);
		subject_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_slot_is_filled),
		cmocka_unit_test(test_args_and_undo_cross_as_json),
		cmocka_unit_test(test_words_for_people),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_revert_without_apply),
		cmocka_unit_test(test_apply_that_fails_at_each_call),
		cmocka_unit_test(test_revert_that_fails_at_each_call),
		cmocka_unit_test(test_change_that_fails_at_each_call),
		cmocka_unit_test(test_reading_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
