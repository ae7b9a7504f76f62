/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that differ, runs that do not, and runs that differ as runs of one kind do. */
#include "gameday/report/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/load/interval.h"
#include "tests/unit/cmocka_all.h"

#define START_NS (INT64_C(1795442400) * GD_NS_PER_S)

enum { INTERVALS = 30, PER_INTERVAL = 40, SIDES = 5, P50 = 1, P99 = 3 };

struct place {
	char dir[64];
	int n;
};

static int enter(void **state)
{
	static struct place p;

	p = (struct place){.dir = "/tmp/gameday-test-XXXXXX"};
	*state = &p;
	return mkdtemp(p.dir) ? 0 : -1;
}

static int leave(void **state)
{
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;

	return gd_remove_tree(p->dir, &err);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

/* 2 to 4 ms times `factor`; one request in `fails` times out after 1 s (0: none). */
static void add_interval(struct gd_strbuf *out, int index, uint32_t *seed, double factor,
			 uint32_t fails)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_interval iv = {.load = "shop",
				 .client = "plain",
				 .start_wall_ns = START_NS + index * GD_NS_PER_S,
				 .length_ns = GD_NS_PER_S,
				 .index = (uint64_t)index,
				 .intended = PER_INTERVAL,
				 .latency = gd_hist_new(),
				 .attempt_latency = gd_hist_new()};
	GD_AUTO(cJSON) cJSON *line = NULL;
	GD_AUTO_FREE char *text = NULL;

	for (int i = 0; i < PER_INTERVAL; i++) {
		bool failed = fails && next_random(seed) % fails == 0;
		double ms = 2 + (double)(next_random(seed) % 2000) / 1000;

		gd_hist_record(iv.latency,
			       failed ? GD_NS_PER_S : (int64_t)(ms * factor * 1e6));
		iv.outcomes[failed ? GD_OUTCOME_TIMEOUT : GD_OUTCOME_OK]++;
		iv.attempts++;
	}
	assert_int_equal(gd_interval_to_json(&iv, &line, &err), 0);
	gd_interval_fini(&iv);
	text = gd_json_print(line);
	assert_non_null(text);
	gd_strbuf_addf(out, "%s\n", text);
}

static void put(const char *dir, const char *name, const struct gd_strbuf *text)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *path = gd_path_join(dir, name);

	assert_int_equal(gd_file_write(path, gd_strbuf_str(text), text->len, 0644, &err),
			 0);
}

static void add_event(struct gd_strbuf *out, int second, const char *rest)
{
	gd_strbuf_addf(out, "{\"wall_ns\":\"%lld\",%s}\n",
		       (long long)(START_NS + second * GD_NS_PER_S), rest);
}

/* A run of one stage, loaded into side. */
static void add_run(struct place *p, struct gd_compare_side *side, double factor,
		    uint32_t fails)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *dir = gd_strf("%s/run-%02d", p->dir, ++p->n);
	uint32_t seed = (uint32_t)p->n * 7919;
	GD_AUTO_STRBUF(journal);
	GD_AUTO_STRBUF(metrics);

	assert_int_equal(gd_mkdir_p(dir, 0755, &err), 0);
	add_event(&journal, 0, "\"event\":\"run_started\",\"scenario\":\"shop\"");
	add_event(&journal, 0,
		  "\"event\":\"stage_begin\",\"stage\":\"base\",\"kind\":\"baseline\"");
	add_event(&journal, INTERVALS, "\"event\":\"stage_end\",\"stage\":\"base\"");
	add_event(&journal, INTERVALS, "\"event\":\"run_ended\",\"end\":\"completed\"");
	for (int i = 0; i < INTERVALS; i++)
		add_interval(&metrics, i, &seed, factor, fails);
	put(dir, "journal.jsonl", &journal);
	put(dir, "metrics.jsonl", &metrics);
	assert_int_equal(gd_report_load(dir, &side->runs[side->n], &err), 0);
	side->n++;
}

static void make(struct gd_comparison *c)
{
	struct gd_error err = GD_ERROR_INIT;

	c->n_sides = 2;
	assert_int_equal(gd_comparison_make(c, &err), 0);
	assert_int_equal(c->n_rows, 1);
	assert_string_equal(c->rows[0].stage, "base");
}

static void assert_verdict(const struct gd_comparison *c, size_t figure,
			   enum gd_compare_verdict wanted)
{
	const struct gd_compare_cell *cell = &c->rows[0].cells[figure][1];

	if (cell->verdict != wanted)
		fail_msg("%s: %s (p = %g), wanted %s", gd_compare_figures[figure].title,
			 gd_compare_verdict_text(cell->verdict), cell->p,
			 gd_compare_verdict_text(wanted));
}

static void equal_runs_are_noise(void **state)
{
	struct gd_comparison c = {0};

	add_run(*state, &c.sides[0], 1, 0);
	add_run(*state, &c.sides[1], 1, 0);
	make(&c);
	for (size_t f = 0; f < GD_COMPARE_N_FIGURES; f++)
		assert_verdict(&c, f, GD_COMPARE_NOISE);
	assert_false(c.worse);
	assert_int_equal(c.rows[0].cells[P50][1].n, INTERVALS);
	gd_comparison_fini(&c);
}

static void a_slower_run_is_worse(void **state)
{
	struct gd_comparison c = {0};

	add_run(*state, &c.sides[0], 1, 0);
	add_run(*state, &c.sides[1], 1.2, 20);
	make(&c);
	assert_verdict(&c, 0, GD_COMPARE_WORSE);
	assert_verdict(&c, P50, GD_COMPARE_WORSE);
	assert_verdict(&c, P99, GD_COMPARE_WORSE);
	assert_true(c.worse);
	gd_comparison_fini(&c);
}

static void a_small_change_is_called_small(void **state)
{
	struct gd_comparison c = {0};

	add_run(*state, &c.sides[0], 1, 0);
	add_run(*state, &c.sides[1], 1.04, 0);
	make(&c);
	assert_verdict(&c, P99, GD_COMPARE_SMALL);
	gd_comparison_fini(&c);
}

/* Each run has a speed of its own: two of them differ, two kinds of run do not. */
static void noise_between_runs_is_larger(void **state)
{
	static const double speeds[] = {1, 1.3, 1.1, 1.4, 1.2};
	struct gd_comparison two = {0}, many = {0};

	add_run(*state, &two.sides[0], speeds[0], 0);
	add_run(*state, &two.sides[1], speeds[1], 0);
	make(&two);
	assert_verdict(&two, P50, GD_COMPARE_WORSE);
	assert_false(two.rows[0].cells[P50][1].between_runs);
	gd_comparison_fini(&two);

	for (int i = 0; i < SIDES; i++) {
		add_run(*state, &many.sides[0], speeds[i], 0);
		add_run(*state, &many.sides[1], speeds[SIDES - 1 - i] + 0.01, 0);
	}
	make(&many);
	assert_true(many.rows[0].cells[P50][1].between_runs);
	assert_verdict(&many, P50, GD_COMPARE_NOISE);
	gd_comparison_fini(&many);
}

/* Ten runs that are all apart; and the figure of a side is of merged histograms. */
static void kinds_of_runs_that_differ(void **state)
{
	struct gd_comparison c = {0};
	const struct gd_compare_cell *p99;

	for (int i = 0; i < SIDES; i++) {
		add_run(*state, &c.sides[0], 1, i == 0 ? 5 : 0);
		add_run(*state, &c.sides[1], 1.5, 0);
	}
	make(&c);
	assert_verdict(&c, P50, GD_COMPARE_WORSE);
	/*
	 * A fifth of one run in five, 4 % of all requests, timed out: the p99 of all is the
	 * timeout, while the mean of five p99s would be a fifth of it.
	 */
	p99 = c.rows[0].cells[P99];
	assert_true(fabs(p99[0].value / 1e9 - 1) < 0.01);
	gd_comparison_fini(&c);
}

static void too_few_runs_say_so(void **state)
{
	struct gd_comparison c = {0};
	GD_AUTO_STRBUF(text);

	for (int i = 0; i < 3; i++) {
		add_run(*state, &c.sides[0], 1, 0);
		add_run(*state, &c.sides[1], 2, 0);
	}
	make(&c);
	assert_verdict(&c, P50, GD_COMPARE_TOO_FEW);
	gd_comparison_text(&c, &text);
	assert_non_null(strstr(gd_strbuf_str(&text), "five on each side are enough"));
	gd_comparison_fini(&c);
}

static void the_forms_say_the_same(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_comparison c = {0};
	GD_AUTO_STRBUF(text);
	GD_AUTO_STRBUF(json);
	GD_AUTO_STRBUF(md);
	GD_AUTO(gd_doc) struct gd_doc *d = gd_doc_md_new(&md);

	add_run(*state, &c.sides[0], 1, 0);
	add_run(*state, &c.sides[1], 1.5, 0);
	make(&c);
	gd_comparison_text(&c, &text);
	assert_non_null(strstr(gd_strbuf_str(&text), "worse (p = "));
	assert_non_null(strstr(gd_strbuf_str(&text), "Mann and Whitney"));
	assert_int_equal(gd_comparison_json(&c, &json, &err), 0);
	assert_non_null(strstr(gd_strbuf_str(&json), "\"gameday.comparison/1\""));
	assert_non_null(strstr(gd_strbuf_str(&json), "\"verdict\":\t\"worse\""));
	assert_non_null(d);
	gd_comparison_doc(&c, d);
	assert_int_equal(gd_doc_finish(d, &err), 0);
	assert_non_null(strstr(gd_strbuf_str(&md), "shop.plain in base, p50"));
	assert_non_null(strstr(gd_strbuf_str(&md), "Mann and Whitney"));
	gd_comparison_fini(&c);
}

static size_t n_of(const struct gd_strbuf *text, const char *part)
{
	size_t n = 0;

	for (const char *p = gd_strbuf_str(text); (p = strstr(p, part)); p++)
		n++;
	return n;
}

static void charts_lie_over_each_other(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_comparison c = {0};
	GD_AUTO_STRBUF(html);
	GD_AUTO(gd_doc) struct gd_doc *d = gd_doc_html_new(&html, "runs");

	add_run(*state, &c.sides[0], 1, 0);
	add_run(*state, &c.sides[1], 1.5, 20);
	make(&c);
	assert_non_null(d);
	assert_int_equal(gd_comparison_charts(&c, d, &err), 0);
	assert_int_equal(gd_doc_finish(d, &err), 0);
	assert_int_equal(n_of(&html, "</svg>"), 1);
	/* Both runs, by name and with a line each. */
	assert_true(n_of(&html, "A: run-01") > 0);
	assert_true(n_of(&html, "B: run-02") > 0);
	assert_true(n_of(&html, "class=\"l s0\"") > 0);
	assert_true(n_of(&html, "class=\"l s1\"") > 0);
	gd_comparison_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(equal_runs_are_noise, enter, leave),
		cmocka_unit_test_setup_teardown(a_slower_run_is_worse, enter, leave),
		cmocka_unit_test_setup_teardown(a_small_change_is_called_small, enter,
						leave),
		cmocka_unit_test_setup_teardown(noise_between_runs_is_larger, enter,
						leave),
		cmocka_unit_test_setup_teardown(kinds_of_runs_that_differ, enter, leave),
		cmocka_unit_test_setup_teardown(too_few_runs_say_so, enter, leave),
		cmocka_unit_test_setup_teardown(the_forms_say_the_same, enter, leave),
		cmocka_unit_test_setup_teardown(charts_lie_over_each_other, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
