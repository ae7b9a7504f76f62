/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that only look, run by the real agent: whatever one of them does, it is over in
 * its time, small enough, harmless to read, and nothing of it is left.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "tests/functional/agent/client.h"
#include "tests/unit/cmocka_all.h"

#define LIMITS "\"timeout_ms\":10000,\"max_output\":16384"

static void start(struct bed *f, const char *command, const char *limits)
{
	GD_AUTO(cJSON) cJSON *text = cJSON_CreateString(command);
	GD_AUTO_FREE char *quoted = text ? gd_json_print(text) : NULL;
	GD_AUTO_FREE char *fields = NULL;

	assert_non_null(quoted);
	cJSON_Delete(f->c.event); /* of an earlier one */
	f->c.event = NULL;
	fields = gd_strf("\"ref\":\"s\",\"command\":%s,%s", quoted ? quoted : "", limits);
	assert_non_null(fields);
	client_must(&f->c, "run", fields);
}

/* The event `ran` of a command; borrowed until the next one. */
static const cJSON *run(struct bed *f, const char *command, const char *limits)
{
	start(f, command, limits);
	client_await(&f->c, "ran");
	assert_string_equal(gd_json_str(f->c.event, "ref", ""), "s");
	return f->c.event;
}

static bool is_gone(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = 10000000};

	for (int i = 0; i < 500; i++) {
		if (kill(pid, 0) < 0 && errno == ESRCH)
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

static void test_output_and_status(void **state)
{
	struct bed *f = *state;
	const cJSON *ran = run(f, "echo out; echo err >&2; cat; exit 3", LIMITS);

	assert_string_equal(gd_json_str(ran, "output", ""), "out\nerr\n");
	assert_int_equal(gd_json_int(ran, "status", -1), 3);
	assert_int_equal(gd_json_int(ran, "dropped", -1), 0);
	ran = run(f, "cat <<'EOF' | tr a-z A-Z\nhere $HOME\nEOF\n", LIMITS);
	assert_string_equal(gd_json_str(ran, "output", ""), "HERE $HOME\n");
	ran = run(f, "kill -9 $$", LIMITS);
	assert_int_equal(gd_json_int(ran, "signal", -1), SIGKILL);
	assert_int_equal(client_end(&f->c), 0);
}

static void test_time_limit(void **state)
{
	struct bed *f = *state;
	const cJSON *ran =
		run(f, "echo begun; sleep 300", "\"timeout_ms\":300,\"max_output\":100");

	assert_true(gd_json_bool(ran, "timed_out", false));
	assert_string_equal(gd_json_str(ran, "output", ""), "begun\n");
	assert_true(gd_json_int(ran, "took_ms", 0) >= 300);
	assert_true(gd_json_int(ran, "took_ms", 0) < 5000);
	/* One that closes its output and ignores what asks it to end. */
	ran = run(f, "trap '' TERM HUP INT; exec >&- 2>&-; while :; do :; done",
		  "\"timeout_ms\":300,\"max_output\":100");
	assert_true(gd_json_bool(ran, "timed_out", false));
	assert_int_equal(client_end(&f->c), 0);
}

static void test_output_limit(void **state)
{
	struct bed *f = *state;
	const cJSON *ran = run(f, "yes | head -c 3000000; echo last",
			       "\"timeout_ms\":10000,\"max_output\":1000");

	assert_int_equal(strlen(gd_json_str(ran, "output", "")), 1000);
	assert_int_equal(gd_json_int(ran, "dropped", -1), 3000000 + 5 - 1000);
	assert_int_equal(gd_json_int(ran, "status", -1), 0);
	assert_int_equal(client_end(&f->c), 0);
}

static void test_hostile_output(void **state)
{
	struct bed *f = *state;
	const cJSON *ran = run(
		f,
		"printf '\\033[2J<script>\\377\\376\\000\"\\\\ {\"event\":\"reverted\"}\\n'",
		LIMITS);

	/* NULs and bytes that are no UTF-8 are marked; the rest is quoted by the frame. */
	assert_string_equal(gd_json_str(ran, "output", ""),
			    "\033[2J<script>???\"\\ {\"event\":\"reverted\"}\n");
	assert_int_equal(client_end(&f->c), 0);
}

/* What a command started in the background is gone, also when it left group and session. */
static void test_nothing_is_left(void **state)
{
	struct bed *f = *state;
	const cJSON *ran =
		run(f, "setsid sleep 300 & echo $!; sleep 300 & echo $!", LIMITS);
	long one = 0, two = 0;

	assert_int_equal(sscanf(gd_json_str(ran, "output", ""), "%ld %ld", &one, &two),
			 2);
	assert_true(is_gone((pid_t)one));
	assert_true(is_gone((pid_t)two));
	assert_int_equal(client_end(&f->c), 0);
}

/* The first child of a process, 0: none. */
static pid_t child_of(pid_t of)
{
	GD_AUTO_FREE char *path =
		gd_strf("/proc/%ld/task/%ld/children", (long)of, (long)of);
	FILE *file = path ? fopen(path, "re") : NULL;
	long pid = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%ld", &pid) != 1)
		pid = 0;
	(void)fclose(file);
	return (pid_t)pid;
}

/* Starts one that hangs; the agent's child is the process that watches it. */
static pid_t start_hanging(struct bed *f)
{
	const struct timespec pause = {.tv_nsec = 10000000};

	start(f, "exec sleep 300", LIMITS);
	for (int i = 0; i < 500; i++) {
		pid_t watcher = child_of(f->c.pid);
		pid_t pid = watcher ? child_of(watcher) : 0;

		if (pid)
			return pid;
		(void)nanosleep(&pause, NULL);
	}
	fail_msg("the command did not start");
	return 0;
}

static void test_stop(void **state)
{
	struct bed *f = *state;
	pid_t pid = start_hanging(f);

	client_refused(&f->c, "run", "\"ref\":\"s\",\"command\":\"true\"," LIMITS,
		       "running already");
	client_must(&f->c, "run_stop", "");
	client_await(&f->c, "ran");
	assert_true(gd_json_bool(f->c.event, "stopped", false));
	assert_true(is_gone(pid));
	assert_int_equal(client_end(&f->c), 0);
}

static void test_hang_up(void **state)
{
	struct bed *f = *state;
	pid_t pid = start_hanging(f);

	assert_int_equal(client_end(&f->c), 0);
	assert_true(is_gone(pid));
}

static void test_killed_agent(void **state)
{
	struct bed *f = *state;
	pid_t pid = start_hanging(f);

	assert_int_equal(kill(f->c.pid, SIGKILL), 0);
	client_bury(&f->c);
	assert_true(is_gone(pid));
}

/* A fault comes and goes as fast as ever while commands hang. */
static void test_undo_does_not_wait(void **state)
{
	struct bed *f = *state;
	GD_AUTO_FREE char *fields = NULL, *path = gd_path_join(f->dir, "one");
	struct gd_error err = GD_ERROR_INIT;
	struct gd_instant began;

	assert_int_equal(gd_file_write(path, "first", 5, 0600, &err), 0);
	client_must(&f->c, "claim", "\"lease_ms\":20000,\"deadline_ms\":60000");
	start(f, "trap '' TERM; sleep 300", LIMITS);
	fields = gd_strf("\"ref\":\"a\",\"kind\":\"file\",\"args\":{\"path\":\"%s\","
			 "\"content\":\"broken\"}",
			 path);
	client_must(&f->c, "inject", fields);
	began = gd_now();
	client_must(&f->c, "revert", "\"all\":true");
	assert_true(gd_between(began, gd_now()).ns < 5 * GD_NS_PER_S);
	client_must(&f->c, "release", "");
	assert_int_equal(client_end(&f->c), 0);
}

/* Does this machine let root have mounts of its own? A container may not. */
static bool may_unshare(void)
{
	const char *const argv[] = {"unshare", "-m", "true", NULL};
	struct gd_error err = GD_ERROR_INIT;

	return gd_proc_must(argv, gd_span_s(10), &err) == 0;
}

static void test_least_privilege(void **state)
{
	struct bed *f = *state;
	GD_AUTO_FREE char *look = gd_strf("grep -c 'NoNewPrivs:.1' /proc/self/status; "
					  "touch %s/mark; test -e %s/mark; echo $?",
					  f->dir, f->dir);
	const cJSON *ran = run(f, look, LIMITS);
	const char *out = gd_json_str(ran, "output", "");
	bool mounts = geteuid() == 0 && may_unshare();

	assert_memory_equal(out, "1\n", 2);
	if (mounts) {
		assert_non_null(strstr(out, "Read-only file system"));
		assert_string_equal(out + strlen(out) - 2, "1\n");
		ran = run(f, "grep CapEff /proc/self/status", LIMITS);
		/* dac_read_search, net_raw, sys_ptrace, syslog, and no other. */
		assert_non_null(
			strstr(gd_json_str(ran, "output", ""), "0000000400082004"));
	}
	assert_int_equal(client_end(&f->c), 0);
}

static void test_refused(void **state)
{
	struct bed *f = *state;

	client_refused(&f->c, "run", "\"ref\":\"s\"," LIMITS, "missing or longer");
	client_refused(&f->c, "run", "\"command\":\"true\"," LIMITS, "ref is missing");
	client_refused(&f->c, "run",
		       "\"ref\":\"s\",\"command\":\"true\",\"timeout_ms\":90000,"
		       "\"max_output\":10",
		       "timeout_ms is 90000");
	client_refused(&f->c, "run",
		       "\"ref\":\"s\",\"command\":\"true\",\"timeout_ms\":10,"
		       "\"max_output\":1000000",
		       "max_output is 1000000");
	assert_int_equal(client_end(&f->c), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_output_and_status, bed_setup,
						bed_teardown),
		cmocka_unit_test_setup_teardown(test_time_limit, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(test_output_limit, bed_setup,
						bed_teardown),
		cmocka_unit_test_setup_teardown(test_hostile_output, bed_setup,
						bed_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_left, bed_setup,
						bed_teardown),
		cmocka_unit_test_setup_teardown(test_stop, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(test_hang_up, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(test_killed_agent, bed_setup,
						bed_teardown),
		cmocka_unit_test_setup_teardown(test_undo_does_not_wait, bed_setup,
						bed_teardown),
		cmocka_unit_test_setup_teardown(test_least_privilege, bed_setup,
						bed_teardown),
		cmocka_unit_test_setup_teardown(test_refused, bed_setup, bed_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
