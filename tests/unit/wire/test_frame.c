/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gameday/wire/frame.h"
#include "gameday/wire/utf8.h"

static void put(struct gd_strbuf *sb, const char *json)
{
	size_t size = strlen(json);

	for (int shift = 24; shift >= 0; shift -= 8)
		gd_strbuf_addc(sb, (char)(size >> shift));
	gd_strbuf_adds(sb, json);
}

static void feed(struct gd_frame_reader *r, const void *data, size_t size)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_frame_feed(r, data, size, &err), 0);
}

static void expect_message(struct gd_frame_reader *r, const char *key, int value)
{
	struct gd_error err = GD_ERROR_INIT;
	cJSON *json = NULL;

	assert_int_equal(gd_frame_next(r, &json, &err), GD_FRAME_MESSAGE);
	assert_int_equal(gd_json_int(json, key, -1), value);
	cJSON_Delete(json);
}

static void expect(struct gd_frame_reader *r, int outcome)
{
	struct gd_error err = GD_ERROR_INIT;
	cJSON *json = NULL;

	assert_int_equal(gd_frame_next(r, &json, &err), outcome);
	assert_null(json);
}

/* One frame that the reader must refuse with these words. */
static void expect_refused(const void *bytes, size_t size, const char *words)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_frame_reader r;
	cJSON *json = NULL;

	gd_frame_reader_init(&r, false);
	feed(&r, bytes, size);
	assert_int_equal(gd_frame_next(&r, &json, &err), -1);
	assert_int_equal(err.code, GD_E_REMOTE);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
	gd_frame_reader_fini(&r);
}

static void refuse_json(const char *json, size_t size, const char *words)
{
	GD_AUTO_STRBUF(sb);

	for (int shift = 24; shift >= 0; shift -= 8)
		gd_strbuf_addc(&sb, (char)(size >> shift));
	gd_strbuf_add(&sb, json, size);
	expect_refused(sb.data, sb.len, words);
}

static void reads_byte_by_byte(void **state)
{
	struct gd_frame_reader r;
	GD_AUTO_STRBUF(sb);

	(void)state;
	gd_frame_reader_init(&r, false);
	put(&sb, "{\"a\":1}");
	for (size_t i = 0; i < sb.len; i++) {
		expect(&r, GD_FRAME_MORE);
		feed(&r, sb.data + i, 1);
	}
	expect_message(&r, "a", 1);
	expect(&r, GD_FRAME_MORE);
	assert_int_equal(gd_frame_pending(&r), 0);
	gd_frame_reader_fini(&r);
}

static void reads_many_at_once(void **state)
{
	struct gd_frame_reader r;
	GD_AUTO_STRBUF(sb);

	(void)state;
	gd_frame_reader_init(&r, false);
	put(&sb, "{\"a\":1}");
	put(&sb, "{\"a\":2}");
	put(&sb, "{\"a\":3}");
	feed(&r, sb.data, sb.len - 1);
	expect_message(&r, "a", 1);
	expect_message(&r, "a", 2);
	expect(&r, GD_FRAME_MORE);
	feed(&r, sb.data + sb.len - 1, 1);
	expect_message(&r, "a", 3);
	gd_frame_reader_fini(&r);
}

static void skips_noise_before_greeting(void **state)
{
	static const char noise[] =
		"Welcome to GAMEDAY-AGENT land\nGAMEDAY-AGENT x\n\0bin"
		"no newline here:";
	struct gd_frame_reader r;
	GD_AUTO_STRBUF(sb);

	(void)state;
	gd_strbuf_add(&sb, noise, sizeof(noise) - 1);
	gd_strbuf_adds(&sb, GD_GREETING);
	put(&sb, "{\"a\":7}");
	for (size_t portion = 1; portion < 40; portion += 3) {
		int greeted = 0, messages = 0;

		gd_frame_reader_init(&r, true);
		for (size_t at = 0; at < sb.len; at += portion) {
			struct gd_error err = GD_ERROR_INIT;
			cJSON *json = NULL;
			int outcome;

			feed(&r, sb.data + at,
			     sb.len - at < portion ? sb.len - at : portion);
			while ((outcome = gd_frame_next(&r, &json, &err)) > 0) {
				greeted += outcome == GD_FRAME_GREETED;
				messages += outcome == GD_FRAME_MESSAGE;
				cJSON_Delete(json);
				json = NULL;
			}
			assert_int_equal(outcome, GD_FRAME_MORE);
		}
		assert_int_equal(greeted, 1);
		assert_int_equal(messages, 1);
		gd_frame_reader_fini(&r);
	}
}

static void bounds_the_noise(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_frame_reader r;
	cJSON *json = NULL;
	char line[1024];
	int outcome = 0;
	int portions = 0;

	(void)state;
	memset(line, 'x', sizeof(line));
	gd_frame_reader_init(&r, true);
	for (; outcome == 0 && portions < 100; portions++) {
		feed(&r, line, sizeof(line));
		outcome = gd_frame_next(&r, &json, &err);
	}
	assert_int_equal(outcome, -1);
	assert_int_equal(portions, GD_FRAME_MAX_PREAMBLE / 1024 + 1);
	assert_non_null(strstr(err.text, "greeting"));
	gd_frame_reader_fini(&r);
}

static void names_another_version(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_frame_reader r;
	cJSON *json = NULL;

	(void)state;
	gd_frame_reader_init(&r, true);
	feed(&r, "GAMEDAY-AGENT 12\n", 17);
	assert_int_equal(gd_frame_next(&r, &json, &err), -1);
	assert_non_null(strstr(err.text, "version 12"));
	gd_frame_reader_fini(&r);
}

static void refuses_bad_lengths(void **state)
{
	(void)state;
	expect_refused("\0\0\0\0", 4, "frame of 0 bytes");
	expect_refused("\x00\x10\x00\x01", 4, "frame of 1048577 bytes");
	expect_refused("\xff\xff\xff\xff", 4, "frame of 4294967295 bytes");
}

static void takes_the_largest_frame(void **state)
{
	struct gd_frame_reader r;
	GD_AUTO_STRBUF(sb);
	struct gd_error err = GD_ERROR_INIT;
	cJSON *json = NULL;

	(void)state;
	gd_strbuf_add(&sb, "\x00\x10\x00\x00{\"a\":\"", 10);
	while (sb.len < GD_FRAME_HEADER + GD_FRAME_MAX - 2)
		gd_strbuf_addc(&sb, 'y');
	gd_strbuf_adds(&sb, "\"}");
	gd_frame_reader_init(&r, false);
	feed(&r, sb.data, sb.len);
	assert_int_equal(gd_frame_next(&r, &json, &err), GD_FRAME_MESSAGE);
	assert_int_equal(strlen(gd_json_str(json, "a", "")), GD_FRAME_MAX - 8);
	cJSON_Delete(json);
	gd_frame_reader_fini(&r);
}

static void refuses_bad_bodies(void **state)
{
	GD_AUTO_STRBUF(deep);
	GD_AUTO_STRBUF(many);

	(void)state;
	refuse_json("{\"a\":", 5, "syntax error");
	refuse_json("[1]", 3, "not a JSON object");
	refuse_json("7", 1, "not a JSON object");
	refuse_json("{}x", 3, "text after the end");
	refuse_json("{\"\0\":1}", 7, "NUL");
	refuse_json("{\"\xff\":1}", 7, "not UTF-8 at byte 2");
	refuse_json("{\"\xc0\x80\":1}", 8, "not UTF-8");
	refuse_json("{\"\xed\xa0\x80\":1}", 9, "not UTF-8");
	refuse_json("{\"\xe2\x82\":1}", 8, "not UTF-8");
	refuse_json("{\"a\":[{},[],[[2]],1e999]}", 25, "finite");
	for (int i = 0; i < 70; i++)
		gd_strbuf_adds(&deep, "{\"a\":");
	refuse_json(deep.data, deep.len, "levels");
	gd_strbuf_adds(&many, "{\"a\":[1");
	for (int i = 0; i < GD_FRAME_MAX_VALUES; i++)
		gd_strbuf_adds(&many, ",1");
	gd_strbuf_adds(&many, "]}");
	refuse_json(many.data, many.len, "values");
}

static void writes_what_it_reads(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_frame_reader r;
	GD_AUTO_STRBUF(sb);
	cJSON *json = cJSON_CreateObject();
	cJSON *back = NULL;

	(void)state;
	assert_true(gd_json_set_int(json, "n", INT64_C(1234567890123456789)));
	assert_true(gd_json_set_str(json, "s", "gr\xc3\xbc\xc3\x9f \"\n\xff!"));
	assert_int_equal(gd_frame_write(&sb, json, &err), 0);
	gd_frame_reader_init(&r, false);
	feed(&r, sb.data, sb.len);
	assert_int_equal(gd_frame_next(&r, &back, &err), GD_FRAME_MESSAGE);
	assert_true(gd_json_int(back, "n", 0) == INT64_C(1234567890123456789));
	assert_string_equal(gd_json_str(back, "s", ""), "gr\xc3\xbc\xc3\x9f \"\n?!");
	cJSON_Delete(json);
	cJSON_Delete(back);
	gd_frame_reader_fini(&r);
}

static void refuses_to_write_too_much(void **state)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(sb);
	cJSON *json = cJSON_CreateObject();
	char *big = malloc(GD_FRAME_MAX);

	(void)state;
	assert_non_null(big);
	memset(big, 'z', GD_FRAME_MAX - 1);
	big[GD_FRAME_MAX - 1] = '\0';
	assert_true(gd_json_set_str(json, "s", big));
	assert_int_equal(gd_frame_write(&sb, json, &err), -1);
	assert_int_equal(err.code, GD_E_BUG);
	assert_int_equal(sb.len, 0);
	free(big);
	cJSON_Delete(json);
}

static void scrubs_text_for_terminals(void **state)
{
	char text[] = "a\x1b[31mb\nc\x07\xff\xc2\x9b\xe2\x82\xac.";

	(void)state;
	gd_text_scrub(text);
	assert_string_equal(text, "a?[31mb c????\xe2\x82\xac.");
	assert_int_equal(gd_utf8_length("\xf0\x9f\x98\x80", 4), 4);
	assert_int_equal(gd_utf8_length("\xf0\x9f\x98\x80", 3), 0);
	assert_int_equal(gd_utf8_length("\xf4\x90\x80\x80", 4), 0);
	assert_int_equal(gd_utf8_length("\xf0\x80\x80\x80", 4), 0);
	assert_int_equal(gd_utf8_length("x", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_byte_by_byte),
		cmocka_unit_test(reads_many_at_once),
		cmocka_unit_test(skips_noise_before_greeting),
		cmocka_unit_test(bounds_the_noise),
		cmocka_unit_test(names_another_version),
		cmocka_unit_test(refuses_bad_lengths),
		cmocka_unit_test(takes_the_largest_frame),
		cmocka_unit_test(refuses_bad_bodies),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(refuses_to_write_too_much),
		cmocka_unit_test(scrubs_text_for_terminals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
