/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "gameday/base/loop.h"

struct seen {
	int fires, reads, signals;
	struct gd_timer *self;
	struct gd_io *io;
	int fd;
};

static void on_timer(void *ctx)
{
	struct seen *seen = ctx;

	if (++seen->fires < 3)
		gd_timer_arm(seen->self, gd_after(gd_now(), gd_span_ms(1)));
}

static void on_io(void *ctx, uint32_t events GD_UNUSED)
{
	struct seen *seen = ctx;
	char c;

	assert_int_equal(read(seen->fd, &c, 1), 1);
	seen->reads++;
	gd_io_remove(seen->io);
}

static void on_signal(void *ctx, int signo)
{
	struct seen *seen = ctx;

	assert_int_equal(signo, SIGUSR1);
	seen->signals++;
}

/* Turns the loop until *count has reached n; 5 s at most, for a machine that is busy. */
static void step_until(struct gd_loop *loop, const int *count, int n)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(5));
	struct gd_error err = GD_ERROR_INIT;

	while (*count < n && gd_now().ns < end.ns)
		assert_int_equal(gd_loop_step(loop, end, &err), 0);
}

/* Turns it once more, without waiting: nothing else may come. */
static void step_once(struct gd_loop *loop)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_loop_step(loop, gd_now(), &err), 0);
}

static void test_timer_rearms_itself(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct seen seen = {0};
	struct gd_loop *loop;

	assert_int_equal(gd_loop_new(&loop, &err), 0);
	assert_int_equal(gd_loop_timer(loop, on_timer, &seen, &seen.self, &err), 0);
	gd_timer_arm(seen.self, gd_now());
	step_until(loop, &seen.fires, 3);
	step_once(loop);
	assert_int_equal(seen.fires, 3);
	gd_loop_free(loop);
}

static void test_io_removed_in_its_own_callback(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct seen seen = {0};
	struct gd_loop *loop;
	int p[2];

	assert_int_equal(pipe(p), 0);
	seen.fd = p[0];
	assert_int_equal(gd_loop_new(&loop, &err), 0);
	assert_int_equal(gd_loop_io(loop, p[0], EPOLLIN, on_io, &seen, &seen.io, &err),
			 0);
	assert_int_equal(write(p[1], "ab", 2), 2);
	step_until(loop, &seen.reads, 1);
	step_once(loop);
	assert_int_equal(seen.reads, 1);
	gd_loop_free(loop);
	(void)close(p[0]);
	(void)close(p[1]);
}

static void test_signal(void **state GD_UNUSED)
{
	const int signos[] = {SIGUSR1};
	struct gd_error err = GD_ERROR_INIT;
	struct seen seen = {0};
	struct gd_loop *loop;

	assert_int_equal(gd_loop_new(&loop, &err), 0);
	assert_int_equal(gd_loop_signals(loop, signos, 1, on_signal, &seen, &err), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	step_until(loop, &seen.signals, 1);
	assert_int_equal(seen.signals, 1);
	gd_loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timer_rearms_itself),
		cmocka_unit_test(test_io_removed_in_its_own_callback),
		cmocka_unit_test(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
