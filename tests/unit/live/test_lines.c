/* SPDX-License-Identifier: Apache-2.0 */
/* Lines to a pipe nobody reads, and the dashboard's doorman. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/live/outlet.h"
#include "gameday/live/view.h"
#include "gameday/live/web.h"

#include "../cmocka_all.h"

/* A pipe takes 64 KiB: beyond it nothing may wait, and what was left out is told. */
static void test_outlet_never_waits(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *all = NULL;
	struct gd_outlet o;
	char line[1024];
	size_t size;
	int pipe_fd[2];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 2] = '\n';
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(pipe(pipe_fd), 0);
	gd_outlet_init(&o, pipe_fd[1]);
	assert_true(o.own_fd >= 0);
	for (int i = 0; i < 1000; i++)
		gd_outlet_put(&o, line);
	assert_in_range(o.waiting.len, 1, GD_OUTLET_MAX);
	assert_true(o.dropped > 0);
	/* Our own description of the pipe is unlike the one we share: that one still waits. */
	assert_int_equal(fcntl(pipe_fd[1], F_GETFL) & O_NONBLOCK, 0);
	/* Nobody will read any more: the end does not wait either. */
	assert_int_equal(fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK), 0);
	while (o.waiting.len > 0) {
		while (read(pipe_fd[0], line, sizeof(line)) > 0)
			;
		gd_outlet_flush(&o);
	}
	while (read(pipe_fd[0], line, sizeof(line)) > 0)
		;
	gd_outlet_put(&o, "after\n");
	gd_outlet_fini(&o);
	(void)close(pipe_fd[1]);
	assert_int_equal(gd_fd_read_all(pipe_fd[0], 4096, &all, &size, &err), 0);
	assert_non_null(strstr(all, " lines are left out: nobody took them)\nafter\n"));
	(void)close(pipe_fd[0]);
}

static void read_lines(int fd, char **ret)
{
	struct gd_error err = GD_ERROR_INIT;
	size_t size;

	assert_int_equal(gd_fd_read_all(fd, 65536, ret, &size, &err), 0);
}

/* While blind nothing that is secret is printed; revealed, all of it is, in order. */
static void test_blind_lines(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_view_options opt = {.blind = true};
	GD_AUTO_FREE char *out = NULL;
	struct gd_view *v;
	char early[512];
	int pipe_fd[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(pipe_fd), 0);
	opt.fd = pipe_fd[1];
	assert_int_equal(gd_view_new(&opt, &v, &err), 0);
	gd_view_secret(v, GD_TONE_FAULT, "fault    api-1: lose\n5 %%");
	gd_view_event(v, GD_TONE_PLAIN, "signal   \033[2Jseen");
	n = read(pipe_fd[0], early, sizeof(early) - 1);
	assert_true(n > 0);
	early[n] = '\0';
	assert_null(strstr(early, "api-1"));
	assert_non_null(strstr(early, "s  signal    [2Jseen\n"));
	assert_true(gd_view_is_blind(v));
	gd_view_reveal(v, "by a test");
	assert_false(gd_view_is_blind(v));
	gd_view_reveal(v, "twice");
	gd_view_secret(v, GD_TONE_PLAIN, "restored api-1");
	gd_view_free(v);
	(void)close(pipe_fd[1]);
	read_lines(pipe_fd[0], &out);
	assert_non_null(strstr(out, "revealed by a test\n"));
	assert_non_null(strstr(out, "fault    api-1: lose 5 %\n"));
	assert_non_null(strstr(out, "restored api-1\n"));
	assert_null(strstr(out, "twice"));
	assert_null(strstr(out, "\033"));
	(void)close(pipe_fd[0]);
}

static void test_host_header(void **state)
{
	static const char *const ours[] = {
		"127.0.0.1:8080", "127.0.0.1", "[::1]:80", "[::1]",        "localhost:1",
		"LOCALHOST",      "bench",     "bench:80", "192.168.1.7:9"};
	static const char *const not_ours[] = {"evil.example",
					       "evil.example:8080",
					       "127.0.0.1.evil.example",
					       "localhost.",
					       "",
					       ":80",
					       "bench.evil.example",
					       "[::1",
					       "127.0.0.1:x",
					       "localhost:80:80",
					       "::1:80"};

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(ours); i++)
		assert_true(gd_web_host_is_ours(ours[i], "bench"));
	for (size_t i = 0; i < GD_N_ELEMS(not_ours); i++)
		assert_false(gd_web_host_is_ours(not_ours[i], "bench"));
	assert_false(gd_web_host_is_ours(NULL, "bench"));
	assert_false(gd_web_host_is_ours(":80", ""));
}

static void refused(const char *address, const char *why)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_web *w = NULL;

	assert_int_equal(gd_web_new(address, false, &w, &err), -1);
	assert_int_equal(err.code, GD_E_INPUT);
	assert_non_null(strstr(err.text, why));
	assert_null(w);
}

static void test_addresses(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_web *w = NULL, *other = NULL;
	char taken[64];

	(void)state;
	refused("8080", "ADDRESS:PORT");
	refused("127.0.0.1:", "ADDRESS:PORT");
	refused("127.0.0.1:65536", "ADDRESS:PORT");
	refused("127.0.0.1:80x", "ADDRESS:PORT");
	refused(":80", "ADDRESS:PORT");
	refused("nowhere.example:80", "an address of this machine");
	refused("0.0.0.0:0", "--dashboard-public");
	refused("[::]:0", "--dashboard-public");
	assert_int_equal(gd_web_new("0.0.0.0:0", true, &w, &err), 0);
	gd_web_free(w);
	assert_int_equal(gd_web_new("localhost:0", false, &w, &err), 0);
	assert_int_equal(strncmp(gd_web_url(w), "http://127.0.0.1:", 17), 0);
	(void)snprintf(taken, sizeof(taken), "%.*s", (int)strlen(gd_web_url(w)) - 8,
		       gd_web_url(w) + 7);
	assert_int_equal(gd_web_new(taken, false, &other, &err), -1);
	assert_non_null(strstr(err.text, "port 0"));
	gd_web_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outlet_never_waits),
		cmocka_unit_test(test_blind_lines),
		cmocka_unit_test(test_host_header),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
