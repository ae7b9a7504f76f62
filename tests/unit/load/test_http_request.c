/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/json.h"
#include "gameday/load/proto/http_request.h"

/* members: what the load has beside its name and URL, as JSON. */
static void make_spec(const char *members, struct gd_load_spec *ret)
{
	GD_AUTO_FREE char *text = NULL;
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_error err = GD_ERROR_INIT;

	assert_true(asprintf(&text, "{\"name\": \"n\", \"http\": \"http://h/p\"%s%s}",
			     *members ? ", " : "", members) > 0);
	json = cJSON_Parse(text);
	assert_non_null(json);
	if (gd_shape_from_json(&gd_load_shape, json, ret, &err) < 0)
		fail_msg("%s", err.text);
}

static void put(const char *members, const char *path, uint64_t seq, char *ret)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_http_request r;
	struct gd_load_spec spec;
	struct gd_out out = {.data = ret};

	make_spec(members, &spec);
	if (gd_http_request_compile(&spec, "h:1", path, &r, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(gd_http_request_put(&r, seq, &out));
	ret[out.n] = '\0';
	gd_http_request_fini(&r);
	gd_shape_fini(&gd_load_shape, &spec);
}

static void test_requests(void **state GD_UNUSED)
{
	static const char usual[] = "User-Agent: gameday\r\nAccept: */*\r\n";
	static const struct {
		const char *members, *path, *line, *rest; /* between them the usual */
	} cases[] = {
		{"", "/p", "GET /p HTTP/1.1\r\nHost: h:1\r\n", "\r\n"},
		{"\"method\": \"PUT\"", "/p", "PUT /p HTTP/1.1\r\nHost: h:1\r\n",
		 "Content-Length: 0\r\n\r\n"},
		{"\"body\": \"hello\", \"method\": \"POST\"", "/p",
		 "POST /p HTTP/1.1\r\nHost: h:1\r\n", "Content-Length: 5\r\n\r\nhello"},
		{"\"body\": \"$${seq}\"", "/p", "GET /p HTTP/1.1\r\nHost: h:1\r\n",
		 "Content-Length: 6\r\n\r\n${seq}"},
		{"\"body\": \"n=${seq}\"", "/${seq}", "GET /99 HTTP/1.1\r\nHost: h:1\r\n",
		 "Content-Length: 4\r\n\r\nn=99"},
		{"\"headers\": {\"X-N\": \"${seq}\", \"hOST\": \"other\"}", "/p",
		 "GET /p HTTP/1.1\r\nHost: other\r\n", "X-N: 99\r\n\r\n"},
		{"\"keepalive\": false", "/p", "GET /p HTTP/1.1\r\nHost: h:1\r\n",
		 "Connection: close\r\n\r\n"},
	};
	char got[GD_OUT_MAX], want[1024];

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		put(cases[i].members, cases[i].path, 99, got);
		(void)snprintf(want, sizeof(want), "%s%s%s", cases[i].line, usual,
			       cases[i].rest);
		assert_string_equal(got, want);
	}
	put("\"headers\": {\"user-agent\": \"me\", \"ACCEPT\": \"text/html\"}", "/", 0,
	    got);
	assert_string_equal(got, "GET / HTTP/1.1\r\nHost: h:1\r\nuser-agent: me\r\n"
				 "ACCEPT: text/html\r\n\r\n");
}

/* The length that is told is the length of what follows, for each request anew. */
static void test_length_is_right(void **state GD_UNUSED)
{
	char got[GD_OUT_MAX];

	for (uint64_t seq = 0; seq < 2000; seq++) {
		const char *body, *length;

		put("\"body\": \"${seq}-${random:0..100000}-${uuid}\"", "/${random:0..9}",
		    seq, got);
		body = strstr(got, "\r\n\r\n") + 4;
		length = strstr(got, "Content-Length: ") + 16;
		assert_int_equal(strtoul(length, NULL, 10), strlen(body));
		assert_int_equal(strtoul(body, NULL, 10), seq);
	}
}

static void test_refusals(void **state GD_UNUSED)
{
	static const struct {
		const char *members, *want;
	} cases[] = {
		{"\"headers\": {\"Content-Length\": \"5\"}", "gameday writes it itself"},
		{"\"headers\": {\"connection\": \"close\"}", "keepalive: false"},
		{"\"headers\": {\"transfer-encoding\": \"x\"}", "itself"},
		{"\"headers\": {\"a b\": \"x\"}", "'a b'"},
		{"\"headers\": {\"a:\": \"x\"}", "'a:'"},
		{"\"headers\": {\"a\": \"x\\r\\nEvil: y\"}", "header a"},
		{"\"headers\": {\"a\": \"${no}\"}", "header a: '${no}'"},
		{"\"headers\": {\"Host\": \"a${seq}\"}", "header Host"},
		{"\"body\": \"${no}\"", "body: '${no}'"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		struct gd_error err = GD_ERROR_INIT;
		struct gd_http_request r;
		struct gd_load_spec spec;

		make_spec(cases[i].members, &spec);
		assert_int_equal(gd_http_request_compile(&spec, "h", "/", &r, &err), -1);
		assert_int_equal(err.code, GD_E_INPUT);
		if (!strstr(err.text, cases[i].want))
			fail_msg("no '%s' in: %s", cases[i].want, err.text);
		gd_shape_fini(&gd_load_shape, &spec);
	}
}

/* What can become larger than the buffer is refused before, not found out while sending. */
static void test_sizes(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_http_request r;
	struct gd_load_spec spec;
	char *body = malloc(GD_HTTP_MAX_BODY + 16);

	assert_non_null(body);
	make_spec("", &spec);
	memset(body, 'x', GD_HTTP_MAX_BODY + 16);
	body[GD_HTTP_MAX_BODY] = '\0';
	spec.body = body;
	assert_int_equal(gd_http_request_compile(&spec, "h", "/", &r, &err), 0);
	gd_http_request_fini(&r);
	memcpy(body + GD_HTTP_MAX_BODY - 6, "${seq}", 6);
	assert_int_equal(gd_http_request_compile(&spec, "h", "/", &r, &err), -1);
	assert_non_null(strstr(err.text, "at most 65536"));
	gd_shape_fini(&gd_load_shape, &spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_length_is_right),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
