/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "gameday/base/auto.h"
#include "gameday/base/json.h"

struct loaded {
	struct gd_scenario s;
	struct gd_inventory inv;
	struct gd_diags diags;
};

static void load(struct loaded *l, const char *scenario, const char *inventory)
{
	GD_AUTO_FD int fd_s = -1;
	GD_AUTO_FD int fd_i = -1;
	char path[64];

	*l = (struct loaded){.diags = GD_DIAGS_INIT};
	text_file(scenario, &fd_s, path);
	assert_int_equal(gd_scenario_load(path, &l->s, &l->diags), 0);
	text_file(inventory, &fd_i, path);
	assert_int_equal(gd_inventory_load(path, &l->inv, &l->diags), 0);
}

static void unload(struct loaded *l)
{
	gd_diags_fini(&l->diags);
	gd_scenario_fini(&l->s);
	gd_inventory_fini(&l->inv);
}

/* "server" and the first of "others" are one host: one device of it takes the fault once. */
static void two_roles_on_one_host_collide(void **state)
{
	GD_AUTO_FREE char *text = strdup(good_scenario);
	char *other = text ? strstr(text, "5s, device: eth2") : NULL;
	struct loaded l;
	struct gd_plan p;

	(void)state;
	assert_non_null(other);
	if (other)
		other[strlen("5s, device: eth")] = '1';
	load(&l, text, good_inventory);
	assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags), -1);
	assert_int_equal(l.diags.n_errors, 1);
	unload(&l);
}

static void roles_become_hosts_and_faults_multiply(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct loaded l;
	struct gd_plan p;
	char *url;

	(void)state;
	load(&l, good_scenario, good_inventory);
	assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags), 0);
	assert_int_equal(p.n_hosts, 3);
	assert_string_equal(p.hosts[0].host->name, "api-1");
	assert_string_equal(p.hosts[1].host->name, "api-1"); /* the first with the tag */
	assert_string_equal(p.hosts[2].host->name, "api-2");
	assert_int_equal(p.n_faults, 3);
	assert_string_equal(p.faults[0].ref, "lossy.1.slow@api-1");
	assert_string_equal(p.faults[1].ref, "lossy.2.slow@api-1");
	assert_string_equal(p.faults[2].ref, "lossy.2.slow@api-2");
	assert_ptr_not_equal(p.faults[1].args, p.faults[2].args);
	assert_int_equal(gd_plan_length(&p).ns, 80 * GD_NS_PER_S);
	assert_int_equal(gd_plan_expand(&p, "http://{server}:80/{others}", &url, &err),
			 0);
	assert_string_equal(url, "http://10.20.0.11:80/10.20.0.11");
	free(url);
	assert_int_equal(
		gd_plan_expand(&p, "http://{server}/${seq}?r=${random:1..9}#{others}",
			       &url, &err),
		0);
	assert_string_equal(url, "http://10.20.0.11/${seq}?r=${random:1..9}#10.20.0.11");
	free(url);
	assert_int_equal(gd_plan_expand(&p, "http://{nobody}/", &url, &err), -1);
	assert_int_equal(gd_plan_expand(&p, "http://{server", &url, &err), -1);
	gd_plan_fini(&p);
	unload(&l);
}

/* Whatever the protocol, the plan says where it goes, whole. */
static void other_protocols_get_their_scheme(void **state)
{
	GD_AUTO_FREE char *text = replaced(good_scenario, "http: http://{server}:8080/",
					   "etcd: '{server}:2379'");
	struct gd_list urls = {0};
	GD_AUTO_STRBUF(out);
	struct gd_error err = GD_ERROR_INIT;
	struct loaded l;
	struct gd_plan p;

	(void)state;
	load(&l, text, good_inventory);
	assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags), 0);
	assert_int_equal(
		gd_plan_urls(&p, GD_AT(&l.s.loads, struct gd_load_spec, 0), &urls, &err),
		0);
	assert_int_equal(urls.n, 1);
	assert_string_equal(GD_AT(&urls, struct gd_url_spec, 0)->text,
			    "etcd://10.20.0.11:2379");
	gd_load_urls_fini(&urls);
	gd_plan_print(&p, &out);
	assert_non_null(strstr(gd_strbuf_str(&out), "etcd://10.20.0.11:2379 from"));
	assert_non_null(
		strstr(gd_strbuf_str(&out), "10% puts, the others gets, of 1000"));
	gd_plan_fini(&p);
	unload(&l);
}

static void ipv6_addresses_get_brackets(void **state)
{
	GD_AUTO_FREE char *text =
		replaced(good_scenario, "server: api-1", "server: api-2");
	struct gd_error err = GD_ERROR_INIT;
	struct loaded l;
	struct gd_plan p;
	char *url;

	(void)state;
	load(&l, text, good_inventory);
	assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags), 0);
	assert_int_equal(gd_plan_expand(&p, "http://{server}:80/", &url, &err), 0);
	assert_string_equal(url, "http://[fd00::2]:80/");
	free(url);
	gd_plan_fini(&p);
	unload(&l);
}

static const struct {
	const char *from, *to;
	int line, column;
	const char *said;
} unfit[] = {
	{"server: api-1", "server: api-7", 7, 11, "did you mean \"api-"},
	{"count: 2", "count: 4", 8, 11, "wanted 4 hosts with tag \"api\""},
	{"tag: api", "tag: web", 8, 11, "has 0"},
};

static void roles_without_hosts_are_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(unfit); i++) {
		GD_AUTO_FREE char *text =
			replaced(good_scenario, unfit[i].from, unfit[i].to);
		struct loaded l;
		struct gd_plan p;

		load(&l, text, good_inventory);
		assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags),
				 -1);
		expect_error(&l.diags, unfit[i].to, unfit[i].line, unfit[i].column,
			     unfit[i].said);
		assert_int_equal(gd_scenario_check(&l.s, &l.inv, &test_kinds, &l.diags),
				 -1);
		unload(&l);
	}
}

static void the_plan_tells_all_that_will_be_done(void **state)
{
	static const char *const told[] = {
		"A demonstration (demo, P2)",
		"server       api-1            ssh root@127.0.0.1 port 2201",
		"traffic to 10.20.0.11",
		"checkout: GET http://10.20.0.11:8080/ from others (api-1, api-2)",
		"open loop, 200/s per client",
		"client retrying: up to 3 attempts",
		"nic on server (api-1), device eth1",
		"must hold, or nothing is injected:",
		"slow on api-1: eth1 becomes slow\n",
		/* What one line of the scenario does on several hosts is told once. */
		("slow on api-1, api-2: eth2 becomes slow (from 5s into the stage)\n"
		 "        undone by itself; by hand on each:\n"),
		"          unslow --check eth1\n",
		"   0:20  lossy, 40s",
		"checkout.retrying.success < 80% for 5s",
		"server.nic.drops in lossy > 0",
		"lease",
		"the planned time of 80s is over",
	};
	GD_AUTO_STRBUF(out);
	struct loaded l;
	struct gd_plan p;

	(void)state;
	load(&l, good_scenario, good_inventory);
	assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags), 0);
	gd_plan_print(&p, &out);
	for (size_t i = 0; i < GD_N_ELEMS(told); i++)
		if (!strstr(gd_strbuf_str(&out), told[i]))
			fail_msg("no \"%s\" in\n%s", told[i], gd_strbuf_str(&out));
	gd_plan_fini(&p);
	unload(&l);
}

static void how_requests_start_is_told(void **state)
{
	static const struct {
		const char *key, *told;
	} cases[] = {
		{"rate: 100/s..1000/s over 60s\n    arrivals: poisson",
		 "open loop, 100/s..1000/s over 1m per client, Poisson arrivals, timeout"},
		{"rate: 100/s for 10s, 50/s\n    burst: 20\n    share: true",
		 "open loop, 100/s for 10s, 50/s for all clients together, 20 at once, "},
		{"burst: 20\n    every: 2s",
		 "open loop, 20 requests at once every 2s per client"},
		{"concurrency: 7", "closed loop, 7 requests under way per client"},
	};

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		GD_AUTO_FREE char *text =
			replaced(good_scenario, "rate: 200/s", cases[i].key);
		GD_AUTO_STRBUF(out);
		struct loaded l;
		struct gd_plan p;

		load(&l, text, good_inventory);
		assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags),
				 0);
		gd_plan_print(&p, &out);
		if (!strstr(gd_strbuf_str(&out), cases[i].told))
			fail_msg("no \"%s\" in\n%s", cases[i].told, gd_strbuf_str(&out));
		gd_plan_fini(&p);
		unload(&l);
	}
}

static void a_fault_that_comes_and_goes(void **state)
{
	GD_AUTO_FREE char *text = replaced(good_scenario, "after: 5s",
					   "after: 2s, every: 12s, hold: 3s, count: 3");
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_error err = GD_ERROR_INIT;
	const cJSON *at;
	GD_AUTO_STRBUF(out);
	struct loaded l;
	struct gd_plan p;

	(void)state;
	load(&l, text, good_inventory);
	assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags), 0);
	gd_plan_print(&p, &out);
	assert_non_null(strstr(gd_strbuf_str(&out),
			       "(3 times for 3s, every 12s: at 2 14 26 s of the stage)"));
	assert_int_equal(gd_plan_to_json(&p, &json, &err), 0);
	at = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "stages"), 1);
	at = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(at, "faults"), 1);
	at = cJSON_GetObjectItemCaseSensitive(at, "cycles");
	assert_int_equal(cJSON_GetArraySize(at), 3);
	at = cJSON_GetArrayItem(at, 2);
	assert_float_equal(gd_json_num(at, "out_ns", 0), 29e9, 1);
	gd_plan_fini(&p);
	unload(&l);
}

static void the_plan_as_data(void **state)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_error err = GD_ERROR_INIT;
	const cJSON *stages, *faults;
	struct loaded l;
	struct gd_plan p;

	(void)state;
	load(&l, good_scenario, good_inventory);
	assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags), 0);
	assert_int_equal(gd_plan_to_json(&p, &json, &err), 0);
	stages = cJSON_GetObjectItemCaseSensitive(json, "stages");
	assert_int_equal(cJSON_GetArraySize(stages), 3);
	faults =
		cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(stages, 1), "faults");
	assert_int_equal(cJSON_GetArraySize(faults), 3);
	assert_string_equal(gd_json_str(cJSON_GetArrayItem(faults, 0), "describe", ""),
			    "eth1 becomes slow");
	gd_plan_fini(&p);
	unload(&l);
}

/* What only the host with the fault can tell is said to be open until it has told. */
static void host_names_are_told(void **state)
{
	static const char answer[] = "{\"db.example\":[\"10.9.0.1\",\"2001:db8::9\"]}";
	GD_AUTO_FREE char *text =
		replaced(good_scenario, "delay: 50ms", "delay: 50ms, peer: db.example");
	GD_AUTO_STRBUF(before);
	GD_AUTO_STRBUF(after);
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = NULL;
	GD_AUTO_FREE char *printed = NULL;
	struct loaded l;
	struct gd_plan p;

	(void)state;
	load(&l, text, good_inventory);
	assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags), 0);
	assert_true(gd_plan_has_names(&p.faults[0]));
	assert_false(gd_plan_has_names(&p.faults[1]));
	gd_plan_print(&p, &before);
	assert_non_null(strstr(gd_strbuf_str(&before),
			       "\n        db.example: resolved on api-1, once, before "));
	assert_null(strstr(gd_strbuf_str(&before), "by the names"));
	assert_int_equal(gd_json_parse(answer, strlen(answer), &p.faults[0].names, &err),
			 0);
	gd_plan_print(&p, &after);
	assert_non_null(strstr(gd_strbuf_str(&after),
			       "\n        by the names on api-1: db.example is 10.9.0.1 "
			       "2001:db8::9\n"));
	assert_null(strstr(gd_strbuf_str(&after), "resolved on"));
	assert_int_equal(gd_plan_to_json(&p, &json, &err), 0);
	printed = gd_json_print(json);
	assert_non_null(printed);
	assert_non_null(strstr(printed, answer));
	gd_plan_fini(&p);
	unload(&l);
}

static void a_load_starts_from_all_hosts_of_its_roles(void **state)
{
	GD_AUTO_FREE char *text =
		replaced(good_scenario, "from: others", "from: [others, runner]");
	struct gd_vantage v[GD_LOAD_MAX_VANTAGES];
	GD_AUTO_STRBUF(out);
	struct loaded l;
	struct gd_plan p;

	(void)state;
	load(&l, text, good_inventory);
	assert_int_equal(gd_scenario_check(&l.s, &l.inv, &test_kinds, &l.diags), 0);
	assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags), 0);
	assert_int_equal(
		gd_plan_vantages(&p, GD_AT(&l.s.loads, struct gd_load_spec, 0), v), 3);
	assert_string_equal(v[0].name, "api-1");
	assert_string_equal(v[1].name, "api-2");
	assert_string_equal(p.hosts[v[1].host].host->name, "api-2");
	assert_string_equal(v[2].name, "runner");
	assert_true(v[2].here && !v[1].here);
	gd_plan_print(&p, &out);
	assert_non_null(strstr(gd_strbuf_str(&out),
			       "from others (api-1, api-2), this machine, which divide "
			       "it between 3"));
	gd_plan_fini(&p);
	unload(&l);
}

static const struct {
	const char *from, *said;
	bool by_plan;
} bad_from[] = {
	{"from: [others, server]", "starts twice from api-1", true},
	{"from: [others, others]", "from others is given twice", false},
	{"from: [others, nobody]", "role \"nobody\" is not under hosts", false},
	{"from: others\n    connections: 1", "connections of 1 can't be divided", false},
};

static void places_that_can_not_be_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(bad_from); i++) {
		GD_AUTO_FREE char *text =
			replaced(good_scenario, "from: others", bad_from[i].from);
		struct loaded l;
		struct gd_plan p;

		load(&l, text, good_inventory);
		if (bad_from[i].by_plan)
			assert_int_equal(
				gd_plan_make(&l.s, &l.inv, &test_kinds, &p, &l.diags),
				-1);
		else
			assert_int_equal(
				gd_scenario_check(&l.s, &l.inv, &test_kinds, &l.diags),
				-1);
		assert_int_equal(l.diags.n_errors, 1);
		if (!strstr(l.diags.items[0].text, bad_from[i].said))
			fail_msg("no '%s' in: %s", bad_from[i].said,
				 l.diags.items[0].text);
		unload(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_become_hosts_and_faults_multiply),
		cmocka_unit_test(two_roles_on_one_host_collide),
		cmocka_unit_test(ipv6_addresses_get_brackets),
		cmocka_unit_test(other_protocols_get_their_scheme),
		cmocka_unit_test(roles_without_hosts_are_errors),
		cmocka_unit_test(the_plan_tells_all_that_will_be_done),
		cmocka_unit_test(how_requests_start_is_told),
		cmocka_unit_test(a_fault_that_comes_and_goes),
		cmocka_unit_test(the_plan_as_data),
		cmocka_unit_test(host_names_are_told),
		cmocka_unit_test(a_load_starts_from_all_hosts_of_its_roles),
		cmocka_unit_test(places_that_can_not_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
