/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The golden texts and figures come from the reference implementation, HdrHistogram 2.1.11
 * for Java (Debian package libhdrhistogram-java): the same values recorded in
 * new Histogram(1000, 3600000000000L, 3), or (1, 3600000000L, 2) for "foreign", then
 * encodeIntoCompressedByteBuffer, getValueAtPercentile, getMean, getCountBetweenValues.
 */
#include "tests/unit/cmocka_all.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "gameday/load/hist.h"

static void fill_zero(struct gd_hist *h)
{
	gd_hist_record(h, 0);
}

static void fill_squares(struct gd_hist *h)
{
	for (int64_t i = 1; i <= 10000; i++)
		gd_hist_record(h, i * i * 70);
}

static void fill_bimodal(struct gd_hist *h)
{
	for (int64_t i = 0; i < 990; i++)
		gd_hist_record(h, 200000 + i * 37);
	for (int64_t i = 0; i < 9; i++)
		gd_hist_record(h, 205000000 + i * 1000003);
	gd_hist_record(h, INT64_C(3600000000000));
}

static const struct golden {
	const char *name;
	void (*fill)(struct gd_hist *h); /* NULL: of another layout, decoded only */
	const char *base64;
	uint64_t count;
	int64_t at[8]; /* the percentiles below */
	double mean;
	uint64_t below_1ms, below_30ms;
} goldens[] = {
	{"zero",
	 fill_zero,
	 "HISTFAAAACJ4nJNpmSzMwMDAyAABzFDqBRC7GexYwGD/ASLCBABjHwU4",
	 1,
	 {0, 511, 511, 511, 511, 511, 511, 511},
	 256.000000,
	 1,
	 1},
	{"squares",
	 fill_squares,
	 "HISTFAAAAwh4nLVXbWrbQBAVa8eOMMYYY4xxgzEhmBJCW0IopQT/659eqzfoBXqMHqk/e4Su"
	 "V1ppd+bNzMpO9TTva9R2kR1C3/34uaqqw/equUat/PHz7ePvX9Xpb9OMnb8qj1GYkbsJMw1z"
	 "Rt1iFjD3s/B8nqXnZYuVxzrM2m06bD12YXbuLsw+zN4dwhzcfZiHMA/uGObo3nd49HgK8+Q+"
	 "tPjk59nzeV48vwR8bvEl4GuY1zCv7hTm5P+OfYv470fctydpztKcJiKeKqI52dGfqjlhc8rH"
	 "7qyb8BaaNxF5072XdftmNolug24z7JK317zBFHfJO40cse94H3bx8+pnkSjCknD8pFPGWBHu"
	 "J3JE/52JWBOO36dV+zZX/rtXM8xgmhHO3Yy5nGfMI8yBn3ecu34Q95o6hAXwi5br8FPbYAq1"
	 "Z5T1oQ4x19Tlfhhqw9diqplDDd3VJnOlvm4/kVEh5Cfp5kZImssVJZtzxxNu+rEa6nCOjJOs"
	 "qZM9ylpbgmlhP2U+/mamoN1ITNjrrdzoaqdLWM6240lvh09JW9rjrLU5211ZW9qgreb1hBu5"
	 "pXsv19yltZh0O0iNIDTXkVoYXq50sWp7gYzRSbY4WBEUsBJKsS5cX/Hw2wD9wrr8aWmf9q75"
	 "Xyy/WFdpsRrmqzLHjFgIiqMtVhjIWiFnuVTJrISETUFrlkVLMsPX8la1YqPtjT+gFAOcGgqy"
	 "1vaLMb7TJD3DdooThVgQi8cIfHUB4SwUBqNQIkLsVC40A51t85At1EQjKGAllEpfsr3m4be6"
	 "qrd9XN6nm/H5aji3zBBF4ljFemolwoYFY3CURHA0DLy1QlUeigh4XVQjWRLEqnBJMHxdFJAV"
	 "jVYblVKUkR0ULbFdmkzGkzDkTgPbUstDSroQS8IgSIE2qTAvkKIo2bcQRCEWxG7kIjcgJYQz"
	 "L/hWFxppnxjoBEsCSTzjytz8x8sNW7HOadEJfnLrr0C3ncUmGUkmLE/oKlMSgM8MCyZwAKJR"
	 "ornVbsUBC0cwkJjNGAtTYCTLEm4Kt/8ARl+K2A==",
	 10000,
	 {0, 700415, 1750073343, 5670699007, 6861881343, 6987710463, 7000293375,
	  7000293375},
	 2333686409.164800,
	 119,
	 654},
	{"bimodal",
	 fill_bimodal,
	 "HISTFAAAADx4nJNpmSzMwMCQzAABzFDqBRC7GexYwGD/ASLSzcYjIyUDAvhJwopYZk5kZOJm"
	 "4gVjGPn4ASMTAMz1EUo=",
	 1000,
	 {199680, 200703, 218623, 233471, 237055, 213123071, 3601330077695,
	  3601330077695},
	 3602353529.344000,
	 990,
	 990},
	{"foreign",
	 NULL,
	 "HISTFAAAAPB4nI2NQW7CMBBFpz+2AaEqQqiqKkCoQqhiwSrLLliw6KIH6AF6ld6AK3Cm9hoc"
	 "gSFOPOPBijp//v/PTqIsf05zouqP4qDrh1v8ns50uMQLjxoLvKHBAZ/4wjeOeGd/YMe3e1aD"
	 "Lb+xwAprvLI2mLNm7KdOz3hhT1mPraNqpRkmGLEkJ0bT1jEr+NZetdYopViS+JvemqSH5VX7"
	 "RARekiochlQVOG+b/VNAgsyB7vB/m7U52AcOcfq2PDxUPlnISif/yrkUyFBuIKW6sKqSczDo"
	 "XHDiGKkyUoN7hCQsQJfZEMI4hJQZuXTVoUvGFdnWFYg=",
	 1000,
	 {3, 301, 753663, 2441215, 2949119, 2998271, 3014655, 3014655},
	 1001478.829000,
	 578,
	 1000},
	{"big",
	 NULL,
	 "HISTFAAAACt4nJNpmSzMwMDAxQABzFDqBRC7GexYwGD/ASKytZex4cCpzy2LmQCyJwqo",
	 5000000000000,
	 {123404288, 123469823, 123469823, 123469823, 123469823, 123469823, 123469823,
	  123469823},
	 123437056.000000,
	 0,
	 0},
};

static const double percentiles[8] = {0, 1, 50, 90, 99, 99.9, 99.99, 100};

/* Inflated bytes of a base64 text: zlib's choices do not matter, the counts do. */
static size_t payload_of(const char *base64, unsigned char *out, size_t max)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char raw[4096];
	size_t n = 0;
	uint32_t acc = 0;
	unsigned bits = 0;
	uLongf size = max;

	for (; *base64 && *base64 != '='; base64++) {
		acc = acc << 6 | (uint32_t)(strchr(digits, *base64) - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			assert_true(n < sizeof(raw));
			raw[n++] = (unsigned char)(acc >> bits);
		}
	}
	assert_int_equal(uncompress(out, &size, raw + 8, n - 8), Z_OK);
	return size;
}

static void check_figures(const struct golden *g, const struct gd_hist *h)
{
	assert_int_equal(gd_hist_count(h), g->count);
	for (size_t i = 0; i < GD_N_ELEMS(percentiles); i++)
		assert_int_equal(gd_hist_percentile(h, percentiles[i]), g->at[i]);
	assert_true(fabs(gd_hist_mean(h) - g->mean) <= g->mean * 1e-9);
	assert_int_equal(gd_hist_count_below(h, 1000000), g->below_1ms);
	assert_int_equal(gd_hist_count_below(h, 30000000), g->below_30ms);
}

static void test_records_as_reference(void **state GD_UNUSED)
{
	for (size_t i = 0; i < GD_N_ELEMS(goldens); i++) {
		GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();

		assert_non_null(h);
		if (!goldens[i].fill)
			continue;
		goldens[i].fill(h);
		check_figures(&goldens[i], h);
	}
}

static void test_encodes_as_reference(void **state GD_UNUSED)
{
	for (size_t i = 0; i < GD_N_ELEMS(goldens); i++) {
		GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
		GD_AUTO_FREE char *text = NULL;
		unsigned char ours[32768], theirs[32768];
		struct gd_error err = GD_ERROR_INIT;
		size_t size;

		if (!goldens[i].fill)
			continue;
		goldens[i].fill(h);
		assert_int_equal(gd_hist_encode(h, &text, &err), 0);
		size = payload_of(text, ours, sizeof(ours));
		assert_int_equal(payload_of(goldens[i].base64, theirs, sizeof(theirs)),
				 size);
		assert_memory_equal(ours, theirs, size);
	}
}

static void test_decodes_reference(void **state GD_UNUSED)
{
	for (size_t i = 0; i < GD_N_ELEMS(goldens); i++) {
		GD_AUTO(gd_hist) struct gd_hist *h = NULL;
		struct gd_error err = GD_ERROR_INIT;

		assert_int_equal(gd_hist_decode(goldens[i].base64, &h, &err), 0);
		if (strcmp(goldens[i].name, "foreign") != 0)
			check_figures(&goldens[i], h);
		assert_int_equal(gd_hist_count(h), goldens[i].count);
	}
}

/* Another layout's steps are wider or narrower than ours: 2 digits leave 1 % of error. */
static void test_decodes_foreign_layout(void **state GD_UNUSED)
{
	GD_AUTO(gd_hist) struct gd_hist *h = NULL;
	struct gd_error err = GD_ERROR_INIT;

	for (size_t i = 0; i < GD_N_ELEMS(goldens); i++) {
		if (strcmp(goldens[i].name, "foreign") == 0)
			assert_int_equal(gd_hist_decode(goldens[i].base64, &h, &err), 0);
	}
	for (int p = 10; p <= 100; p += 10) {
		double exact = 3.0 * (p * 10) * (p * 10);
		double got = (double)gd_hist_percentile(h, p);

		assert_true(fabs(got - exact) <= exact * 0.01 + 512);
	}
}

static void test_empty(void **state GD_UNUSED)
{
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
	GD_AUTO(gd_hist) struct gd_hist *back = NULL;
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_hist_percentile(h, 50), -1);
	assert_int_equal(gd_hist_max(h), -1);
	assert_int_equal(gd_hist_min(h), -1);
	assert_true(isnan(gd_hist_mean(h)));
	assert_int_equal(gd_hist_encode(h, &text, &err), 0);
	assert_int_equal(gd_hist_decode(text, &back, &err), 0);
	assert_int_equal(gd_hist_count(back), 0);
}

static void test_clamps(void **state GD_UNUSED)
{
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();

	gd_hist_record(h, -5);
	gd_hist_record(h, INT64_MAX);
	assert_int_equal(gd_hist_count(h), 2);
	assert_int_equal(gd_hist_min(h), 0);
	assert_int_equal(gd_hist_max(h), INT64_C(3600000000000));
	assert_int_equal(gd_hist_lost(h), 0);
	gd_hist_clear(h);
	assert_int_equal(gd_hist_count(h), 0);
	assert_int_equal(gd_hist_percentile(h, 100), -1);
	gd_hist_record(h, 7000);
	assert_int_equal(gd_hist_min(h), 7000);
	assert_int_equal(gd_hist_max(h), 7000);
}

/* Merging is adding count by count: the halves of a set give the figures of the whole. */
static void test_merge_is_exact(void **state GD_UNUSED)
{
	GD_AUTO(gd_hist) struct gd_hist *whole = gd_hist_new();
	GD_AUTO(gd_hist) struct gd_hist *a = gd_hist_new();
	GD_AUTO(gd_hist) struct gd_hist *b = gd_hist_new();

	for (int64_t i = 0; i < 5000; i++) {
		int64_t v = (i * 7919 % 5003) * 100003;

		gd_hist_record(whole, v);
		gd_hist_record(i % 3 ? a : b, v);
	}
	gd_hist_merge(a, b);
	assert_int_equal(gd_hist_count(a), 5000);
	assert_int_equal(gd_hist_min(a), gd_hist_min(whole));
	assert_int_equal(gd_hist_max(a), gd_hist_max(whole));
	for (double p = 0; p <= 100; p += 0.25)
		assert_int_equal(gd_hist_percentile(a, p), gd_hist_percentile(whole, p));
}

static void test_merge_empty(void **state GD_UNUSED)
{
	GD_AUTO(gd_hist) struct gd_hist *a = gd_hist_new();
	GD_AUTO(gd_hist) struct gd_hist *b = gd_hist_new();

	gd_hist_record(a, 4242);
	gd_hist_merge(a, b);
	assert_int_equal(gd_hist_count(a), 1);
	gd_hist_merge(b, a);
	assert_int_equal(gd_hist_min(b), 4242);
	assert_int_equal(gd_hist_max(b), 4242);
}

/* 3 significant digits: no value is told off by more than 0.1 %, or 512 ns at the bottom. */
static void test_precision(void **state GD_UNUSED)
{
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();

	for (int64_t v = 1; v < INT64_C(3600000000000); v += v / 97 + 1) {
		int64_t told;

		gd_hist_clear(h);
		gd_hist_record(h, v);
		told = gd_hist_percentile(h, 50);
		assert_true(told >= v && told - v <= (v / 1000 > 511 ? v / 1000 : 511));
	}
}

static void test_refine(void **state GD_UNUSED)
{
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
	GD_AUTO(gd_hist) struct gd_hist *back = NULL;
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err = GD_ERROR_INIT;

	gd_hist_record(h, 100001);
	gd_hist_record(h, 123456789);
	assert_int_equal(gd_hist_encode(h, &text, &err), 0);
	assert_int_equal(gd_hist_decode(text, &back, &err), 0);
	gd_hist_refine(back, 100001, 123456789);
	assert_int_equal(gd_hist_min(back), 100001);
	assert_int_equal(gd_hist_max(back), 123456789);
	gd_hist_refine(back, 5, 999999999); /* not what was counted */
	assert_int_equal(gd_hist_min(back), 100001);
	assert_int_equal(gd_hist_max(back), 123456789);
}

static void refuse(const char *text)
{
	GD_AUTO(gd_hist) struct gd_hist *h = NULL;
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_hist_decode(text, &h, &err), -1);
	assert_int_equal(err.code, GD_E_INPUT);
	assert_non_null(strstr(err.text, "histogram"));
	assert_null(h);
}

static void test_refuses_damage(void **state GD_UNUSED)
{
	const char *good = goldens[1].base64;
	GD_AUTO_FREE char *text = strdup(good);
	size_t len = strlen(good);

	refuse("");
	refuse("AAAA");
	refuse("====");
	refuse("HISTFAAA!CJ4");
	for (size_t cut = 4; cut < len; cut += 4) {
		GD_AUTO_FREE char *part = strndup(good, cut);

		refuse(part);
	}
	for (size_t i = 0; i < len; i += 7) {
		text[i] = text[i] == 'Q' ? 'R' : 'Q';
		refuse(text);
		text[i] = good[i];
	}
}

static void add_be(unsigned char **p, uint64_t v, int size)
{
	while (size-- > 0)
		*(*p)++ = (unsigned char)(v >> (8 * size));
}

/* A well-formed text around chosen header fields and counts. */
static char *forge(uint32_t digits, uint64_t lowest, uint64_t highest,
		   const unsigned char *counts, size_t n)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char raw[256], z[512], *p = raw, *q = z;
	uLongf size = sizeof(z) - 8;
	char *text = calloc(1, 1024), *out = text;

	add_be(&p, 0x1c849313, 4);
	add_be(&p, n, 4);
	add_be(&p, 0, 4);
	add_be(&p, digits, 4);
	add_be(&p, lowest, 8);
	add_be(&p, highest, 8);
	add_be(&p, UINT64_C(0x3ff0000000000000), 8);
	memcpy(p, counts, n);
	assert_int_equal(compress(z + 8, &size, raw, 40 + n), Z_OK);
	add_be(&q, 0x1c849314, 4);
	add_be(&q, size, 4);
	size += 8;
	for (size_t i = 0; i < size; i += 3) {
		uint32_t v = (uint32_t)(z[i] << 16 | (i + 1 < size ? z[i + 1] << 8 : 0) |
					(i + 2 < size ? z[i + 2] : 0));

		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		*out++ = i + 1 < size ? alphabet[v >> 6 & 63] : '=';
		*out++ = i + 2 < size ? alphabet[v & 63] : '=';
	}
	return text;
}

static void test_refuses_hostile_headers(void **state GD_UNUSED)
{
	static const unsigned char one[] = {2};
	static const unsigned char cut[] = {0x80};
	static const unsigned char lowest_run[] = {255, 255, 255, 255, 255,
						   255, 255, 255, 255};
	static const unsigned char huge_count[] = {0xfe, 0xff, 0xff, 0xff, 0xff,
						   0xff, 0xff, 0xff, 0xff, 2};
	static const struct {
		uint32_t digits;
		uint64_t lowest, highest;
		const unsigned char *counts;
		size_t n;
		bool good;
	} cases[] = {
		{3, 1000, 3600000000000, one, 1, true},
		{0, 1, 2, one, 1, true},
		{5, 1, INT64_MAX, one, 1, true},
		{6, 1000, 3600000000000, one, 1, false},
		{3, 0, 3600000000000, one, 1, false},
		{3, 1000, 1500, one, 1, false},
		{3, UINT64_MAX, 3600000000000, one, 1, false},
		{3, INT64_MAX / 2, INT64_MAX, one, 1, false},
		{3, 1000, 3600000000000, cut, 1, false},
		{3, 1000, 3600000000000, lowest_run, 9, false},
		{3, 1000, 3600000000000, huge_count, 10, false},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		GD_AUTO_FREE char *text =
			forge(cases[i].digits, cases[i].lowest, cases[i].highest,
			      cases[i].counts, cases[i].n);
		GD_AUTO(gd_hist) struct gd_hist *h = NULL;
		struct gd_error err = GD_ERROR_INIT;

		if (!cases[i].good)
			refuse(text);
		else
			assert_int_equal(gd_hist_decode(text, &h, &err), 0);
	}
}

/* What HdrHistogram 2.1.11 for Java makes of the same values, by its method of that name. */
static void test_corrected(void **state GD_UNUSED)
{
	struct gd_hist *h = gd_hist_new(), *c = gd_hist_new();

	for (int64_t i = 0; i < 9000; i++)
		gd_hist_record(h, 1000000 + i * 100);
	gd_hist_record(h, 1000000000);
	gd_hist_record(h, 250000000);
	gd_hist_record(h, 1900000);
	gd_hist_record(h, 2950000);
	gd_hist_add_corrected(c, h, 1450000);
	assert_int_equal(gd_hist_count(c), 9864);
	assert_int_equal(gd_hist_percentile(c, 50), 1494015);
	assert_int_equal(gd_hist_percentile(c, 90), 1888255);
	assert_int_equal(gd_hist_percentile(c, 95), 285736959);
	assert_int_equal(gd_hist_percentile(c, 99), 858259455);
	assert_int_equal(gd_hist_percentile(c, 99.9), 987758591);
	assert_int_equal(gd_hist_count_below(c, 500000000), 9519);
	gd_hist_free(h);
	gd_hist_free(c);
}

/* Much more values than steps: counted step by step, as if each were recorded. */
static void test_corrected_is_what_recording_gives(void **state GD_UNUSED)
{
	static const int64_t values[] = {3000000000, 777777777, 12345};
	struct gd_hist *h = gd_hist_new(), *c = gd_hist_new(), *want = gd_hist_new();

	for (size_t i = 0; i < GD_N_ELEMS(values); i++) {
		/* What is counted is the step: its highest value stands for it. */
		gd_hist_clear(h);
		gd_hist_clear(c);
		gd_hist_clear(want);
		gd_hist_record(h, values[i]);
		gd_hist_add_corrected(c, h, 2000);
		gd_hist_record(want, values[i]);
		for (int64_t v = gd_hist_percentile(h, 100) - 2000; v >= 2000; v -= 2000)
			gd_hist_record(want, v);
		assert_int_equal(gd_hist_count(c), gd_hist_count(want));
		for (double p = 0.5; p < 100; p += 0.5)
			assert_int_equal(gd_hist_percentile(c, p),
					 gd_hist_percentile(want, p));
	}
	gd_hist_free(h);
	gd_hist_free(c);
	gd_hist_free(want);
}

/* The one pass gives what the single questions give. */
static void many_answers_in_one_pass(void **state)
{
	static const int64_t upper[] = {1000, 50000, 2000000, 2000001, 900000000};
	static const double p[] = {0, 10, 50, 90, 99, 99.9, 100};
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
	uint64_t counts[GD_N_ELEMS(upper)], below = 0;
	int64_t values[GD_N_ELEMS(p)];

	(void)state;
	assert_non_null(h);
	gd_hist_percentiles(h, p, GD_N_ELEMS(p), values);
	assert_int_equal(values[3], -1);
	for (int64_t i = 0; i < 5000; i++)
		gd_hist_record(h, i * i * 97);
	gd_hist_percentiles(h, p, GD_N_ELEMS(p), values);
	for (size_t i = 0; i < GD_N_ELEMS(p); i++)
		assert_int_equal(values[i], gd_hist_percentile(h, p[i]));
	gd_hist_ranges(h, upper, GD_N_ELEMS(upper), counts);
	for (size_t i = 0; i < GD_N_ELEMS(upper); i++) {
		below += counts[i];
		assert_int_equal(below, gd_hist_count_below(h, upper[i]));
	}
	assert_true(below < 5000);
}

/* What is the same in all of its answers. */
static void assert_same(const struct gd_hist *a, const struct gd_hist *b)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *text_a = NULL, *text_b = NULL;

	assert_int_equal(gd_hist_count(a), gd_hist_count(b));
	assert_int_equal(gd_hist_min(a), gd_hist_min(b));
	assert_int_equal(gd_hist_max(a), gd_hist_max(b));
	assert_int_equal(gd_hist_encode(a, &text_a, &err), 0);
	assert_int_equal(gd_hist_encode(b, &text_b, &err), 0);
	assert_string_equal(text_a, text_b);
}

static struct gd_hist *decoded(const struct gd_hist *h)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *text = NULL;
	struct gd_hist *ret = NULL;

	assert_int_equal(gd_hist_encode(h, &text, &err), 0);
	assert_int_equal(gd_hist_decode(text, &ret, &err), 0);
	gd_hist_refine(ret, gd_hist_min(h), gd_hist_max(h));
	return ret;
}

/* One that was read is kept otherwise than one that was counted; nobody can tell. */
static void what_was_decoded_counts_on(void **state)
{
	GD_AUTO(gd_hist) struct gd_hist *counted = gd_hist_new();
	GD_AUTO(gd_hist) struct gd_hist *other = gd_hist_new();
	GD_AUTO(gd_hist) struct gd_hist *sum = gd_hist_new();
	GD_AUTO(gd_hist) struct gd_hist *read = NULL;
	GD_AUTO(gd_hist) struct gd_hist *read_other = NULL;

	(void)state;
	fill_bimodal(counted);
	fill_squares(other);
	read = decoded(counted);
	read_other = decoded(other);
	assert_same(read, counted);
	gd_hist_merge(sum, read); /* into nothing, then into what was merged */
	assert_same(sum, counted);
	gd_hist_merge(sum, read_other);
	gd_hist_merge(counted, other);
	assert_same(sum, counted);
	gd_hist_merge(read, other); /* counted into read */
	assert_same(read, counted);
	gd_hist_record(read_other, 77);
	gd_hist_record(other, 77);
	assert_same(read_other, other);
	gd_hist_free(read);
	read = decoded(other);
	gd_hist_clear(read);
	gd_hist_clear(other);
	assert_same(read, other);
	fill_bimodal(read);
	fill_bimodal(other);
	assert_same(read, other);
}

static void what_is_packed_comes_back(void **state)
{
	static void (*const fills[])(struct gd_hist * h) = {fill_zero, fill_squares,
							    fill_bimodal};

	(void)state;
	for (size_t i = 0; i <= GD_N_ELEMS(fills); i++) {
		GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new(), *read = NULL;
		struct gd_hist_pack *counted GD_AUTO_FREE = NULL;
		struct gd_hist_pack *as_read GD_AUTO_FREE = NULL;
		GD_AUTO(gd_hist) struct gd_hist *back = NULL, *again = NULL;

		if (i < GD_N_ELEMS(fills))
			fills[i](h); /* the last is empty */
		read = decoded(h);
		counted = gd_hist_pack(h);
		as_read = gd_hist_pack(read);
		assert_true(counted && as_read);
		back = gd_hist_unpack(counted);
		again = gd_hist_unpack(as_read);
		assert_true(back && again);
		assert_same(back, h);
		assert_same(again, h);
	}
}

/* More than the buffers on the stack hold. */
static void a_large_one_is_decoded(void **state)
{
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
	GD_AUTO(gd_hist) struct gd_hist *read = NULL;
	uint32_t seed = 1;

	(void)state;
	for (int64_t v = 0; v < INT64_C(3600000000000); v += 512 + v / 2500) {
		seed = seed * 1664525U + 1013904223U;
		for (uint32_t n = 0; n < seed >> 22; n++)
			gd_hist_record(h, v);
	}
	read = decoded(h);
	assert_same(read, h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corrected),
		cmocka_unit_test(test_corrected_is_what_recording_gives),
		cmocka_unit_test(test_records_as_reference),
		cmocka_unit_test(test_encodes_as_reference),
		cmocka_unit_test(test_decodes_reference),
		cmocka_unit_test(test_decodes_foreign_layout),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_clamps),
		cmocka_unit_test(test_merge_is_exact),
		cmocka_unit_test(test_merge_empty),
		cmocka_unit_test(test_precision),
		cmocka_unit_test(test_refine),
		cmocka_unit_test(test_refuses_damage),
		cmocka_unit_test(many_answers_in_one_pass),
		cmocka_unit_test(test_refuses_hostile_headers),
		cmocka_unit_test(what_was_decoded_counts_on),
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(a_large_one_is_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
