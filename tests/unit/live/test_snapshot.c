/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

#include "recorded.h"

#include "../cmocka_all.h"

static struct gd_snapshot snap;

static void take(double seconds)
{
	struct recorded r;

	recorded_init(&r, seconds);
	memset(&snap, 0, sizeof(snap));
	gd_snapshot_take(&snap, &r.run, r.now, r.wall);
	recorded_fini(&r);
}

static void test_before_anything(void **state)
{
	(void)state;
	take(0.3);
	assert_string_equal(snap.doing, "connecting");
	assert_false(snap.in_stage);
	assert_int_equal(snap.n_stages, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(snap.stages[i].when, GD_SNAP_TO_COME);
	assert_true(snap.left == 20);
	assert_int_equal(snap.n_series, 0);
	assert_int_equal(snap.n_faults, 0);
	assert_int_equal(snap.n_expects, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(snap.expects[i].met, GD_SNAP_WAITING);
}

static void test_in_the_fault(void **state)
{
	const struct gd_snap_series *plain = &snap.series[0];

	(void)state;
	take(15.2);
	assert_string_equal(snap.doing, "lossy");
	assert_true(snap.in_fault_stage);
	assert_int_equal(snap.stages[0].when, GD_SNAP_PAST);
	assert_int_equal(snap.stages[1].when, GD_SNAP_NOW);
	assert_true(fabs(snap.stage_left - 2.3) < 1e-6);
	assert_true(fabs(snap.left - 8.3) < 1e-6);
	assert_int_equal(snap.n_series, 2);
	assert_string_equal(plain->load, "checkout");
	assert_string_equal(plain->client, "plain");
	assert_true(plain->rate == 50);
	assert_true(plain->success <= 1);
	assert_int_equal(plain->n_history, 14);
	/* The fault came at 8.9 s: the interval that ended at 8 s is without it. */
	assert_false(plain->history[6].fault);
	assert_true(plain->history[9].fault);
	assert_int_equal(snap.n_faults, 1);
	assert_string_equal(snap.faults[0].host, "api-1");
	assert_true(fabs(snap.faults[0].seconds - 6.3) < 1e-6);
	assert_int_equal(snap.expects[0].met, GD_SNAP_HOLDS);
	assert_non_null(strstr(snap.expects[0].measured, "x)"));
	assert_int_equal(snap.expects[4].met, GD_SNAP_FAILS);
}

static void test_expectations_close_with_their_stage(void **state)
{
	(void)state;
	take(21);
	assert_int_equal(snap.expects[0].met, GD_SNAP_MET);
	assert_int_equal(snap.expects[4].met, GD_SNAP_MISSED);
	assert_int_equal(snap.n_faults, 0);
	assert_string_equal(snap.doing, "recovery");
}

/* What an expectation names comes first, with its speed. */
static void test_watches(void **state)
{
	(void)state;
	take(15.2);
	assert_true(snap.n_watches >= 2);
	assert_string_equal(snap.watches[0].name, "api-1 nic.drops");
	assert_true(snap.watches[0].expected);
	assert_string_equal(snap.watches[0].value, "50.0 /s");
	assert_false(snap.watches[1].expected);
}

static char *json_of(const struct gd_snapshot *s)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_error err = GD_ERROR_INIT;
	char *text;

	assert_int_equal(gd_snapshot_to_json(s, &json, &err), 0);
	text = gd_json_print(json);
	assert_non_null(text);
	return text;
}

/* A second and a first sample of one more host: three values that move. */
static void add_host(struct recorded *r, int n)
{
	for (int i = 1; i >= 0; i--) {
		struct gd_error err = GD_ERROR_INIT;
		GD_AUTO_FREE char *text = gd_strf(
			"{\"type\":\"watch\",\"role\":\"server\",\"host\":\"more-%d\","
			"\"watch\":\"nic\",\"wall_ns\":\"%lld\",\"values\":{"
			"\"drops\":%d,\"rx_packets\":%d,\"carrier\":1}}",
			n, (long long)(r->wall.ns - i * GD_NS_PER_S), 10 - 5 * i,
			2000 - 200 * i);
		GD_AUTO(cJSON) cJSON *line = cJSON_Parse(text);

		assert_non_null(line);
		assert_int_equal(gd_results_add_metrics_line(r->results, line, &err), 0);
	}
}

/* What there is no room for is counted, and hidden with the rest. */
static void test_more_watches(void **state)
{
	GD_AUTO_FREE char *text = NULL;
	struct recorded r;

	(void)state;
	recorded_init(&r, 15.2);
	for (int i = 0; i < 10; i++)
		add_host(&r, i);
	memset(&snap, 0, sizeof(snap));
	for (int i = 0; i < 2; i++) {
		gd_snapshot_take(&snap, &r.run, r.now, r.wall);
		assert_int_equal(snap.n_watches, GD_SNAP_WATCHES);
		assert_int_equal(snap.more_watches, 3 * 11 - GD_SNAP_WATCHES);
	}
	recorded_fini(&r);
	assert_string_equal(snap.watches[1].name, "more-0 nic.drops");
	assert_string_equal(snap.watches[1].value, "5.00 /s");
	text = json_of(&snap);
	assert_non_null(strstr(text, "\"more_watches\":9,"));
	gd_snapshot_hide(&snap);
	assert_int_equal(snap.more_watches, 0);
}

/* Taken again and again it gives what it gives when taken once. */
static void test_incremental(void **state)
{
	static struct gd_snapshot step;

	(void)state;
	memset(&step, 0, sizeof(step));
	for (int s = 2; s <= 20; s++) {
		struct recorded r;

		recorded_init(&r, s);
		gd_snapshot_take(&step, &r.run, r.now, r.wall);
		recorded_fini(&r);
	}
	take(20);
	assert_int_equal(step.series[1].n_history, snap.series[1].n_history);
	for (size_t i = 0; i < snap.series[1].n_history; i++)
		assert_true(step.series[1].history[i].p99 ==
			    snap.series[1].history[i].p99);
	assert_true(step.series[0].requests == snap.series[0].requests);
	/* The faults' marks are what was true when each came. */
	assert_true(step.series[1].history[12].fault);
	assert_false(snap.series[1].history[12].fault);
}

static void test_clock_warning(void **state)
{
	struct recorded r;

	(void)state;
	recorded_init(&r, 5);
	r.clock.offset_ns = -2 * GD_NS_PER_S;
	memset(&snap, 0, sizeof(snap));
	gd_snapshot_take(&snap, &r.run, r.now, r.wall);
	recorded_fini(&r);
	/* The generator was late in that second, too. */
	assert_int_equal(snap.n_warnings, 2);
	assert_string_equal(snap.warnings[0],
			    "the load generator is late, so these figures are too high: "
			    "checkout.plain, checkout.retrying");
	assert_string_equal(snap.warnings[1],
			    "clocks are off, and their times corrected: "
			    "api-1 2.00 s behind");
}

static void test_hostile_text(void **state)
{
	char text[16];

	(void)state;
	gd_snapshot_text(text, sizeof(text), "a\033[2Jb\nc\xff\xe2\x80\xae");
	assert_string_equal(text, "a [2Jb c  ");
	/* Cut between characters, never within one. */
	gd_snapshot_text(text, sizeof(text), "12345678901234\u20ac");
	assert_string_equal(text, "12345678901234");
	gd_snapshot_text(text, 4, "\u20ac\u20ac");
	assert_string_equal(text, "\u20ac");
}

static void test_events_are_bounded(void **state)
{
	(void)state;
	memset(&snap, 0, sizeof(snap));
	for (int i = 0; i < 100; i++)
		gd_snapshot_event(&snap, i, GD_TONE_BAD, "x\033]0;title\a");
	assert_int_equal(snap.n_events, GD_SNAP_EVENTS);
	assert_true(snap.events[0].seconds == 60);
	assert_string_equal(snap.events[0].text, "x ]0;title ");
}

static void test_json(void **state)
{
	GD_AUTO_FREE char *text = NULL;

	(void)state;
	take(15.2);
	snap.series[0].p99 = (double)NAN;
	text = json_of(&snap);
	assert_null(strchr(text, '\n'));
	assert_non_null(strstr(text, "\"doing\":\"lossy\""));
	assert_non_null(strstr(text, "\"p99_ns\":null"));
	assert_non_null(strstr(text, "\"met\":\"fails\""));
	assert_non_null(strstr(text, "eth0: lose 5 % of outgoing packets"));
	assert_non_null(strstr(text, "\"no_load\":false"));
}

/* As of gameday inject: the page must not wait for clients. */
static void test_no_load(void **state)
{
	GD_AUTO_FREE char *text = NULL;
	struct recorded r;
	size_t n_loads;

	(void)state;
	recorded_init(&r, 0);
	n_loads = r.scenario.loads.n;
	r.scenario.loads.n = 0;
	memset(&snap, 0, sizeof(snap));
	gd_snapshot_take(&snap, &r.run, r.now, r.wall);
	r.scenario.loads.n = n_loads;
	recorded_fini(&r);
	text = json_of(&snap);
	assert_non_null(strstr(text, "\"no_load\":true"));
	assert_non_null(strstr(text, "\"series\":[]"));
}

/* Not a word of what, where or when, in any of the two forms. */
static void test_blind(void **state)
{
	static const char *const words[] = {"lossy", "baseline", "recovery",
					    "api-1", "lose",     "NIC",
					    "nic",   "drops",    "eth0"};
	GD_AUTO_FREE char *text = NULL;
	struct recorded r;

	(void)state;
	recorded_init(&r, 15.2);
	r.clock.offset_ns = GD_NS_PER_S; /* a warning that names a host */
	memset(&snap, 0, sizeof(snap));
	gd_snapshot_take(&snap, &r.run, r.now, r.wall);
	recorded_fini(&r);
	assert_int_equal(snap.n_warnings, 1);
	gd_snapshot_hide(&snap);
	assert_int_equal(snap.n_warnings, 0);
	text = json_of(&snap);
	for (size_t i = 0; i < GD_N_ELEMS(words); i++) {
		assert_null(strstr(text, words[i]));
		assert_null(memmem(&snap, sizeof(snap), words[i], strlen(words[i])));
	}
	assert_null(strstr(text, ",1]"));
	assert_true(snap.blind);
	assert_int_equal(snap.n_series, 2);
	assert_int_equal(snap.series[0].n_history, 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_anything),
		cmocka_unit_test(test_in_the_fault),
		cmocka_unit_test(test_expectations_close_with_their_stage),
		cmocka_unit_test(test_watches),
		cmocka_unit_test(test_more_watches),
		cmocka_unit_test(test_incremental),
		cmocka_unit_test(test_clock_warning),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_events_are_bounded),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_no_load),
		cmocka_unit_test(test_blind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
