/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The people's timeline against the truth, from the run "refuted": harm begins after 8.9 s,
 * the fault is undone at 17.8 s. Its records are changed on the way into a place of ours.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/report/lines.h"
#include "gameday/report/note.h"
#include "gameday/report/people.h"
#include "gameday/report/report.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/place.h"

#define DATA GD_SOURCE_DIR "/tests/unit/report/data/refuted/"
#define START (INT64_C(1795442400) * GD_NS_PER_S)

static void put(const struct place *p, const char *name, const char *text)
{
	GD_AUTO_FREE char *path = gd_path_join(p->dir, name);
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_file_write(path, text, strlen(text), 0644, &err), 0);
}

static void get(const char *name, char **ret)
{
	GD_AUTO_FREE char *path = gd_path_join(DATA, name);
	struct gd_error err = GD_ERROR_INIT;
	size_t size;

	assert_int_equal(gd_file_read(path, 16 << 20, ret, &size, &err), 0);
}

static void copy(const struct place *p, const char *name)
{
	GD_AUTO_FREE char *text = NULL;

	get(name, &text);
	put(p, name, text);
}

/* The whole run, `more` being members added to its run_started record. */
static void copy_run(const struct place *p, const char *more)
{
	GD_AUTO_FREE char *journal = NULL;
	GD_AUTO_STRBUF(out);

	get("journal.jsonl", &journal);
	gd_strbuf_addf(&out, "{%s%s%s", more, *more ? "," : "", journal + 1);
	put(p, "journal.jsonl", gd_strbuf_str(&out));
	copy(p, "metrics.jsonl");
	copy(p, "scenario.yaml");
	copy(p, "runbook.yaml");
}

static struct gd_report *load(const struct place *p)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_report *r = NULL;

	if (gd_report_load(p->dir, &r, &err) < 0)
		fail_msg("%s", err.text);
	return r;
}

static void note(const struct place *p, const char *kind, double seconds, const char *by,
		 const char *text)
{
	struct gd_note n = {.kind = kind,
			    .text = text,
			    .by = by,
			    .at_ns = START + (int64_t)(seconds * 1e9)};
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_note_write(p->dir, &n, &err), 0);
}

static void assert_at(const struct gd_moment *m, double seconds)
{
	if (fabs((double)(m->at_ns - START) / 1e9 - seconds) > 0.0005)
		fail_msg("%s is at %.3f s, not %.3f", m->name,
			 (double)(m->at_ns - START) / 1e9, seconds);
}

/* --- moments and gaps ----------------------------------------------------------------- */

static void what_the_run_tells(void **state)
{
	struct place *p = *state;
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	struct gd_moment m[GD_N_MOMENTS];
	struct gd_people_gap gaps[GD_N_PEOPLE_GAPS];

	copy_run(p, "");
	r = load(p);
	gd_people_moments(r, m);
	assert_true(r->harm_ns > 0);
	assert_int_equal(m[GD_MOMENT_HARM].at_ns, r->harm_ns);
	assert_true(m[GD_MOMENT_SIGNAL].at_ns >= r->harm_ns);
	assert_string_equal(m[GD_MOMENT_SIGNAL].text, r->detected[0].detection->alert);
	assert_at(&m[GD_MOMENT_DETECTED], 12.3);
	assert_string_equal(m[GD_MOMENT_DETECTED].text, "drop alert fired");
	assert_at(&m[GD_MOMENT_DIAGNOSED], 14.1);
	assert_int_equal(m[GD_MOMENT_MITIGATED].at_ns, 0);
	assert_string_equal(m[GD_MOMENT_MITIGATED].text, "no note says so");
	assert_at(&m[GD_MOMENT_UNDONE], 17.8);
	assert_at(&m[GD_MOMENT_RECOVERED], 18);
	assert_int_equal(m[GD_MOMENT_DECLARED].at_ns, 0);
	gd_people_gaps(m, gaps);
	assert_true(fabs(gaps[2].seconds - 1.8) < 0.0005);
	assert_true(isnan(gaps[3].seconds));
	assert_true(fabs(gaps[4].seconds -
			 (double)(START + 18 * GD_NS_PER_S - r->harm_ns) / 1e9) < 0.0005);
}

/* The earliest of a kind counts, whenever it was written; who bears a role is told. */
static void notes_are_placed_and_named(void **state)
{
	struct place *p = *state;
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	struct gd_moment m[GD_N_MOMENTS];
	struct gd_people_gap gaps[GD_N_PEOPLE_GAPS];
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(md);

	copy_run(p, "\"roles\":{\"coordinator\":[\"Ada\"],\"scribe\":[\"Bob\",\"Cy\"]}");
	note(p, "mitigated", 16, "Bob", "took it out");
	note(p, "mitigated", 15, "Cy", "");
	note(p, "recovered", 20, "Dan", "green");
	note(p, "detected", 9.5, "Ada", "graphs");
	r = load(p);
	gd_people_moments(r, m);
	assert_at(&m[GD_MOMENT_DETECTED], 9.5);
	assert_string_equal(m[GD_MOMENT_DETECTED].by, "Ada");
	assert_at(&m[GD_MOMENT_MITIGATED], 15);
	assert_at(&m[GD_MOMENT_DECLARED], 20);
	assert_string_equal(gd_people_role_of(r, "Cy"), "scribe");
	assert_null(gd_people_role_of(r, "Dan"));
	gd_people_gaps(m, gaps);
	assert_true(fabs(gaps[1].seconds -
			 (9.5 - (double)(m[GD_MOMENT_SIGNAL].at_ns - START) / 1e9)) <
		    0.0005);
	assert_true(fabs(gaps[3].seconds - 0.9) < 0.0005);
	/* In the journal's story each stands at its moment, not at its end. */
	for (size_t i = 1; i < r->n_events; i++)
		assert_true(gd_report_event_time(r->events[i]) >=
			    gd_report_event_time(r->events[i - 1]));
	gd_people_sort(m);
	assert_string_equal(m[GD_N_MOMENTS - 1].key, "declared_recovered");
	assert_int_equal(gd_report_render(p->dir, "md", &md, &err), 0);
	assert_non_null(strstr(gd_strbuf_str(&md), "**coordinator**: Ada"));
	assert_non_null(strstr(gd_strbuf_str(&md), "**scribe**: Bob, Cy"));
	assert_non_null(strstr(gd_strbuf_str(&md), "Ada (coordinator)"));
}

/* --- what a terminal is told ------------------------------------------------------------- */

static void the_summary_has_the_people(void **state)
{
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);
	const char *text;

	copy_run(p, "");
	note(p, "mitigated", 15, "Cy\033[31m", "");
	put(p, "findings.yaml",
	    "- finding: the alert is slow\n  owner: Ada\n  retest: 2027-01-15\n"
	    "  severity: high\n  ticket: OPS-1\n- finding: nobody knew\n");
	assert_int_equal(gd_report_summary(p->dir, &out, &err), 0);
	text = gd_strbuf_str(&out);
	assert_non_null(strstr(
		text,
		"\npeople   since harm began at 14:00:09.000Z: first signal +1.0 s, "
		"detected +3.3 s, diagnosed +5.1 s, mitigated +6.0 s (Cy"));
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "), fault undone +8.8 s, recovered +9.0 s\n"
				     "         nobody noted: declared recovered\n"));
	assert_non_null(strstr(text,
			       "\nfinding  high: the alert is slow (owner: Ada, "
			       "re-test: 2027-01-15, OPS-1)\n"
			       "finding  nobody knew (owner: nobody yet, re-test: no "
			       "date)\n"));
}

/* journal without its notes: the summary and the tables do not go on about them. */
static void without_notes_little_is_said(void **state)
{
	struct place *p = *state;
	GD_AUTO_FREE char *journal = NULL;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);
	GD_AUTO_STRBUF(md);

	copy_run(p, "");
	get("journal.jsonl", &journal);
	for (char *at; (at = strstr(journal, "\"event\":\"note\""));)
		at[sizeof("\"event\":\"") - 1] = 'v'; /* no note, but a vote */
	put(p, "journal.jsonl", journal);
	assert_int_equal(gd_report_summary(p->dir, &out, &err), 0);
	assert_null(strstr(gd_strbuf_str(&out), "\npeople "));
	assert_null(strstr(gd_strbuf_str(&out), "\nfinding "));
	assert_int_equal(gd_report_render(p->dir, "md", &md, &err), 0);
	assert_non_null(strstr(gd_strbuf_str(&md), "| harm began | +0.0 s |"));
	assert_non_null(strstr(gd_strbuf_str(&md), "No note was taken"));
	assert_null(strstr(gd_strbuf_str(&md), "no note says so"));
	assert_null(strstr(gd_strbuf_str(&md), "| detected to diagnosed |"));
}

static void the_day_is_told_when_it_changes(void **state)
{
	struct place *p = *state;
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	char buf[32];

	copy_run(p, "");
	r = load(p);
	assert_string_equal(gd_report_clock(r, START + 300 * GD_NS_PER_MS, buf),
			    "14:00:00.300Z");
	assert_string_equal(gd_report_clock(r, START + 36000 * GD_NS_PER_S, buf),
			    "2026-11-24T00:00:00.000Z");
}

/* A fault that could not be put back was not undone, whatever the clients felt. */
static void left_behind_is_not_undone(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_moment m[GD_N_MOMENTS];
	GD_AUTO(gd_report) struct gd_report *r = NULL;

	(void)state;
	if (gd_report_load(GD_SOURCE_DIR "/tests/unit/report/data/left", &r, &err) < 0)
		fail_msg("%s", err.text);
	gd_people_moments(r, m);
	assert_int_equal(m[GD_MOMENT_UNDONE].at_ns, 0);
	assert_string_equal(m[GD_MOMENT_UNDONE].text, "a fault was left behind");
}

/* --- recovery ------------------------------------------------------------------------- */

struct healing {
	bool (*is_healthy)(int second);
	cJSON *model[2]; /* a baseline interval of each client */
	char client[2][64];
	struct gd_strbuf out;
};

static int second_of(const cJSON *line)
{
	return (int)((gd_json_int(line, "start_wall_ns", 0) - START) / GD_NS_PER_S);
}

/* Writes the line, or the baseline's interval of the same client in its place. */
static int heal_line(void *ctx, cJSON *line, struct gd_error *err)
{
	struct healing *h = ctx;
	const char *client = gd_json_str(line, "client", "");
	GD_AUTO(cJSON) cJSON *made = NULL;
	GD_AUTO_FREE char *text = NULL;
	size_t k = strcmp(client, "plain") == 0 ? 0 : 1;

	(void)err;
	if (*client && second_of(line) == 2 && !h->model[k])
		h->model[k] = cJSON_Duplicate(line, 1);
	if (*client && second_of(line) > 2 && h->is_healthy(second_of(line))) {
		made = cJSON_Duplicate(h->model[k], 1);
		cJSON_DeleteItemFromObject(made, "start_wall_ns");
		cJSON_DeleteItemFromObject(made, "index");
		(void)gd_json_set_int(made, "start_wall_ns",
				      gd_json_int(line, "start_wall_ns", 0));
		(void)gd_json_set_int(made, "index", gd_json_int(line, "index", 0));
	}
	text = gd_json_print(made ? made : line);
	gd_strbuf_addf(&h->out, "%s\n", text);
	cJSON_Delete(line);
	return 0;
}

static struct gd_report *run_with(const struct place *p, bool (*is_healthy)(int second))
{
	struct healing h = {.is_healthy = is_healthy};
	GD_AUTO_FREE char *metrics = NULL;
	struct gd_error err = GD_ERROR_INIT;
	struct gd_lines lines;

	copy_run(p, "");
	get("metrics.jsonl", &metrics);
	assert_int_equal(
		gd_lines_parse(metrics, strlen(metrics), heal_line, &h, &lines, &err), 0);
	put(p, "metrics.jsonl", gd_strbuf_str(&h.out));
	gd_strbuf_fini(&h.out);
	cJSON_Delete(h.model[0]);
	cJSON_Delete(h.model[1]);
	return load(p);
}

static bool from_13(int second)
{
	return second >= 13;
}

static bool but_for_16(int second)
{
	return second >= 13 && second != 16;
}

static bool always(int second)
{
	return second > 0;
}

/* A mitigation helped before the fault was out. */
static void recovered_under_the_fault(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = run_with(*state, from_13);
	struct gd_moment m[GD_N_MOMENTS];

	gd_people_moments(r, m);
	assert_at(&m[GD_MOMENT_RECOVERED], 13);
	assert_at(&m[GD_MOMENT_UNDONE], 17.8);
	assert_int_equal(r->healed_ns, r->faults_out_ns);
}

static void a_relapse_is_no_recovery(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = run_with(*state, but_for_16);
	struct gd_moment m[GD_N_MOMENTS];

	gd_people_moments(r, m);
	assert_at(&m[GD_MOMENT_RECOVERED], 17);
}

/* The journal as of a runner that was killed right after the undo. */
static void sick_to_the_end(const struct place *p)
{
	GD_AUTO_FREE char *journal = NULL;
	char *end;

	copy_run(p, "");
	get("journal.jsonl", &journal);
	end = strstr(journal, "{\"wall_ns\":\"1795442417900000000\"");
	assert_non_null(end);
	*end = '\0';
	put(p, "journal.jsonl", journal);
}

static int keep_until_17(void *ctx, cJSON *line, struct gd_error *err)
{
	GD_AUTO_FREE char *text = gd_json_print(line);

	(void)err;
	if (second_of(line) < 17)
		gd_strbuf_addf(ctx, "%s\n", text);
	cJSON_Delete(line);
	return 0;
}

static void never_recovered(void **state)
{
	struct place *p = *state;
	GD_AUTO_FREE char *metrics = NULL;
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	struct gd_moment m[GD_N_MOMENTS];
	struct gd_people_gap gaps[GD_N_PEOPLE_GAPS];
	struct gd_error err = GD_ERROR_INIT;
	struct gd_lines lines;
	GD_AUTO_STRBUF(out);

	sick_to_the_end(p);
	get("metrics.jsonl", &metrics);
	assert_int_equal(gd_lines_parse(metrics, strlen(metrics), keep_until_17, &out,
					&lines, &err),
			 0);
	put(p, "metrics.jsonl", gd_strbuf_str(&out));
	r = load(p);
	gd_people_moments(r, m);
	assert_true(m[GD_MOMENT_HARM].at_ns > 0);
	assert_int_equal(m[GD_MOMENT_RECOVERED].at_ns, 0);
	assert_non_null(strstr(m[GD_MOMENT_RECOVERED].text, "still hurt"));
	gd_people_gaps(m, gaps);
	assert_true(isnan(gaps[4].seconds));
}

static void nothing_to_recover_from(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = run_with(*state, always);
	struct gd_moment m[GD_N_MOMENTS];

	gd_people_moments(r, m);
	assert_int_equal(m[GD_MOMENT_HARM].at_ns, 0);
	assert_int_equal(m[GD_MOMENT_RECOVERED].at_ns, 0);
	assert_string_equal(m[GD_MOMENT_HARM].text, "no client was seen to be hurt");
	assert_string_equal(m[GD_MOMENT_RECOVERED].text,
			    "there was nothing to recover from");
}

/* --- blind, findings, hostile text --------------------------------------------------------- */

static char *render(const struct place *p, const char *format)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);

	assert_int_equal(gd_report_render(p->dir, format, &out, &err), 0);
	return gd_strbuf_steal(&out);
}

static void a_blind_run(void **state)
{
	struct place *p = *state;
	GD_AUTO_FREE char *journal = NULL, *md = NULL, *never = NULL;
	GD_AUTO_FREE char *path = gd_path_join(p->dir, "journal.jsonl");
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(more);
	size_t size;

	copy_run(p, "\"blind\":true");
	never = render(p, "md");
	assert_non_null(strstr(never, "The run was blind"));
	assert_non_null(strstr(never, "nobody is recorded to have revealed it"));
	assert_int_equal(gd_file_read(path, 1 << 20, &journal, &size, &err), 0);
	gd_strbuf_addf(&more,
		       "%s{\"wall_ns\":\"1795442414200000000\",\"event\":\"revealed\","
		       "\"why\":\"by the note diagnosed\"}\n",
		       journal);
	put(p, "journal.jsonl", gd_strbuf_str(&more));
	md = render(p, "md");
	assert_non_null(strstr(md, "until 2026-11-23T14:00:14.200Z, +5.3 s from the "
				   "injection, when it was revealed by the note "
				   "diagnosed."));
}

static void findings_are_shown(void **state)
{
	struct place *p = *state;
	GD_AUTO_FREE char *md = NULL, *html = NULL, *json = NULL;
	GD_AUTO(cJSON) cJSON *report = NULL;
	const cJSON *noted;

	copy_run(p, "");
	put(p, "findings.yaml",
	    "# of ours\n"
	    "- finding: no alert on <script>alert(1)</script> | drops\n"
	    "  owner: Ada \"the <b>\"\n"
	    "  ticket: javascript:alert(1)\n"
	    "  retest: 2027-01-15\n"
	    "  severity: high\n"
	    "- finding: second\n"
	    "  ticket: https://tracker.example/7\n"
	    "- finding: third\n  retest: soon\n");
	md = render(p, "md");
	html = render(p, "html");
	json = render(p, "json");
	assert_non_null(strstr(md, "no alert on &lt;script>alert(1)&lt;/script> \\| "
				   "drops"));
	assert_non_null(strstr(md, "2027-01-15"));
	assert_non_null(strstr(md, "findings.yaml:10:11"));
	assert_non_null(strstr(md, "nobody yet"));
	assert_null(strstr(html, "<script>alert"));
	assert_null(strstr(html, "href=\"javascript"));
	assert_non_null(strstr(html, "href=\"https://tracker.example/7\""));
	report = cJSON_Parse(json);
	noted = cJSON_GetObjectItemCaseSensitive(report, "noted");
	assert_int_equal(cJSON_GetArraySize(noted), 2);
	assert_string_equal(gd_json_str(cJSON_GetArrayItem(noted, 0), "owner", ""),
			    "Ada \"the <b>\"");
	assert_string_equal(gd_json_str(cJSON_GetArrayItem(noted, 0), "severity", ""),
			    "high");
}

static void hostile_people(void **state)
{
	static const char evil[] = "<img src=x>\x1b[31m\n| `x`";
	struct place *p = *state;
	GD_AUTO_FREE char *md = NULL, *html = NULL, *json = NULL;
	GD_AUTO(cJSON) cJSON *report = NULL;

	copy_run(p, "\"roles\":{\"<i>\\u001b\":[\"<u>\\n\",7],\"x\":5}");
	note(p, "mitigated", 15, evil, evil);
	note(p, "text", 16, "<u>\n", "\xff\xfe");
	md = render(p, "md");
	html = render(p, "html");
	json = render(p, "json");
	assert_null(strstr(md, "<img"));
	assert_null(strstr(md, "<i>"));
	assert_null(strstr(html, "<img"));
	assert_null(strstr(html, "<u>"));
	assert_null(strchr(md, '\x1b'));
	assert_null(strchr(html, '\x1b'));
	assert_null(strchr(json, '\x1b'));
	report = cJSON_Parse(json);
	assert_non_null(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_the_run_tells, enter, leave),
		cmocka_unit_test_setup_teardown(notes_are_placed_and_named, enter, leave),
		cmocka_unit_test_setup_teardown(the_summary_has_the_people, enter, leave),
		cmocka_unit_test_setup_teardown(without_notes_little_is_said, enter,
						leave),
		cmocka_unit_test_setup_teardown(the_day_is_told_when_it_changes, enter,
						leave),
		cmocka_unit_test(left_behind_is_not_undone),
		cmocka_unit_test_setup_teardown(recovered_under_the_fault, enter, leave),
		cmocka_unit_test_setup_teardown(a_relapse_is_no_recovery, enter, leave),
		cmocka_unit_test_setup_teardown(never_recovered, enter, leave),
		cmocka_unit_test_setup_teardown(nothing_to_recover_from, enter, leave),
		cmocka_unit_test_setup_teardown(a_blind_run, enter, leave),
		cmocka_unit_test_setup_teardown(findings_are_shown, enter, leave),
		cmocka_unit_test_setup_teardown(hostile_people, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
