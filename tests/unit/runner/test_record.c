/* SPDX-License-Identifier: Apache-2.0 */
/* The run's directory: nobody else's, and true to the end on a disk that is full. */
#include "gameday/runner/record.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/lines.h"
#include "gameday/report/model.h"
#include "gameday/report/note.h"
#include "gameday/report/report.h"
#include "gameday/report/rundir.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/place.h"

/* --- two runs ------------------------------------------------------------------------- */

enum { RUNNERS = 8, RUNS_EACH = 5 };

static void make_runs(const char *parent)
{
	for (int i = 0; i < RUNS_EACH; i++) {
		struct gd_error err = GD_ERROR_INIT;
		GD_AUTO(gd_record) struct gd_record *rec = NULL;

		if (gd_record_new(parent, "same", &rec, &err) < 0)
			_exit(1);
		gd_record_event_text(rec, "run_started", "run", gd_record_id(rec));
	}
	_exit(0);
}

static int count(void *ctx, cJSON *line, struct gd_error *err)
{
	(void)err;
	*(int *)ctx += 1;
	cJSON_Delete(line);
	return 0;
}

static void runs_never_share_a_directory(void **state)
{
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	struct gd_rundirs runs;
	int status;

	for (int i = 0; i < RUNNERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			make_runs(p->dir);
	}
	for (int i = 0; i < RUNNERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(gd_rundirs_list(p->dir, &runs, &err), 0);
	assert_int_equal(runs.n, RUNNERS * RUNS_EACH);
	for (size_t i = 0; i < runs.n; i++) {
		GD_AUTO_FREE char *journal =
			gd_strf("%s/%s/journal.jsonl", p->dir, runs.names[i]);
		struct gd_lines lines;
		int n = 0;

		assert_int_equal(gd_lines_read(journal, count, &n, &lines, &err), 0);
		assert_int_equal(n, 1);
	}
	gd_rundirs_fini(&runs);
}

/* --- notes beside it ------------------------------------------------------------------ */

enum { NOTERS = 3, NOTES_EACH = 60, EVENTS = 400 };

static void take_notes(const char *dir)
{
	struct gd_note note = {.kind = "text", .text = "seen", .by = "Ada"};
	struct gd_error err = GD_ERROR_INIT;

	for (int i = 0; i < NOTES_EACH; i++)
		if (gd_note_write(dir, &note, &err) < 0)
			_exit(1);
	_exit(0);
}

static void notes_do_not_harm_the_journal(void **state)
{
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(gd_record) struct gd_record *rec = NULL;
	GD_AUTO_FREE char *journal = NULL;
	struct gd_lines lines;
	int status, n = 0;

	assert_int_equal(gd_record_new(p->dir, "noted", &rec, &err), 0);
	for (int i = 0; i < NOTERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			take_notes(gd_record_dir(rec));
	}
	for (int i = 0; i < EVENTS; i++)
		gd_record_event_text(rec, "steady", "condition", "x");
	for (int i = 0; i < NOTERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(gd_record_check(rec, &err), 0);
	journal = gd_path_join(gd_record_dir(rec), "journal.jsonl");
	assert_int_equal(gd_lines_read(journal, count, &n, &lines, &err), 0);
	assert_int_equal(lines.n_bad, 0);
	assert_int_equal(n, EVENTS + NOTERS * NOTES_EACH);
}

/* Who took a note was killed in the middle: that note is lost, and nothing of the run. */
static void a_note_cut_short(void **state)
{
	static const char part[] = "{\"event\":\"note\",\"te";
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(gd_record) struct gd_record *rec = NULL;
	GD_AUTO_FREE char *journal = NULL;
	GD_AUTO_FD int fd = -1;
	struct gd_lines lines;
	int n = 0;

	assert_int_equal(gd_record_new(p->dir, "cut", &rec, &err), 0);
	gd_record_event_text(rec, "run_started", "run", "x");
	journal = gd_path_join(gd_record_dir(rec), "journal.jsonl");
	fd = open(journal, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, part, strlen(part)), strlen(part));
	gd_record_event_text(rec, "fault_reverted", "ref", "x");
	gd_record_event_text(rec, "run_ended", "end", "completed");
	assert_int_equal(gd_lines_read(journal, count, &n, &lines, &err), 0);
	assert_int_equal(n, 3);
	assert_int_equal(lines.n_bad, 1);
	assert_int_equal(lines.n_lines, 4);
}

/* --- a file that grew to its limit ---------------------------------------------------- */

static void add_metrics(struct gd_record *rec, int n)
{
	char filler[2000];

	memset(filler, 'x', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	for (int i = 0; i < n; i++) {
		cJSON *line = cJSON_CreateObject();

		assert_true(gd_json_set_str(line, "filler", filler));
		gd_record_metrics(rec, line);
	}
}

static void add_story(struct gd_record *rec)
{
	cJSON *m = cJSON_CreateObject();

	gd_record_event_text(rec, "run_started", "scenario", "full");
	assert_true(gd_json_set_str(m, "stage", "lossy") &&
		    gd_json_set_str(m, "kind", "fault"));
	gd_record_event(rec, "stage_begin", m);
	m = cJSON_CreateObject();
	assert_true(gd_json_set_str(m, "ref", "a") &&
		    gd_json_set_str(m, "stage", "lossy") &&
		    gd_json_set_str(m, "host", "api-1"));
	gd_record_event(rec, "fault_injecting", m);
}

static void add_end(struct gd_record *rec)
{
	cJSON *m = cJSON_CreateObject();

	gd_record_event_text(rec, "abort", "reason", "the disk is full");
	assert_true(gd_json_set_str(m, "ref", "a") && gd_json_set_bool(m, "equal", true));
	gd_record_event(rec, "fault_reverted", m);
	gd_record_event_text(rec, "run_ended", "end", "aborted");
}

static void assert_told(const char *dir)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(gd_report) struct gd_report *r = NULL;

	assert_int_equal(gd_report_load(dir, &r, &err), 0);
	assert_true(r->over);
	assert_int_equal(r->verdict.kind, GD_VERDICT_ABORTED);
	assert_true(gd_results_fault(r->results, 0).equal);
}

static void a_file_at_its_limit(void **state)
{
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(gd_record) struct gd_record *rec = NULL;
	struct rlimit old, small;

	assert_int_equal(gd_record_new(p->dir, "limit", &rec, &err), 0);
	add_story(rec);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 50000;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	add_metrics(rec, 40);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(gd_record_check(rec, &err), -1);
	assert_non_null(strstr(err.text, "can't be recorded any more in /tmp/"));
	assert_non_null(strstr(err.text, "File too large"));
	assert_false(gd_record_incomplete(rec));
	add_end(rec);
	assert_told(gd_record_dir(rec));
}

static void a_journal_at_its_limit(void **state)
{
	struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(gd_record) struct gd_record *rec = NULL;
	struct rlimit old, small;

	assert_int_equal(gd_record_new(p->dir, "limit", &rec, &err), 0);
	add_story(rec);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 400;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	add_end(rec);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	assert_true(gd_record_incomplete(rec));
	/* Where it can write again, its lines are whole. */
	add_end(rec);
	assert_told(gd_record_dir(rec));
}

/* --- a disk that is full -------------------------------------------------------------- */

enum { CHILD_OK, CHILD_SKIP, CHILD_FAILED };

/* A file system of our own, of some MiB, over dir; needs root or user namespaces. */
static bool mount_small(const char *dir)
{
	int flags = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;

	if (unshare(flags) < 0)
		return false;
	/* Not to be seen outside; without it the mount could spread. */
	(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return mount("tmpfs", dir, "tmpfs", 0, "size=6m") == 0;
}

static bool is_there(const char *dir, const char *name)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, name);
	struct stat st;

	return path && stat(path, &st) == 0 && st.st_size > 0;
}

static int fill_the_disk(const char *dir)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(gd_record) struct gd_record *rec = NULL, *second = NULL;
	int status = -1;

	if (!mount_small(dir))
		return CHILD_SKIP;
	if (gd_record_new(dir, "full", &rec, &err) < 0)
		return CHILD_FAILED;
	/* What is left of 6 MiB is too little for another: nothing may stay of it. */
	if (gd_record_new(dir, "second", &second, &err) == 0 ||
	    !strstr(err.text, "no room for the 4 MiB") ||
	    !strstr(err.text, "No space left on device"))
		return CHILD_FAILED;
	add_story(rec);
	add_metrics(rec, 4000);
	if (gd_record_check(rec, &err) == 0 ||
	    !strstr(err.text, "No space left on device"))
		return CHILD_FAILED;
	add_end(rec);
	gd_record_release(rec);
	if (gd_record_incomplete(rec) ||
	    gd_report_write(gd_record_dir(rec), NULL, &status, &err) != 0 ||
	    status != GD_EXIT_ABORTED || !is_there(gd_record_dir(rec), "report.md"))
		return CHILD_FAILED;
	assert_told(gd_record_dir(rec));
	return CHILD_OK;
}

static void a_full_disk(void **state)
{
	struct place *p = *state;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct gd_error err = GD_ERROR_INIT;
		struct gd_rundirs runs = {0};

		status = fill_the_disk(p->dir);
		/* One run, and not a second one without a journal. */
		if (status == CHILD_OK &&
		    (gd_rundirs_list(p->dir, &runs, &err) < 0 || runs.n != 1))
			status = CHILD_FAILED;
		gd_rundirs_fini(&runs);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_SKIP) {
		print_message("skipped: may not mount a tmpfs here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), CHILD_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(runs_never_share_a_directory, enter,
						leave),
		cmocka_unit_test_setup_teardown(notes_do_not_harm_the_journal, enter,
						leave),
		cmocka_unit_test_setup_teardown(a_note_cut_short, enter, leave),
		cmocka_unit_test_setup_teardown(a_file_at_its_limit, enter, leave),
		cmocka_unit_test_setup_teardown(a_journal_at_its_limit, enter, leave),
		cmocka_unit_test_setup_teardown(a_full_disk, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
