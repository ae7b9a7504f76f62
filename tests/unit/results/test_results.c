/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/results/results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "tests/unit/cmocka_all.h"

/* Second 0 of every test, wall. */
#define T0 INT64_C(1795442400000000000)

static int64_t at(double seconds)
{
	return T0 + (int64_t)llround(seconds * 1e9);
}

static struct gd_results *fresh(void)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_results *r = NULL;

	assert_int_equal(gd_results_new(&r, &err), 0);
	return r;
}

static void begin(struct gd_results *r, const char *name, const char *kind, double t)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_results_stage_begin(r, name, kind, at(t), &err), 0);
}

/* baseline 0..10, stage "bad" 10..20 measured from 12, recovery 20..30. */
static void three_stages(struct gd_results *r)
{
	begin(r, "baseline", "baseline", 0);
	gd_results_stage_measured(r, "baseline", at(0));
	gd_results_stage_end(r, "baseline", at(10));
	begin(r, "bad", "fault", 10);
	gd_results_stage_measured(r, "bad", at(12));
	gd_results_stage_end(r, "bad", at(20));
	begin(r, "recovery", "recovery", 20);
	gd_results_stage_measured(r, "recovery", at(20));
	gd_results_stage_end(r, "recovery", at(30));
}

struct burst {
	const char *client;
	double start, length;
	uint64_t ok, timeouts;
	int64_t ms;
};

static int add_told(struct gd_results *r, struct burst b, const char *problem,
		    struct gd_error *err)
{
	struct gd_interval iv = {.load = "shop",
				 .start_wall_ns = at(b.start),
				 .length_ns = (int64_t)(b.length * 1e9),
				 .counts = {.rtt_sum = 3000000, .rtt_samples = 2},
				 .latency = gd_hist_new(),
				 .attempt_latency = gd_hist_new(),
				 .connect = gd_hist_new(),
				 .handshake = gd_hist_new()};
	int rc;

	gd_hist_record(iv.connect, GD_NS_PER_MS);
	gd_hist_record(iv.handshake, 3 * GD_NS_PER_MS);
	(void)snprintf(iv.client, sizeof(iv.client), "%s", b.client);
	(void)snprintf(iv.problem, sizeof(iv.problem), "%s", problem);
	iv.outcomes[GD_OUTCOME_OK] = b.ok;
	iv.outcomes[GD_OUTCOME_TIMEOUT] = b.timeouts;
	iv.intended = iv.attempts = b.ok + b.timeouts;
	for (uint64_t i = 0; i < b.ok + b.timeouts; i++) {
		gd_hist_record(iv.latency, b.ms * GD_NS_PER_MS);
		gd_hist_record(iv.attempt_latency, b.ms * GD_NS_PER_MS);
	}
	rc = gd_results_add_load(r, &iv, err);
	gd_interval_fini(&iv);
	return rc;
}

static int add(struct gd_results *r, struct burst b, struct gd_error *err)
{
	return add_told(r, b, "", err);
}

static void feed(struct gd_results *r, struct burst b)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(add(r, b, &err), 0);
}

static struct gd_load_stats stats(const struct gd_results *r, const char *stage)
{
	struct gd_load_stats s;

	assert_int_equal(gd_results_load_stats(r, "shop", "plain", stage, &s), 0);
	return s;
}

static struct gd_condition condition(const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_condition c = {0};

	if (gd_condition_parse(text, (struct gd_pos){0}, &c, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return c;
}

static struct gd_verdict_item judge(const struct gd_results *r, const char *text)
{
	struct gd_condition c = condition(text);
	struct gd_error err = GD_ERROR_INIT;
	struct gd_verdict_item item;

	assert_int_equal(gd_results_evaluate(r, &c, "*", &item, &err), 0);
	gd_condition_fini(&c);
	return item;
}

static void sample(struct gd_results *r, const char *host, double t, const char *json)
{
	GD_AUTO(cJSON) cJSON *values = cJSON_Parse(json);
	struct gd_error err = GD_ERROR_INIT;

	assert_non_null(values);
	assert_int_equal(
		gd_results_add_watch(r, "server", host, "nic", at(t), values, &err), 0);
}

/* Of a stage the first reason that was told is kept. */
static void the_first_problem_is_told(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	three_stages(r);
	feed(r, (struct burst){"plain", 8, 1, 10, 0, 1});
	feed(r, (struct burst){"plain", 12, 1, 10, 0, 1});
	assert_int_equal(add_told(r, (struct burst){"plain", 13, 1, 10, 1, 1},
				  "certificate has expired", &err),
			 0);
	assert_int_equal(
		add_told(r, (struct burst){"plain", 14, 1, 10, 1, 1}, "another", &err),
		0);
	assert_string_equal(stats(r, "baseline").problem, "");
	assert_string_equal(stats(r, "bad").problem, "certificate has expired");
}

/* --- which intervals count ------------------------------------------------------------ */

static void only_whole_intervals_count(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();

	(void)state;
	three_stages(r);
	feed(r, (struct burst){"plain", 9, 1, 10, 0, 1});    /* ends with the stage: in */
	feed(r, (struct burst){"plain", 9.5, 1, 100, 0, 1}); /* across the boundary */
	feed(r, (struct burst){"plain", 11, 1, 1000, 0, 500}); /* transition */
	feed(r,
	     (struct burst){"plain", 12, 1, 20, 0, 1}); /* begins with the figures: in */
	feed(r, (struct burst){"plain", 31, 1, 5, 0, 1}); /* after everything */
	assert_int_equal(stats(r, "baseline").requests, 10);
	assert_int_equal(stats(r, "bad").requests, 20);
	assert_int_equal(gd_results_transition(r, 0), 1105);
}

static void nothing_measured_is_told(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_load_stats s;
	enum gd_metric_unit unit;
	double v;

	(void)state;
	three_stages(r);
	feed(r, (struct burst){"plain", 1, 1, 10, 0, 1});
	assert_int_equal(gd_results_load_stats(r, "shop", "plain", "bad", &s), 1);
	assert_int_equal(gd_results_load_stats(r, "shop", "nobody", "bad", &s), 1);
	assert_int_equal(gd_results_load_stats(r, "shop", "plain", "nowhere", &s), 1);
	assert_int_equal(gd_results_metric(r, "shop", "plain", "p99", "bad", &v, &unit),
			 GD_FOUND_NO_DATA);
	assert_int_equal(gd_results_metric(r, "shop", "plain", "p98", "bad", &v, &unit),
			 GD_FOUND_UNKNOWN);
	assert_int_equal(
		gd_results_metric(r, "shop", "plain", "p99", "nowhere", &v, &unit),
		GD_FOUND_UNKNOWN);
}

/* An unfinished fault stage without stage_measured counts nothing, a baseline does. */
static void unmeasured_stages(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_load_stats s;

	(void)state;
	begin(r, "baseline", "baseline", 0);
	gd_results_stage_end(r, "baseline", at(10));
	begin(r, "bad", "fault", 10);
	feed(r, (struct burst){"plain", 1, 1, 10, 0, 1});
	feed(r, (struct burst){"plain", 11, 1, 10, 0, 1});
	assert_int_equal(stats(r, "baseline").requests, 10);
	assert_int_equal(gd_results_load_stats(r, "shop", "plain", "bad", &s), 1);
}

/* Figures asked for live, then a stage end that lies before intervals already counted. */
static void an_end_takes_back_what_came_later(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();

	(void)state;
	begin(r, "bad", "fault", 0);
	gd_results_stage_measured(r, "bad", at(0));
	for (int i = 0; i < 5; i++)
		feed(r, (struct burst){"plain", i, 1, 10, 0, i < 4 ? 1 : 900});
	assert_int_equal(stats(r, "bad").requests, 50);
	assert_true(stats(r, "bad").max > 800e6);
	feed(r, (struct burst){"plain", 5, 1, 10, 0,
			       900}); /* into the tally that is there */
	assert_int_equal(stats(r, "bad").requests, 60);
	gd_results_stage_end(r, "bad", at(4));
	assert_int_equal(stats(r, "bad").requests, 40);
	assert_true(stats(r, "bad").max < 2e6);
	gd_results_stage_end(r, "bad", at(99)); /* the first end is the end */
	assert_int_equal(stats(r, "bad").requests, 40);
}

static void journal(struct gd_results *r, const char *text)
{
	GD_AUTO(cJSON) cJSON *line = cJSON_Parse(text);
	struct gd_error err = GD_ERROR_INIT;

	assert_non_null(line);
	assert_int_equal(gd_results_add_journal_line(r, line, &err), 0);
}

/* The revert began 2 s before it was recorded, and its record comes before stage_end. */
static void a_revert_ends_the_figures(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();

	(void)state;
	journal(r, "{\"event\":\"stage_begin\",\"stage\":\"bad\",\"kind\":\"fault\","
		   "\"wall_ns\":\"1795442400000000000\"}");
	journal(r, "{\"event\":\"stage_measured\",\"stage\":\"bad\","
		   "\"wall_ns\":\"1795442400000000000\"}");
	for (int i = 0; i < 10; i++)
		feed(r, (struct burst){"plain", i, 1, 10, 0, 1});
	journal(r,
		"{\"event\":\"fault_reverted\",\"ref\":\"x\",\"equal\":true,\"took_ms\":2000,"
		"\"wall_ns\":\"1795442408000000000\"}");
	journal(r, "{\"event\":\"stage_end\",\"stage\":\"bad\","
		   "\"wall_ns\":\"1795442410000000000\"}");
	assert_int_equal(stats(r, "bad").requests, 60);
	assert_int_equal(gd_results_stage(r, 0).figures_end_ns, at(6));
	assert_int_equal(gd_results_stage(r, 0).end_ns, at(10));
}

static void a_fault_that_rests_does_not_end_the_figures(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();

	(void)state;
	journal(r, "{\"event\":\"stage_begin\",\"stage\":\"bad\",\"kind\":\"fault\","
		   "\"wall_ns\":\"1795442400000000000\"}");
	journal(r, "{\"event\":\"stage_measured\",\"stage\":\"bad\","
		   "\"wall_ns\":\"1795442400000000000\"}");
	for (int i = 0; i < 10; i++)
		feed(r, (struct burst){"plain", i, 1, 10, 0, 1});
	for (int i = 0; i < 2; i++) {
		journal(r, "{\"event\":\"fault_injected\",\"ref\":\"x\","
			   "\"wall_ns\":\"1795442402000000000\"}");
		journal(r, "{\"event\":\"fault_reverted\",\"ref\":\"x\",\"equal\":true,"
			   "\"took_ms\":1000,\"stage_goes_on\":true,"
			   "\"wall_ns\":\"1795442404000000000\"}");
	}
	assert_int_equal(gd_results_fault(r, 0).times, 2);
	journal(r, "{\"event\":\"stage_end\",\"stage\":\"bad\","
		   "\"wall_ns\":\"1795442410000000000\"}");
	assert_int_equal(stats(r, "bad").requests, 100);
	/* Not put back: then it is the end of what can be measured, whatever was planned. */
	journal(r, "{\"event\":\"fault_reverted\",\"ref\":\"x\",\"equal\":false,"
		   "\"stage_goes_on\":true,\"wall_ns\":\"1795442406000000000\"}");
	assert_int_equal(stats(r, "bad").requests, 60);
}

static void the_same_interval_twice_is_refused(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	three_stages(r);
	feed(r, (struct burst){"plain", 2, 1, 10, 0, 1});
	assert_int_equal(add(r, (struct burst){"plain", 2, 1, 10, 0, 1}, &err), -1);
	assert_int_equal(err.code, GD_E_INPUT);
	assert_int_equal(stats(r, "baseline").requests, 10);
}

static void intervals_may_come_out_of_order(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();

	(void)state;
	three_stages(r);
	feed(r, (struct burst){"plain", 5, 1, 1, 0, 1});
	feed(r, (struct burst){"plain", 3, 1, 2, 0, 1});
	feed(r, (struct burst){"plain", 4, 1, 3, 0, 1});
	assert_int_equal(gd_results_n_intervals(r, 0), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(gd_results_interval(r, 0, i)->start_wall_ns,
				 at(3 + (double)i));
		/* Only the newest keeps its histogram. */
		assert_int_equal(gd_results_interval(r, 0, i)->latency != NULL, i == 2);
	}
}

/* Answers are kept until something is fed: they must follow all that can change them. */
static void answers_follow_what_is_fed(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();

	(void)state;
	begin(r, "baseline", "baseline", 0);
	gd_results_stage_measured(r, "baseline", at(0));
	feed(r, (struct burst){"plain", 1, 1, 10, 0, 1});
	assert_int_equal(stats(r, "baseline").requests, 10);
	feed(r, (struct burst){"plain", 2, 1, 10, 5, 1});
	assert_int_equal(stats(r, "baseline").requests, 25);
	assert_true(stats(r, "baseline").success < 0.99);
	gd_results_stage_end(r, "baseline", at(2));
	assert_int_equal(stats(r, "baseline").requests, 10);
	assert_true(stats(r, "baseline").success > 0.99);
}

/* What was not read as text is encoded when it is asked for. */
static void intervals_are_encoded_on_demand(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	GD_AUTO(gd_hist) struct gd_hist *h = NULL, *decoded = NULL;
	struct gd_error err = GD_ERROR_INIT;
	const char *text = NULL, *again = NULL;

	(void)state;
	three_stages(r);
	feed(r, (struct burst){"plain", 3, 1, 40, 0, 7});
	feed(r, (struct burst){"plain", 4, 1, 1, 0, 1});
	h = gd_results_latency(r, 0, 0);
	assert_non_null(h);
	assert_int_equal(gd_hist_count(h), 40);
	assert_int_equal(gd_results_encoded(r, 0, 0, &text, &err), 0);
	assert_int_equal(gd_results_encoded(r, 0, 0, &again, &err), 0);
	assert_ptr_equal(text, again);
	assert_int_equal(gd_hist_decode(text, &decoded, &err), 0);
	assert_int_equal(gd_hist_count(decoded), 40);
	assert_int_equal(gd_hist_percentile(decoded, 99), gd_hist_percentile(h, 99));
}

/* --- figures -------------------------------------------------------------------------- */

/* 990 fast and 10 slow requests: the mean of the two p99 would be half of the truth. */
static void percentiles_come_from_the_merged_histogram(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_load_stats s;

	(void)state;
	three_stages(r);
	feed(r, (struct burst){"plain", 1, 1, 980, 0, 2});
	feed(r, (struct burst){"plain", 2, 1, 20, 0, 1000});
	s = stats(r, "baseline");
	assert_true(s.p50 < 2.1e6 && s.p90 < 2.1e6);
	assert_true(s.p99 > 0.999e9 && s.p99 < 1.001e9);
	assert_true(fabs(s.max - 1e9) < 1);
	assert_true(fabs(s.min - 2e6) < 1);
	assert_true(fabs(s.rate - 500) < 0.001);
	assert_true(fabs(s.seconds - 2) < 0.001);
	assert_true(fabs(s.connect_p99 - 1e6) < 1e3);
	assert_true(fabs(s.handshake_p99 - 3e6) < 3e3);
}

static void failures_and_unfinished(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_interval iv = {
		.load = "shop", .client = "plain", .length_ns = GD_NS_PER_S};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_load_stats s;

	(void)state;
	three_stages(r);
	iv.start_wall_ns = at(2);
	iv.outcomes[GD_OUTCOME_OK] = 90;
	iv.outcomes[GD_OUTCOME_TIMEOUT] = 6;
	iv.outcomes[GD_OUTCOME_RESET] = 4;
	iv.outcomes[GD_OUTCOME_UNFINISHED] = 7;
	iv.attempts = 150;
	iv.retries = 50;
	assert_int_equal(gd_results_add_load(r, &iv, &err), 0);
	s = stats(r, "baseline");
	assert_int_equal(s.requests, 100);
	assert_int_equal(s.errors, 10);
	assert_int_equal(s.unfinished, 7);
	assert_true(fabs(s.success - 0.9) < 1e-9);
	assert_true(fabs(s.attempts_per_request - 1.5) < 1e-9);
	assert_true(isnan(s.p99)); /* no histogram came with it */
	assert_int_equal(judge(r, "shop.plain.timeouts in baseline == 6").outcome,
			 GD_COND_HOLDS);
	assert_int_equal(judge(r, "shop.plain.resets in baseline == 4").outcome,
			 GD_COND_HOLDS);
	assert_int_equal(judge(r, "shop.plain.error_rate in baseline < 11%").outcome,
			 GD_COND_HOLDS);
	assert_int_equal(judge(r, "shop.plain.p99 in baseline < 1s").outcome,
			 GD_COND_NO_DATA);
}

/* Whatever a condition may name, the store must answer, in the unit that was promised. */
static void every_promised_metric_is_answered(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();

	(void)state;
	three_stages(r);
	feed(r, (struct burst){"plain", 2, 1, 10, 1, 1});
	for (size_t i = 0; gd_load_metrics[i].name; i++) {
		const struct gd_metric_row *m = &gd_load_metrics[i];
		enum gd_metric_unit unit;
		double v = (double)NAN;

		if (gd_results_metric(r, "shop", "plain", m->name, "baseline", &v,
				      &unit) != GD_FOUND)
			fail_msg("metric %s is promised and not answered", m->name);
		assert_int_equal(unit, m->unit);
		assert_true(!isnan(v));
	}
}

static void the_short_form_needs_one_client(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	enum gd_metric_unit unit;
	double v;

	(void)state;
	three_stages(r);
	feed(r, (struct burst){"plain", 2, 1, 10, 0, 1});
	assert_int_equal(
		gd_results_metric(r, "shop", NULL, "requests", "baseline", &v, &unit),
		GD_FOUND);
	feed(r, (struct burst){"retrying", 2, 1, 10, 0, 1});
	assert_int_equal(
		gd_results_metric(r, "shop", NULL, "requests", "baseline", &v, &unit),
		GD_FOUND_UNKNOWN);
}

/* --- watches -------------------------------------------------------------------------- */

static double metric(const struct gd_results *r, const char *name, const char *stage)
{
	enum gd_metric_unit unit;
	double v = (double)NAN;

	if (gd_results_metric(r, "server", "nic", name, stage, &v, &unit) != GD_FOUND)
		return (double)NAN;
	return v;
}

static void counters_give_their_increase(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();

	(void)state;
	three_stages(r);
	sample(r, "a", 1, "{\"drops\": 1000}");
	sample(r, "a", 9, "{\"drops\": 1007}");
	sample(r, "a", 11, "{\"drops\": 5000}"); /* transition */
	sample(r, "a", 13, "{\"drops\": 5000}");
	sample(r, "a", 15, "{\"drops\": 5100}");
	sample(r, "a", 17, "{\"drops\": 3}"); /* the driver was reset */
	sample(r, "a", 19, "{\"drops\": 10}");
	sample(r, "a", 25, "{\"drops\": 10}");
	assert_true(fabs(metric(r, "drops", "baseline") - 7) < 1e-9);
	assert_true(fabs(metric(r, "drops", "bad") - 110) < 1e-9);
	assert_true(
		isnan(metric(r, "drops", "recovery"))); /* one sample is no increase */
	sample(r, "b", 13, "{\"drops\": 0}");
	sample(r, "b", 14, "{\"drops\": 5}");
	assert_true(fabs(metric(r, "drops", "bad") - 115) < 1e-9); /* hosts add up */
}

static void gauges_give_their_median(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	GD_AUTO(cJSON) cJSON *gauges = cJSON_Parse("[\"queue\"]");
	GD_AUTO(cJSON) cJSON *units = cJSON_Parse("{\"queue\": \"duration\"}");
	struct gd_error err = GD_ERROR_INIT;
	enum gd_metric_unit unit;
	double v;

	(void)state;
	three_stages(r);
	for (int i = 0; i < 5; i++) {
		static const char *const values[] = {
			"{\"queue\":5,\"rtt_us\":7}", "{\"queue\":1,\"rtt_us\":9}",
			"{\"queue\":90,\"rtt_us\":8}", "{\"queue\":4}", "{\"queue\":2}"};
		sample(r, "a", 13 + i, values[i]);
	}
	assert_true(fabs(metric(r, "rtt_us", "bad") - 8) < 1e-9); /* by its ending */
	assert_true(fabs(metric(r, "queue", "bad") - 96) <
		    1e-9); /* 1 + 89 + 4 + 2: a counter */
	assert_int_equal(gd_results_add_watch_info(r, "nic", gauges, units, &err), 0);
	assert_true(fabs(metric(r, "queue", "bad") - 4) < 1e-9);
	assert_true(fabs(metric(r, "queue_max", "bad") - 90) < 1e-9);
	assert_true(fabs(metric(r, "queue_min", "bad") - 1) < 1e-9);
	assert_int_equal(gd_results_metric(r, "server", "nic", "queue", "bad", &v, &unit),
			 GD_FOUND);
	assert_int_equal(unit, GD_UNIT_DURATION);
	assert_true(isnan(metric(r, "rtt", "bad")));
}

static void watch_info_crosses_as_a_line(void **state)
{
	static const struct gd_metric_row rows[] = {
		{"drops", GD_UNIT_COUNT, ""}, {"rtt", GD_UNIT_DURATION, ""}, {0}};
	static const char *const gauges[] = {"rtt", NULL};
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	GD_AUTO(cJSON) cJSON *line = NULL;
	struct gd_error err = GD_ERROR_INIT;
	enum gd_metric_unit unit;
	bool gauge;

	(void)state;
	assert_int_equal(gd_results_watch_info_line("nic", rows, gauges, &line, &err), 0);
	assert_int_equal(gd_results_add_metrics_line(r, line, &err), 0);
	sample(r, "a", 1, "{\"drops\": 1, \"rtt\": 2}");
	assert_string_equal(gd_results_column(r, 0, 1, &gauge, &unit), "rtt");
	assert_true(gauge);
	assert_int_equal(unit, GD_UNIT_DURATION);
	assert_string_equal(gd_results_column(r, 0, 0, &gauge, &unit), "drops");
	assert_false(gauge);
}

/* --- conditions ----------------------------------------------------------------------- */

/* 50 requests per second: 1 ms, but 300 ms in seconds 14..17 for "plain". */
static void scene(struct gd_results *r)
{
	three_stages(r);
	for (int t = 0; t < 30; t++) {
		bool slow = t >= 14 && t < 17;

		feed(r, (struct burst){"plain", t, 1, slow ? 30 : 50, slow ? 20 : 0,
				       slow ? 300 : 1});
		feed(r, (struct burst){"retrying", t, 1, 50, 0, slow ? 320 : 1});
		sample(r, "a", t + 0.5, t < 14 ? "{\"drops\": 4}" : "{\"drops\": 44}");
	}
}

static void conditions_are_judged(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_verdict_item item;

	(void)state;
	scene(r);
	item = judge(r, "shop.plain.p99 in bad > 100ms");
	assert_int_equal(item.outcome, GD_COND_HOLDS);
	assert_int_equal(item.first_wall_ns,
			 at(15)); /* the end of the first slow interval */
	assert_non_null(strstr(item.text, "wanted > 100 ms"));
	item = judge(r, "shop.plain.p99 in bad > 2x baseline");
	assert_int_equal(item.outcome, GD_COND_HOLDS);
	assert_non_null(strstr(item.text, "2x baseline (1.00 ms): 300x"));
	item = judge(r, "shop.plain.success in bad >= 99%");
	assert_int_equal(item.outcome, GD_COND_FAILS);
	assert_int_equal(item.first_wall_ns, 0);
	assert_int_equal(judge(r, "server.nic.drops in bad > 0").outcome, GD_COND_HOLDS);
	assert_int_equal(judge(r, "server.nic.drops in baseline > 0").outcome,
			 GD_COND_FAILS);
	assert_int_equal(judge(r, "server.nic.nothing in bad > 0").outcome,
			 GD_COND_NO_DATA);
	item = judge(r, "shop.plain.p99 in worse > 2x baseline");
	assert_int_equal(item.outcome, GD_COND_NO_DATA);
	assert_non_null(strstr(item.text, "stage worse was not reached"));
	item = judge(r, "shop.plain.p99 in bad > 2x before");
	assert_int_equal(item.outcome, GD_COND_NO_DATA);
}

/* 60 errors in the 8 measured seconds; 500 requests in 10 s make 400 in 8 s, not 500. */
static void counts_are_compared_per_time(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_verdict_item item;

	(void)state;
	scene(r);
	item = judge(r, "shop.plain.requests in bad >= 1x baseline");
	assert_int_equal(item.outcome, GD_COND_HOLDS);
	assert_true(fabs(item.limit - 400) < 0.5);
	assert_int_equal(judge(r, "shop.plain.requests in bad > 1.1x baseline").outcome,
			 GD_COND_FAILS);
	assert_int_equal(judge(r, "shop.plain.errors in bad == 60").outcome,
			 GD_COND_HOLDS);
}

static void holding_takes_its_time(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_verdict_item item;

	(void)state;
	scene(r);
	item = judge(r, "shop.plain.p99 in bad > 100ms for 3s");
	assert_int_equal(item.outcome, GD_COND_HOLDS);
	assert_int_equal(item.first_wall_ns, at(17));
	item = judge(r, "shop.plain.p99 in bad > 100ms for 4s");
	assert_int_equal(item.outcome, GD_COND_FAILS);
	assert_non_null(strstr(item.text, "never held that long"));
}

static void wildcards_find_the_first(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_verdict_item item;

	(void)state;
	scene(r);
	item = judge(r, "*.*.success < 99%");
	assert_int_equal(item.outcome, GD_COND_HOLDS);
	assert_string_equal(item.subject, "shop");
	assert_string_equal(item.part, "plain");
	assert_string_equal(item.stage, "bad");
	assert_true(strncmp(item.text, "shop.plain in bad: ", 19) == 0);
	item = judge(r, "*.nic.drops > 10");
	assert_int_equal(item.outcome, GD_COND_HOLDS);
	assert_int_equal(item.first_wall_ns, at(14.5));
	assert_int_equal(judge(r, "*.*.p99 > 1s").outcome, GD_COND_FAILS);
	assert_int_equal(judge(r, "*.disk.flush > 1s").outcome, GD_COND_NO_DATA);
}

static int holds(const struct gd_results *r, const char *text, double from, double now,
		 int64_t *ret_since)
{
	struct gd_condition c = condition(text);
	struct gd_error err = GD_ERROR_INIT;
	int rc = gd_results_holds_for(r, &c, at(from), at(now), ret_since, &err);

	gd_condition_fini(&c);
	return rc;
}

static void live_conditions(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	int64_t since = 0;

	(void)state;
	scene(r);
	assert_int_equal(holds(r, "shop.plain.success < 80% for 2s", 0, 15.9, &since), 0);
	assert_int_equal(holds(r, "shop.plain.success < 80% for 2s", 0, 16, &since), 1);
	assert_int_equal(since, at(14));
	assert_int_equal(holds(r, "shop.plain.success < 80% for 2s", 15.5, 30, &since),
			 0);
	assert_int_equal(holds(r, "shop.plain.success < 80%", 0, 30, &since), 1);
	assert_int_equal(since, at(15));
	assert_int_equal(holds(r, "shop.plain.errors > 39", 0, 15.5, &since), 0);
	assert_int_equal(holds(r, "shop.plain.errors > 39", 0, 16, &since), 1);
	assert_int_equal(holds(r, "shop.plain.p99 > 3x baseline", 0, 30, &since), 1);
	assert_int_equal(
		holds(r, "shop.plain.p99 in recovery > 3x baseline", 0, 30, &since), 0);
	assert_int_equal(holds(r, "*.nic.drops > 10", 0, 30, &since), 1);
	assert_int_equal(holds(r, "shop.nobody.p99 > 1s", 0, 30, &since), 0);
}

/* A stalled closed loop has intervals without any request: no evidence either way. */
static void empty_intervals_do_not_break(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	int64_t since = 0;

	(void)state;
	feed(r, (struct burst){"plain", 0, 1, 0, 10, 5000});
	for (int t = 1; t < 5; t++)
		feed(r, (struct burst){"plain", t, 1, 0, 0, 0});
	assert_int_equal(holds(r, "shop.plain.success < 50% for 4s", 0, 5, &since), 0);
	feed(r, (struct burst){"plain", 5, 1, 0, 10, 5000});
	assert_int_equal(holds(r, "shop.plain.success < 50% for 4s", 0, 6, &since), 1);
	assert_int_equal(since, at(2)); /* known at 6 */
	/* Where nobody measured at all, nothing is known to have held. */
	feed(r, (struct burst){"gone", 0, 1, 0, 10, 5000});
	feed(r, (struct burst){"gone", 5, 1, 0, 10, 5000});
	assert_int_equal(holds(r, "shop.gone.success < 50% for 4s", 0, 6, &since), 0);
}

/* --- faults and verdict --------------------------------------------------------------- */

#define AT(s) "\"wall_ns\":\"17954424" s "000000000\""

static void inject(struct gd_results *r)
{
	journal(r,
		"{\"event\":\"fault_injecting\",\"ref\":\"f1\",\"stage\":\"bad\",\"host\":\"h1\","
		"\"describe\":\"eth0: lose 5 %\",\"args\":{\"loss\":\"5%\"}," AT(
			"11") "}");
	journal(r,
		"{\"event\":\"fault_injected\",\"ref\":\"f1\",\"before\":\"x\",\"took_ms\":4," AT(
			"12") "}");
}

/* An interval of 1 s with so many requests under way at its end. */
static void feed_open(struct gd_results *r, double second, uint64_t open)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_interval iv = {
		.load = "shop",
		.client = "plain",
		.start_wall_ns = at(second),
		.length_ns = GD_NS_PER_S,
		.intended = 1,
		.attempts = 1,
		.outcomes = {[GD_OUTCOME_OK] = 1},
		.counts = {.open = open},
	};

	assert_int_equal(gd_results_add_load(r, &iv, &err), 0);
}

/*
 * In the baseline 3 requests were under way at most. The fault is out at 19; at 20 to 23
 * there are 80, 50, 4 and 3: drained after 4 s. Once drained, a later rise
 * changes nothing.
 */
static void how_long_the_queue_took_to_drain(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();

	(void)state;
	three_stages(r);
	inject(r);
	for (int i = 0; i < 10; i++)
		feed_open(r, i, i == 4 ? 3 : 1);
	for (int i = 12; i < 20; i++)
		feed_open(r, i, i == 15 ? 1 : 80);
	feed_open(r, 20, 50);
	/* Still in: there is nothing to drain from. */
	assert_true(stats(r, "recovery").drained == 0);
	journal(r, "{\"event\":\"fault_reverted\",\"ref\":\"f1\",\"equal\":true," AT(
			   "19") "}");
	assert_true(isnan(stats(r, "recovery").drained));
	assert_int_equal(judge(r, "shop.plain.drained in recovery < 9s").outcome,
			 GD_COND_NO_DATA);
	feed_open(r, 21, 4);
	feed_open(r, 22, 3);
	feed_open(r, 23, 9);
	assert_int_equal((int64_t)stats(r, "recovery").drained, 4 * GD_NS_PER_S);
	assert_true(stats(r, "baseline").drained == 0);
	assert_true(stats(r, "bad").drained == 0);
	assert_int_equal(judge(r, "shop.plain.drained in recovery < 5s").outcome,
			 GD_COND_HOLDS);
	assert_int_equal(judge(r, "shop.plain.drained in recovery < 3s").outcome,
			 GD_COND_FAILS);
	assert_int_equal(stats(r, "bad").counts.open, 80);
}

static struct gd_verdict verdict(const struct gd_results *r, bool over)
{
	static const struct gd_list none = {0};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_verdict v;

	assert_int_equal(gd_results_verdict(r, &none, over, &v, &err), 0);
	return v;
}

static void a_fault_must_be_seen_back(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_verdict v;

	(void)state;
	inject(r);
	v = verdict(r, false);
	assert_int_equal(v.kind, GD_VERDICT_ABORTED);
	assert_non_null(strstr(v.reason, "fault_injected f1 at 2026-11-23T14:00:12"));
	v = verdict(r, true);
	assert_int_equal(v.kind, GD_VERDICT_LEFT_BEHIND);
	assert_non_null(strstr(v.reason, "host h1: eth0: lose 5 %"));
	journal(r,
		"{\"event\":\"fault_reverted\",\"ref\":\"f1\",\"equal\":false,\"error\":\"EPERM\"," AT(
			"20") "}");
	assert_int_equal(verdict(r, true).kind, GD_VERDICT_LEFT_BEHIND);
	journal(r,
		"{\"event\":\"fault_reverted\",\"ref\":\"f1\",\"equal\":true,\"error\":\"\"," AT(
			"21") "}");
	v = verdict(r,
		    true); /* undone at the second try, but its effect was never seen */
	assert_int_equal(v.kind, GD_VERDICT_INVALID);
	journal(r,
		"{\"event\":\"fault_effect\",\"ref\":\"f1\",\"seen\":true,\"text\":\"142\"," AT(
			"19") "}");
	assert_int_equal(verdict(r, true).kind, GD_VERDICT_HELD);
	assert_string_equal(gd_results_fault(r, 0).args, "{\"loss\":\"5%\"}");
}

static void ends_are_told_apart(void **state)
{
	GD_AUTO(gd_results) struct gd_results *a = fresh();
	GD_AUTO(gd_results) struct gd_results *b = fresh();
	GD_AUTO(gd_results) struct gd_results *c = fresh();
	struct gd_verdict v;

	(void)state;
	journal(a,
		"{\"event\":\"steady\",\"condition\":\"c < 1\",\"ok\":false,\"measured\":\"2\"," AT(
			"05") "}");
	journal(a, "{\"event\":\"run_ended\",\"end\":\"not-run\",\"reason\":\"r\"," AT(
			   "06") "}");
	v = verdict(a, true);
	assert_int_equal(v.kind, GD_VERDICT_NOT_RUN);
	assert_non_null(strstr(v.reason, "c < 1: 2"));
	journal(b, "{\"event\":\"signal\",\"name\":\"SIGINT\"," AT("05") "}");
	v = verdict(b, true);
	assert_int_equal(v.kind, GD_VERDICT_ABORTED);
	assert_non_null(strstr(v.reason, "SIGINT"));
	journal(c, "{\"event\":\"host_lost\",\"reason\":\"lost: host h1: silent\"," AT(
			   "05") "}");
	v = verdict(c, true);
	assert_int_equal(v.kind, GD_VERDICT_ABORTED);
	assert_non_null(strstr(v.reason, "lost: host h1: silent"));
}

static void hostile_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"{\"event\":\"stage_begin\",\"stage\":\"\",\"kind\":\"fault\"," AT(
			"01") "}",
		"{\"event\":\"stage_begin\",\"stage\":\"s\",\"kind\":\"fault\",\"wall_ns\":1e300}",
		"{\"event\":\"stage_begin\",\"stage\":\"s\",\"kind\":\"fault\",\"wall_ns\":-5}",
		"{\"event\":\"stage_begin\",\"stage\":\"s\",\"kind\":\"faultfaultfaultfault\"," AT(
			"01") "}",
		"{\"event\":\"fault_injecting\"," AT("01") "}",
	};
	GD_AUTO(gd_results) struct gd_results *r = fresh();

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(lines); i++) {
		GD_AUTO(cJSON) cJSON *line = cJSON_Parse(lines[i]);
		struct gd_error err = GD_ERROR_INIT;

		assert_non_null(line);
		assert_int_equal(gd_results_add_journal_line(r, line, &err), -1);
		assert_int_equal(err.code, GD_E_INPUT);
	}
	assert_int_equal(gd_results_n_stages(r), 0);
}

/* --- several vantage points ------------------------------------------------------------- */

static int tell(struct gd_results *r, const char *vantage, uint64_t index, uint64_t ok,
		int64_t ms)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_interval iv = {.load = "shop",
				 .client = "plain",
				 .index = index,
				 .n_vantages = 2,
				 .start_wall_ns = at((double)index) +
						  (*vantage == 'b' ? 300000 : 0),
				 .length_ns = GD_NS_PER_S,
				 .intended = ok,
				 .attempts = ok,
				 .counts = {.open = 3, .connects = 2},
				 .latency = gd_hist_new(),
				 .attempt_latency = gd_hist_new()};
	int rc;

	(void)snprintf(iv.vantage, sizeof(iv.vantage), "%s", vantage);
	iv.outcomes[GD_OUTCOME_OK] = ok;
	for (uint64_t i = 0; i < ok; i++)
		gd_hist_record(iv.latency, ms * GD_NS_PER_MS + (int64_t)i);
	rc = gd_results_add_load(r, &iv, &err);
	gd_interval_fini(&iv);
	return rc;
}

/* What two saw in the same second is one second of twice the traffic, also when told late. */
static void vantage_points_become_one(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_load_stats s;

	(void)state;
	begin(r, "baseline", "baseline", 0);
	gd_results_stage_end(r, "baseline", at(10));
	for (uint64_t i = 0; i < 9; i++)
		assert_int_equal(tell(r, "a", i, 90, 5), 0);
	assert_int_equal((int)stats(r, "baseline").rate, 90);
	for (uint64_t i = 0; i < 9; i++)
		assert_int_equal(tell(r, "b", i, 10, 70), 0);
	s = stats(r, "baseline");
	assert_int_equal(s.requests, 900);
	assert_int_equal(s.intervals, 9);
	assert_int_equal((int)s.rate, 100);
	assert_true(s.p50 < 5.1e6 && s.p99 > 69e6);
	assert_true(isnan(s.connect_p50));
	assert_int_equal(s.counts.connects, 36);
	assert_int_equal(s.counts.open, 6);
	assert_int_equal(gd_results_n_series(r), 1);
	assert_int_equal(gd_results_n_intervals(r, 0), 9);
	assert_int_equal(gd_results_n_vantages(r, 0), 2);
	assert_string_equal(gd_results_vantage(r, 0, 1), "b");
	assert_int_equal(gd_results_vantage_stats(r, 0, 1, "baseline", &s), 0);
	assert_int_equal(s.requests, 90);
	assert_true(s.p50 > 69e6);
	assert_int_equal(gd_results_vantage_lacks(r, 0, 1), 0);
	/* Nothing is counted twice, in neither. */
	assert_int_equal(tell(r, "b", 4, 10, 70), -1);
	assert_int_equal(stats(r, "baseline").requests, 900);
}

/* An abort condition does not look at half a second's traffic, nor waits for ever for it. */
static void a_missing_part_is_waited_for(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = fresh();
	struct gd_condition c = condition("shop.plain.rate < 50/s");
	struct gd_error err = GD_ERROR_INIT;
	int64_t since;

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(tell(r, "a", i, 40, 5), 0);
		assert_int_equal(gd_results_holds_for(r, &c, at(0), at(9), &since, &err),
				 0);
		if (i < 1)
			assert_int_equal(tell(r, "b", i, 40, 5), 0);
	}
	assert_int_equal(gd_results_vantage_lacks(r, 0, 1), 2);
	assert_int_equal(tell(r, "a", 4, 40, 5), 0);
	assert_int_equal(gd_results_holds_for(r, &c, at(0), at(9), &since, &err), 1);
	gd_condition_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_problem_is_told),
		cmocka_unit_test(only_whole_intervals_count),
		cmocka_unit_test(nothing_measured_is_told),
		cmocka_unit_test(unmeasured_stages),
		cmocka_unit_test(an_end_takes_back_what_came_later),
		cmocka_unit_test(a_revert_ends_the_figures),
		cmocka_unit_test(a_fault_that_rests_does_not_end_the_figures),
		cmocka_unit_test(the_same_interval_twice_is_refused),
		cmocka_unit_test(intervals_may_come_out_of_order),
		cmocka_unit_test(answers_follow_what_is_fed),
		cmocka_unit_test(intervals_are_encoded_on_demand),
		cmocka_unit_test(percentiles_come_from_the_merged_histogram),
		cmocka_unit_test(failures_and_unfinished),
		cmocka_unit_test(every_promised_metric_is_answered),
		cmocka_unit_test(how_long_the_queue_took_to_drain),
		cmocka_unit_test(the_short_form_needs_one_client),
		cmocka_unit_test(counters_give_their_increase),
		cmocka_unit_test(gauges_give_their_median),
		cmocka_unit_test(watch_info_crosses_as_a_line),
		cmocka_unit_test(conditions_are_judged),
		cmocka_unit_test(counts_are_compared_per_time),
		cmocka_unit_test(holding_takes_its_time),
		cmocka_unit_test(wildcards_find_the_first),
		cmocka_unit_test(live_conditions),
		cmocka_unit_test(empty_intervals_do_not_break),
		cmocka_unit_test(a_fault_must_be_seen_back),
		cmocka_unit_test(ends_are_told_apart),
		cmocka_unit_test(vantage_points_become_one),
		cmocka_unit_test(a_missing_part_is_waited_for),
		cmocka_unit_test(hostile_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
