/* SPDX-License-Identifier: Apache-2.0 */
/* What a load asks for: the shape's rows, the checks beyond them, and its URL. */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "gameday/base/json.h"
#include "gameday/load/spec.h"
#include "gameday/load/url.h"

static int decode(const char *text, struct gd_load_spec *ret, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_Parse(text);

	assert_non_null(json);
	return gd_shape_from_json(&gd_load_shape, json, ret, err);
}

static void test_defaults(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_load_spec s;
	const struct gd_client_spec *c;

	assert_int_equal(
		decode("{\"name\": \"checkout\", \"http\": \"http://{server}/\", "
		       "\"rate\": \"200/s\", \"clients\": {\"plain\": {}, "
		       "\"retrying\": {\"retry\": {}}}}",
		       &s, &err),
		0);
	assert_int_equal(s.from.n, 0);
	assert_string_equal(s.method, "GET");
	assert_int_equal(s.timeout.ns, GD_NS_PER_S);
	assert_int_equal(s.connections, 0);
	assert_true(gd_course_peak(&s.rate) > 199.9 && gd_course_peak(&s.rate) < 200.1);
	assert_int_equal(s.clients.n, 2);
	c = GD_AT(&s.clients, struct gd_client_spec, 0);
	assert_string_equal(c->name, "plain");
	assert_null(c->retry);
	c = GD_AT(&s.clients, struct gd_client_spec, 1);
	assert_int_equal(c->retry->attempts, 3);
	assert_int_equal(c->retry->backoff.min.ns, 20 * GD_NS_PER_MS);
	assert_int_equal(c->retry->backoff.max.ns, 500 * GD_NS_PER_MS);
	assert_int_equal(c->retry->jitter, GD_JITTER_FULL);
	assert_int_equal(c->retry->budget.ppb, 0);
	assert_int_equal(gd_load_spec_check(&s, &err), 0);
	gd_shape_fini(&gd_load_shape, &s);
}

/* A load crosses the wire to an agent as JSON. */
static void test_round_trip(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_load_spec a, b;
	const struct gd_client_spec *c;

	assert_int_equal(
		decode("{\"name\": \"x\", \"http\": \"http://h:1/\", \"concurrency\": 7, "
		       "\"connections\": 9, \"timeout\": \"1500ms\", \"method\": \"HEAD\", "
		       "\"clients\": {\"r\": {\"retry\": {\"attempts\": 5, \"backoff\": "
		       "\"1ms..2s\", \"jitter\": \"equal\", \"budget\": \"12.5%\"}}}}",
		       &a, &err),
		0);
	assert_int_equal(gd_shape_to_json(&gd_load_shape, &a, &json, &err), 0);
	assert_int_equal(gd_shape_from_json(&gd_load_shape, json, &b, &err), 0);
	assert_int_equal(b.http.n, 1);
	assert_string_equal(GD_AT(&b.http, struct gd_url_spec, 0)->text, "http://h:1/");
	assert_string_equal(b.method, "HEAD");
	assert_int_equal(b.concurrency, 7);
	assert_int_equal(b.connections, 9);
	assert_int_equal(b.timeout.ns, 1500 * GD_NS_PER_MS);
	assert_true(gd_course_peak(&b.rate) <= 0);
	c = GD_AT(&b.clients, struct gd_client_spec, 0);
	assert_string_equal(c->name, "r");
	assert_int_equal(c->retry->attempts, 5);
	assert_int_equal(c->retry->backoff.max.ns, 2 * GD_NS_PER_S);
	assert_int_equal(c->retry->jitter, GD_JITTER_EQUAL);
	assert_int_equal(c->retry->budget.ppb, 125000000);
	gd_shape_fini(&gd_load_shape, &a);
	gd_shape_fini(&gd_load_shape, &b);
}

#define LOAD(rest) "{\"name\": \"a\", \"http\": \"http://h/\", " rest "}"

static void test_rows_refuse(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"{\"http\": \"http://h/\"}", "name"},
		{LOAD("\"connections\": -1"), "connections"},
		{LOAD("\"connections\": 20001"), "connections"},
		{LOAD("\"timeout\": \"0ms\""), "timeout"},
		{LOAD("\"rates\": \"5/s\""), "rate"},
		{LOAD("\"clients\": {\"x\": {\"retry\": {\"attempts\": 0}}}"),
		 "attempts"},
		{LOAD("\"clients\": {\"x\": {\"retry\": {\"attempts\": 21}}}"),
		 "attempts"},
		{LOAD("\"clients\": {\"x\": {\"retry\": {\"backoff\": \"2s..61s\"}}}"),
		 "backoff"},
		{LOAD("\"clients\": {\"x\": {\"retry\": {\"jitter\": \"some\"}}}"),
		 "jitter"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_error err = GD_ERROR_INIT;
		struct gd_load_spec s = {0};

		assert_int_equal(decode(cases[i].text, &s, &err), -1);
		if (!strstr(err.text, cases[i].want))
			fail_msg("no '%s' in: %s", cases[i].want, err.text);
		gd_shape_fini(&gd_load_shape, &s);
	}
}

static void test_checks(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{LOAD("\"concurrency\": 0"), "either rate"},
		{"{\"name\": \"a\", \"rate\": \"1/s\"}", "give one of http"},
		{LOAD("\"rate\": \"1/s\", \"ping\": \"h\""), "give only one of http"},
		{"{\"name\": \"a\", \"rate\": \"1/s\", \"ping\": \"h\", \"body\": \"x\"}",
		 "body says nothing to ping"},
		{LOAD("\"rate\": \"1/s\", \"body\": \"${x}\""), "body: '${x}'"},
		{LOAD("\"rate\": \"5/s\", \"concurrency\": 2"), "not both"},
		{LOAD("\"rate\": \"5/s\", \"burst\": 2, \"every\": \"1s\""),
		 "one of rate and every"},
		{LOAD("\"every\": \"1s\""), "give burst too"},
		{LOAD("\"every\": \"1s\", \"burst\": 2, \"concurrency\": 2"), "not both"},
		{LOAD("\"burst\": 2"), "either rate"},
		{LOAD("\"concurrency\": 2, \"burst\": 2"), "of an open loop"},
		{LOAD("\"concurrency\": 2, \"arrivals\": \"poisson\""),
		 "of an open loop"},
		{LOAD("\"concurrency\": 2, \"share\": true"), "of an open loop"},
		{LOAD("\"rate\": \"5/s\", \"method\": \"get\""), "capital"},
		{LOAD("\"rate\": \"5/s\", \"method\": \"CONNECT\""), "CONNECT"},
		{LOAD("\"rate\": \"5/s\", \"clients\": {\"a.b\": {}}"), "a.b"},
		{LOAD("\"rate\": \"5/s\", \"threads\": 2, \"clients\": "
		      "{\"a\": {\"bulkhead\": {\"max\": 1}}}"),
		 "a: bulkhead: a max of 1 can't be divided between 2"},
		{LOAD("\"rate\": \"5/s\", \"threads\": 2, \"clients\": "
		      "{\"a\": {\"limit\": {\"rate\": \"9/s\"}}}"),
		 "a: limit: a burst of 1 can't be divided"},
		{LOAD("\"concurrency\": 4, \"threads\": 5"),
		 "a concurrency of 4 can't be divided"},
		{"{\"name\": \"a b\", \"http\": \"http://h/\", \"rate\": \"1/s\"}",
		 "a b"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_error err = GD_ERROR_INIT;
		struct gd_load_spec s = {0};

		assert_int_equal(decode(cases[i].text, &s, &err), 0);
		assert_int_equal(gd_load_spec_check(&s, &err), -1);
		assert_int_equal(err.code, GD_E_INPUT);
		if (!strstr(err.text, cases[i].want))
			fail_msg("no '%s' in: %s", cases[i].want, err.text);
		gd_shape_fini(&gd_load_shape, &s);
	}
}

static int64_t sum_of(const struct gd_client_spec *c, uint32_t n, size_t offset)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct gd_client_limits own;

		gd_client_divide(c, (struct gd_part){i, n}, &own);
		sum += *(const int64_t *)(const void *)((const char *)&own + offset);
	}
	return sum;
}

/* Whatever is divided: the parts are the whole again, and differ by one at most. */
static void test_divided(void **state GD_UNUSED)
{
	struct gd_limit_policy limit = {.rate = {90}, .burst = 7};
	struct gd_bulkhead_policy bulkhead = {.max = 11, .queue = 5};
	struct gd_pool_policy pool = {.max = 8, .max_idle = 6, .max_requests = 3};
	const struct gd_client_spec c = {
		.limit = &limit, .bulkhead = &bulkhead, .pool = &pool};
	struct gd_client_limits own;

	for (uint32_t n = 1; n <= 5; n++) {
#define SUM(member) sum_of(&c, n, offsetof(struct gd_client_limits, member))
		assert_int_equal(SUM(limit.burst), 7);
		assert_int_equal(SUM(bulkhead.max), 11);
		assert_int_equal(SUM(bulkhead.queue), 5);
		assert_int_equal(SUM(pool.max), 8);
		assert_int_equal(SUM(pool.max_idle), 6);
#undef SUM
	}
	gd_client_divide(&c, (struct gd_part){2, 3}, &own);
	assert_true(own.limit.rate.per_s > 29.99 && own.limit.rate.per_s < 30.01);
	assert_int_equal(own.limit.burst, 2);
	assert_int_equal(own.pool.max_requests, 3); /* of one connection */
}

/* `from` is one place or several. */
static void test_from(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_load_spec s;

	assert_int_equal(decode(LOAD("\"rate\": \"5/s\", \"from\": \"shop\""), &s, &err),
			 0);
	assert_int_equal(s.from.n, 1);
	assert_string_equal(GD_AT(&s.from, struct gd_from_spec, 0)->text, "shop");
	gd_shape_fini(&gd_load_shape, &s);
	assert_int_equal(
		decode(LOAD("\"rate\": \"5/s\", \"from\": [\"shop\", \"runner\"]"), &s,
		       &err),
		0);
	assert_int_equal(s.from.n, 2);
	assert_string_equal(GD_AT(&s.from, struct gd_from_spec, 1)->text, "runner");
	gd_shape_fini(&gd_load_shape, &s);
}

static void test_urls(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *host, *authority, *path;
		uint16_t port;
	} cases[] = {
		{"http://a", "a", "a", "/", 80},
		{"HTTP://a.b:8080/x?y=1#z", "a.b", "a.b:8080", "/x?y=1", 8080},
		{"http://a:80?q", "a", "a", "/?q", 80},
		{"http://[::1]:9/", "::1", "[::1]:9", "/", 9},
		{"http://[fe80::1%eth0]/", "fe80::1%eth0", "[fe80::1]", "/", 80},
		{"http://h/a@b", "h", "h", "/a@b", 80},
		{"https://h:443/", "h", "h:443", "/", 443},
		{"tcp://h:80", "h", "h", "/", 80},
		{"http://h/${seq}?k=${random:1..9}", "h", "h", "/${seq}?k=${random:1..9}",
		 80},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_error err = GD_ERROR_INIT;
		struct gd_url u;

		if (gd_url_parse(cases[i].text, 80, &u, &err) < 0)
			fail_msg("%s", err.text);
		assert_string_equal(u.host, cases[i].host);
		assert_string_equal(u.authority, cases[i].authority);
		assert_string_equal(u.path, cases[i].path);
		assert_int_equal(u.port, cases[i].port);
	}
}

static void test_bad_urls(void **state GD_UNUSED)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", "http://"},
		{"a:80/", "http://"},
		{"://a/", "scheme"},
		{"http:/a", "scheme"},
		{"aschemethatistoolong://a/", "scheme"},
		{"http://a/${seq", "role"},
		{"http://a/${seq}{x}", "role"},
		{"http://a${seq}/", "host can't differ"},
		{"http:///x", "no host"},
		{"http://[::1/", "no host"},
		{"http://[::1]x/", "not a path"},
		{"http://a:0/", "port"},
		{"http://a:65536/", "port"},
		{"http://a:99999999999999999999/", "port"},
		{"http://a:-1/", "port"},
		{"http://a:8x/", "not a path"},
		{"http://u:p@a/", "user name"},
		{"http://a/\r\nX: y", "blank"},
		{"http://a/ b", "blank"},
		{"http://{server}:80/", "role"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_error err = GD_ERROR_INIT;
		struct gd_url u;

		assert_int_equal(gd_url_parse(cases[i].text, 80, &u, &err), -1);
		assert_int_equal(err.code, GD_E_INPUT);
		if (!strstr(err.text, cases[i].want))
			fail_msg("no '%s' in: %s", cases[i].want, err.text);
	}
}

static void test_long_urls(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	char text[4096] = "http://a/";
	struct gd_url u;

	memset(text + 9, 'x', 2046);
	assert_int_equal(gd_url_parse(text, 80, &u, &err), 0);
	assert_int_equal(strlen(u.path), 2047);
	text[9 + 2046] = 'x';
	assert_int_equal(gd_url_parse(text, 80, &u, &err), -1);
	memset(text + 7, 'h', 256);
	text[7 + 256] = '\0';
	assert_int_equal(gd_url_parse(text, 80, &u, &err), -1);
}

/* How long a request may take: what a run waits for when it stops. */
static void test_longest(void **state GD_UNUSED)
{
	static const struct {
		const char *clients;
		int64_t want_ms;
	} cases[] = {
		{"{}", 2000},
		{"{\"a\": {}}", 2000},
		{"{\"a\": {\"timeouts\": {\"whole\": \"500ms\"}}}", 2000},
		{"{\"a\": {\"timeouts\": {\"whole\": \"3s\"}}}", 3000},
		{"{\"a\": {\"retry\": {\"attempts\": 3, \"backoff\": \"1ms..50ms\"}}}",
		 6100},
		{"{\"a\": {\"retry\": {\"retry_after\": \"1s\"}}}", 8000},
		{"{\"a\": {\"retry\": {}, \"deadline\": \"2500ms\"}}", 2500},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_load_spec s = {0};
		struct gd_error err = GD_ERROR_INIT;
		GD_AUTO_FREE char *text = NULL;

		assert_true(asprintf(&text,
				     LOAD("\"rate\": \"1/s\", \"timeout\": \"2s\", "
					  "\"clients\": %s"),
				     cases[i].clients) > 0);
		assert_int_equal(decode(text, &s, &err), 0);
		assert_int_equal(gd_load_spec_longest(&s).ns,
				 cases[i].want_ms * GD_NS_PER_MS);
		gd_shape_fini(&gd_load_shape, &s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longest),    cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_rows_refuse),
		cmocka_unit_test(test_checks),     cmocka_unit_test(test_urls),
		cmocka_unit_test(test_bad_urls),   cmocka_unit_test(test_long_urls),
		cmocka_unit_test(test_divided),    cmocka_unit_test(test_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
