/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule and the intervals that its requests are counted in: both pure. */
#include "tests/unit/cmocka_all.h"

#include "gameday/base/clock.h"
#include "gameday/load/pace.h"
#include "gameday/load/tally.h"

static struct gd_pace_config even(double per_s)
{
	return (struct gd_pace_config){
		.rate = {.legs = {{.from = per_s, .to = per_s}}, .n = 1}};
}

static struct gd_pace_config by(const char *rate)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_pace_config cfg = {0};

	if (gd_course_parse(rate, &cfg.rate, &err) < 0)
		fail_msg("%s", err.text);
	return cfg;
}

/* The instants of all starts until end_ns, in ns from the start; returns how many. */
static size_t run_pace(const struct gd_pace_config *cfg, int64_t end_ns, int64_t *ret,
		       size_t room)
{
	struct gd_pace p;
	uint64_t index;
	size_t n = 0;
	int64_t at;

	gd_pace_init(&p, cfg, 0, end_ns);
	while (gd_pace_take(&p, INT64_MAX - 1, &at, &index)) {
		assert_int_equal(index,
				 n * (cfg->of_all > 1 ? cfg->of_all : 1) + cfg->share);
		assert_true(n < room);
		ret[n++] = at;
	}
	return n;
}

enum { ROOM = 200000 };

static void test_starts(void **state GD_UNUSED)
{
	struct gd_pace_config cfg = even(4);
	struct gd_pace p;
	uint64_t index = 99;
	int64_t at = -1;

	gd_pace_init(&p, &cfg, 1000, 1000 + GD_NS_PER_S);
	assert_int_equal(gd_pace_next(&p), 1000);
	assert_false(gd_pace_take(&p, 999, &at, &index));
	assert_true(gd_pace_take(&p, 1000, &at, &index));
	assert_int_equal(at, 1000);
	assert_int_equal(index, 0);
	assert_false(gd_pace_take(&p, 1000, &at, &index));
	assert_int_equal(gd_pace_next(&p), 1000 + GD_NS_PER_S / 4);
	/* Far too late: all that is due can be taken, each with its own time. */
	for (int i = 1; i < 4; i++) {
		assert_true(gd_pace_take(&p, INT64_MAX - 1, &at, &index));
		assert_int_equal(at, 1000 + i * GD_NS_PER_S / 4);
		assert_int_equal(index, i);
	}
	assert_false(gd_pace_take(&p, INT64_MAX - 1, &at, &index));
	assert_int_equal(gd_pace_next(&p), INT64_MAX);
}

/* A rate whose gap is no whole number of ns: the count after an hour is still exact. */
static void test_does_not_drift(void **state GD_UNUSED)
{
	struct gd_pace_config cfg = even(333.3);
	struct gd_pace p;
	uint64_t index = 0;
	int64_t at = 0;

	gd_pace_init(&p, &cfg, 0, INT64_MAX);
	while (index < 333 * 3600 + 1080) /* 333.3 x 3600 */
		assert_true(gd_pace_take(&p, INT64_MAX - 1, &at, &index));
	assert_in_range(at, 3600 * GD_NS_PER_S - 1, 3600 * GD_NS_PER_S + 1);
}

static void test_count_is_rate_times_time(void **state GD_UNUSED)
{
	static const double rates[] = {0.5, 1, 7, 333.3, 1000, 99999};

	for (size_t i = 0; i < GD_N_ELEMS(rates); i++) {
		struct gd_pace_config cfg = even(rates[i]);
		uint64_t n = 0, index;
		struct gd_pace p;
		int64_t at;

		gd_pace_init(&p, &cfg, 5, 5 + 10 * GD_NS_PER_S);
		while (gd_pace_take(&p, INT64_MAX - 1, &at, &index))
			n++;
		assert_int_equal(n, (uint64_t)(rates[i] * 10));
	}
}

static void test_no_end(void **state GD_UNUSED)
{
	struct gd_pace_config cfg = even(0.000000001);
	struct gd_pace p;
	uint64_t index;
	int64_t at;

	/* The second start is 10^18 ns away, the tenth beyond what an instant can be. */
	gd_pace_init(&p, &cfg, 1000, INT64_MAX);
	for (int i = 0; i < 10; i++)
		assert_true(gd_pace_take(&p, INT64_MAX - 1, &at, &index));
	assert_int_equal(gd_pace_next(&p), INT64_MAX);
}

static void test_cut(void **state GD_UNUSED)
{
	struct gd_pace_config cfg = even(10);
	struct gd_pace p;
	uint64_t index;
	int64_t at;

	gd_pace_init(&p, &cfg, 0, GD_NS_PER_S);
	gd_pace_cut(&p, 2 * GD_NS_PER_S);
	gd_pace_cut(&p, 250 * GD_NS_PER_MS);
	for (int i = 0; i < 3; i++)
		assert_true(gd_pace_take(&p, INT64_MAX - 1, &at, &index));
	assert_int_equal(gd_pace_next(&p), INT64_MAX);
}

/*
 * From 100/s to 1,000/s in 10 s are 5,500 starts; after t seconds 100 t + 45 t^2. Then it
 * goes on with 1,000/s.
 */
static void test_ramp(void **state GD_UNUSED)
{
	static int64_t at[ROOM];
	struct gd_pace_config cfg = by("100/s..1000/s over 10s");
	size_t n = run_pace(&cfg, 12 * GD_NS_PER_S, at, ROOM);

	assert_int_equal(n, 5500 + 2000);
	for (size_t i = 0; i < 5500; i++) {
		double t = (double)at[i] / 1e9, count = 100 * t + 45 * t * t;

		assert_true(count <= (double)i + 1e-5 && count > (double)i - 1e-5);
	}
	for (size_t i = 5500; i < n; i++)
		assert_in_range(at[i],
				10 * GD_NS_PER_S + (int64_t)(i - 5500) * GD_NS_PER_MS - 1,
				10 * GD_NS_PER_S + (int64_t)(i - 5500) * GD_NS_PER_MS);
}

/* Down to nothing and up again: a pause of the load, and no start in it. */
static void test_steps(void **state GD_UNUSED)
{
	static int64_t at[ROOM];
	struct gd_pace_config cfg =
		by("100/s for 1s, 0/s for 2s, 10/s for 1s, 40/s..0/s over 1s");
	size_t n = run_pace(&cfg, 3600 * GD_NS_PER_S, at, ROOM);

	assert_int_equal(n, 100 + 10 + 20);
	assert_int_equal(at[99], 990 * GD_NS_PER_MS);
	assert_int_equal(at[100], 3 * GD_NS_PER_S);
	assert_int_equal(at[110], 4 * GD_NS_PER_S);
	assert_true(at[129] < 5 * GD_NS_PER_S);
}

static void test_bursts(void **state GD_UNUSED)
{
	static int64_t at[ROOM];
	struct gd_pace_config cfg = even(500);
	size_t n;

	cfg.burst = 50;
	n = run_pace(&cfg, 3 * GD_NS_PER_S, at, ROOM);
	assert_int_equal(n, 1500);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(at[i], (int64_t)(i / 50) * 100 * GD_NS_PER_MS);
}

/*
 * Gaps of a Poisson process are exponential: mean and deviation are both 1 / rate, and a
 * share of e^-1 is longer than the mean. 100,000 of them: sums are within 1 %.
 */
static void test_poisson(void **state GD_UNUSED)
{
	static int64_t at[ROOM], again[ROOM];
	struct gd_pace_config cfg = even(1000);
	double sum = 0, squares = 0;
	size_t n, n_long = 0;

	cfg.poisson = true;
	cfg.seed = 7;
	n = run_pace(&cfg, 100 * GD_NS_PER_S, at, ROOM);
	assert_in_range(n, 99000, 101000);
	for (size_t i = 1; i < n; i++) {
		double gap_ms = (double)(at[i] - at[i - 1]) / 1e6;

		sum += gap_ms;
		squares += gap_ms * gap_ms;
		n_long += gap_ms > 1;
	}
	sum /= (double)(n - 1);
	squares = squares / (double)(n - 1) - sum * sum;
	assert_true(sum > 0.99 && sum < 1.01);
	assert_true(squares > 0.97 && squares < 1.03);
	assert_in_range(n_long, (size_t)(0.36 * (double)n), (size_t)(0.376 * (double)n));
	assert_int_equal(run_pace(&cfg, 100 * GD_NS_PER_S, again, ROOM), n);
	assert_memory_equal(at, again, n * sizeof(at[0]));
	cfg.seed = 8;
	(void)run_pace(&cfg, 100 * GD_NS_PER_S, again, ROOM);
	assert_memory_not_equal(at, again, sizeof(at[0]) * 100);
}

/* Three generators together start what one would, of any kind. */
static void test_shares(void **state GD_UNUSED)
{
	static int64_t whole[ROOM], part[ROOM];
	struct gd_pace_config cfg = by("100/s..500/s over 2s");

	cfg.seed = 3;
	cfg.burst = 4;
	for (int kind = 0; kind < 2; kind++) {
		size_t n, sum = 0;

		cfg.poisson = kind == 1;
		cfg.share = cfg.of_all = 0;
		n = run_pace(&cfg, 5 * GD_NS_PER_S, whole, ROOM);
		cfg.of_all = 3;
		for (cfg.share = 0; cfg.share < 3; cfg.share++) {
			size_t n_part = run_pace(&cfg, 5 * GD_NS_PER_S, part, ROOM);

			for (size_t i = 0; i < n_part; i++)
				assert_int_equal(part[i], whole[3 * i + cfg.share]);
			sum += n_part;
		}
		assert_int_equal(sum, n);
	}
}

static struct gd_tally new_tally(void)
{
	return (struct gd_tally){.load = "l",
				 .client = "c",
				 .start_ns = 1000,
				 .length_ns = 100,
				 .wall_offset_ns = 5000};
}

static void test_tally_order(void **state GD_UNUSED)
{
	struct gd_tally t = new_tally();
	struct gd_tally_slot *a = gd_tally_at(&t, 1000);
	struct gd_tally_slot *c = gd_tally_at(&t, 1299);
	struct gd_tally_slot *b = gd_tally_at(&t, 1100);
	struct gd_interval iv;

	assert_ptr_equal(gd_tally_at(&t, 1099), a);
	assert_int_equal(a->iv.index, 0);
	assert_int_equal(b->iv.index, 1);
	assert_int_equal(c->iv.index, 2);
	a->n_open = 1;
	/* The first is still open, so the others wait: they come in order. */
	assert_false(gd_tally_take(&t, 5000, &iv));
	a->n_open = 0;
	assert_false(gd_tally_take(&t, 1099, &iv));
	for (uint64_t i = 0; i < 3; i++) {
		assert_true(gd_tally_take(&t, 1300, &iv));
		assert_int_equal(iv.index, i);
		assert_int_equal(iv.start_wall_ns, 6000 + 100 * (int64_t)i);
		assert_int_equal(iv.length_ns, 100);
		gd_interval_fini(&iv);
	}
	assert_false(gd_tally_take(&t, 5000, &iv));
	assert_int_equal(gd_tally_at(&t, 1300)->iv.index, 3);
	gd_tally_fini(&t);
}

static void test_tally_cut(void **state GD_UNUSED)
{
	struct gd_tally t = new_tally();
	struct gd_interval iv;

	assert_non_null(gd_tally_at(&t, 1150));
	gd_tally_cut(&t, 1130);
	assert_true(gd_tally_take(&t, 1130, &iv));
	assert_int_equal(iv.length_ns, 100);
	gd_interval_fini(&iv);
	assert_true(gd_tally_take(&t, 1130, &iv));
	assert_int_equal(iv.length_ns, 30);
	gd_interval_fini(&iv);
	gd_tally_fini(&t);
}

static void test_behind(void **state GD_UNUSED)
{
	static const struct {
		uint64_t intended, late;
		bool behind;
	} cases[] = {{0, 0, false}, {1000, 9, false}, {1000, 10, true}, {3, 1, true}};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_tally t = new_tally();
		struct gd_tally_slot *s = gd_tally_at(&t, 1000);
		struct gd_interval iv;

		s->iv.intended = cases[i].intended;
		s->iv.late = cases[i].late;
		assert_true(gd_tally_take(&t, 1100, &iv));
		assert_int_equal(iv.behind, cases[i].behind);
		gd_interval_fini(&iv);
		gd_tally_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts),
		cmocka_unit_test(test_does_not_drift),
		cmocka_unit_test(test_count_is_rate_times_time),
		cmocka_unit_test(test_no_end),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_ramp),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_poisson),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_tally_order),
		cmocka_unit_test(test_tally_cut),
		cmocka_unit_test(test_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
