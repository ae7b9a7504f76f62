/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gameday/remote/limiter.h"

static void take_turn(void *ctx)
{
	int *n = ctx;

	(*n)++;
}

static void lets_in_up_to_the_limit(void **state)
{
	struct gd_limiter l;
	struct gd_turn t[4];
	int n[4] = {0};

	(void)state;
	gd_limiter_init(&l, 2);
	for (int i = 0; i < 4; i++)
		gd_limiter_enter(&l, &t[i], take_turn, &n[i]);
	assert_true(n[0] == 1 && n[1] == 1 && n[2] == 0 && n[3] == 0);
	gd_limiter_leave(&l, &t[0]);
	assert_true(n[2] == 1 && n[3] == 0);
	gd_limiter_leave(&l, &t[0]); /* twice does nothing */
	assert_int_equal(n[3], 0);
	gd_limiter_leave(&l, &t[1]);
	assert_int_equal(n[3], 1);
	gd_limiter_leave(&l, &t[2]);
	gd_limiter_leave(&l, &t[3]);
	assert_int_equal(l.n_running, 0);
}

static void forgets_who_gave_up(void **state)
{
	struct gd_limiter l;
	struct gd_turn t[4];
	int n[4] = {0};

	(void)state;
	gd_limiter_init(&l, 1);
	for (int i = 0; i < 4; i++)
		gd_limiter_enter(&l, &t[i], take_turn, &n[i]);
	gd_limiter_leave(&l, &t[3]); /* the last in the queue */
	gd_limiter_leave(&l, &t[1]); /* the first */
	gd_limiter_leave(&l, &t[0]);
	assert_true(n[1] == 0 && n[2] == 1 && n[3] == 0);
	gd_limiter_enter(&l, &t[3], take_turn, &n[3]);
	gd_limiter_leave(&l, &t[2]);
	assert_int_equal(n[3], 1);
}

static void no_limiter_is_no_limit(void **state)
{
	struct gd_turn t;
	int n = 0;

	(void)state;
	gd_limiter_enter(NULL, &t, take_turn, &n);
	assert_int_equal(n, 1);
	gd_limiter_leave(NULL, &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_in_up_to_the_limit),
		cmocka_unit_test(forgets_who_gave_up),
		cmocka_unit_test(no_limiter_is_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
