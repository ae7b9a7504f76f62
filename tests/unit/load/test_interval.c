/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "gameday/load/interval.h"

static void fill(struct gd_interval *iv)
{
	*iv = (struct gd_interval){
		.load = "checkout",
		.client = "retrying",
		.vantage = "api-2",
		.n_vantages = 3,
		.start_wall_ns = INT64_C(1795443909123456789),
		.length_ns = 1000000000,
		.index = 17,
		.intended = 201,
		.attempts = 230,
		.retries = 29,
		.budget_denied = 3,
		.late_max_ns = 12000001,
		.late = 2,
		.sent = 199,
		.behind = true,
		.problem = "certificate not accepted",
		.counts = {.hedges = 5, .cancelled_time = INT64_C(5000000000)},
		.latency = gd_hist_new(),
		.attempt_latency = gd_hist_new(),
		.lateness = gd_hist_new(),
		.connect = gd_hist_new(),
	};
	gd_hist_record(iv->connect, 770000);
	iv->outcomes[GD_OUTCOME_OK] = 200;
	iv->outcomes[GD_OUTCOME_STATUS_5XX] = 1;
	iv->attempt_outcomes[GD_OUTCOME_OK] = 200;
	iv->attempt_outcomes[GD_OUTCOME_TIMEOUT] = 30;
	for (int64_t i = 0; i < 201; i++)
		gd_hist_record(iv->latency, 1000003 + i * 777);
	gd_hist_record(iv->lateness, 40000);
	gd_hist_record(iv->lateness, 12000001);
}

static void test_round_trip(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = NULL, *parsed = NULL;
	GD_AUTO_FREE char *text = NULL;
	struct gd_interval iv, back;

	fill(&iv);
	assert_int_equal(gd_interval_to_json(&iv, &json, &err), 0);
	text = gd_json_print(json);
	assert_int_equal(gd_json_parse(text, strlen(text), &parsed, &err), 0);
	assert_int_equal(gd_interval_from_json(parsed, &back, &err), 0);
	assert_string_equal(back.load, iv.load);
	assert_string_equal(back.client, iv.client);
	assert_string_equal(back.vantage, "api-2");
	assert_int_equal(back.n_vantages, 3);
	assert_memory_equal(back.outcomes, iv.outcomes, sizeof(iv.outcomes));
	assert_memory_equal(back.attempt_outcomes, iv.attempt_outcomes,
			    sizeof(iv.attempt_outcomes));
	assert_int_equal(back.start_wall_ns, iv.start_wall_ns);
	assert_int_equal(back.length_ns, iv.length_ns);
	assert_int_equal(back.index, 17);
	assert_string_equal(back.problem, "certificate not accepted");
	assert_int_equal(back.intended, 201);
	assert_int_equal(back.attempts, 230);
	assert_int_equal(back.retries, 29);
	assert_int_equal(back.budget_denied, 3);
	assert_int_equal(back.late, 2);
	assert_int_equal(back.sent, 199);
	assert_int_equal(gd_hist_count(back.lateness), 2);
	assert_int_equal(gd_hist_max(back.lateness), 12000001);
	assert_int_equal(gd_hist_max(back.connect), 770000);
	assert_null(back.handshake);
	assert_int_equal(back.late_max_ns, 12000001);
	assert_memory_equal(&back.counts, &iv.counts, sizeof(iv.counts));
	assert_null(cJSON_GetObjectItem(parsed, "hedge_wins"));
	assert_true(back.behind);
	assert_int_equal(gd_hist_count(back.latency), 201);
	assert_int_equal(gd_hist_max(back.latency), gd_hist_max(iv.latency));
	assert_int_equal(gd_hist_min(back.latency), 1000003);
	assert_int_equal(gd_hist_count(back.attempt_latency), 0);
	gd_interval_fini(&iv);
	gd_interval_fini(&back);
}

/* One member of a good interval replaced by a JSON text (NULL: removed). */
static void refuse(const char *key, const char *value)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_interval iv, back = {.index = 99};

	fill(&iv);
	assert_int_equal(gd_interval_to_json(&iv, &json, &err), 0);
	gd_interval_fini(&iv);
	cJSON_DeleteItemFromObjectCaseSensitive(json, key);
	if (value)
		assert_true(gd_json_set(json, key, cJSON_Parse(value)));
	assert_int_equal(gd_interval_from_json(json, &back, &err), -1);
	assert_int_equal(err.code, GD_E_INPUT);
	assert_non_null(strstr(err.text, key));
	assert_int_equal(back.index, 99);
}

static void test_refuses(void **state GD_UNUSED)
{
	static const struct {
		const char *key, *value;
	} cases[] = {
		{"type", "\"watch\""},
		{"load", "\"\""},
		{"load", "7"},
		{"load", "\"a\\u001b[2J\""},
		{"client",
		 "\"0123456789012345678901234567890123456789012345678901234567890123\""},
		{"start_wall_ns", "-1"},
		{"length_ns", "0"},
		{"length_ns", "\"99999999999999999\""},
		{"index", "1e300"},
		{"problem", "\"\""},
		{"problem", "7"},
		{"problem", "\"a\\u001b[2J\""},
		{"intended", NULL},
		{"intended", "-1"},
		{"attempts", "\"9007199254740993\""},
		{"late_max_ns", "-5"},
		{"sent", "-5"},
		{"lateness", "{\"hdr\": \"AAAA\"}"},
		{"outcomes", "[]"},
		{"outcomes", "{\"surprise\": 1}"},
		{"outcomes", "{\"ok\": 1, \"ok\": 2}"},
		{"attempt_outcomes", NULL},
		{"latency", NULL},
		{"latency", "{\"hdr\": 5}"},
		{"attempt_latency", "{\"hdr\": \"AAAA\"}"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++)
		refuse(cases[i].key, cases[i].value);
}

/* What earlier generators don't tell: they started all in time, as far as is known. */
static void test_older(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_interval iv, back;

	fill(&iv);
	assert_int_equal(gd_interval_to_json(&iv, &json, &err), 0);
	cJSON_DeleteItemFromObjectCaseSensitive(json, "sent");
	cJSON_DeleteItemFromObjectCaseSensitive(json, "lateness");
	assert_int_equal(gd_interval_from_json(json, &back, &err), 0);
	assert_int_equal(back.sent, 201);
	assert_null(back.lateness);
	gd_interval_fini(&iv);
	gd_interval_fini(&back);
}

/* A sum that began without histograms of lateness gets one; counts are exact. */
static void test_add(void **state GD_UNUSED)
{
	struct gd_interval sum = {.latency = gd_hist_new(),
				  .attempt_latency = gd_hist_new()};
	struct gd_interval iv;

	fill(&iv);
	gd_interval_add(&sum, &iv);
	gd_interval_add(&sum, &iv);
	assert_int_equal(sum.sent, 2 * iv.sent);
	assert_int_equal(sum.intended, 2 * iv.intended);
	assert_int_equal(sum.late, 2 * iv.late);
	assert_int_equal(gd_hist_count(sum.lateness), 4);
	assert_int_equal(gd_hist_count(sum.latency), 2 * gd_hist_count(iv.latency));
	gd_interval_fini(&iv);
	gd_interval_fini(&sum);
}

static void test_not_an_object(void **state GD_UNUSED)
{
	static const char *const texts[] = {"null", "5", "[]", "\"load\"", "{}"};

	for (size_t i = 0; i < GD_N_ELEMS(texts); i++) {
		struct gd_error err = GD_ERROR_INIT;
		GD_AUTO(cJSON) cJSON *json = cJSON_Parse(texts[i]);
		struct gd_interval back;

		assert_int_equal(gd_interval_from_json(json, &back, &err), -1);
	}
}

static void test_outcome_names(void **state GD_UNUSED)
{
	assert_string_equal(gd_outcome_name(GD_OUTCOME_TIMEOUT), "timeout");
	assert_string_equal(gd_outcome_name(GD_OUTCOME_STATUS_5XX), "status-5xx");
	assert_string_equal(gd_outcome_name(GD_N_OUTCOMES), "unknown");
	for (int a = 0; a < GD_N_OUTCOMES; a++) {
		for (int b = 0; b < a; b++)
			assert_string_not_equal(gd_outcome_name((enum gd_outcome)a),
						gd_outcome_name((enum gd_outcome)b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_not_an_object),
		cmocka_unit_test(test_outcome_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
