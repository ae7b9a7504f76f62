/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/ceiling.h"

#include <sys/timerfd.h>
#include <time.h>

int gd_ceiling_open(int *ret_fd, struct gd_error *err)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return gd_raise_errno(err, "timer of the wall clock");
	*ret_fd = fd;
	return 0;
}

void gd_ceiling_set(int fd, struct gd_wall at)
{
	struct itimerspec its = {0};

	if (at.ns != INT64_MAX) {
		at.ns = at.ns < 1 ? 1 : at.ns;
		its.it_value.tv_sec = at.ns / GD_NS_PER_S;
		its.it_value.tv_nsec = at.ns % GD_NS_PER_S;
	}
	/* ECANCELED tells of a step just now; the timer is set all the same. */
	(void)timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &its,
			      NULL);
}

bool gd_ceiling_passed(struct gd_wall at)
{
	return at.ns <= gd_wall_now().ns;
}
