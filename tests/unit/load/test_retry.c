/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include "gameday/load/policy/retry.h"

static struct gd_retry_policy policy(int64_t attempts, int64_t first_ms, int64_t most_ms,
				     enum gd_jitter jitter, int64_t budget_ppb)
{
	return (struct gd_retry_policy){
		.attempts = attempts,
		.backoff = {gd_span_ms(first_ms), gd_span_ms(most_ms)},
		.jitter = (int)jitter,
		.budget = {budget_ppb},
	};
}

static enum gd_retry_verdict decide(struct gd_retry *r, uint32_t n_attempts,
				    enum gd_outcome outcome, int64_t *ret_pause)
{
	struct gd_retry_case c = {
		.n_attempts = n_attempts,
		.outcome = outcome,
		.retry_after_ns = -1,
		.left_ns = INT64_MAX,
	};

	return gd_retry_decide(r, &c, ret_pause);
}

static void test_plain_never_retries(void **state GD_UNUSED)
{
	struct gd_retry r;
	int64_t pause = -1;

	gd_retry_init(&r, NULL, 1);
	for (int o = 0; o < GD_N_OUTCOMES; o++)
		assert_int_equal(decide(&r, 1, (enum gd_outcome)o, &pause), GD_RETRY_NO);
	assert_int_equal(pause, -1);
}

static void test_which_outcomes(void **state GD_UNUSED)
{
	static const enum gd_outcome retried[] = {
		GD_OUTCOME_TIMEOUT, GD_OUTCOME_REFUSED, GD_OUTCOME_UNREACHABLE,
		GD_OUTCOME_CONNECT, GD_OUTCOME_RESET,   GD_OUTCOME_STATUS_5XX,
		GD_OUTCOME_TLS};
	struct gd_retry_policy p = policy(2, 1, 1, GD_JITTER_NONE, 0);
	int n_retried = 0;

	for (int o = 0; o < GD_N_OUTCOMES; o++) {
		struct gd_retry r;
		int64_t pause = 0;

		gd_retry_init(&r, &p, 1);
		n_retried += decide(&r, 1, (enum gd_outcome)o, &pause) == GD_RETRY_YES;
	}
	assert_int_equal(n_retried, GD_N_ELEMS(retried));
	for (size_t i = 0; i < GD_N_ELEMS(retried); i++) {
		struct gd_retry r;
		int64_t pause = 0;

		gd_retry_init(&r, &p, 1);
		assert_int_equal(decide(&r, 1, retried[i], &pause), GD_RETRY_YES);
		assert_int_equal(decide(&r, 2, retried[i], &pause), GD_RETRY_NO);
	}
}

static int64_t pause_after(struct gd_retry *r, uint32_t n_attempts)
{
	int64_t pause = -1;

	assert_int_equal(decide(r, n_attempts, GD_OUTCOME_RESET, &pause), GD_RETRY_YES);
	return pause;
}

static void test_exponential(void **state GD_UNUSED)
{
	static const int64_t want_ms[] = {20, 40, 80, 160, 320, 500, 500, 500};
	struct gd_retry_policy p = policy(20, 20, 500, GD_JITTER_NONE, 0);
	struct gd_retry r;

	gd_retry_init(&r, &p, 1);
	for (uint32_t n = 1; n <= GD_N_ELEMS(want_ms); n++)
		assert_int_equal(pause_after(&r, n), want_ms[n - 1] * GD_NS_PER_MS);
}

/* Full jitter covers all of 0..pause evenly, equal jitter its upper half. */
static void check_jitter(enum gd_jitter jitter, int64_t low_ms, double mean_ms)
{
	struct gd_retry_policy p = policy(2, 100, 100, jitter, 0);
	int64_t min = INT64_MAX, max = 0;
	struct gd_retry r;
	double sum = 0;

	gd_retry_init(&r, &p, 42);
	for (int i = 0; i < 20000; i++) {
		int64_t pause = pause_after(&r, 1);

		min = pause < min ? pause : min;
		max = pause > max ? pause : max;
		sum += (double)pause;
	}
	assert_in_range(min, low_ms * GD_NS_PER_MS, (low_ms + 1) * GD_NS_PER_MS);
	assert_in_range(max, 99 * GD_NS_PER_MS, 100 * GD_NS_PER_MS);
	assert_in_range(sum / 20000, (mean_ms - 1) * 1e6, (mean_ms + 1) * 1e6);
}

static void test_jitter(void **state GD_UNUSED)
{
	check_jitter(GD_JITTER_FULL, 0, 50);
	check_jitter(GD_JITTER_EQUAL, 50, 75);
}

static void test_seed(void **state GD_UNUSED)
{
	struct gd_retry_policy p = policy(2, 100, 100, GD_JITTER_FULL, 0);
	struct gd_retry a, b, c;

	gd_retry_init(&a, &p, 7);
	gd_retry_init(&b, &p, 7);
	gd_retry_init(&c, &p, 8);
	for (int i = 0; i < 10; i++) {
		int64_t pause = pause_after(&a, 1);

		assert_int_equal(pause, pause_after(&b, 1));
		assert_int_not_equal(pause, pause_after(&c, 1));
	}
}

static void test_budget(void **state GD_UNUSED)
{
	struct gd_retry_policy p = policy(3, 0, 0, GD_JITTER_NONE, 200000000);
	uint64_t n_yes = 0, n_denied = 0;
	struct gd_retry r;
	int64_t pause;

	gd_retry_init(&r, &p, 1);
	for (int i = 0; i < 1000; i++) {
		gd_retry_request(&r);
		switch (decide(&r, 1, GD_OUTCOME_RESET, &pause)) {
		case GD_RETRY_YES:
			n_yes++;
			break;
		case GD_RETRY_DENIED:
			n_denied++;
			break;
		case GD_RETRY_NO:
			fail();
		}
	}
	/* 10 to begin with, and 20 % of 1000. */
	assert_int_equal(n_yes, 210);
	assert_int_equal(n_denied, 790);
}

/* A long calm saves up 100 retries, not one per five requests. */
static void test_budget_is_capped(void **state GD_UNUSED)
{
	struct gd_retry_policy p = policy(3, 0, 0, GD_JITTER_NONE, INT64_C(10000000000));
	struct gd_retry r;
	int64_t pause;

	gd_retry_init(&r, &p, 1);
	for (int i = 0; i < 1000000; i++)
		gd_retry_request(&r);
	for (int i = 0; i < 100; i++)
		assert_int_equal(decide(&r, 1, GD_OUTCOME_RESET, &pause), GD_RETRY_YES);
	assert_int_equal(decide(&r, 1, GD_OUTCOME_RESET, &pause), GD_RETRY_DENIED);
}

/*
 * first 10 ms, greatest 200: from 10 to 30 after the first attempt, then from 10 to three
 * times the last, but never above 200.
 */
static void test_decorrelated(void **state GD_UNUSED)
{
	struct gd_retry_policy p = policy(9, 10, 200, GD_JITTER_DECORRELATED, 0);
	struct gd_retry r;
	int64_t least = INT64_MAX, most = 0, pause = 0;

	gd_retry_init(&r, &p, 3);
	for (int64_t last_ms = 0; last_ms <= 300; last_ms += 20) {
		for (int i = 0; i < 500; i++) {
			struct gd_retry_case c = {
				.n_attempts = 1,
				.outcome = GD_OUTCOME_RESET,
				.last_pause_ns = last_ms * GD_NS_PER_MS,
				.retry_after_ns = -1,
				.left_ns = INT64_MAX,
			};
			int64_t top = last_ms ? 3 * last_ms : 30;

			assert_int_equal(gd_retry_decide(&r, &c, &pause), GD_RETRY_YES);
			assert_true(pause >= 10 * GD_NS_PER_MS);
			assert_true(pause <= (top < 200 ? top : 200) * GD_NS_PER_MS);
			least = pause < least ? pause : least;
			most = pause > most ? pause : most;
		}
	}
	assert_true(least < 12 * GD_NS_PER_MS);
	assert_int_equal(most, 200 * GD_NS_PER_MS);
}

static void test_listed_outcomes(void **state GD_UNUSED)
{
	struct gd_outcome_spec on[] = {{GD_OUTCOME_WRONG}, {GD_OUTCOME_STATUS_4XX}};
	struct gd_retry_policy p = policy(2, 1, 1, GD_JITTER_NONE, 0);
	struct gd_retry r;

	p.on = (struct gd_list){on, 2};
	gd_retry_init(&r, &p, 1);
	for (int o = 0; o < GD_N_OUTCOMES; o++) {
		int64_t pause = 0;
		bool want = o == GD_OUTCOME_WRONG || o == GD_OUTCOME_STATUS_4XX;

		assert_int_equal(decide(&r, 1, (enum gd_outcome)o, &pause),
				 want ? GD_RETRY_YES : GD_RETRY_NO);
	}
}

/* The server's wish replaces a shorter pause; beyond the limit there is no retry. */
static void test_retry_after(void **state GD_UNUSED)
{
	static const struct {
		int64_t asked_ms, limit_ms, want_ms; /* want -1: no retry */
	} cases[] = {
		{-1, 1000, 50},   {200, 1000, 200}, {20, 1000, 50}, {1000, 1000, 1000},
		{1001, 1000, -1}, {200, 0, 50},     {0, 1000, 50},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_retry_policy p = policy(3, 50, 50, GD_JITTER_NONE, 0);
		struct gd_retry_case c = {
			.n_attempts = 1,
			.outcome = GD_OUTCOME_STATUS_5XX,
			.retry_after_ns = cases[i].asked_ms < 0
						  ? -1
						  : cases[i].asked_ms * GD_NS_PER_MS,
			.left_ns = INT64_MAX,
		};
		struct gd_retry r;
		int64_t pause = -GD_NS_PER_MS;

		p.retry_after = gd_span_ms(cases[i].limit_ms);
		gd_retry_init(&r, &p, 1);
		assert_int_equal(gd_retry_decide(&r, &c, &pause),
				 cases[i].want_ms < 0 ? GD_RETRY_NO : GD_RETRY_YES);
		assert_int_equal(pause, cases[i].want_ms * GD_NS_PER_MS);
	}
}

/* A pause that ends behind the deadline is not begun, and costs no token. */
static void test_deadline(void **state GD_UNUSED)
{
	struct gd_retry_policy p = policy(3, 50, 50, GD_JITTER_NONE, 1);
	struct gd_retry_case c = {
		.n_attempts = 1,
		.outcome = GD_OUTCOME_RESET,
		.retry_after_ns = -1,
		.left_ns = 50 * GD_NS_PER_MS,
	};
	struct gd_retry r;
	int64_t pause = 0, before;

	gd_retry_init(&r, &p, 1);
	before = r.budget.tokens_ppb;
	assert_int_equal(gd_retry_decide(&r, &c, &pause), GD_RETRY_NO);
	assert_int_equal(r.budget.tokens_ppb, before);
	c.left_ns++;
	assert_int_equal(gd_retry_decide(&r, &c, &pause), GD_RETRY_YES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_never_retries),
		cmocka_unit_test(test_which_outcomes),
		cmocka_unit_test(test_exponential),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_budget_is_capped),
		cmocka_unit_test(test_decorrelated),
		cmocka_unit_test(test_listed_outcomes),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
