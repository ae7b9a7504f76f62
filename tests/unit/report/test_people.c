/* SPDX-License-Identifier: Apache-2.0 */
/* What people write into a run: notes and their times, findings.yaml. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/report/findings.h"
#include "gameday/report/lines.h"
#include "gameday/report/note.h"
#include "tests/unit/cmocka_all.h"

struct place {
	char dir[64], journal[96], findings[96];
};

static int enter(void **state)
{
	static struct place p;

	(void)snprintf(p.dir, sizeof(p.dir), "/tmp/gameday-test-XXXXXX");
	*state = &p;
	if (!mkdtemp(p.dir))
		return -1;
	(void)snprintf(p.journal, sizeof(p.journal), "%s/journal.jsonl", p.dir);
	(void)snprintf(p.findings, sizeof(p.findings), "%s/findings.yaml", p.dir);
	return 0;
}

static int leave(void **state)
{
	struct gd_error err = GD_ERROR_INIT;

	return gd_remove_tree(((struct place *)*state)->dir, &err);
}

static void put(const char *path, const char *text)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_file_write(path, text, strlen(text), 0644, &err), 0);
}

static char *get(const char *path)
{
	struct gd_error err = GD_ERROR_INIT;
	char *text = NULL;
	size_t size;

	assert_int_equal(gd_file_read(path, 1 << 20, &text, &size, &err), 0);
	return text;
}

/* --- notes ---------------------------------------------------------------------------- */

static void a_note_is_one_line(void **state)
{
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *text = NULL;
	struct gd_note n = {.kind = "recovered",
			    .text = "p99 \"down\"\nagain \xff",
			    .by = "Ada \xc3\x28",
			    .at_ns = INT64_C(1795442400000000000)};

	put(p->journal, "{\"event\":\"cut sho");
	assert_int_equal(gd_note_write(p->dir, &n, &err), 0);
	text = get(p->journal);
	assert_non_null(strstr(text, "cut sho\n{\"wall_ns\":\"1795442400000000000\","));
	assert_non_null(strstr(text, "\"text\":\"p99 \\\"down\\\"\\nagain ?\","
				     "\"by\":\"Ada ?(\",\"noted_ns\":"));
	n.by = "a name that is much longer than any name that a person has ever "
	       "borne in the history of game days";
	assert_int_equal(gd_note_write(p->dir, &n, &err), -1);
	assert_non_null(strstr(err.text, "80 bytes"));
}

static int check_note(void *ctx, cJSON *line, struct gd_error *err)
{
	(void)err;
	assert_int_equal(strlen(gd_json_str(line, "text", "")), GD_NOTE_MAX);
	*(int *)ctx += 1;
	cJSON_Delete(line);
	return 0;
}

enum { WRITERS = 4, NOTES_EACH = 40 };

static void write_notes(const char *dir, char letter)
{
	static char text[GD_NOTE_MAX + 1];
	struct gd_note n = {.kind = "text", .text = text};
	struct gd_error err = GD_ERROR_INIT;

	memset(text, letter, GD_NOTE_MAX);
	for (int i = 0; i < NOTES_EACH; i++)
		if (gd_note_write(dir, &n, &err) < 0)
			_exit(1);
	_exit(0);
}

static void many_writers_never_mix(void **state)
{
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	struct gd_lines lines;
	int status, n = 0;

	put(p->journal, "");
	for (int i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			write_notes(p->dir, (char)('a' + i));
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(gd_lines_read(p->journal, check_note, &n, &lines, &err), 0);
	assert_int_equal(n, WRITERS * NOTES_EACH);
	assert_int_equal(lines.n_bad, 0);
}

/* --- times ---------------------------------------------------------------------------- */

/* The run began 2026-11-23T14:00:00.5Z; now is two minutes later. */
#define BEGAN (INT64_C(1795442400) * GD_NS_PER_S + GD_NS_PER_S / 2)
#define NOW (BEGAN + 120 * GD_NS_PER_S)

static void assert_time(const char *text, double seconds)
{
	struct gd_error err = GD_ERROR_INIT;
	int64_t at = 0;

	if (gd_note_time(text, BEGAN, NOW, &at, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	if (at != BEGAN + (int64_t)(seconds * (double)GD_NS_PER_S))
		fail_msg("%s is %.3f s after the begin", text,
			 (double)(at - BEGAN) / (double)GD_NS_PER_S);
}

static void assert_no_time(const char *text, const char *why)
{
	struct gd_error err = GD_ERROR_INIT;
	int64_t at = -7;

	assert_int_equal(gd_note_time(text, BEGAN, NOW, &at, &err), -1);
	assert_int_equal(at, -7);
	if (!strstr(err.text, why))
		fail_msg("%s: \"%s\" is not in: %s", text, why, err.text);
}

static void times_of_people(void **state)
{
	(void)state;
	(void)setenv("TZ", "EST5", 1);
	tzset();
	assert_time("-2m", 0);
	assert_time("-30s", 90);
	assert_time("+95s", 95);
	assert_time("14:01:00Z", 59.5);
	assert_time("14:01Z", 59.5);
	assert_time("09:01:00", 59.5);
	assert_time("09:01:00.25", 59.75);
	assert_time("14:00:00Z", -0.5); /* to the second, the run's begin */
	assert_time("2026-11-23T14:01:30Z", 89.5);
	assert_time("2026-11-23T09:01:30", 89.5);
	assert_no_time("13:59:59Z", "before the run began at 2026-11-23T14:00:00.500Z");
	assert_no_time("-3m", "before the run began");
	assert_no_time("14:59:00Z", "in the future: it is 2026-11-23T14:02:00.500Z");
	assert_no_time("", "is no time");
	assert_no_time("yesterday", "is no time");
	assert_no_time("25:00:00", "is no time");
	assert_no_time("14:01:00Zulu", "is no time");
	assert_no_time("-", "is no time");
	assert_no_time("--5s", "is no time");
	assert_no_time("09:01:00.", "is no time");
}

/* A run around midnight: 00:00:30 is of the next day. */
static void times_across_midnight(void **state)
{
	const int64_t began = INT64_C(1795478390) * GD_NS_PER_S; /* 23:59:50Z */
	struct gd_error err = GD_ERROR_INIT;
	int64_t at = 0;

	(void)state;
	assert_int_equal(
		gd_note_time("00:00:30Z", began, began + 100 * GD_NS_PER_S, &at, &err),
		0);
	assert_int_equal(at, began + 40 * GD_NS_PER_S);
}

/* --- findings ------------------------------------------------------------------------- */

static void append(const char *dir, struct gd_noted f)
{
	struct gd_error err = GD_ERROR_INIT;

	if (gd_noted_append(dir, &f, &err) < 0)
		fail_msg("%s", err.text);
}

static void a_finding_is_added_and_read(void **state)
{
	struct place *p = *state;
	struct gd_noted_list list;
	GD_AUTO_DIAGS(diags);

	gd_noted_load(p->findings, &list, &diags);
	assert_int_equal(list.n, 0); /* no file is no mistake */
	append(p->dir, (struct gd_noted){.finding = "a \"quoted\": #1\n- [x] \\ é",
					 .owner = "Ada",
					 .ticket = "OPS-1",
					 .retest = "2028-02-29",
					 .severity = GD_SEVERITY_HIGH,
					 .by = "Bob"});
	append(p->dir, (struct gd_noted){.finding = "\x1b[31m\xff\x7f"
						    "end"});
	gd_noted_load(p->findings, &list, &diags);
	assert_int_equal(diags.n, 0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[0].finding, "a \"quoted\": #1 - [x] \\ é");
	assert_string_equal(list.items[0].owner, "Ada");
	assert_string_equal(list.items[0].ticket, "OPS-1");
	assert_string_equal(list.items[0].retest, "2028-02-29");
	assert_string_equal(list.items[0].by, "Bob");
	assert_string_equal(gd_severity_name(list.items[0].severity), "high");
	assert_string_equal(list.items[1].finding, " [31m  end");
	assert_null(list.items[1].owner);
	gd_noted_fini(&list);
}

/* What people wrote is the beginning of the new file, byte by byte, however it looks. */
static void what_people_wrote_stays(void **state)
{
	static const char *const files[] = {
		"# ours\n- finding: one # why\n  owner: Ada # or Bob\n# end\n",
		"# nothing yet",
		"\n",
		"  - finding: indented\n    severity: low",
		"-   finding: wide\n    ticket: https://tracker/1\n\n\n",
		"- {finding: in a line, retest: 2027-01-15}\n",
		"---\n- finding: |\n    two\n    lines\n",
	};
	struct place *p = *state;

	for (size_t i = 0; i < GD_N_ELEMS(files); i++) {
		size_t before = strstr(files[i], "finding") ? 1 : 0;
		GD_AUTO_FREE char *text = NULL;
		struct gd_noted_list list;
		GD_AUTO_DIAGS(diags);

		put(p->findings, files[i]);
		append(p->dir, (struct gd_noted){.finding = "new", .owner = "Cy"});
		text = get(p->findings);
		assert_int_equal(strncmp(text, files[i], strlen(files[i])), 0);
		gd_noted_load(p->findings, &list, &diags);
		assert_int_equal(diags.n, 0);
		assert_int_equal(list.n, before + 1);
		assert_string_equal(list.items[before].finding, "new");
		gd_noted_fini(&list);
	}
}

static void assert_refused(const struct place *p, const char *text, const char *why)
{
	struct gd_noted f = {.finding = "new"};
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *after = NULL;

	put(p->findings, text);
	assert_int_equal(gd_noted_append(p->dir, &f, &err), -1);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" is not in: %s", why, err.text);
	after = get(p->findings);
	assert_string_equal(after, text);
}

static void a_bad_file_is_left_alone(void **state)
{
	struct place *p = *state;
	struct gd_noted bad = {.finding = "x", .retest = "2027-02-29"};
	struct gd_error err = GD_ERROR_INIT;

	assert_refused(p, "- finding: a\n  ownr: Ada\n",
		       "findings.yaml:2:3: finding: unknown key \"ownr\"; did you mean "
		       "\"owner\"?");
	assert_refused(p, "- finding: [\n", "findings.yaml:");
	assert_refused(p, "[{finding: a}]\n", "write the list with a dash per finding");
	assert_refused(p, "finding: a\n", "wanted: a list");
	assert_int_equal(gd_noted_append(p->dir, &bad, &err), -1);
	assert_non_null(strstr(err.text, "\"2027-02-29\" is no day"));
	bad = (struct gd_noted){.finding = ""};
	assert_int_equal(gd_noted_append(p->dir, &bad, &err), -1);
}

/* One mistake costs one finding, and is told with its place. */
static void mistakes_are_told(void **state)
{
	struct place *p = *state;
	struct gd_noted_list list;
	GD_AUTO_DIAGS(diags);

	put(p->findings, "- finding: one\n"
			 "- finding: two\n  retest: soon\n"
			 "- owner: Ada\n"
			 "- finding: four\n  severity: hihg\n"
			 "- finding: five\n");
	gd_noted_load(p->findings, &list, &diags);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[1].finding, "five");
	assert_int_equal(diags.n_errors, 3);
	assert_int_equal(diags.items[0].pos.line, 3);
	assert_int_equal(diags.items[0].pos.column, 11);
	assert_non_null(strstr(diags.items[0].text, "\"soon\" is no day"));
	assert_non_null(strstr(diags.items[1].text, "\"finding\" is missing"));
	assert_int_equal(diags.items[2].pos.line, 6);
	gd_noted_fini(&list);
}

static void days(void **state)
{
	static const char *const none[] = {"2027-02-29", "2100-02-29",  "2027-13-01",
					   "2027-00-10", "2027-04-31",  "27-01-15",
					   "2027-1-15",  "2027-01-15x", "-027-01-15",
					   "2027/01/15", "2027-01-00"};
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;

	for (size_t i = 0; i < GD_N_ELEMS(none); i++) {
		char day[32];
		struct gd_noted f = {.finding = "x", .retest = day};

		(void)snprintf(day, sizeof(day), "%s", none[i]);
		if (gd_noted_append(p->dir, &f, &err) == 0)
			fail_msg("%s is taken for a day", day);
	}
	assert_int_equal(access(p->findings, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_note_is_one_line, enter, leave),
		cmocka_unit_test_setup_teardown(many_writers_never_mix, enter, leave),
		cmocka_unit_test(times_of_people),
		cmocka_unit_test(times_across_midnight),
		cmocka_unit_test_setup_teardown(a_finding_is_added_and_read, enter,
						leave),
		cmocka_unit_test_setup_teardown(what_people_wrote_stays, enter, leave),
		cmocka_unit_test_setup_teardown(a_bad_file_is_left_alone, enter, leave),
		cmocka_unit_test_setup_teardown(mistakes_are_told, enter, leave),
		cmocka_unit_test_setup_teardown(days, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
