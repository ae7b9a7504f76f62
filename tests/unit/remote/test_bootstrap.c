/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gameday/base/auto.h"
#include "gameday/remote/bootstrap.h"
#include "gameday/wire/frame.h"

static const struct gd_bundle bundle = {
	.size = 2048,
	.hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};

/* Feeds text in portions of n bytes; counts outcomes; the last one is returned. */
static int feed(struct gd_bootstrap *b, const char *text, size_t portion,
		int *ret_uploads, size_t *ret_left, struct gd_error *err)
{
	size_t len = strlen(text), at = 0;

	*ret_uploads = 0;
	while (at < len) {
		size_t n = len - at < portion ? len - at : portion;
		size_t used = 0;
		int outcome = gd_bootstrap_feed(b, text + at, n, &used, err);

		if (outcome < 0)
			return outcome;
		at += used;
		*ret_uploads += outcome == GD_BOOTSTRAP_UPLOAD;
		if (outcome == GD_BOOTSTRAP_STARTED) {
			*ret_left = len - at;
			return outcome;
		}
	}
	return GD_BOOTSTRAP_MORE;
}

static void reads_the_dialogue(void **state)
{
	static const char text[] =
		"Welcome!\nno newline\n"
		"GAMEDAY-BOOT ssh 10.0.0.1 5000 10.0.0.2 22\n"
		"noise GAMEDAY-BOOT start\n"
		"GAMEDAY-BOOT send\nGAMEDAY-BOOT send\nGAMEDAY-BOOT start\n"
		"GAMEDAY-AGENT 1\n";

	(void)state;
	for (size_t portion = 1; portion < 60; portion++) {
		struct gd_bootstrap b = {0};
		struct gd_error err = GD_ERROR_INIT;
		size_t left = 0;
		int uploads;

		assert_int_equal(feed(&b, text, portion, &uploads, &left, &err),
				 GD_BOOTSTRAP_STARTED);
		assert_int_equal(uploads, 1);
		assert_int_equal(left, strlen(GD_GREETING));
		assert_true(b.uploaded);
		assert_string_equal(b.ssh_connection, "10.0.0.1 5000 10.0.0.2 22");
		assert_string_equal(b.said, "noise GAMEDAY-BOOT start");
		gd_bootstrap_fini(&b);
	}
}

static void expect_failure(const char *line, enum gd_errc code, const char *words)
{
	struct gd_bootstrap b = {0};
	struct gd_error err = GD_ERROR_INIT;
	size_t left;
	int uploads;

	assert_int_equal(feed(&b, line, 1000, &uploads, &left, &err), -1);
	assert_int_equal(err.code, code);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
	gd_bootstrap_fini(&b);
}

static void tells_why_it_failed(void **state)
{
	(void)state;
	expect_failure("GAMEDAY-BOOT fail machine Linux.aarch64\n", GD_E_REFUSED,
		       "this is Linux.aarch64");
	expect_failure("GAMEDAY-BOOT fail sudo sudo: a password is required\n",
		       GD_E_REFUSED, "a password is required");
	expect_failure("GAMEDAY-BOOT fail place 9000\n", GD_E_REFUSED, "9000 kB");
	expect_failure("GAMEDAY-BOOT fail unpack can't \x1b[2J write\n", GD_E_REMOTE,
		       "can't ?[2J write");
	expect_failure("GAMEDAY-BOOT fail place\n", GD_E_REFUSED, "no place");
}

static void bounds_the_noise(void **state)
{
	struct gd_bootstrap b = {0};
	struct gd_error err = GD_ERROR_INIT;
	char chunk[4096];
	size_t used = 0, total = 0;

	(void)state;
	memset(chunk, 'x', sizeof(chunk));
	while (gd_bootstrap_feed(&b, chunk, sizeof(chunk), &used, &err) ==
	       GD_BOOTSTRAP_MORE) {
		total += used;
		assert_true(total <= GD_FRAME_MAX_PREAMBLE);
		assert_true(b.line.cap <
			    sizeof(chunk)); /* a line without end is not kept */
	}
	assert_int_equal(err.code, GD_E_REMOTE);
	gd_bootstrap_fini(&b);
}

/* csh and fish must pass the script on as it is, see bootstrap.c. */
static void quotes_for_every_shell(void **state)
{
	GD_AUTO_FREE char *command = gd_bootstrap_command(&bundle, GD_SUDO_AUTO);
	char *first = strchr(command, '\'');
	char *last = strrchr(command, '\'');

	(void)state;
	assert_int_equal(strncmp(command, "exec sh -c '", 12), 0);
	*last = '\0';
	assert_null(strpbrk(first + 1, "'!\\\n"));
	assert_string_equal(last + 1,
			    " gameday 0123456789abcdef0123456789abcdef0123456789abcdef"
			    "0123456789abcdef 0123456789abcdef0123456789abcdef 2048 10 "
			    "auto");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_dialogue),
		cmocka_unit_test(tells_why_it_failed),
		cmocka_unit_test(bounds_the_noise),
		cmocka_unit_test(quotes_for_every_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
