/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/wire/frame.h"
#include "injectors/agent/backlog.h"

enum { TEXT = 20000 }; /* more than the socket holds: it goes out in parts */

struct ends {
	int in, out; /* what is sent into `in` comes out there */
	struct gd_frame_reader reader;
};

static void open_ends(struct ends *e)
{
	int pair[2], small = 4096;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	*e = (struct ends){.in = pair[0], .out = pair[1]};
	assert_int_equal(setsockopt(e->in, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
			 0);
	gd_frame_reader_init(&e->reader, false);
}

static void close_ends(struct ends *e)
{
	gd_close_fd(&e->in);
	gd_close_fd(&e->out);
	gd_frame_reader_fini(&e->reader);
}

static void add(struct gd_backlog *b, int n)
{
	char text[TEXT + 1];
	struct gd_error err = GD_ERROR_INIT;

	memset(text, 'x', TEXT);
	text[TEXT] = '\0';
	for (int i = 0; i < n; i++) {
		cJSON *msg = cJSON_CreateObject();

		assert_true(gd_json_set_str(msg, "text", text));
		assert_int_equal(gd_backlog_add(b, msg, &err), 0);
	}
}

/* The number of the next message that arrives; 0: none. */
static int64_t next(struct gd_backlog *b, struct ends *e)
{
	struct gd_error err = GD_ERROR_INIT;
	char chunk[700];
	ssize_t n = 1;

	for (;;) {
		GD_AUTO(cJSON) cJSON *msg = NULL;

		if (gd_frame_next(&e->reader, &msg, &err) == GD_FRAME_MESSAGE) {
			assert_int_equal(strlen(gd_json_str(msg, "text", "")), TEXT);
			return gd_json_int(msg, "seq", -1);
		}
		if (n <= 0)
			return 0;
		assert_int_equal(gd_backlog_send(b, e->in), 0);
		n = read(e->out, chunk, sizeof(chunk));
		if (n > 0)
			assert_int_equal(
				gd_frame_feed(&e->reader, chunk, (size_t)n, &err), 0);
	}
}

static void expect(struct gd_backlog *b, struct ends *e, int64_t first, int64_t last)
{
	for (int64_t n = first; n <= last; n++)
		assert_int_equal(next(b, e), n);
	assert_int_equal(next(b, e), 0);
}

static void test_in_order(void **state)
{
	struct gd_backlog b;
	struct ends e;

	(void)state;
	gd_backlog_init(&b, 4 << 20);
	open_ends(&e);
	assert_true(gd_backlog_is_empty(&b));
	assert_false(gd_backlog_is_due(&b));
	add(&b, 30);
	assert_true(gd_backlog_is_due(&b));
	expect(&b, &e, 1, 30);
	assert_false(gd_backlog_is_due(&b));
	assert_false(gd_backlog_is_empty(&b));
	gd_backlog_confirm(&b, 29);
	assert_false(gd_backlog_is_empty(&b));
	add(&b, 1);
	gd_backlog_confirm(&b, 30);
	expect(&b, &e, 31, 31);
	gd_backlog_confirm(&b, 1000);
	assert_true(gd_backlog_is_empty(&b));
	assert_int_equal(b.bytes, 0);
	close_ends(&e);
	gd_backlog_fini(&b);
}

/* The listener is lost in the middle of a message: the next one gets it whole. */
static void test_next_listener(void **state)
{
	struct gd_backlog b;
	struct ends e;

	(void)state;
	gd_backlog_init(&b, 4 << 20);
	open_ends(&e);
	add(&b, 40);
	assert_int_equal(gd_backlog_send(&b, e.in), 0);
	assert_true(b.sent > 0);
	/* What it can't have had whole is not taken as confirmed. */
	gd_backlog_confirm(&b, 40);
	assert_false(gd_backlog_is_empty(&b));
	gd_close_fd(&e.out);
	assert_int_equal(gd_backlog_send(&b, e.in), -1);
	close_ends(&e);
	open_ends(&e);
	gd_backlog_rewind(&b);
	expect(&b, &e, 1, 40);
	close_ends(&e);
	gd_backlog_fini(&b);
}

static void test_rewind_and_confirm(void **state)
{
	struct gd_backlog b;
	struct ends e;

	(void)state;
	gd_backlog_init(&b, 4 << 20);
	open_ends(&e);
	add(&b, 10);
	expect(&b, &e, 1, 10);
	gd_backlog_rewind(&b);
	gd_backlog_confirm(&b, 4);
	expect(&b, &e, 5, 10);
	close_ends(&e);
	gd_backlog_fini(&b);
}

/* The oldest go when there is no room; what is half sent stays. */
static void test_limit(void **state)
{
	struct gd_backlog b;
	struct ends e;
	int64_t n, last;

	(void)state;
	gd_backlog_init(&b, 10 * (TEXT + 100));
	open_ends(&e);
	add(&b, 500);
	assert_true(b.bytes <= b.max);
	n = next(&b, &e);
	assert_in_range(n, 485, 495);
	for (last = n; (n = next(&b, &e)) != 0; last = n)
		assert_int_equal(n, last + 1);
	assert_int_equal(last, 500);
	gd_backlog_confirm(&b, 500);
	add(&b, 8);
	assert_int_equal(gd_backlog_send(&b, e.in), 0);
	assert_true(b.sent > 0);
	add(&b, 100);
	/* One whole stream of frames, with a gap that can be seen. */
	for (last = 500; (n = next(&b, &e)) != 0; last = n)
		assert_true(n > last);
	assert_int_equal(last, 608);
	close_ends(&e);
	gd_backlog_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_next_listener),
		cmocka_unit_test(test_rewind_and_confirm),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
