/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads of the real agent: without privileges, and not lost with the session that started them.
 * The target is port 1 of the loopback, refused at once: an outcome like any other.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "injectors/agent/generator_socket.h"
#include "tests/functional/agent/client.h"
#include "tests/unit/cmocka_all.h"

#define SPEC                                                                             \
	"\"interval_ms\":100,\"spec\":{\"name\":\"l\",\"from\":\"runner\",\"http\":"     \
	"\"http://127.0.0.1:1/\",\"rate\":\"50/s\",\"connections\":4,\"timeout\":"       \
	"\"100ms\",\"clients\":{\"plain\":{}}}"
#define REF "\"ref\":\"l\""

/* The next event of that name: its number. */
static int64_t next(struct client *c, const char *event)
{
	cJSON_Delete(c->event);
	c->event = NULL;
	client_await(c, event);
	return gd_json_int(c->event, "seq", -1);
}

/* Numbers first, first + 1, ... last come, and nothing else; each interval is of its index. */
static void expect(struct client *c, int64_t first, int64_t last)
{
	for (int64_t n = first; n <= last; n++) {
		assert_int_equal(next(c, "load"), n);
		assert_int_equal(
			gd_json_int(gd_json_get(c->event, "interval"), "index", -1),
			n - 1);
	}
}

static void call_with(struct client *c, const char *op, const char *key, int64_t n)
{
	GD_AUTO_FREE char *fields = gd_strf(REF ",\"%s\":%lld", key, (long long)n);

	assert_non_null(fields);
	client_must(c, op, fields);
}

static struct gd_generator_name name_of(const struct bed *f)
{
	return (struct gd_generator_name){f->state, "test", "l"};
}

/* Is its process there? It is asked for as an agent would, 10 s at most until it is as wanted. */
static void await_process(const struct bed *f, bool wanted)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(10));
	struct gd_generator_name name = name_of(f);
	bool there = !wanted;

	while (there != wanted && gd_now().ns < end.ns) {
		const struct timespec pause = {.tv_nsec = 20 * GD_NS_PER_MS};
		struct gd_error err = GD_ERROR_INIT;
		int fd = gd_generator_connect(&name, &err);

		there = fd >= 0;
		gd_close_fd(&fd);
		(void)nanosleep(&pause, NULL);
	}
	assert_int_equal(there, wanted);
}

static void stop_and_end(struct bed *f, struct client *c)
{
	int64_t last;

	client_must(c, "load_stop", REF);
	last = next(c, "load_end");
	assert_true(last > 0);
	assert_null(gd_json_str(c->event, "error", NULL));
	client_refused(c, "load_stop", REF, "no load l");
	/* It is kept until somebody has its last word. */
	call_with(c, "load_got", "seq", last);
	await_process(f, false);
	assert_int_equal(client_end(c), 0);
}

static void kill_agent(struct client *c)
{
	assert_int_equal(kill(c->pid, SIGKILL), 0);
	client_bury(c);
}

static void test_without_privileges(void **state)
{
	struct bed *f = *state;
	const cJSON *interval;

	client_must(&f->c, "load", REF "," SPEC);
	client_refused(&f->c, "load", "\"ref\":\"l\",\"spec\":{}", "running already");
	client_await(&f->c, "load");
	interval = cJSON_GetObjectItemCaseSensitive(f->c.event, "interval");
	assert_string_equal(gd_json_str(interval, "client", ""), "plain");
	stop_and_end(f, &f->c);
}

/* Nobody wants what it has to tell any more. */
static void test_drop(void **state)
{
	struct bed *f = *state;

	client_must(&f->c, "load", REF "," SPEC);
	expect(&f->c, 1, 2);
	client_must(&f->c, "load_stop", REF ",\"drop\":true");
	await_process(f, false);
	client_refused(&f->c, "load_stop", REF ",\"drop\":true", "no load l");
	assert_int_equal(client_end(&f->c), 0);
}

/* The name of one that ended is free again, also when its end was not confirmed. */
static void test_again(void **state)
{
	struct bed *f = *state;

	for (int i = 0; i < 2; i++) {
		client_must(&f->c, "load", REF "," SPEC);
		expect(&f->c, 1, 2);
		client_must(&f->c, "load_stop", REF);
		assert_true(next(&f->c, "load_end") > 0);
	}
	assert_int_equal(client_end(&f->c), 0);
}

/* All that the runner does not have yet comes over the next session. */
static void test_killed_agent(void **state)
{
	struct bed *f = *state;

	client_must(&f->c, "load", REF "," SPEC);
	expect(&f->c, 1, 4);
	call_with(&f->c, "load_got", "seq", 2);
	kill_agent(&f->c);
	client_start(&f->c, f->state, 0);
	client_refused(&f->c, "load", REF "," SPEC, "another session of this run");
	client_refused(&f->c, "load_attach", "\"ref\":\"m\",\"after\":2", "no load m");
	call_with(&f->c, "load_attach", "after", 3);
	expect(&f->c, 4, 12);
	stop_and_end(f, &f->c);
}

/* As when sshd ends a session whose path is cut. */
static void test_hang_up(void **state)
{
	struct bed *f = *state;

	client_must(&f->c, "load", REF "," SPEC);
	expect(&f->c, 1, 2);
	assert_int_equal(client_end(&f->c), 0);
	client_start(&f->c, f->state, 0);
	call_with(&f->c, "load_attach", "after", 0);
	expect(&f->c, 1, 6);
	stop_and_end(f, &f->c);
}

/* It ends while nobody listens: what it measured is there, and its end. */
static void test_ended_alone(void **state)
{
	const struct timespec pause = {.tv_sec = 1};
	struct bed *f = *state;

	client_must(&f->c, "load", REF ",\"duration_ms\":500," SPEC);
	expect(&f->c, 1, 1);
	kill_agent(&f->c);
	(void)nanosleep(&pause, NULL);
	client_start(&f->c, f->state, 0);
	call_with(&f->c, "load_attach", "after", 1);
	expect(&f->c, 2, 5);
	call_with(&f->c, "load_got", "seq", next(&f->c, "load_end"));
	await_process(f, false);
	assert_int_equal(client_end(&f->c), 0);
}

/* A session that is cut off does not know it: the newer one has the load. */
static void test_second_session(void **state)
{
	struct bed *f = *state;
	struct client second;

	client_must(&f->c, "load", REF "," SPEC);
	expect(&f->c, 1, 2);
	client_start(&second, f->state, 0);
	call_with(&second, "load_attach", "after", 1);
	expect(&second, 2, 8);
	client_refused(&f->c, "load_got", REF ",\"seq\":8", "no load l");
	/* The first one ends, as it may: the load is none of its any more. */
	assert_int_equal(kill(f->c.pid, SIGTERM), 0);
	client_bury(&f->c);
	expect(&second, 9, 14);
	stop_and_end(f, &second);
}

static void sleep_ms(int64_t ms)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_ms(ms));

	while (gd_now().ns < end.ns) {
		const struct timespec pause = {.tv_nsec = 50 * GD_NS_PER_MS};

		(void)nanosleep(&pause, NULL);
	}
}

/* Being told to end is not being cut off. */
static void test_told_to_end(void **state)
{
	struct bed *f = *state;

	client_must(&f->c, "load", REF "," SPEC);
	expect(&f->c, 1, 2);
	assert_int_equal(kill(f->c.pid, SIGTERM), 0);
	client_bury(&f->c);
	await_process(f, false);
}

/* Nobody comes for it: it ends by itself. */
static void test_left_alone(void **state)
{
	struct bed *f = *state;

	client_must(&f->c, "load", REF "," SPEC);
	expect(&f->c, 1, 2);
	kill_agent(&f->c);
	/* To ask for it would be to come for it. */
	sleep_ms(7800);
	client_start(&f->c, f->state, 0);
	client_refused(&f->c, "load_attach", REF ",\"after\":2", "it ended");
	assert_int_equal(client_end(&f->c), 0);
}

/* What `gameday-agent COMMAND` says, of so many loads. */
static cJSON *ask_agent(const struct bed *f, const char *command, int n_loads)
{
	const char *const argv[] = {GD_TEST_AGENT, "--state-dir", f->state, command,
				    NULL};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_proc_result r;
	cJSON *reply = NULL;

	assert_int_equal(gd_proc_run(argv, gd_span_s(10), &r, &err), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(gd_json_parse(r.out, strlen(r.out), &reply, &err), 0);
	free(r.out);
	assert_int_equal(cJSON_GetArraySize(gd_json_get(reply, "loads")), n_loads);
	return reply;
}

static const cJSON *first_load(const cJSON *reply)
{
	const cJSON *l = cJSON_GetArrayItem(gd_json_get(reply, "loads"), 0);

	assert_string_equal(gd_json_str(l, "ref", ""), "l");
	assert_string_equal(gd_json_str(l, "run", ""), "test");
	return l;
}

/* For how many ms that load may still be alone. */
static int64_t left_ms(const cJSON *status, const char *ref)
{
	const cJSON *l;

	cJSON_ArrayForEach(l, gd_json_get(status, "loads"))
	{
		if (strcmp(gd_json_str(l, "ref", ""), ref) == 0)
			return gd_json_int(l, "left_ms", -1);
	}
	return -1;
}

/* Who looks at the host sees it, and can end it when nobody else does. */
static void test_seen(void **state)
{
	struct bed *f = *state;
	GD_AUTO(cJSON) cJSON *status = NULL;
	GD_AUTO(cJSON) cJSON *alone = NULL;
	GD_AUTO(cJSON) cJSON *recover = NULL;

	client_must(&f->c, "load", REF "," SPEC);
	expect(&f->c, 1, 2);
	status = ask_agent(f, "status", 1);
	assert_false(gd_json_bool(first_load(status), "alone", true));
	/* Having been looked at it goes on telling whom it told. */
	expect(&f->c, 3, 6);
	kill_agent(&f->c);
	alone = ask_agent(f, "status", 1);
	assert_true(gd_json_bool(first_load(alone), "alone", false));
	assert_in_range(left_ms(alone, "l"), 0, 7000);
	recover = ask_agent(f, "recover", 1);
	await_process(f, false);
}

static int connect_as_nobody(const struct bed *f)
{
	struct gd_generator_name name = name_of(f);
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FD int fd = -1;

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 2;
	fd = gd_generator_connect(&name, &err);
	return fd < 0 && err.code == GD_E_REFUSED ? 0 : 1;
}

/* The runner was silent before the session ended: its path is cut, and it may come back. */
static void test_cut_off(void **state)
{
	struct bed *f = *state;
	GD_AUTO(cJSON) cJSON *status = NULL;
	GD_AUTO(cJSON) cJSON *recover = NULL;

	client_must(&f->c, "load", REF "," SPEC);
	client_must(&f->c, "load", "\"ref\":\"short\",\"needed_ms\":100000," SPEC);
	sleep_ms(10500);
	assert_int_equal(client_end(&f->c), 0);
	status = ask_agent(f, "status", 2);
	assert_in_range(left_ms(status, "l"), 590 * 1000, 600 * 1000);
	/* Ten and a half seconds of what it is needed for are over. */
	assert_in_range(left_ms(status, "short"), 80 * 1000, 89500);
	recover = ask_agent(f, "recover", 2);
	await_process(f, false);
}

/* Others may know the name: they get nothing, and take nothing over. */
static void test_strangers(void **state)
{
	struct bed *f = *state;
	int status = -1;
	pid_t pid;

	if (geteuid() != 0) {
		print_message("only root can be somebody else\n");
		assert_int_equal(client_end(&f->c), 0);
		skip();
	}
	client_must(&f->c, "load", REF "," SPEC);
	expect(&f->c, 1, 2);
	pid = fork();
	if (pid == 0)
		_exit(connect_as_nobody(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	expect(&f->c, 3, 5);
	stop_and_end(f, &f->c);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_privileges),
		TEST(test_again),
		TEST(test_killed_agent),
		TEST(test_hang_up),
		TEST(test_ended_alone),
		TEST(test_second_session),
		TEST(test_told_to_end),
		TEST(test_left_alone),
		TEST(test_seen),
		TEST(test_drop),
		TEST(test_cut_off),
		TEST(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
