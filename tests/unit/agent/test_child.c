/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "injectors/agent/child.h"

struct seen {
	struct gd_loop *loop;
	struct gd_child child;
	int messages, ends, status;
	int64_t last;
	char trouble[256];
};

static void on_message(void *ctx, cJSON *msg)
{
	GD_AUTO(cJSON) cJSON *owned = msg;
	struct seen *seen = ctx;

	seen->messages++;
	seen->last = gd_json_int(owned, "n", -1);
}

static void on_ended(void *ctx, const char *trouble, int status)
{
	struct seen *seen = ctx;

	seen->ends++;
	seen->status = status;
	(void)snprintf(seen->trouble, sizeof(seen->trouble), "%s",
		       trouble ? trouble : "");
	/* Allowed, as the owner's free would. */
	gd_child_fini(&seen->child);
}

static void begin(struct seen *seen, gd_child_job_fn *job, const void *arg)
{
	const struct gd_child_owner owner = {on_message, on_ended, seen};
	struct gd_error err = GD_ERROR_INIT;

	*seen = (struct seen){.loop = NULL};
	assert_int_equal(gd_loop_new(&seen->loop, &err), 0);
	gd_child_init(&seen->child, &owner);
	if (gd_child_start(&seen->child, seen->loop, job, arg, &err) < 0)
		fail_msg("%s", err.text);
}

/* 10 s at most, for a machine that is busy. */
static void wait_for(struct seen *seen, const int *count, int n)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(10));
	struct gd_error err = GD_ERROR_INIT;

	while (*count < n && gd_now().ns < end.ns)
		assert_int_equal(gd_loop_step(seen->loop, end, &err), 0);
	assert_int_equal(*count, n);
}

static int send_number(int fd, int64_t n)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);

	if (!gd_json_set_int(msg, "n", n) || gd_frame_write(&out, msg, &err) < 0)
		return -1;
	return gd_fd_write_all(fd, out.data, out.len, &err);
}

/* Counts up to *arg, then returns it. */
static int count(const void *arg, int control_fd GD_UNUSED, int out_fd)
{
	int n = *(const int *)arg;

	for (int i = 1; i <= n; i++)
		if (send_number(out_fd, i) < 0)
			return 99;
	return n;
}

/* Says 1 when all is set up, 2 when it was told to end. */
static int obey(const void *arg GD_UNUSED, int control_fd, int out_fd)
{
	char c;

	if (send_number(out_fd, 1) < 0 || read(control_fd, &c, 1) != 0)
		return 99;
	return send_number(out_fd, 2) < 0 ? 99 : 0;
}

static int babble(const void *arg GD_UNUSED, int control_fd, int out_fd)
{
	char c;

	if (write(out_fd, "\xff\xff\xff\xff", 4) != 4)
		return 99;
	return read(control_fd, &c, 1) == 0 ? 0 : 99;
}

/* Is *arg, a descriptor of the parent's, still open? 1: yes. */
static int look(const void *arg, int control_fd GD_UNUSED, int out_fd)
{
	return send_number(out_fd, fcntl(*(const int *)arg, F_GETFD) >= 0) < 0 ? 99 : 0;
}

static void what_it_sends_and_returns_arrives(void **state GD_UNUSED)
{
	struct seen seen;
	int n = 5;

	begin(&seen, count, &n);
	wait_for(&seen, &seen.ends, 1);
	assert_int_equal(seen.messages, 5);
	assert_int_equal(seen.last, 5);
	assert_true(WIFEXITED(seen.status));
	assert_int_equal(WEXITSTATUS(seen.status), 5);
	assert_string_equal(seen.trouble, "");
	assert_int_equal(seen.child.pid, 0);
	gd_loop_free(seen.loop);
}

static void closing_the_control_end_tells_it(void **state GD_UNUSED)
{
	struct seen seen;

	begin(&seen, obey, NULL);
	wait_for(&seen, &seen.messages, 1);
	gd_close_fd(&seen.child.control_fd);
	wait_for(&seen, &seen.ends, 1);
	assert_int_equal(seen.last, 2);
	assert_int_equal(seen.status, 0);
	gd_loop_free(seen.loop);
}

static void one_that_talks_nonsense_is_killed(void **state GD_UNUSED)
{
	struct seen seen;

	begin(&seen, babble, NULL);
	wait_for(&seen, &seen.ends, 1);
	assert_true(WIFSIGNALED(seen.status));
	assert_int_equal(WTERMSIG(seen.status), SIGKILL);
	assert_true(*seen.trouble);
	gd_loop_free(seen.loop);
}

static void one_that_is_killed_is_waited_for(void **state GD_UNUSED)
{
	struct seen seen;
	pid_t pid;

	begin(&seen, obey, NULL);
	wait_for(&seen, &seen.messages, 1);
	pid = seen.child.pid;
	gd_child_kill(&seen.child);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	gd_child_kill(&seen.child); /* there is none any more */
	gd_child_fini(&seen.child);
	assert_int_equal(seen.ends, 0);
	gd_loop_free(seen.loop);
}

static void it_holds_nothing_of_the_agents(void **state GD_UNUSED)
{
	struct seen seen;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd > 2);
	begin(&seen, look, &fd);
	wait_for(&seen, &seen.ends, 1);
	assert_int_equal(seen.messages, 1);
	assert_int_equal(seen.last, 0);
	(void)close(fd);
	gd_loop_free(seen.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_sends_and_returns_arrives),
		cmocka_unit_test(closing_the_control_end_tells_it),
		cmocka_unit_test(one_that_talks_nonsense_is_killed),
		cmocka_unit_test(one_that_is_killed_is_waited_for),
		cmocka_unit_test(it_holds_nothing_of_the_agents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
