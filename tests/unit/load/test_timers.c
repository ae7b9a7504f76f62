/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include "gameday/load/timers.h"

enum { N = 500 };

struct item {
	struct gd_timer timer;
	int64_t when; /* as set; INT64_MAX: not set */
	int fired;
};

struct bed {
	struct gd_timers timers;
	struct item items[N];
};

static void on_fire(struct gd_timer *t, int64_t now)
{
	struct item *i = GD_TIMER_OWNER(t, struct item, timer);

	assert_false(gd_timer_is_set(t));
	assert_true(i->when <= now);
	i->when = INT64_MAX;
	i->fired++;
}

static void setup(struct bed *b)
{
	*b = (struct bed){0};
	assert_int_equal(gd_timers_reserve(&b->timers, N), 0);
	for (int i = 0; i < N; i++) {
		b->items[i].timer.fire = on_fire;
		b->items[i].when = INT64_MAX;
	}
}

static int64_t earliest(const struct bed *b)
{
	int64_t min = INT64_MAX;

	for (int i = 0; i < N; i++)
		min = b->items[i].when < min ? b->items[i].when : min;
	return min;
}

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

/* Sets, moves, clears and fires at random, next to a plain array that knows the truth. */
static void test_against_an_array(void **state GD_UNUSED)
{
	static struct bed b;
	uint32_t x = 1;
	int64_t now;
	int n_fired = 0;

	setup(&b);
	for (int step = 0; step < 20000; step++) {
		struct item *i = &b.items[next_random(&x) % N];
		uint32_t what = next_random(&x) % 8;

		if (what < 5) {
			i->when = (int64_t)(next_random(&x) % 10000);
			gd_timers_set(&b.timers, &i->timer, i->when);
		} else if (what < 7) {
			i->when = INT64_MAX;
			gd_timer_clear(&i->timer);
		} else {
			now = (int64_t)(next_random(&x) % 300);
			gd_timers_fire(&b.timers, now);
			assert_true(earliest(&b) > now);
			assert_true(gd_timers_next(&b.timers) > now);
		}
		assert_true(gd_timers_next(&b.timers) <= earliest(&b));
		assert_true(gd_timer_is_set(&i->timer) == (i->when != INT64_MAX));
	}
	gd_timers_fire(&b.timers, 10000);
	assert_int_equal(gd_timers_next(&b.timers), INT64_MAX);
	for (int i = 0; i < N; i++)
		n_fired += b.items[i].fired;
	assert_true(n_fired > N);
	gd_timers_fini(&b.timers);
}

/* A timeout that is cleared and set for later costs no work in the heap, and comes once. */
static void test_putting_off_is_noted_only(void **state GD_UNUSED)
{
	struct gd_timers timers = {0};
	struct item i = {.timer.fire = on_fire};
	struct gd_timer_entry entry;

	assert_int_equal(gd_timers_reserve(&timers, 1), 0);
	gd_timers_set(&timers, &i.timer, 10);
	entry = timers.heap[0];
	for (int64_t when = 11; when < 20; when++) {
		gd_timer_clear(&i.timer);
		assert_false(gd_timer_is_set(&i.timer));
		gd_timers_set(&timers, &i.timer, when);
		assert_memory_equal(&timers.heap[0], &entry, sizeof(entry));
	}
	i.when = 19;
	gd_timers_fire(&timers, 18);
	assert_int_equal(i.fired, 0);
	assert_int_equal(gd_timers_next(&timers), 19);
	gd_timers_fire(&timers, 19);
	assert_int_equal(i.fired, 1);
	/* Cleared: nothing is left of it once its old instant is over. */
	gd_timers_set(&timers, &i.timer, 30);
	gd_timer_clear(&i.timer);
	gd_timers_fire(&timers, 30);
	assert_int_equal(i.fired, 1);
	assert_int_equal(gd_timers_next(&timers), INT64_MAX);
	gd_timers_fini(&timers);
}

/* They fire in the order of the instants they have now, not of those they had. */
static void test_order(void **state GD_UNUSED)
{
	struct gd_timers timers = {0};
	struct item a = {.timer.fire = on_fire, .when = 8};
	struct item b = {.timer.fire = on_fire, .when = 7};

	assert_int_equal(gd_timers_reserve(&timers, 2), 0);
	gd_timers_set(&timers, &a.timer, 5);
	gd_timers_set(&timers, &b.timer, 9);
	gd_timers_set(&timers, &a.timer, 8);
	gd_timers_set(&timers, &b.timer, 7);
	gd_timers_fire(&timers, 7);
	assert_int_equal(a.fired, 0);
	assert_int_equal(b.fired, 1);
	gd_timers_fire(&timers, 8);
	assert_int_equal(a.fired, 1);
	gd_timers_fini(&timers);
}

struct again {
	struct gd_timer timer;
	struct gd_timers *timers;
	struct gd_timer *other;
	int n;
};

/* In its callback a timer may set itself and clear another that is due as well. */
static void on_again(struct gd_timer *t, int64_t now)
{
	struct again *a = GD_TIMER_OWNER(t, struct again, timer);

	if (++a->n < 5)
		gd_timers_set(a->timers, t, now - 1);
	gd_timer_clear(a->other);
}

static void test_callbacks_may_change_all(void **state GD_UNUSED)
{
	struct gd_timers timers = {0};
	struct item victim = {.timer.fire = on_fire, .when = 8};
	struct again a = {
		.timer.fire = on_again, .timers = &timers, .other = &victim.timer};

	assert_int_equal(gd_timers_reserve(&timers, 2), 0);
	gd_timers_set(&timers, &victim.timer, 8);
	gd_timers_set(&timers, &a.timer, 7);
	gd_timers_fire(&timers, 6);
	assert_int_equal(a.n, 0);
	gd_timers_fire(&timers, 9);
	assert_int_equal(a.n, 5);
	assert_int_equal(victim.fired, 0);
	assert_int_equal(timers.n, 0);
	gd_timers_fini(&timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_an_array),
		cmocka_unit_test(test_putting_off_is_noted_only),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_callbacks_may_change_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
