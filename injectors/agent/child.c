/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

void gd_child_close_others(int keep, int keep_too)
{
	unsigned low = (unsigned)(keep < keep_too ? keep : keep_too);
	unsigned high = (unsigned)(keep < keep_too ? keep_too : keep);
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd >= 0) {
		(void)dup2(null_fd, 0);
		(void)dup2(null_fd, 1);
	}
	if (low > 3)
		(void)syscall(SYS_close_range, 3U, low - 1, 0);
	if (high > low + 1)
		(void)syscall(SYS_close_range, low + 1, high - 1, 0);
	(void)syscall(SYS_close_range, high + 1, ~0U, 0);
}

void gd_child_reset_signals(void)
{
	sigset_t none;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}
