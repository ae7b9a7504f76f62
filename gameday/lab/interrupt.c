/* SPDX-License-Identifier: Apache-2.0 */
/* Pending and looked at, not handled: a handler would need a variable that anything can write. */
#include "gameday/lab/interrupt.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "gameday/base/auto.h"

static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};

void gd_lab_interrupt_hold(sigset_t *before)
{
	sigset_t held;

	(void)sigemptyset(&held);
	for (size_t i = 0; i < GD_N_ELEMS(SIGNALS); i++) {
		struct sigaction now;

		/* One that is ignored (nohup) would become pending once it is blocked. */
		if (sigaction(SIGNALS[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			(void)sigaddset(&held, SIGNALS[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &held, before);
}

static bool pending(int *ret)
{
	sigset_t set;

	if (sigpending(&set) != 0)
		return false;
	for (size_t i = 0; i < GD_N_ELEMS(SIGNALS); i++)
		if (sigismember(&set, SIGNALS[i]) == 1) {
			*ret = SIGNALS[i];
			return true;
		}
	return false;
}

int gd_lab_interrupt_check(struct gd_error *err)
{
	int number;

	return pending(&number) ? gd_raise(err, GD_E_ABORTED, "interrupted") : 0;
}

void gd_lab_interrupt_release(const sigset_t *before)
{
	const struct timespec at_once = {0};
	int number;

	while (pending(&number)) {
		sigset_t one;

		(void)sigemptyset(&one);
		(void)sigaddset(&one, number);
		if (sigtimedwait(&one, NULL, &at_once) < 0)
			break;
	}
	(void)sigprocmask(SIG_SETMASK, before, NULL);
}
