/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of the wall clock are tried in the lab; here, what needs none. */
#include <poll.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "injectors/agent/ceiling.h"
#include "tests/unit/cmocka_all.h"

static bool readable(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

static void test_past_and_future(void **state)
{
	const struct gd_wall past = {gd_wall_now().ns - 1};
	const struct gd_wall future = {gd_wall_now().ns + 3600 * GD_NS_PER_S};
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FD int fd = -1;

	(void)state;
	assert_int_equal(gd_ceiling_open(&fd, &err), 0);
	assert_false(readable(fd));
	gd_ceiling_set(fd, past);
	assert_true(readable(fd));
	assert_true(gd_ceiling_passed(past));
	/* Setting it again forgets what made it readable. */
	gd_ceiling_set(fd, future);
	assert_false(readable(fd));
	assert_false(gd_ceiling_passed(future));
	gd_ceiling_set(fd, past);
	gd_ceiling_set(fd, GD_CEILING_NONE);
	assert_false(readable(fd));
	assert_false(gd_ceiling_passed(GD_CEILING_NONE));
}

/* A clock that reads before 1970 must not disarm the timer. */
static void test_before_the_epoch(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FD int fd = -1;

	(void)state;
	assert_int_equal(gd_ceiling_open(&fd, &err), 0);
	gd_ceiling_set(fd, (struct gd_wall){-5});
	assert_true(readable(fd));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_past_and_future),
		cmocka_unit_test(test_before_the_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
