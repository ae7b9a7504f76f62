/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

/* Loads and checks text; the scenario is the caller's to fini. */
static int check_text(const char *text, struct gd_scenario *s, struct gd_diags *diags)
{
	GD_AUTO_FD int fd = -1;
	char path[64];
	int rc;

	text_file(text, &fd, path);
	rc = gd_scenario_load(path, s, diags);
	if (s->tree && gd_scenario_check(s, NULL, &test_kinds, diags) < 0)
		rc = -1;
	return rc;
}

/* The texts of a diag list are kept, its file names are not: they end with the scenario. */
static void a_good_scenario_is_understood(void **state)
{
	GD_AUTO_DIAGS(diags);
	struct gd_scenario s;
	const struct gd_fault_use *f;

	(void)state;
	assert_int_equal(check_text(good_scenario, &s, &diags), 0);
	assert_int_equal(diags.n, 0);
	assert_string_equal(s.name, "demo");
	assert_string_equal(s.runbook, "demo-book");
	assert_int_equal(s.hosts.n, 2);
	assert_string_equal(gd_scenario_role(&s, "server")->host, "api-1");
	assert_string_equal(gd_scenario_role(&s, "others")->tag, "api");
	assert_int_equal(gd_scenario_role(&s, "others")->count, 2);
	assert_int_equal(s.loads.n, 1);
	assert_int_equal(s.watches.n, 1);
	assert_int_equal(s.stages.n, 3);
	assert_int_equal(gd_scenario_stage(&s, "lossy")->length.ns, 40 * GD_NS_PER_S);
	assert_int_equal(gd_scenario_stage(&s, "baseline")->kind, GD_STAGE_BASELINE);
	assert_int_equal(gd_scenario_stage(&s, "recovery")->kind, GD_STAGE_RECOVERY);
	f = GD_AT(&gd_scenario_stage(&s, "lossy")->faults, struct gd_fault_use, 1);
	assert_string_equal(f->ref, "lossy.2.slow");
	assert_string_equal(f->on, "others");
	assert_int_equal(f->after.ns, 5 * GD_NS_PER_S);
	assert_null(gd_node_get(f->args, "on"));
	assert_string_equal(gd_node_get(f->args, "loss")->text, "5%");
	assert_int_equal(s.expect.n, 3);
	gd_scenario_fini(&s);
}

static const struct {
	const char *from, *to;
	int line, column;
	const char *said;
} slips[] = {
	/* the top level */
	{"severity: P2", "severty: P2", 4, 1, "did you mean \"severity\"?"},
	{"scenario: demo\n", "", 1, 1, "key \"scenario\" is missing"},
	{"title: A", "title: [A", 3, 11, "not valid YAML"},
	{"title: A demonstration", "title: A\ntitle: B", 3, 1,
	 "given twice, first in line 2"},
	{"scenario: demo", "scenario: a b", 1, 11, "only letters"},
	{"runbook: demo-book", "runbook: ../x", 5, 10, "only letters"},
	/* hosts */
	{"server: api-1", "runner: api-1", 7, 3, "\"runner\" means the machine"},
	{"server: api-1", "server: [api-1]", 7, 11, "wanted: a host's name"},
	{"count: 2", "count: 0", 8, 29, "out of range: 1 to 64"},
	{"tag: api", "tga: api", 8, 12, "did you mean \"tag\"?"},
	{"{tag: api, count: 2}", "{count: 2}", 8, 11, "wanted: a host's name, or {tag"},
	{"server: api-1", "checkout: api-1", 7, 3, "is a role and a load"},
	/* load */
	{"from: others", "from: othrs", 11, 11, "did you mean \"others\"?"},
	{"{server}:8080", "{servr}:8080", 12, 19, "did you mean \"server\"?"},
	{"{server}:8080", "{server:8080", 12, 18, "a lone \"{\""},
	{"http://{server}", "gopher://{server}", 12, 11, "http://, https://"},
	{"rate: 200/s", "rate: 200rps", 13, 11, "did you mean 200/s?"},
	{"rate: 200/s", "concurency: 4", 13, 5, "did you mean \"concurrency\"?"},
	{"rate: 200/s", "rate: 200/s\n    concurrency: 4", 10, 5, "either rate"},
	{"attempts: 3", "attempts: 99", 16, 36, "out of range: 1 to 20"},
	{"20ms..500ms", "20ms..500", 16, 48, "did you mean 500s?"},
	/* watch */
	{"- nic: {on: server", "- nik: {on: server", 18, 5, "there is no watch \"nik\""},
	{"nic: {on: server", "nic: {on: srver", 18, 15, "did you mean \"server\"?"},
	{"nic: {on: server, device: eth1}", "nic: {on: server}", 18, 5,
	 "key \"device\" is missing"},
	{"nic: {on: server, device: eth1}",
	 "nic: {on: server, device: eth1}\n  - nic: {on: server, device: eth2}", 19, 5,
	 "has a watch nic already"},
	{"- nic: {on: server, device: eth1}", "- nic:\n    on: server", 19, 5,
	 "\"on\" must be indented deeper than \"nic\""},
	/* steady and abort */
	{"p99 < 50ms", "p99 in lossy < 50ms", 20, 27, "remove \"in lossy\""},
	{"p99 < 50ms", "p99 < 50ms for 5s", 20, 31, "remove \"for\""},
	{"p99 < 50ms", "p99 < 2x baseline", 20, 26, "nothing to compare with"},
	{"p99 < 50ms", "p98 < 50ms", 20, 20, "no metric of a load called \"p98\""},
	{"p99 < 50ms", "p99 < 50", 20, 26, "compared with a duration"},
	{"p99 < 50ms", "p99 < 50%", 20, 26, "compared with a duration"},
	{"p99 < 50ms", "success > 99.9", 20, 30, "write a percent sign"},
	{"checkout.plain.p99 <", "chekout.plain.p99 <", 20, 5,
	 "did you mean \"checkout\"?"},
	{"checkout.plain.p99 <", "checkout.plan.p99 <", 20, 14,
	 "did you mean \"plain\"?"},
	{"checkout.plain.p99 <", "checkout.p99 <", 20, 14, "has several clients"},
	{"success < 80% for 5s", "success in lossy < 80%", 30, 34, "remove \"in lossy\""},
	{"success < 80% for 5s", "success < 80% for 5", 30, 41, "is not a duration"},
	/* stages */
	{"  - baseline: {for: 20s}\n", "", 22, 5, "the first stage must be baseline"},
	{"  - recovery: {for: 20s}\n", "", 23, 5, "the last stage must be recovery"},
	{"- lossy:", "- baseline:", 23, 5, "baseline must be the first stage"},
	{"- baseline: {for: 20s}", "- baseline: {for: 20s}\n  - lossy: {for: 5s}", 24, 5,
	 "defined twice, first in line 23"},
	{"baseline: {for: 20s}", "baseline: {}", 22, 15, "key \"for\" is missing"},
	{"baseline: {for: 20s}", "baseline: {for: 100ms}", 22, 21,
	 "out of range: 1s to 24h"},
	{"baseline: {for: 20s}", "baseline: {for: 20s, faults: []}", 22, 26,
	 "has no faults by definition"},
	{"- lossy:", "- los sy:", 23, 5, "stage name"},
	{"      for: 40s", "      for: 40", 24, 12, "did you mean 40s?"},
	/* faults */
	{"- slow: {on: server", "- slwo: {on: server", 26, 11, "did you mean \"slow\"?"},
	{"- slow: {on: server", "- slow: {on: client", 26, 22,
	 "role \"client\" is not under"},
	{"- slow: {on: server, ", "- slow: {", 26, 11, "key \"on\" is missing"},
	{"delay: 50ms", "delay: 70s", 26, 51, "70s is out of range: 0 to 1m"},
	{"delay: 50ms", "dealy: 50ms", 26, 44, "did you mean \"delay\"?"},
	{"delay: 50ms", "loss: 0%", 26, 50, "give delay or loss"},
	{"delay: 50ms", "delay: 1s, loss: 60%", 26, 61, "makes delay pointless"},
	{"after: 5s", "after: 40s", 27, 30, "after is not within the stage"},
	{"after: 5s", "after: soon", 27, 37, "is not a duration"},
	{"after: 5s", "every: 12s", 27, 30, "every needs hold"},
	{"after: 5s", "count: 3", 27, 30, "without every it comes once"},
	{"after: 5s", "spread: 1s", 27, 30, "without every it comes once"},
	{"after: 5s", "every: 12s, hold: 12s", 27, 42, "must be shorter than every"},
	{"after: 5s", "every: 12s, hold: 9s, spread: 3s", 27, 42,
	 "must be shorter than every"},
	{"after: 5s", "every: 20ms, hold: 10ms", 27, 30, "more than 1000 times"},
	{"after: 5s", "every: 12s, hold: 3s, count: -1", 27, 59, "out of range"},
	{"- slow: {on: others, after: 5s, device: eth2",
	 "- slow: {on: server, device: eth1", 27, 11, "is in this stage already"},
	/* expect */
	{"p99 in lossy > 2x", "p99 in losy > 2x", 32, 27, "did you mean \"lossy\"?"},
	{"> 2x baseline", "> 2x basline", 32, 38, "did you mean \"baseline\"?"},
	{"> 2x baseline", "> 2x lossy", 32, 38, "compared with itself"},
	{"p99 in lossy > 2x baseline", "p99 > 50ms", 32, 20, "which stage?"},
	{"nic.drops in lossy > 0", "nic.drop in lossy > 0", 33, 16,
	 "did you mean \"drops\"?"},
	{"nic.drops in lossy > 0", "nic.drops in lossy > 5ms", 33, 33, "a plain number"},
	{"server.nic.drops", "others.nic.drops", 33, 12, "no watch on role others"},
	{"server.nic.drops", "server.drops", 33, 12, "server is a host role"},
	{"server.nic.drops", "'*.nic.drops", 33, 5, "not valid YAML"},
	{"nic.rtt_max", "nic.drops_max", 34, 16, "no metric of nic called"},
};

static void each_slip_is_an_error_at_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(slips); i++) {
		GD_AUTO_FREE char *text =
			replaced(good_scenario, slips[i].from, slips[i].to);
		GD_AUTO_DIAGS(diags);
		struct gd_scenario s;

		if (strstr(slips[i].said, "not valid YAML")) {
			assert_int_equal(check_text(text, &s, &diags), -1);
			assert_int_equal(diags.n_errors, 1);
			assert_non_null(strstr(diags.items[0].text, slips[i].said));
		} else {
			assert_int_equal(check_text(text, &s, &diags), -1);
			expect_error(&diags, slips[i].to, slips[i].line, slips[i].column,
				     slips[i].said);
		}
		gd_scenario_fini(&s);
	}
}

/* A slip must not drown in what follows from it. */
static void one_slip_is_one_error(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{"severity: P2", "severty: P2"},
		{"count: 2", "count: 0"},
		{"p99 < 50ms", "p98 < 50ms"},
		{"delay: 50ms", "delay: 70s"},
		{"after: 5s", "after: soon"},
		{"after: 5s", "every: 12s, hold: soon"},
		{"after: 5s", "every: 12s, hold: 12s, after: 50s"},
		{"      for: 40s", "      for: 40"},
		{"rate: 200/s", "rate: 200rps"},
		{"> 2x baseline", "> 2x basline"},
		{"- nic: {on: server", "- nik: {on: server"},
	};

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(rows); i++) {
		GD_AUTO_FREE char *text =
			replaced(good_scenario, rows[i].from, rows[i].to);
		GD_AUTO_DIAGS(diags);
		struct gd_scenario s;
		size_t wanted =
			strstr(rows[i].to, "nik") ? 3 : 1; /* two metrics go with it */

		(void)!check_text(text, &s, &diags);
		if (diags.n_errors != wanted)
			fail_msg("%s: %zu errors, the second: %s", rows[i].to,
				 diags.n_errors, diags.n > 1 ? diags.items[1].text : "-");
		gd_scenario_fini(&s);
	}
}

static void several_slips_are_all_named(void **state)
{
	GD_AUTO_FREE char *a = replaced(good_scenario, "rate: 200/s", "rate: fast");
	GD_AUTO_FREE char *b = replaced(a, "delay: 50ms", "delay: 70s, x: 1");
	GD_AUTO_FREE char *c = replaced(b, "p99 < 50ms", "p99 =< 50ms");
	GD_AUTO_FREE char *text = replaced(c, "in lossy > 0", "in losy > 0");
	GD_AUTO_DIAGS(diags);
	struct gd_scenario s;

	(void)state;
	assert_int_equal(check_text(text, &s, &diags), -1);
	assert_int_equal(diags.n_errors, 5);
	gd_scenario_fini(&s);
}

static void what_is_unused_is_only_a_warning(void **state)
{
	GD_AUTO_FREE char *text = replaced(good_scenario, "  server: api-1",
					   "  server: api-1\n  spare: api-9");
	GD_AUTO_DIAGS(diags);
	struct gd_scenario s;

	(void)state;
	assert_int_equal(check_text(text, &s, &diags), 0);
	assert_int_equal(diags.n, 1);
	assert_string_equal(diags.items[0].text, "role spare is not used");
	gd_scenario_fini(&s);
}

/* What loads measure comes by the second: 1 s may hold no whole one, 2 s do. */
static void a_stage_too_short_to_be_measured_is_warned_of(void **state)
{
	static const char *const lengths[] = {"1s", "1999ms", "2s"};

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(lengths); i++) {
		GD_AUTO_FREE char *to = gd_strf("baseline: {for: %s}", lengths[i]);
		GD_AUTO_FREE char *text =
			replaced(good_scenario, "baseline: {for: 20s}", to);
		GD_AUTO_DIAGS(diags);
		struct gd_scenario s;

		assert_int_equal(check_text(text, &s, &diags), 0);
		assert_int_equal(diags.n, i < 2 ? 1 : 0);
		if (i < 2)
			assert_non_null(
				strstr(diags.items[0].text, "make it 2s or longer"));
		gd_scenario_fini(&s);
	}
}

static void a_missing_file_is_said_to_be_missing(void **state)
{
	GD_AUTO_DIAGS(diags);
	struct gd_scenario s;

	(void)state;
	assert_int_equal(gd_scenario_load("/nonexistent/x.yaml", &s, &diags), -1);
	assert_int_equal(diags.n_errors, 1);
	assert_non_null(strstr(diags.items[0].text, "No such file"));
	assert_int_equal(diags.items[0].pos.line, 0);
	gd_scenario_fini(&s);
}

static void a_file_tells_its_kind(void **state)
{
	static const struct {
		const char *text;
		enum gd_file_kind kind;
	} rows[] = {
		{"scenario: x\nhosts: {}\n", GD_FILE_SCENARIO},
		{"hosts:\n  a: {}\n", GD_FILE_INVENTORY},
		{"incident_type: x\n", GD_FILE_RUNBOOK},
		{"a: b\n", GD_FILE_UNKNOWN},
		{"- a\n", GD_FILE_UNKNOWN},
		{"", GD_FILE_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(rows); i++) {
		GD_AUTO_FD int fd = -1;
		GD_AUTO_FREE char *source = NULL;
		GD_AUTO_DIAGS(diags);
		enum gd_file_kind kind;
		char path[64];
		size_t size;
		int rc;

		text_file(rows[i].text, &fd, path);
		rc = gd_file_kind_read(path, &kind, &source, &size, &diags);
		assert_int_equal(kind, rows[i].kind);
		assert_int_equal(rc, kind == GD_FILE_UNKNOWN ? -1 : 0);
	}
}

static void the_runbook_is_looked_for_beside_the_scenario(void **state)
{
	GD_AUTO_FREE char *found = NULL, *missing = NULL, *in_dir = NULL;
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	assert_int_equal(gd_runbook_locate(GD_SOURCE_DIR "/scenarios/x.yaml", NULL,
					   "nic-queue-drops", &found, &err),
			 0);
	assert_non_null(strstr(found, "/scenarios/../runbooks/nic-queue-drops.yaml"));
	assert_int_equal(gd_runbook_locate("x.yaml", NULL, "no-such", &missing, &err), 1);
	assert_string_equal(missing, "./../runbooks/no-such.yaml");
	assert_int_equal(gd_runbook_locate("x.yaml", "/tmp/dir", "b", &in_dir, &err), 1);
	assert_string_equal(in_dir, "/tmp/dir/b.yaml");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_scenario_is_understood),
		cmocka_unit_test(each_slip_is_an_error_at_its_place),
		cmocka_unit_test(one_slip_is_one_error),
		cmocka_unit_test(several_slips_are_all_named),
		cmocka_unit_test(what_is_unused_is_only_a_warning),
		cmocka_unit_test(a_stage_too_short_to_be_measured_is_warned_of),
		cmocka_unit_test(a_missing_file_is_said_to_be_missing),
		cmocka_unit_test(a_file_tells_its_kind),
		cmocka_unit_test(the_runbook_is_looked_for_beside_the_scenario),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
