/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run that is made here: ten seconds each of baseline, a fault, the same fault with a
 * mitigation, and recovery. What it says of its runbook is known by arithmetic.
 */
#include "gameday/report/evidence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/exercised.h"
#include "gameday/report/key_numbers.h"
#include "gameday/report/report.h"
#include "tests/unit/cmocka_all.h"

enum { SECONDS = 10, REQUESTS = 50 };

#define START_NS (INT64_C(1795442400) * GD_NS_PER_S)

static const char scenario[] =
	"scenario: made\nrunbook: book\nhosts: {server: api-1}\n"
	"load:\n  - {name: shop, from: runner, http: 'http://{server}/', rate: 50/s}\n"
	"stages:\n  - baseline: {for: 10s}\n"
	"  - other: {for: 1s, faults: [{slow: {on: server, delay: 2ms}}]}\n"
	"  - hurt: {for: 10s, faults: [{slow: {on: server, delay: 1ms, to: [a, b]}}]}\n"
	"  - cured:\n      for: 10s\n"
	"      faults: [{slow: {delay: 1ms, to: [a, b], on: server}}]\n"
	"      mitigate: Cure it\n"
	"  - recovery: {for: 10s}\n";

static const char book[] =
	"incident_type: It hurts\n"
	"detection:\n"
	"  - {alert: Always so, when: '*.*.requests > 1'}\n"
	"  - {alert: Too late, when: '*.*.error_rate > 15% for 4s'}\n"
	"  - {alert: Nobody measures it, when: '*.nic.drops > 1'}\n"
	"  - {symptom: People call}\n"
	"diagnosis_steps:\n"
	"  - {step: Look, command: look, run: true}\n"
	"  - {step: Think}\n"
	"mitigation:\n"
	"  - {action: Cure it, command: cure, undo: hurt, state: show}\n"
	"prevention: [Take care]\n";

struct place {
	char dir[64], run[96];
	struct gd_strbuf journal, metrics;
};

static void put(const char *dir, const char *name, const char *text)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, name);
	struct gd_error err = GD_ERROR_INIT;

	assert_non_null(path);
	assert_int_equal(gd_file_write(path, text, strlen(text), 0644, &err), 0);
}

/* An event `ms` after the start. */
static void event(struct place *p, int64_t ms, const char *name, const char *members)
{
	gd_strbuf_addf(&p->journal, "{\"wall_ns\":\"%lld\",\"event\":\"%s\"%s%s}\n",
		       (long long)(START_NS + ms * GD_NS_PER_MS), name,
		       *members ? "," : "", members);
}

static void stage(struct place *p, int64_t second, const char *name, const char *kind)
{
	GD_AUTO_FREE char *begin =
		gd_strf("\"stage\":\"%s\",\"kind\":\"%s\"", name, kind);
	GD_AUTO_FREE char *of = gd_strf("\"stage\":\"%s\"", name);

	assert_true(begin && of);
	event(p, second * 1000, "stage_begin", begin);
	event(p, second * 1000, "stage_measured", of);
	event(p, (second + SECONDS) * 1000, "stage_end", of);
}

static void fault(struct place *p, int64_t second, const char *stage_name,
		  const char *ref, const char *more)
{
	GD_AUTO_FREE char *in =
		gd_strf("\"ref\":\"%s\",\"stage\":\"%s\",\"role\":\"server\","
			"\"host\":\"api-1\",\"kind\":\"k\",\"describe\":\"d\"%s",
			ref, stage_name, more);
	GD_AUTO_FREE char *is = gd_strf("\"ref\":\"%s\",\"took_ms\":12", ref);
	GD_AUTO_FREE char *out = gd_strf("\"ref\":\"%s\",\"equal\":true,\"before\":\"x\","
					 "\"after\":\"x\",\"reason\":\"over\"",
					 ref);

	GD_AUTO_FREE char *effect = gd_strf("\"ref\":\"%s\",\"seen\":true", ref);

	assert_true(in && is && out && effect);
	event(p, second * 1000, "fault_injecting", in);
	event(p, second * 1000, "fault_injected", is);
	event(p, (second + SECONDS) * 1000 + 1, "fault_effect", effect);
	event(p, (second + SECONDS) * 1000 + 1, "fault_reverted", out);
}

/* A second in which every odd_every-th request takes odd_ms and ends otherwise; 0: none. */
static void odd_interval(struct place *p, int second, int64_t latency_ms, int odd_every,
			 int64_t odd_ms, enum gd_outcome odd_outcome)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_interval iv = {.load = "shop",
				 .client = "plain",
				 .start_wall_ns = START_NS + second * GD_NS_PER_S,
				 .length_ns = GD_NS_PER_S,
				 .index = (uint64_t)second,
				 .intended = REQUESTS,
				 .attempts = REQUESTS,
				 .latency = gd_hist_new(),
				 .attempt_latency = gd_hist_new()};
	GD_AUTO(cJSON) cJSON *line = NULL;
	GD_AUTO_FREE char *text = NULL;

	for (int i = 1; i <= REQUESTS; i++) {
		bool odd = odd_every && i % odd_every == 0;
		int64_t ns =
			(odd ? odd_ms : latency_ms + (second * 7 + i) % 3) * GD_NS_PER_MS;

		iv.outcomes[odd ? odd_outcome : GD_OUTCOME_OK]++;
		iv.attempt_outcomes[odd ? odd_outcome : GD_OUTCOME_OK]++;
		gd_hist_record(iv.latency, ns);
		gd_hist_record(iv.attempt_latency, ns);
	}
	assert_int_equal(gd_interval_to_json(&iv, &line, &err), 0);
	text = gd_json_print(line);
	gd_strbuf_addf(&p->metrics, "%s\n", text ? text : "");
	gd_interval_fini(&iv);
}

/* A second in which every fail_every-th request times out; 0: none. */
static void interval(struct place *p, int second, int64_t latency_ms, int fail_every)
{
	odd_interval(p, second, latency_ms, fail_every, 1000, GD_OUTCOME_TIMEOUT);
}

static void make_journal(struct place *p)
{
	event(p, 0, "run_started", "\"scenario\":\"made\",\"runbook\":\"book\"");
	stage(p, 0, "baseline", "baseline");
	fault(p, 10, "hurt", "hurt.1.k@api-1", "");
	stage(p, 10, "hurt", "fault");
	event(p, 13000, "diagnosis",
	      "\"ref\":\"hurt.look1@api-1\",\"stage\":\"hurt\",\"number\":1,"
	      "\"host\":\"api-1\",\"step\":\"Look\",\"command\":\"look\","
	      "\"limit_ms\":10000,\"sent_wall_ns\":\"1795442412500000000\","
	      "\"status\":3,\"took_ms\":40,\"dropped\":99,"
	      "\"output\":\"```\\n<script>alert(1)</script>\\n\\u001b[31m\"");
	fault(p, 20, "cured", "cured.1.k@api-1", "");
	fault(p, 20, "cured", "cured.try1.k@api-1", ",\"mitigation\":\"Cure it\"");
	stage(p, 20, "cured", "fault");
	stage(p, 30, "recovery", "recovery");
	event(p, 40000, "run_ended", "\"end\":\"completed\"");
}

static int enter(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/gd-evidence-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->run, sizeof(p->run), "%s/20261123T140000Z-made", p->dir);
	assert_int_equal(mkdir(p->run, 0755), 0);
	put(p->run, "scenario.yaml", scenario);
	put(p->run, "runbook.yaml", book);
	make_journal(p);
	for (int s = 0; s < 4 * SECONDS; s++)
		interval(p, s, s / SECONDS == 1 ? 200 : 2, s / SECONDS == 1 ? 5 : 0);
	*state = p;
	return 0;
}

static int leave(void **state)
{
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_remove_tree(p->dir, &err), 0);
	gd_strbuf_fini(&p->journal);
	gd_strbuf_fini(&p->metrics);
	free(p);
	return 0;
}

static struct gd_report *load(const struct place *p)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_report *r = NULL;

	put(p->run, "journal.jsonl", gd_strbuf_str(&p->journal));
	put(p->run, "metrics.jsonl", gd_strbuf_str(&p->metrics));
	if (gd_report_load(p->run, &r, &err) < 0)
		fail_msg("%s", err.text);
	return r;
}

static void assert_says_gap(const struct gd_report *r, const char *text)
{
	GD_AUTO_STRBUF(said);

	gd_evidence_say_gap(r, &said);
	assert_string_equal(gd_strbuf_str(&said), text);
}

/* --- the gap ---------------------------------------------------------------------------- */

static void test_gap(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load(*state);
	struct gd_gap gap;

	gd_evidence_gap(r, &gap);
	assert_true(gap.harmed && gap.detected);
	/* What was so in the baseline already is no detection. */
	assert_int_equal(gap.first, 1);
	assert_true(fabs(gap.seconds - 4) < 0.01);
	assert_int_equal(gap.requests, 4 * REQUESTS);
	assert_int_equal(gap.failed, 4 * REQUESTS / 5);
	assert_says_gap(r,
			"Detection gap: 4.0 s, in which 40 of 200 requests failed, until "
			"the first detection fired: \"Too late\".");
}

static void test_undetected(void **state)
{
	struct place *p = *state;
	GD_AUTO(gd_report) struct gd_report *r = NULL;

	put(p->run, "runbook.yaml",
	    "incident_type: x\ndetection:\n"
	    "  - {alert: Never, when: '*.*.error_rate > 90%'}\n");
	r = load(p);
	assert_says_gap(r,
			"Undetected harm: none of the 1 detections that could be judged "
			"fired in 20.0 s, in which 100 of 1000 requests failed.");
}

static void test_nothing_to_judge(void **state)
{
	struct place *p = *state;
	GD_AUTO(gd_report) struct gd_report *r = NULL;

	put(p->run, "runbook.yaml",
	    "incident_type: x\ndetection: [{symptom: People call}]\n");
	r = load(p);
	assert_says_gap(r,
			"Undetected harm: no detection of the runbook could be judged; "
			"20.0 s and 100 of 1000 requests failed until the faults were "
			"over.");
}

/* A tail as long as ever hides nothing: most requests take far longer than before. */
static void test_harm_of_the_median(void **state)
{
	struct place *p = *state;
	GD_AUTO(gd_report) struct gd_report *r = NULL;

	gd_strbuf_clear(&p->metrics);
	for (int s = 0; s < 4 * SECONDS; s++)
		odd_interval(p, s, s / SECONDS == 1 ? 100 : 2, REQUESTS / 2, 400,
			     GD_OUTCOME_OK);
	r = load(p);
	assert_int_equal(r->harm_ns, START_NS + SECONDS * GD_NS_PER_S);
	assert_string_equal(r->harm, "shop.plain: p50 101 ms, success 100 %");
}

/* Of a long title whole words, and not what stands in brackets. */
static void test_titles_in_short(void **state)
{
	static const char *const titles[][2] = {
		{"Slow (as the report counts it)", "after the harm: Slow"},
		{"This alert has a title that nobody can read at one glance, as it goes on "
		 "and on about what it means",
		 "after the harm: This alert has a title that nobody can read at one glance, "
		 "as it goes on and on about what"},
	};
	struct place *p = *state;

	for (size_t i = 0; i < GD_N_ELEMS(titles); i++) {
		GD_AUTO_FREE char *text =
			gd_strf("incident_type: x\ndetection:\n"
				"  - {alert: '%s', when: '*.*.error_rate > 15%%'}\n",
				titles[i][0]);
		GD_AUTO(gd_report) struct gd_report *r = NULL;
		struct gd_doc_number n[GD_KEY_NUMBERS];

		put(p->run, "runbook.yaml", text);
		r = load(p);
		assert_int_equal(gd_key_numbers(r, n), 5);
		assert_string_equal(n[3].note, titles[i][1]);
	}
}

static void test_no_harm(void **state)
{
	struct place *p = *state;
	GD_AUTO(gd_report) struct gd_report *r = NULL;

	gd_strbuf_clear(&p->metrics);
	for (int s = 0; s < 4 * SECONDS; s++)
		interval(p, s, 2, 0);
	r = load(p);
	assert_says_gap(r,
			"No client was seen to be hurt, so there is no detection gap.");
}

/* --- what was tried --------------------------------------------------------------------- */

static void test_tried(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load(*state);
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE struct gd_tried *tried = NULL;
	struct gd_benefit b;
	size_t n;

	tried = gd_evidence_tried(r, &n);
	assert_non_null(tried);
	assert_int_equal(n, 1);
	assert_string_equal(tried[0].action, "Cure it");
	assert_string_equal(tried[0].stage, "cured");
	assert_true(tried[0].reverted && tried[0].equal);
	/* Not the stage with another fault; the same one, though its keys stand otherwise. */
	assert_string_equal(tried[0].without, "hurt");
	assert_int_equal(gd_evidence_benefit(r, 0, "hurt", "cured", &b, &err), 0);
	assert_int_equal(b.kind, GD_BENEFIT_HELPED);
	assert_true(fabs(b.without.success - 0.8) < 1e-9);
	assert_true(fabs(b.with.success - 1) < 1e-9);
	assert_true(b.p_success < 0.001 && b.p_p99 < 0.001);
	/* The other way round it would have made all worse; twice the same is neither. */
	assert_int_equal(gd_evidence_benefit(r, 0, "cured", "hurt", &b, &err), 0);
	assert_int_equal(b.kind, GD_BENEFIT_HARMED);
	assert_int_equal(gd_evidence_benefit(r, 0, "baseline", "cured", &b, &err), 0);
	assert_int_equal(b.kind, GD_BENEFIT_NONE);
	assert_int_equal(gd_evidence_benefit(r, 0, "other", "cured", &b, &err), 0);
	assert_false(b.known);
}

static void test_nothing_to_compare_with(void **state)
{
	struct place *p = *state;
	GD_AUTO_FREE char *text = strdup(scenario);
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	GD_AUTO_FREE struct gd_tried *tried = NULL;
	GD_AUTO_STRBUF(md);
	struct gd_error err = GD_ERROR_INIT;
	size_t n;

	assert_non_null(text);
	*strstr(strstr(text, "  - hurt"), "1ms") = '3';
	put(p->run, "scenario.yaml", text);
	r = load(p);
	tried = gd_evidence_tried(r, &n);
	assert_int_equal(n, 1);
	assert_null(tried[0].without);
	assert_int_equal(gd_report_render(p->run, "md", &md, &err), 0);
	assert_non_null(strstr(gd_strbuf_str(&md), "nothing to compare it with"));
}

/* --- when it was exercised --------------------------------------------------------------- */

static void test_exercised(void **state)
{
	struct place *p = *state;
	GD_AUTO(gd_report) struct gd_report *r = load(p);
	GD_AUTO(gd_report) struct gd_report *again = NULL;
	struct gd_error err = GD_ERROR_INIT;
	struct gd_exercised e;
	GD_AUTO_STRBUF(said);
	GD_AUTO_STRBUF(never);

	gd_exercised_in(r, &e);
	assert_int_equal(e.detected_by, GD_BY_RUNBOOK);
	assert_true(fabs(e.detect_s - 4) < 0.01);
	assert_int_equal(e.mitigated_by, GD_BY_RUNBOOK);
	assert_true(fabs(e.mitigate_s - 10) < 0.01);
	/* What the people noted goes before what the records would say. */
	event(p, 16500, "note", "\"kind\":\"detected\",\"text\":\"\"");
	event(p, 27000, "note", "\"kind\":\"mitigated\",\"text\":\"\"");
	again = load(p);
	gd_exercised_in(again, &e);
	assert_int_equal(e.detected_by, GD_BY_PEOPLE);
	assert_true(fabs(e.detect_s - 6.5) < 0.01);
	assert_true(fabs(e.mitigate_s - 17) < 0.01);
	assert_int_equal(gd_exercised_find(p->dir, "book", &e, &err), 0);
	assert_int_equal(e.runs, 1);
	gd_exercised_say(&e, &said);
	assert_string_equal(
		gd_strbuf_str(&said),
		"2026-11-23T14:00:00.000Z in run 20261123T140000Z-made (held): "
		"detected after 6.5 s by the people, mitigated after 17.0 s by "
		"the people");
	assert_int_equal(gd_exercised_find(p->dir, "other-book", &e, &err), 0);
	gd_exercised_say(&e, &never);
	assert_string_equal(gd_strbuf_str(&never), "never");
	assert_int_equal(gd_exercised_find("/nonexistent/runs", "book", &e, &err), 0);
	assert_int_equal(e.runs, 0);
}

/* --- pages -------------------------------------------------------------------------------- */

static void test_in_the_report(void **state)
{
	static const char *const md_has[] = {
		"Detection gap: 4.0 s",
		("api-1, stage hurt, 12.5 s after the start of the run: status 3 after 40 ms, "
		 "99 more bytes were not kept"),
		"````", /* the output has a fence in it */
		"Cure it, on api-1 in stage cured: done",
		"hurt to cured | 80 % to 100 %",
		"helped",
		"### Prevention",
		"Take care",
		"### Last exercised",
	};
	struct place *p = *state;
	GD_AUTO(gd_report) struct gd_report *r = load(p);
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = NULL;
	const cJSON *tried, *client, *book_json;
	GD_AUTO_STRBUF(md);
	GD_AUTO_STRBUF(html);
	GD_AUTO_STRBUF(text);

	(void)r;
	assert_int_equal(gd_report_render(p->run, "md", &md, &err), 0);
	for (size_t i = 0; i < GD_N_ELEMS(md_has); i++)
		if (!strstr(gd_strbuf_str(&md), md_has[i]))
			fail_msg("\"%s\" is not in %s", md_has[i], gd_strbuf_str(&md));
	assert_null(strchr(gd_strbuf_str(&md), '\033'));
	assert_int_equal(gd_report_render(p->run, "html", &html, &err), 0);
	assert_null(strstr(gd_strbuf_str(&html), "<script>alert"));
	assert_non_null(strstr(gd_strbuf_str(&html), "&lt;script&gt;alert(1)"));
	assert_int_equal(gd_report_render(p->run, "json", &text, &err), 0);
	assert_int_equal(gd_json_parse(text.data, text.len, &json, &err), 0);
	book_json = cJSON_GetObjectItemCaseSensitive(json, "runbook");
	tried = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(book_json, "tried"),
				   0);
	client =
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(tried, "clients"), 0);
	assert_string_equal(gd_json_str(tried, "without", ""), "hurt");
	assert_string_equal(gd_json_str(client, "verdict", ""), "helped");
	assert_int_equal(gd_json_int(cJSON_GetObjectItemCaseSensitive(book_json, "gap"),
				     "failed", -1),
			 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gap, enter, leave),
		cmocka_unit_test_setup_teardown(test_undetected, enter, leave),
		cmocka_unit_test_setup_teardown(test_nothing_to_judge, enter, leave),
		cmocka_unit_test_setup_teardown(test_harm_of_the_median, enter, leave),
		cmocka_unit_test_setup_teardown(test_titles_in_short, enter, leave),
		cmocka_unit_test_setup_teardown(test_no_harm, enter, leave),
		cmocka_unit_test_setup_teardown(test_tried, enter, leave),
		cmocka_unit_test_setup_teardown(test_nothing_to_compare_with, enter,
						leave),
		cmocka_unit_test_setup_teardown(test_exercised, enter, leave),
		cmocka_unit_test_setup_teardown(test_in_the_report, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
