/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/scenario/levels.h"

struct loaded {
	struct gd_scenario s;
	struct gd_inventory inv;
	struct gd_plan plan;
	struct gd_diags diags;
};

/* The good scenario with `fault` in place of its first one, from line 26, column 11 on. */
static int load(struct loaded *l, const char *fault)
{
	GD_AUTO_FREE char *text = replaced(
		good_scenario, "slow: {on: server, device: eth1, delay: 50ms}", fault);
	GD_AUTO_FD int fd_s = -1;
	GD_AUTO_FD int fd_i = -1;
	char path[64];

	*l = (struct loaded){.diags = GD_DIAGS_INIT};
	text_file(text, &fd_s, path);
	assert_int_equal(gd_scenario_load(path, &l->s, &l->diags), 0);
	text_file(good_inventory, &fd_i, path);
	assert_int_equal(gd_inventory_load(path, &l->inv, &l->diags), 0);
	if (gd_scenario_check(&l->s, &l->inv, &test_kinds, &l->diags) < 0)
		return -1;
	return gd_plan_make(&l->s, &l->inv, &test_kinds, &l->plan, &l->diags);
}

static void unload(struct loaded *l)
{
	gd_plan_fini(&l->plan);
	gd_diags_fini(&l->diags);
	gd_scenario_fini(&l->s);
	gd_inventory_fini(&l->inv);
}

static void expect_levels(const char *fault, const char *const want[], size_t n)
{
	const struct gd_list *levels;
	struct loaded l;

	if (load(&l, fault) < 0)
		expect_error(&l.diags, fault, 0, 0, "no error");
	levels = &l.plan.faults[0].levels;
	assert_int_equal(levels->n, n);
	for (size_t i = 0; i < n; i++) {
		const struct gd_level *level = GD_AT(levels, const struct gd_level, i);
		GD_AUTO_FREE char *got =
			gd_strf("%lld: %s", (long long)(level->at.ns / GD_NS_PER_MS),
				level->text);

		assert_string_equal(got, want[i]);
	}
	unload(&l);
}

static void from_one_value_to_another(void **state)
{
	static const char *const want[] = {"0: loss 0%",     "5000: loss 2%",
					   "10000: loss 4%", "15000: loss 6%",
					   "20000: loss 8%", "25000: loss 10%"};

	(void)state;
	expect_levels("slow: {on: server, device: eth1, "
		      "loss: {from: 0%, to: 10%, over: 30s, steps: 6}}",
		      want, 6);
}

static void down_again_and_readable(void **state)
{
	static const char *const want[] = {"0: delay 100ms", "333: delay 66700us",
					   "666: delay 33300us", "999: delay 0"};

	(void)state;
	expect_levels("slow: {on: server, device: eth1, "
		      "delay: {from: 100ms, to: 0s, over: 1333ms, steps: 4}, loss: 1%}",
		      want, 4);
}

static void by_a_list_of_values(void **state)
{
	static const char *const want[] = {"0: loss 1%", "10000: loss 5%",
					   "15000: loss 2%"};

	(void)state;
	expect_levels("slow: {on: server, device: eth1, loss: [1% for 10s, 5% for 5s, "
		      "2%]}",
		      want, 3);
}

/* Two at once: at each time, what changes then; and all values are in the parameters. */
static void several_at_their_own_times(void **state)
{
	static const char *const want[] = {"0: delay 10ms, loss 1%", "2000: loss 2%",
					   "3000: delay 20ms"};
	const char *fault =
		"slow: {on: server, device: eth1, delay: [10ms for 3s, 20ms], "
		"loss: [1% for 2s, 2%]}";
	const struct gd_level *second;
	struct loaded l;

	(void)state;
	expect_levels(fault, want, 3);
	assert_int_equal(load(&l, fault), 0);
	second = GD_AT(&l.plan.faults[0].levels, const struct gd_level, 1);
	assert_string_equal(gd_node_get(second->node, "delay")->text, "10ms");
	assert_string_equal(gd_node_get(second->node, "loss")->text, "2%");
	assert_string_equal(gd_node_get(second->node, "device")->text, "eth1");
	unload(&l);
}

static void which_level_is_on(void **state)
{
	const struct gd_list *levels;
	struct loaded l;

	(void)state;
	assert_int_equal(load(&l, "slow: {on: server, device: eth1, "
				  "loss: [1% for 10s, 5% for 5s, 2%]}"),
			 0);
	levels = &l.plan.faults[0].levels;
	assert_int_equal(gd_level_at(levels, gd_span_s(0)), 0);
	assert_int_equal(gd_level_at(levels, gd_span_ms(9999)), 0);
	assert_int_equal(gd_level_at(levels, gd_span_s(10)), 1);
	assert_int_equal(gd_level_at(levels, gd_span_s(900)), 2);
	assert_int_equal(l.plan.faults[1].levels.n, 1); /* one that does not move */
	unload(&l);
}

static void the_plan_tells_each_level(void **state)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);
	struct loaded l;

	(void)state;
	assert_int_equal(load(&l, "slow: {on: server, device: eth1, every: 20s, "
				  "hold: 15s, loss: [1% for 10s, 5%]}"),
			 0);
	gd_plan_print(&l.plan, &out);
	assert_non_null(
		strstr(gd_strbuf_str(&out),
		       "        changed in place, counted from each time it is in:\n"
		       "          at 0: loss 1%\n"
		       "          at 10s: loss 5%\n"));
	assert_int_equal(gd_plan_to_json(&l.plan, &json, &err), 0);
	text = gd_json_print(json);
	assert_non_null(strstr(text, "\"at_ns\":10000000000,\"text\":\"loss 5%\""));
	unload(&l);
}

/* At line 26; the column is that of the text `at` in the fault. */
static const struct {
	const char *fault, *at, *said;
} mistakes[] = {
	{"slow: {on: server, device: eth1, loss: {from: 0%, to: 10%}}", "{from",
	 "key \"over\" is missing"},
	{"slow: {on: server, device: eth1, loss: {from: 0%, to: 10%, over: 5s, step: 2}}",
	 "step:", "did you mean \"steps\""},
	{"slow: {on: server, device: eth1, loss: {from: 0, to: 10ms, over: 5s}}", "10ms",
	 "loss: "},
	{"slow: {on: server, device: eth1, delay: {from: 0, to: 61s, over: 5s}}", "61s",
	 "delay: "},
	{"slow: {on: server, device: eth1, loss: {from: 2%, to: 2%, over: 5s}}", "2%, o",
	 "the same"},
	{"slow: {on: server, device: eth1, loss: {from: 2%, to: 5%, over: 41s}}", "{from",
	 "takes 41s to arrive, but the fault is in for 40s"},
	{"slow: {on: server, device: eth1, after: 30s, loss: [1% for 15s, 2%]}", "[1%",
	 "takes 15s to arrive, but the fault is in for 10s"},
	{"slow: {on: server, device: eth1, loss: {from: 2%, to: 5%, over: 1s, steps: 50}}",
	 "{from", "less than 100 ms apart"},
	{"slow: {on: server, device: eth1, loss: [1%, 2%]}", "1%", "VALUE for DURATION"},
	{"slow: {on: server, device: eth1, loss: [1% for 5s]}", "[1%", "2 to 100 values"},
	{"slow: {on: server, device: eth1, loss: [1% for long, 2%]}", "1%", "\"long\""},
	{"slow: {on: server, device: [eth1 for 5s, eth2], loss: 1%}", "[eth1",
	 "is a list, wanted: text"},
	{"slow: {on: server, device: eth1, loss: [0% for 5s, 0%]}", "[0%",
	 "give delay or loss"},
	{"slow: {on: server, device: eth1, delay: 1s, loss: [0% for 5s, 60%]}", "[0%",
	 "makes delay pointless"},
	{"fixed: {on: server, device: eth1, loss: [1% for 5s, 2%]}", "[1%",
	 "loss can't change while the fault is in"},
};

static void mistakes_have_a_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(mistakes); i++) {
		int column = 11 + (int)(strstr(mistakes[i].fault, mistakes[i].at) -
					mistakes[i].fault);
		struct loaded l;

		assert_int_equal(load(&l, mistakes[i].fault), -1);
		expect_error(&l.diags, mistakes[i].fault, 26, column, mistakes[i].said);
		unload(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_one_value_to_another),
		cmocka_unit_test(down_again_and_readable),
		cmocka_unit_test(by_a_list_of_values),
		cmocka_unit_test(several_at_their_own_times),
		cmocka_unit_test(which_level_is_on),
		cmocka_unit_test(the_plan_tells_each_level),
		cmocka_unit_test(mistakes_have_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
