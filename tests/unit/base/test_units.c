/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "gameday/base/units.h"

static void test_spans(void **state GD_UNUSED)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{"0", 0},
		{"150us", 150000},
		{"20ms", 20000000},
		{"1.5s", 1500000000},
		{"2m", 120000000000},
		{"1h", 3600000000000},
		{"3 ms", 3000000},
	};
	static const char *const bad[] = {"",       "5",     "ms",          "0x5s",
					  "1e400s", "nan",   "inf",         "5 parsecs",
					  "5ms ",   "--5ms", "99999999999h"};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_span v;

	for (size_t i = 0; i < GD_N_ELEMS(good); i++) {
		assert_int_equal(gd_span_parse(good[i].text, &v, &err), 0);
		assert_int_equal(v.ns, good[i].ns);
	}
	for (size_t i = 0; i < GD_N_ELEMS(bad); i++) {
		assert_int_equal(gd_span_parse(bad[i], &v, &err), -1);
		assert_int_equal(err.code, GD_E_INPUT);
		assert_non_null(strstr(err.text, "duration"));
	}
}

static void test_span_round_trip(void **state GD_UNUSED)
{
	static const int64_t values[] = {
		0,        1,           999,           1000,           1500000,
		20000000, 90000000000, 3600000000000, 86400000000000, 123456789};
	struct gd_error err = GD_ERROR_INIT;
	char buf[32];

	for (size_t i = 0; i < GD_N_ELEMS(values); i++) {
		struct gd_span v;

		(void)gd_span_format((struct gd_span){values[i]}, buf);
		assert_int_equal(gd_span_parse(buf, &v, &err), 0);
		assert_int_equal(v.ns, values[i]);
	}
}

static void test_ratios(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_ratio v;
	char buf[32];

	assert_int_equal(gd_ratio_parse("5%", &v, &err), 0);
	assert_int_equal(v.ppb, 50000000);
	assert_string_equal(gd_ratio_format(v, buf), "5%");
	assert_int_equal(gd_ratio_parse("0.05", &v, &err), 0);
	assert_int_equal(v.ppb, 50000000);
	assert_int_equal(gd_ratio_parse("0.001 %", &v, &err), 0);
	assert_int_equal(v.ppb, 10000);
	assert_int_equal(gd_ratio_parse("five", &v, &err), -1);
	assert_int_equal(gd_ratio_parse("5%%", &v, &err), -1);
}

static void test_rates_and_sizes(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_bitrate b;
	struct gd_bytes n;
	struct gd_freq f;
	char buf[32];

	assert_int_equal(gd_bitrate_parse("10mbit", &b, &err), 0);
	assert_int_equal(b.bps, 10000000);
	assert_string_equal(gd_bitrate_format(b, buf), "10mbit");
	assert_int_equal(gd_bitrate_parse("10", &b, &err), -1);
	assert_int_equal(gd_bytes_parse("64KiB", &n, &err), 0);
	assert_int_equal(n.n, 65536);
	assert_string_equal(gd_bytes_format(n, buf), "64KiB");
	assert_int_equal(gd_freq_parse("30/m", &f, &err), 0);
	assert_true(f.per_s > 0.4999 && f.per_s < 0.5001);
	assert_int_equal(gd_freq_parse("200/s", &f, &err), 0);
	assert_true(f.per_s > 199.9 && f.per_s < 200.1);
}

static void test_human(void **state GD_UNUSED)
{
	char buf[32];

	assert_string_equal(gd_span_human((struct gd_span){12340000}, buf), "12.3 ms");
	assert_string_equal(gd_span_human((struct gd_span){1020000000}, buf), "1.02 s");
	assert_string_equal(gd_span_human((struct gd_span){999}, buf), "999 ns");
	assert_string_equal(gd_span_human((struct gd_span){0}, buf), "0.00 ns");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans),  cmocka_unit_test(test_span_round_trip),
		cmocka_unit_test(test_ratios), cmocka_unit_test(test_rates_and_sizes),
		cmocka_unit_test(test_human),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
