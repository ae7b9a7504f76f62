/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/ranking.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/load/policy/random.h"
#include "tests/unit/cmocka_all.h"

#define T0 INT64_C(1795442400000000000)

struct client {
	const char *name;
	uint64_t failed_of_100; /* in every interval, give or take one */
	int64_t slow_ms;        /* of two in a hundred, give or take a tenth; else 3 */
	uint64_t retries;       /* of the interval */
};

static void tell(struct gd_results *r, const struct client *c, uint64_t i,
		 uint64_t *random)
{
	uint64_t failed = c->failed_of_100 ? c->failed_of_100 + i % 2 : 0;
	struct gd_error err = GD_ERROR_INIT;
	struct gd_interval iv = {.load = "shop",
				 .index = i,
				 .start_wall_ns = T0 + (int64_t)i * GD_NS_PER_S,
				 .length_ns = GD_NS_PER_S,
				 .intended = 100,
				 .attempts = 100 + c->retries,
				 .retries = c->retries,
				 .latency = gd_hist_new(),
				 .attempt_latency = gd_hist_new()};

	(void)snprintf(iv.client, sizeof(iv.client), "%s", c->name);
	iv.outcomes[GD_OUTCOME_OK] = 100 - failed;
	iv.outcomes[GD_OUTCOME_TIMEOUT] = failed;
	for (int k = 0; k < 100; k++) {
		int64_t ms = k < 2 ? c->slow_ms : 3;

		gd_hist_record(iv.latency,
			       ms * GD_NS_PER_MS + gd_random_upto(random, ms * 100000));
	}
	assert_int_equal(gd_results_add_load(r, &iv, &err), 0);
	gd_interval_fini(&iv);
}

/* Seconds 0 to 9 are baseline, 10 to 10 + n the fault. */
static struct gd_results *run_of(const struct client *clients, size_t n_clients,
				 uint64_t n)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_results *r = NULL;
	uint64_t random = 3;

	assert_int_equal(gd_results_new(&r, &err), 0);
	assert_int_equal(gd_results_stage_begin(r, "baseline", "baseline", T0, &err), 0);
	gd_results_stage_end(r, "baseline", T0 + 10 * GD_NS_PER_S);
	assert_int_equal(
		gd_results_stage_begin(r, "lossy", "fault", T0 + 10 * GD_NS_PER_S, &err),
		0);
	gd_results_stage_measured(r, "lossy", T0 + 10 * GD_NS_PER_S);
	gd_results_stage_end(r, "lossy", T0 + (int64_t)(10 + n) * GD_NS_PER_S);
	for (uint64_t i = 0; i < 10 + n + 5; i++)
		for (size_t k = 0; k < n_clients; k++)
			tell(r, &clients[k], i, &random);
	return r;
}

static const struct client five[] = {
	{"plain", 5, 200, 0}, {"retry", 0, 220, 6}, {"budget", 2, 220, 3},
	{"hedged", 0, 80, 9}, {"again", 0, 80, 10},
};

static void best_comes_first(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = run_of(five, GD_N_ELEMS(five), 30);
	static const char *const order[] = {"retry", "budget", "plain"};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_ranking k;
	GD_AUTO_STRBUF(said);
	size_t i = 0;

	(void)state;
	assert_int_equal(gd_ranking_next(r, &i, &k, &err), 1);
	assert_string_equal(k.stage, "lossy");
	assert_int_equal(k.n, 5);
	/* Two that do the same share the first rank, in whichever order. */
	assert_int_equal(k.at[0].rank, 1);
	assert_int_equal(k.at[1].rank, 1);
	assert_true(gd_ranking_is_shared(&k, 0) && gd_ranking_is_shared(&k, 1));
	assert_true(strcmp(k.at[0].client, "hedged") == 0 ||
		    strcmp(k.at[0].client, "again") == 0);
	for (size_t at = 2; at < 5; at++) {
		assert_string_equal(k.at[at].client, order[at - 2]);
		assert_int_equal(k.at[at].rank, at + 1);
		assert_false(gd_ranking_is_shared(&k, at));
	}
	/* Same success, another p99; then another success. */
	assert_true(k.at[2].p99_p < GD_RANKING_P);
	assert_true(k.at[3].success_p < GD_RANKING_P);
	gd_ranking_say(&k, &said);
	assert_non_null(strstr(gd_strbuf_str(&said), "did best, not to be told apart ("));
	assert_non_null(strstr(gd_strbuf_str(&said), "; last was plain (94.5 % success"));
	/* Baselines are not ranked. */
	assert_int_equal(gd_ranking_next(r, &i, &k, &err), 0);
}

/* The same clients, but only four seconds of them: nobody can tell. */
static void too_little_to_tell(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = run_of(five, GD_N_ELEMS(five), 4);
	struct gd_error err = GD_ERROR_INIT;
	struct gd_ranking k;
	GD_AUTO_STRBUF(said);

	(void)state;
	assert_int_equal(gd_ranking_make(r, "shop", "lossy", &k, &err), 0);
	for (size_t i = 0; i < k.n; i++) {
		assert_int_equal(k.at[i].rank, 1);
		assert_true(isnan(k.at[i].success_p));
	}
	gd_ranking_say(&k, &said);
	assert_non_null(strstr(gd_strbuf_str(&said), "no client did better"));
}

static void one_client_is_no_race(void **state)
{
	GD_AUTO(gd_results) struct gd_results *r = run_of(five, 1, 30);
	struct gd_error err = GD_ERROR_INIT;
	struct gd_ranking k;
	size_t i = 0;

	(void)state;
	assert_int_equal(gd_ranking_next(r, &i, &k, &err), 0);
}

static void what_it_cost(void **state)
{
	struct gd_load_stats s = {.requests = 1000,
				  .attempts = 1061,
				  .attempts_per_request = 1.061,
				  .retries = 50,
				  .wasted = 0.058,
				  .budget_denied = 4,
				  .counts = {.hedges = 11, .hedge_wins = 7}};
	GD_AUTO_STRBUF(much);
	GD_AUTO_STRBUF(none);

	(void)state;
	s.error_kinds[GD_OUTCOME_SHED] = 1;
	gd_ranking_cost(&s, &much);
	assert_string_equal(
		gd_strbuf_str(&much),
		"6.1 % more attempts: 50 retries, 11 hedges (7 won); 1 request "
		"refused by itself; 4 more denied by its budget; 5.8 % of "
		"attempts wasted");
	gd_ranking_cost(&(struct gd_load_stats){.attempts_per_request = 1}, &none);
	assert_string_equal(gd_strbuf_str(&none),
			    "no attempt more; 0 % of attempts wasted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(best_comes_first),
		cmocka_unit_test(too_little_to_tell),
		cmocka_unit_test(one_client_is_no_race),
		cmocka_unit_test(what_it_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
