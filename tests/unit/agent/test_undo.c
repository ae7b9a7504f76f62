/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "injectors/agent/undo.h"

struct fixture {
	char dir[64];
	struct gd_error err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/gd-undo-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gd_remove_tree(f->dir, &f->err), 0);
	free(f);
	return 0;
}

static void make_record(struct gd_record *r, const char *ref)
{
	*r = (struct gd_record){.kind = "ring",
				.target = "eth0",
				.run = "run-1",
				.runner = "me@here pid 1",
				.boot_id = "b",
				.wall_ns = INT64_C(1795442345123456789),
				.deadline_ns = INT64_C(1795442345123456790)};
	(void)snprintf(r->ref, sizeof(r->ref), "%s", ref);
	r->args = cJSON_CreateObject();
	r->undo = cJSON_CreateObject();
	r->before = strdup("line 1\n\"line\" 2\n");
	assert_true(gd_json_set_str(r->undo, "rx", "256"));
}

static int64_t begin(struct fixture *f, struct gd_journal *j, const char *ref)
{
	GD_AUTO_RECORD struct gd_record r;

	make_record(&r, ref);
	r.id = gd_journal_next_id(j);
	assert_int_equal(gd_journal_begin(j, &r, &f->err), 0);
	return r.id;
}

static void step(struct fixture *f, struct gd_journal *j, int64_t id, enum gd_phase phase)
{
	assert_int_equal(gd_journal_step(j, id, phase, "now", NULL, NULL, &f->err), 0);
}

/* An active fault that was changed is undone from the undo record of its beginning. */
static void test_a_change_leaves_the_undo(void **state)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	GD_AUTO(cJSON) cJSON *args = cJSON_CreateObject();
	struct fixture *f = *state;
	struct gd_journal j;
	int64_t id;

	assert_true(gd_json_set_str(args, "rx", "48"));
	assert_int_equal(gd_journal_open(f->dir, &j, &f->err), 0);
	id = begin(f, &j, "a");
	step(f, &j, id, GD_PHASE_ACTIVE);
	assert_int_equal(gd_journal_change(&j, id, args, &f->err), 0);
	/* Of a fault that is over: odd, but no damage. */
	assert_int_equal(gd_journal_change(&j, id + 7, args, &f->err), 0);
	gd_journal_close(&j);
	assert_int_equal(gd_journal_load(f->dir, &v, &f->err), 0);
	assert_int_equal(v.n_damaged, 0);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.entries[0].phase, GD_PHASE_ACTIVE);
	assert_string_equal(gd_json_str(v.entries[0].record.args, "rx", ""), "48");
	assert_string_equal(gd_json_str(v.entries[0].record.undo, "rx", ""), "256");
}

static char *journal_path(const struct fixture *f)
{
	char *path = gd_path_join(f->dir, "journal");

	assert_non_null(path);
	return path;
}

static void test_what_is_open_is_found(void **state)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	struct fixture *f = *state;
	struct gd_journal j;
	int64_t a, b, c;

	assert_int_equal(gd_journal_open(f->dir, &j, &f->err), 0);
	a = begin(f, &j, "a");
	b = begin(f, &j, "b");
	c = begin(f, &j, "c");
	assert_true(a < b && b < c);
	step(f, &j, a, GD_PHASE_ACTIVE);
	step(f, &j, b, GD_PHASE_CLEAN);
	step(f, &j, c, GD_PHASE_LEFT_BEHIND);
	gd_journal_close(&j);
	assert_int_equal(gd_journal_load(f->dir, &v, &f->err), 0);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.n_damaged, 0);
	assert_string_equal(v.entries[0].record.ref, "a");
	assert_int_equal(v.entries[0].phase, GD_PHASE_ACTIVE);
	assert_string_equal(v.entries[0].record.before, "line 1\n\"line\" 2\n");
	assert_true(v.entries[0].record.wall_ns == INT64_C(1795442345123456789));
	assert_string_equal(gd_json_str(v.entries[0].record.undo, "rx", ""), "256");
	assert_string_equal(v.entries[1].record.ref, "c");
	assert_int_equal(v.entries[1].phase, GD_PHASE_LEFT_BEHIND);
}

static void test_ids_go_on_after_reopening(void **state)
{
	struct fixture *f = *state;
	struct gd_journal j;
	int64_t a;

	assert_int_equal(gd_journal_open(f->dir, &j, &f->err), 0);
	a = begin(f, &j, "a");
	step(f, &j, a, GD_PHASE_CLEAN);
	gd_journal_close(&j);
	assert_int_equal(gd_journal_open(f->dir, &j, &f->err), 0);
	assert_true(begin(f, &j, "b") > a);
	gd_journal_close(&j);
}

static void test_rights(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *path = journal_path(f);
	struct gd_journal j;
	struct stat st;

	assert_int_equal(chmod(f->dir, 0755), 0);
	assert_int_equal(gd_journal_open(f->dir, &j, &f->err), 0);
	gd_journal_close(&j);
	assert_int_equal(stat(f->dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Cut anywhere, the journal never says more than was synced and never counts as damaged. */
static void test_a_journal_cut_at_every_byte(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *path = journal_path(f);
	GD_AUTO_FREE char *text = NULL;
	struct gd_journal j;
	size_t size, opened = 0;

	assert_int_equal(gd_journal_open(f->dir, &j, &f->err), 0);
	step(f, &j, begin(f, &j, "a"), GD_PHASE_CLEAN);
	(void)begin(f, &j, "b");
	gd_journal_close(&j);
	assert_int_equal(gd_file_read(path, 1 << 20, &text, &size, &f->err), 0);
	for (size_t cut = 0; cut <= size; cut++) {
		GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};

		assert_int_equal(gd_journal_parse(text, cut, &v, &f->err), 0);
		assert_int_equal(v.n_damaged, 0);
		assert_true(v.n <= 1);
		opened += v.n;
	}
	assert_true(opened > 0);
}

/* Flipped anywhere, the line it hits is damaged, and said to be. */
static void test_a_flipped_byte_is_noticed(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *path = journal_path(f);
	GD_AUTO_FREE char *text = NULL;
	struct gd_journal j;
	size_t size;

	assert_int_equal(gd_journal_open(f->dir, &j, &f->err), 0);
	(void)begin(f, &j, "a");
	(void)begin(f, &j, "b");
	gd_journal_close(&j);
	assert_int_equal(gd_file_read(path, 1 << 20, &text, &size, &f->err), 0);
	for (size_t at = 0; at + 1 < size; at++) {
		GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};

		text[at] ^= 1;
		assert_int_equal(gd_journal_parse(text, size, &v, &f->err), 0);
		assert_true(v.n_damaged >= 1);
		assert_true(v.first_damaged >= 1);
		text[at] ^= 1;
	}
}

static void test_unfinished_line_is_cut_off(void **state)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	struct fixture *f = *state;
	GD_AUTO_FREE char *path = journal_path(f);
	struct gd_journal j;
	int fd;

	assert_int_equal(gd_journal_open(f->dir, &j, &f->err), 0);
	(void)begin(f, &j, "a");
	gd_journal_close(&j);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "0123456789abcdef {\"st", 21), 21);
	(void)close(fd);
	assert_int_equal(gd_journal_open(f->dir, &j, &f->err), 0);
	(void)begin(f, &j, "b");
	gd_journal_close(&j);
	assert_int_equal(gd_journal_load(f->dir, &v, &f->err), 0);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.n_damaged, 0);
}

static void test_no_journal_is_an_empty_one(void **state)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	struct fixture *f = *state;

	assert_int_equal(gd_journal_load("/nonexistent/dir", &v, &f->err), 0);
	assert_int_equal(v.n, 0);
	/* On success an error object stays as it was. */
	assert_int_equal(f->err.code, GD_OK);
}

static void test_set_aside(void **state)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	struct fixture *f = *state;
	GD_AUTO_FREE char *aside = gd_path_join(f->dir, "journal.damaged");
	struct gd_journal j;

	assert_int_equal(gd_journal_open(f->dir, &j, &f->err), 0);
	(void)begin(f, &j, "a");
	gd_journal_close(&j);
	assert_int_equal(gd_journal_set_aside(f->dir, &f->err), 0);
	assert_int_equal(access(aside, F_OK), 0);
	assert_int_equal(gd_journal_load(f->dir, &v, &f->err), 0);
	assert_int_equal(v.n, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_open_is_found),
		TEST(test_a_change_leaves_the_undo),
		TEST(test_ids_go_on_after_reopening),
		TEST(test_rights),
		TEST(test_a_journal_cut_at_every_byte),
		TEST(test_a_flipped_byte_is_noticed),
		TEST(test_unfinished_line_is_cut_off),
		TEST(test_no_journal_is_an_empty_one),
		TEST(test_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
