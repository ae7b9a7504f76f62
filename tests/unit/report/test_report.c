/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole run directories under data/. What report.md and report.json of the run "refuted"
 * look like is kept in golden/; GD_UPDATE_GOLDEN=1 writes them again, for a look at the
 * difference.
 */
#include "gameday/report/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/report/key_numbers.h"
#include "gameday/report/model.h"
#include "gameday/report/runbook_match.h"
#include "gameday/report/runbook_page.h"
#include "gameday/report/story.h"
#include "gameday/report/writer.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/place.h"

#define HERE GD_SOURCE_DIR "/tests/unit/report/"
#define DATA HERE "data/"

static struct gd_report *load(const char *dir)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_report *r = NULL;

	if (gd_report_load(dir, &r, &err) < 0)
		fail_msg("%s: %s", dir, err.text);
	return r;
}

static void read_all(const char *path, char **ret, size_t *ret_size)
{
	struct gd_error err = GD_ERROR_INIT;

	if (gd_file_read(path, 16 << 20, ret, ret_size, &err) < 0)
		fail_msg("%s", err.text);
}

static void compare_golden(const char *format, const char *file)
{
	GD_AUTO_FREE char *path = gd_strf(HERE "golden/%s", file), *wanted = NULL;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);
	size_t size;

	if (gd_report_render(DATA "refuted", format, &out, &err) < 0)
		fail_msg("%s", err.text);
	if (getenv("GD_UPDATE_GOLDEN"))
		assert_int_equal(gd_file_write(path, out.data, out.len, 0644, &err), 0);
	read_all(path, &wanted, &size);
	assert_string_equal(gd_strbuf_str(&out), wanted);
}

static void golden_reports(void **state)
{
	(void)state;
	compare_golden("md", "refuted.md");
	compare_golden("json", "refuted.json");
}

/* --- the verdict and its words -------------------------------------------------------- */

static void assert_line(const struct gd_report *r, const char *part)
{
	GD_AUTO_STRBUF(line);

	gd_story_verdict(r, &line);
	if (!strstr(gd_strbuf_str(&line), part))
		fail_msg("\"%s\" is not in: %s", part, gd_strbuf_str(&line));
}

static void a_refuted_run(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load(DATA "refuted");
	GD_AUTO_STRBUF(happened);

	(void)state;
	assert_int_equal(r->verdict.kind, GD_VERDICT_REFUTED);
	assert_line(
		r,
		"refuted: 1 of 5 expectations failed: checkout.plain.success in lossy");
	assert_int_equal(r->detected[0].item.outcome, GD_COND_HOLDS);
	assert_int_equal(r->detected[2].item.outcome, GD_COND_FAILS);
	assert_false(r->detected[3].evaluated);
	assert_true(r->harm_ns >= gd_report_injected(r, NULL));
	gd_story_happened(r, &happened);
	assert_non_null(strstr(gd_strbuf_str(&happened),
			       "eth0: lose 5 % of outgoing packets on api-1"));
	assert_non_null(strstr(gd_strbuf_str(&happened), "p99 went from"));
}

static void a_killed_run(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load(DATA "killed");

	(void)state;
	assert_int_equal(r->verdict.kind, GD_VERDICT_ABORTED);
	assert_true(r->journal.cut);
	assert_true(r->metrics.cut);
	assert_line(
		r,
		"aborted: the runner died; last event: stage_measured lossy at 2026-11-23T");
	assert_line(r, "restoration not witnessed by the runner on host api-1");
	assert_line(r, "run `gameday status --on api-1`");
}

static void something_left_behind(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load(DATA "left");
	GD_AUTO_STRBUF(md);
	struct gd_error err = GD_ERROR_INIT;
	const char *first_line_end;

	(void)state;
	assert_int_equal(r->verdict.exit, GD_EXIT_LEFT_BEHIND);
	assert_int_equal(gd_report_render(DATA "left", "md", &md, &err), 0);
	first_line_end = strchr(md.data, '\n');
	assert_non_null(first_line_end);
	md.data[first_line_end - md.data] = '\0';
	assert_non_null(strstr(md.data, "left-behind"));
	assert_non_null(
		strstr(md.data, "host api-1: eth0: lose 5 % of outgoing packets"));
	assert_non_null(strstr(md.data, "gameday status --on api-1"));
}

static void a_run_that_did_not_start(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load(DATA "notrun");

	(void)state;
	assert_int_equal(r->verdict.exit, GD_EXIT_PREFLIGHT);
	assert_line(
		r,
		"nothing was injected: the steady state did not hold: checkout.plain.p99");
}

/* No page may carry what its records smuggle in. */
static void hostile_records(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load(DATA "garbage");
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = NULL;
	GD_AUTO_STRBUF(md);
	GD_AUTO_STRBUF(text);

	(void)state;
	assert_int_equal(r->journal.n_bad, 5);
	assert_true(r->metrics.missing);
	assert_int_equal(gd_report_render(DATA "garbage", "md", &md, &err), 0);
	assert_null(strstr(gd_strbuf_str(&md), "<script"));
	assert_null(strchr(gd_strbuf_str(&md), '\x1b'));
	assert_null(strstr(gd_strbuf_str(&md), "\xe2\x80\xae"));
	assert_non_null(
		strstr(gd_strbuf_str(&md), "\n`````\n```\nrm -rf /\n````\n`````\n"));
	assert_int_equal(gd_report_summary(DATA "garbage", &text, &err), 0);
	assert_null(strchr(gd_strbuf_str(&text), '\x1b'));
	assert_int_equal(gd_report_render(DATA "garbage", "json", &text, &err), 0);
	json = cJSON_Parse(strchr(gd_strbuf_str(&text), '{'));
	assert_non_null(json);
	assert_string_equal(gd_json_str(json, "schema", ""), "gameday.report/1");
}

static void what_is_no_run(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_report *r = NULL;
	GD_AUTO_STRBUF(out);

	(void)state;
	assert_int_equal(gd_report_load(DATA "nothing", &r, &err), -1);
	assert_int_equal(err.code, GD_E_INPUT);
	assert_null(r);
	assert_int_equal(gd_report_render(DATA "left", "pdf", &out, &err), -1);
}

/* --- a place to write into -------------------------------------------------------------- */

/* The first `size` bytes of a file of the run "refuted" into the place. */
static void copy_cut(const struct place *p, const char *name, size_t size)
{
	GD_AUTO_FREE char *from = gd_path_join(DATA "refuted", name);
	GD_AUTO_FREE char *to = gd_path_join(p->dir, name), *text = NULL;
	struct gd_error err = GD_ERROR_INIT;
	size_t whole;

	read_all(from, &text, &whole);
	assert_int_equal(gd_file_write(to, text, size < whole ? size : whole, 0644, &err),
			 0);
}

static void put(const struct place *p, const char *name, const char *text)
{
	GD_AUTO_FREE char *path = gd_path_join(p->dir, name);
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_file_write(path, text, strlen(text), 0644, &err), 0);
}

/* --- the first screen ------------------------------------------------------------------ */

static void assert_number(const struct gd_doc_number *n, const char *label,
			  const char *value, const char *note)
{
	assert_string_equal(n->label, label);
	assert_string_equal(n->value, value);
	if (!strstr(n->note, note))
		fail_msg("\"%s\" is not in: %s", note, n->note);
}

static void the_numbers_that_matter(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load(DATA "refuted");
	GD_AUTO(gd_report) struct gd_report *killed = load(DATA "killed");
	GD_AUTO(gd_report) struct gd_report *notrun = load(DATA "notrun");
	GD_AUTO(gd_report) struct gd_report *left = load(DATA "left");
	struct gd_doc_number n[GD_KEY_NUMBERS];

	(void)state;
	assert_int_equal(gd_key_numbers(r, n), 5);
	assert_number(&n[0], "p99 latency", "1.00 s", "251x); checkout.plain in lossy");
	assert_number(&n[1], "Requests that succeeded", "98 %", "7 of 350 failed");
	assert_number(&n[2], "Attempts per request", "1.066", "checkout.retrying");
	assert_number(&n[3], "Time to detect", "1.0 s", "High packet-drop rate");
	/* Undone at 17.8 s; the interval after that was well, and those that follow. */
	assert_number(&n[4], "Time to restore", "0.2 s", "last undo");
	assert_int_equal(r->healed_ns - r->faults_out_ns, 200 * GD_NS_PER_MS);
	assert_int_equal(gd_key_numbers(killed, n), 5);
	assert_number(&n[4], "Time to restore", "not known", "seen put back");
	assert_int_equal(gd_key_numbers(left, n), 5);
	assert_number(&n[4], "Time to restore", "not restored", "left behind");
	assert_int_equal(n[4].tone, GD_DOC_BAD);
	assert_true(gd_key_numbers(notrun, n) <= 3);
}

/* Clients that are hurt long after the undo count until they are well again. */
static void clients_that_stay_hurt(void **state)
{
	struct place *p = *state;
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	struct gd_doc_number n[GD_KEY_NUMBERS];
	GD_AUTO_FREE char *journal = NULL;
	size_t size;
	char *at;

	copy_cut(p, "metrics.jsonl", SIZE_MAX);
	copy_cut(p, "scenario.yaml", SIZE_MAX);
	read_all(DATA "refuted/journal.jsonl", &journal, &size);
	/* The undo is told 9 s too early, so clients are hurt long after it. */
	at = strstr(journal, "{\"wall_ns\":\"1795442417800000000\"");
	assert_non_null(at);
	memcpy(strstr(at, "1795442417800000000"), "1795442409000000000", 19);
	put(p, "journal.jsonl", journal);
	r = load(p->dir);
	assert_int_equal(gd_key_numbers(r, n), 5);
	assert_string_equal(n[4].label, "Time to restore");
	assert_true(r->healed_ns - r->faults_out_ns > 8 * GD_NS_PER_S);
}

/* Whatever the verdict, both pages begin with it. */
static void the_verdict_comes_first(void **state)
{
	static const char *const runs[][2] = {{"refuted", "refuted"},
					      {"killed", "aborted"},
					      {"notrun", "not-run"},
					      {"left", "left-behind"}};

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(runs); i++) {
		GD_AUTO_FREE char *dir = gd_strf(DATA "%s", runs[i][0]),
				  *md_wanted = gd_strf("# Verdict: %s: ", runs[i][1]),
				  *html_wanted = gd_strf("</span>%s<span", runs[i][1]);
		struct gd_error err = GD_ERROR_INIT;
		GD_AUTO_STRBUF(md);
		GD_AUTO_STRBUF(html);

		assert_int_equal(gd_report_render(dir, "md", &md, &err), 0);
		assert_int_equal(gd_report_render(dir, "html", &html, &err), 0);
		assert_memory_equal(md.data, md_wanted, strlen(md_wanted));
		assert_non_null(strstr(strstr(html.data, "<h1>"), html_wanted));
	}
}

/* --- written files -------------------------------------------------------------------- */

static void all_files_are_written(void **state)
{
	static const char *const files[] = {"report.md", "report.json",
					    "checkout.plain.hlog",
					    "checkout.retrying.hlog", "report.html"};
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *hlog = gd_path_join(p->dir, files[2]), *text = NULL;
	int status = -1;
	size_t size;

	copy_cut(p, "journal.jsonl", SIZE_MAX);
	copy_cut(p, "metrics.jsonl", SIZE_MAX);
	copy_cut(p, "scenario.yaml", SIZE_MAX);
	assert_int_equal(gd_report_write(p->dir, NULL, &status, &err), 0);
	assert_int_equal(status, GD_EXIT_EXPECTATION);
	for (size_t i = 0; i < GD_N_ELEMS(files); i++) {
		GD_AUTO_FREE char *path = gd_path_join(p->dir, files[i]);

		assert_int_equal(access(path, R_OK), 0);
	}
	read_all(hlog, &text, &size);
	assert_true(strncmp(text, "#[Histogram log format version 1.3]\n", 36) == 0);
	assert_non_null(strstr(text, "\n22.000,1.000,"));
	assert_non_null(strstr(text, ",HISTFAAA"));
}

/* Killed at any byte: it renders, and never claims more than the records show. */
static void every_cut_renders(void **state)
{
	struct place *p = *state;
	GD_AUTO_FREE char *journal = NULL;
	size_t size;

	read_all(DATA "refuted/journal.jsonl", &journal, &size);
	copy_cut(p, "scenario.yaml", SIZE_MAX);
	copy_cut(p, "metrics.jsonl", 15000);
	for (size_t cut = 0; cut < size; cut += cut < 4 ? 1 : 53) {
		GD_AUTO(gd_report) struct gd_report *r = NULL;
		struct gd_error err = GD_ERROR_INIT;
		GD_AUTO_STRBUF(out);

		copy_cut(p, "journal.jsonl", cut);
		assert_int_equal(gd_report_load(p->dir, &r, &err), 0);
		assert_int_equal(gd_report_md.write(r, &out, &err), 0);
		assert_int_equal(gd_report_html.write(r, &out, &err), 0);
		assert_int_equal(gd_report_json.write(r, &out, &err), 0);
		if (r->over)
			continue;
		assert_true(r->verdict.kind == GD_VERDICT_ABORTED);
		if (gd_results_n_faults(r->results) > 0 &&
		    !gd_results_fault(r->results, 0).has_revert)
			assert_line(r, "restoration not witnessed by the runner");
	}
}

static bool finds(const struct gd_report *r, const char *part)
{
	for (size_t i = 0; i < r->n_findings; i++)
		if (strstr(r->findings[i].text, part))
			return true;
	return false;
}

/* A vantage point that was not heard any more is told, and no other. */
static void missing_figures_are_told(void **state)
{
	GD_AUTO(gd_report) struct gd_report *whole = load(DATA "refuted"), *cut = NULL;
	struct place *p = *state;

	assert_false(finds(whole, "are missing"));
	copy_cut(p, "journal.jsonl", SIZE_MAX);
	copy_cut(p, "scenario.yaml", SIZE_MAX);
	copy_cut(p, "metrics.jsonl", 30000);
	cut = load(p->dir);
	assert_true(
		finds(cut, "s of checkout.plain are missing, the first of them from "));
}

static void every_metrics_cut_renders(void **state)
{
	struct place *p = *state;

	copy_cut(p, "scenario.yaml", SIZE_MAX);
	copy_cut(p, "journal.jsonl", SIZE_MAX);
	for (size_t cut = 0; cut < 40000; cut += 1201) {
		GD_AUTO(gd_report) struct gd_report *r = NULL;
		struct gd_error err = GD_ERROR_INIT;
		GD_AUTO_STRBUF(out);

		copy_cut(p, "metrics.jsonl", cut);
		assert_int_equal(gd_report_load(p->dir, &r, &err), 0);
		assert_int_equal(gd_report_md.write(r, &out, &err), 0);
		/* Cut before the fault stage: nothing to judge the expectations by. */
		if (cut < 14000)
			assert_int_equal(r->verdict.kind, GD_VERDICT_INVALID);
	}
}

/* --- runbooks ------------------------------------------------------------------------- */

static void runbooks_are_ranked(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load(DATA "refuted");
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	struct gd_matches m;

	put(p, "nic-queue-drops.yaml",
	    "incident_type: drops\ndetection:\n"
	    "  - {alert: a, when: '*.nic.drops > 10'}\n"
	    "  - {alert: b, when: '*.*.p99 > 3x baseline'}\n");
	put(p, "slow-disk.yaml",
	    "incident_type: disk\ndetection:\n"
	    "  - {alert: a, when: '*.disk.flush_p99 > 50ms'}\n"
	    "  - {alert: b, when: '*.*.p99 > 3x baseline'}\n");
	put(p, "link-down.yaml",
	    "incident_type: link\ndetection:\n"
	    "  - {alert: a, when: '*.nic.carrier < 1'}\n");
	put(p, "always.yaml",
	    "incident_type: always\ndetection:\n"
	    "  - {alert: a, when: '*.*.requests > 1'}\n");
	put(p, "people.yaml",
	    "incident_type: people\ndetection:\n  - symptom: users call\n");
	put(p, "broken.yaml", "incident_type: [\n");
	put(p, "readme.txt", "no runbook\n");
	assert_int_equal(gd_runbook_match(r, p->dir, &m, &err), 0);
	assert_int_equal(m.n, 5);
	assert_int_equal(m.n_unreadable, 1);
	assert_string_equal(m.items[0].name, "nic-queue-drops");
	assert_true(m.items[0].own);
	assert_int_equal(m.items[0].n_fired, 2);
	assert_true(m.items[0].score > 74.9 && m.items[0].score < 75.1); /* 100 x 3 / 4 */
	assert_string_equal(m.items[1].name, "slow-disk");
	assert_int_equal(m.items[1].n_judged, 1);
	for (size_t i = 2; i < m.n; i++)
		assert_true(m.items[i].score < 0.1);
	gd_matches_fini(&m);
	assert_int_equal(gd_runbook_match(r, DATA "nothing", &m, &err), -1);
}

static void a_runbook_page(void **state)
{
	static const char *const headings[] = {
		"# Runbook: x",      "\n## Meaning\n",    "\n## Impact\n",
		"\n## Detection\n",  "\n## Diagnosis\n",  "\n## Mitigation\n",
		"\n## Escalation\n", "\n## Prevention\n", "\n## Last exercised\n",
		"ethtool -g eth0"};
	const struct gd_exercised last = {0};
	struct gd_runbook rb = {0};
	GD_AUTO_DIAGS(diags);
	GD_AUTO_STRBUF(out);
	GD_AUTO(gd_doc) struct gd_doc *d = gd_doc_md_new(&out);
	struct gd_error err = GD_ERROR_INIT;
	const char *at;

	(void)state;
	assert_int_equal(gd_runbook_load(DATA "refuted/runbook.yaml", &rb, &diags), 0);
	assert_non_null(d);
	gd_runbook_page(&rb, "x", &last, d);
	assert_int_equal(gd_doc_finish(d, &err), 0);
	at = gd_strbuf_str(&out);
	for (size_t i = 0; i + 1 < GD_N_ELEMS(headings); i++) {
		at = strstr(at, headings[i]);
		assert_non_null(at); /* each, in this order */
	}
	assert_non_null(strstr(gd_strbuf_str(&out), headings[GD_N_ELEMS(headings) - 1]));
	gd_runbook_fini(&rb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_reports),
		cmocka_unit_test(a_refuted_run),
		cmocka_unit_test(a_killed_run),
		cmocka_unit_test(something_left_behind),
		cmocka_unit_test(a_run_that_did_not_start),
		cmocka_unit_test(hostile_records),
		cmocka_unit_test(what_is_no_run),
		cmocka_unit_test(the_numbers_that_matter),
		cmocka_unit_test_setup_teardown(clients_that_stay_hurt, enter, leave),
		cmocka_unit_test(the_verdict_comes_first),
		cmocka_unit_test_setup_teardown(all_files_are_written, enter, leave),
		cmocka_unit_test_setup_teardown(every_cut_renders, enter, leave),
		cmocka_unit_test_setup_teardown(missing_figures_are_told, enter, leave),
		cmocka_unit_test_setup_teardown(every_metrics_cut_renders, enter, leave),
		cmocka_unit_test_setup_teardown(runbooks_are_ranked, enter, leave),
		cmocka_unit_test(a_runbook_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
