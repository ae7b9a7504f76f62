/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal is given back whatever happens, and nothing it does holds the run up. Each
 * test plays a recorded run through the real view on a pseudo terminal.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"

#include "pty.h"

#include "../../unit/cmocka_all.h"

#define RUN GD_SOURCE_DIR "/tests/unit/report/data/refuted"
#define ENTER "\033[?1049h"
#define LEAVE "\033[?1049l"

/* A busy machine is not what is tested. */
enum { LONG_MS = 20000 };

static const char *feed_path(void)
{
	return LIVE_FEED;
}

static void start(struct pty *p, const char *speed, const char *more, const char *value)
{
	const char *const argv[] = {feed_path(), RUN,   "--speed", speed,
				    more,        value, NULL};

	pty_start(p, 80, 24, NULL, argv);
}

static size_t count(const struct pty *p, const char *text)
{
	const char *at = gd_strbuf_str(&p->out);
	size_t n = 0;

	while ((at = strstr(at, text))) {
		at += strlen(text);
		n++;
	}
	return n;
}

/* The view was up, and the terminal is as it was: the alternate screen left, once for each time. */
static void assert_given_back(struct pty *p)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_ms(LONG_MS));

	while (gd_now().ns < end.ns &&
	       (count(p, LEAVE) < count(p, ENTER) || !pty_is_restored(p)))
		(void)pty_read(p, 50, NULL);
	assert_true(count(p, ENTER) >= 1);
	assert_true(count(p, LEAVE) >= count(p, ENTER));
	assert_true(pty_is_restored(p));
	/* And the cursor can be seen. */
	assert_non_null(strstr(gd_strbuf_str(&p->out), "\033[?25h"));
}

static double late_of(struct pty *p)
{
	const char *late;

	assert_true(pty_read(p, LONG_MS, "LATE "));
	(void)pty_read(p, 200, NULL);
	late = strstr(gd_strbuf_str(&p->out), "LATE ");
	return strtod(late + 5, NULL);
}

static void test_normal_end(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "10", NULL, NULL);
	assert_true(pty_read(&p, LONG_MS, "checkout.plain"));
	assert_false(pty_is_restored(&p));
	assert_true(pty_read(&p, LONG_MS, LEAVE));
	(void)late_of(&p);
	assert_int_equal(pty_wait(&p, LONG_MS), 0);
	assert_given_back(&p);
	/* What happened stands on the normal screen afterwards, once, and what is printed then. */
	assert_non_null(
		strstr(strstr(gd_strbuf_str(&p.out), LEAVE), "s  restored api-1"));
	assert_int_equal(count(&p, "s  restored api-1"), 1);
	assert_true(strstr(gd_strbuf_str(&p.out), "LATE ") >
		    strstr(gd_strbuf_str(&p.out), LEAVE));
	pty_end(&p);
}

static void end_by(int signo, const char *keys, bool dies)
{
	struct pty p;
	int status;

	start(&p, "1", NULL, NULL);
	assert_true(pty_read(&p, LONG_MS, "gameday"));
	(void)pty_read(&p, 300, NULL);
	if (keys)
		pty_type(&p, keys);
	else
		assert_int_equal(kill(p.job, signo), 0);
	status = pty_wait(&p, LONG_MS);
	if (dies) {
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signo);
	} else {
		assert_int_equal(status, 0);
	}
	assert_given_back(&p);
	pty_end(&p);
}

static void test_signals(void **state)
{
	(void)state;
	end_by(SIGTERM, NULL, false);
	end_by(SIGHUP, NULL, false);
	end_by(SIGINT, "\003", false);
	end_by(SIGKILL, NULL, true);
	end_by(SIGQUIT, "\034", true);
}

static void test_crash(void **state)
{
	static const int signos[] = {SIGSEGV, SIGABRT};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[8];
		struct pty p;
		int status;

		(void)snprintf(text, sizeof(text), "%d", signos[i]);
		start(&p, "1", "--crash", text);
		assert_true(pty_read(&p, LONG_MS, ENTER));
		status = pty_wait(&p, LONG_MS);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signos[i]);
		assert_given_back(&p);
		pty_end(&p);
	}
}

/* Its own process is killed: the run goes on, in lines. */
static void test_screen_is_killed(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "8", NULL, NULL);
	assert_true(pty_read(&p, LONG_MS, "gameday"));
	assert_int_equal(kill(pty_child(&p), SIGKILL), 0);
	assert_true(pty_read(&p, LONG_MS, "the live view has ended by itself"));
	assert_given_back(&p);
	assert_true(pty_read(&p, LONG_MS, "s  restored api-1"));
	(void)late_of(&p);
	assert_int_equal(pty_wait(&p, LONG_MS), 0);
	pty_end(&p);
}

/* Ctrl-Z gives the terminal back, fg takes it again. */
static void test_stop_and_go_on(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "6", NULL, NULL);
	assert_true(pty_read(&p, LONG_MS, "gameday"));
	(void)pty_read(&p, 300, NULL);
	pty_type(&p, "\032");
	assert_true(WIFSTOPPED(pty_wait(&p, LONG_MS)));
	assert_given_back(&p);
	gd_strbuf_clear(&p.out);
	pty_continue(&p);
	assert_true(pty_read(&p, LONG_MS, ENTER));
	(void)late_of(&p);
	assert_int_equal(pty_wait(&p, LONG_MS), 0);
	assert_given_back(&p);
	pty_end(&p);
}

/*
 * Ctrl-S for five seconds. Whoever waited for the terminal would have been late by that; a
 * lease of ten seconds would have lapsed with a little more.
 */
static void test_stalled_terminal(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "4", NULL, NULL);
	assert_true(pty_read(&p, LONG_MS, "gameday"));
	pty_type(&p, "\023");
	(void)pty_read(&p, 5000, NULL);
	pty_type(&p, "\021");
	assert_true(late_of(&p) < 2500);
	assert_int_equal(pty_wait(&p, LONG_MS), 0);
	assert_given_back(&p);
	pty_end(&p);
}

/* Ctrl-S in the last second and for good: the end waits for nobody. */
static void test_stalled_to_the_end(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "10", "--linger", "1");
	assert_true(pty_read(&p, LONG_MS, "gameday"));
	pty_type(&p, "\023");
	assert_true(late_of(&p) < 2500);
	assert_int_equal(pty_wait(&p, LONG_MS), 0);
	assert_given_back(&p);
	pty_end(&p);
}

static void test_resize(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "6", NULL, NULL);
	assert_true(pty_read(&p, LONG_MS, "gameday"));
	(void)pty_read(&p, 300, NULL);
	gd_strbuf_clear(&p.out);
	pty_resize(&p, 120, 40);
	/* Row 40 exists now, and the last line is there. */
	assert_true(pty_read(&p, LONG_MS, "\033[40;"));
	pty_resize(&p, 20, 5);
	(void)pty_read(&p, 500, NULL);
	pty_resize(&p, 80, 24);
	(void)late_of(&p);
	assert_int_equal(pty_wait(&p, LONG_MS), 0);
	pty_end(&p);
}

/* r at the keyboard ends the hiding. */
static void test_reveal(void **state)
{
	struct pty p;

	(void)state;
	start(&p, "6", "--blind", NULL);
	assert_true(pty_read(&p, LONG_MS, "r reveals"));
	(void)pty_read(&p, 5000, "checkout.plain");
	assert_null(strstr(gd_strbuf_str(&p.out), "Silent NIC"));
	pty_type(&p, "r");
	assert_true(pty_read(&p, LONG_MS, "Silent NIC"));
	(void)late_of(&p);
	pty_end(&p);
}

/* No terminal, one that can do nothing, or one too small: lines, and not one escape. */
static void test_lines_instead(void **state)
{
	static const struct {
		const char *term;
		int cols, rows;
	} cases[] = {{"dumb", 80, 24}, {"xterm", 30, 8}, {"no-such-terminal", 80, 24}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *const argv[] = {feed_path(), RUN, "--speed", "20", NULL};
		struct pty p;

		pty_start(&p, cases[i].cols, cases[i].rows, cases[i].term, argv);
		(void)late_of(&p);
		assert_int_equal(pty_wait(&p, LONG_MS), 0);
		assert_non_null(strstr(gd_strbuf_str(&p.out), "restored api-1"));
		assert_null(strstr(gd_strbuf_str(&p.out), "\033[?"));
		assert_true(pty_is_restored(&p));
		pty_end(&p);
	}
}

static void test_no_color(void **state)
{
	struct pty p;

	(void)state;
	assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
	start(&p, "10", NULL, NULL);
	(void)late_of(&p);
	assert_null(strstr(gd_strbuf_str(&p.out), "\033[33m"));
	assert_null(strstr(gd_strbuf_str(&p.out), "\033[1m\033[33m"));
	assert_null(strstr(gd_strbuf_str(&p.out), ";33m"));
	assert_null(strstr(gd_strbuf_str(&p.out), "\033[32m"));
	pty_end(&p);
	assert_int_equal(unsetenv("NO_COLOR"), 0);
	start(&p, "10", NULL, NULL);
	(void)late_of(&p);
	assert_non_null(strstr(gd_strbuf_str(&p.out), "\033[32m"));
	pty_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_end),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_screen_is_killed),
		cmocka_unit_test(test_stop_and_go_on),
		cmocka_unit_test(test_stalled_terminal),
		cmocka_unit_test(test_stalled_to_the_end),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_reveal),
		cmocka_unit_test(test_lines_instead),
		cmocka_unit_test(test_no_color),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
