/* SPDX-License-Identifier: Apache-2.0 */
/* What people write into the journal of a run that goes on reaches its view. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/note.h"
#include "gameday/runner/session.h"

#include "../cmocka_all.h"

struct world {
	char dir[64];
	int pipe_fd[2];
	struct gd_run run;
};

static void setup(struct world *w)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_view_options opt = {.blind = true};

	*w = (struct world){.dir = "/tmp/gameday-notes-XXXXXX"};
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(pipe(w->pipe_fd), 0);
	assert_int_equal(fcntl(w->pipe_fd[0], F_SETFL, O_NONBLOCK), 0);
	opt.fd = w->pipe_fd[1];
	assert_int_equal(gd_view_new(&opt, &w->run.view, &err), 0);
	assert_int_equal(gd_record_new(w->dir, "notes", &w->run.rec, &err), 0);
	gd_view_secret(w->run.view, GD_TONE_FAULT, "fault    api-1: lose");
}

static void teardown(struct world *w)
{
	struct gd_error err = GD_ERROR_INIT;

	gd_view_free(w->run.view);
	gd_record_free(w->run.rec);
	assert_int_equal(gd_remove_tree(w->dir, &err), 0);
	(void)close(w->pipe_fd[0]);
	(void)close(w->pipe_fd[1]);
}

/* What the view printed since the last time. */
static const char *printed(struct world *w, char buf[4096])
{
	ssize_t n = read(w->pipe_fd[0], buf, 4095);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void note(struct world *w, const char *kind, const char *text)
{
	struct gd_error err = GD_ERROR_INIT;

	struct gd_note n = {.kind = kind, .text = text};

	assert_int_equal(gd_note_write(gd_record_dir(w->run.rec), &n, &err), 0);
}

static void test_notes(void **state)
{
	struct world w;
	char buf[4096];

	(void)state;
	setup(&w);
	/* The run's own events are none, also those that quote the word. */
	gd_record_event_text(w.run.rec, "signal", "name", "\"event\":\"note\"");
	gd_live_hear_notes(&w.run);
	assert_string_equal(printed(&w, buf), "");
	note(&w, "detected", "alert\033[2J fired");
	gd_live_hear_notes(&w.run);
	assert_non_null(
		strstr(printed(&w, buf), "s  note     detected alert [2J fired\n"));
	assert_true(gd_view_is_blind(w.run.view));
	/* Each once. */
	gd_live_hear_notes(&w.run);
	assert_string_equal(printed(&w, buf), "");
	note(&w, "text", "diagnosed? not yet");
	note(&w, "diagnosed", "");
	gd_live_hear_notes(&w.run);
	assert_false(gd_view_is_blind(w.run.view));
	(void)printed(&w, buf);
	assert_non_null(strstr(buf, "s  note     diagnosed? not yet\n"));
	assert_non_null(strstr(buf, "s  revealed by the note diagnosed\n"));
	assert_non_null(strstr(buf, "s  fault    api-1: lose\n"));
	teardown(&w);
}

/* A line that is being written is taken when it is whole; one without end does not block the rest. */
static void test_halves(void **state)
{
	static const char first[] = "{\"event\":\"note\",\"kind\":\"text\",\"te";
	static const char second[] = "xt\":\"whole\"}\n";
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *huge = malloc(200 * 1024);
	GD_AUTO_FREE char *path = NULL;
	struct world w;
	char buf[4096];
	int fd;

	(void)state;
	setup(&w);
	path = gd_path_join(gd_record_dir(w.run.rec), "journal.jsonl");
	assert_non_null(path);
	assert_non_null(huge);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(gd_fd_write_all(fd, first, strlen(first), &err), 0);
	gd_live_hear_notes(&w.run);
	assert_string_equal(printed(&w, buf), "");
	assert_int_equal(gd_fd_write_all(fd, second, strlen(second), &err), 0);
	gd_live_hear_notes(&w.run);
	assert_non_null(strstr(printed(&w, buf), "s  note     whole\n"));
	memset(huge, 'x', 200 * 1024);
	huge[200 * 1024 - 1] = '\n';
	assert_int_equal(gd_fd_write_all(fd, huge, 200 * 1024, &err), 0);
	note(&w, "text", "after");
	for (int i = 0; i < 10; i++)
		gd_live_hear_notes(&w.run);
	assert_non_null(strstr(printed(&w, buf), "s  note     after\n"));
	(void)close(fd);
	teardown(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_halves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
