/* SPDX-License-Identifier: Apache-2.0 */
/* GD_UPDATE_GOLDEN=1 writes the golden frames anew; look at them before they are committed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/file.h"
#include "gameday/live/frame.h"

#include "recorded.h"

#include "../cmocka_all.h"

static struct gd_snapshot snap;

static void take(double seconds)
{
	struct recorded r;

	recorded_init(&r, seconds);
	memset(&snap, 0, sizeof(snap));
	gd_snapshot_take(&snap, &r.run, r.now, r.wall);
	recorded_fini(&r);
	snap.elapsed = seconds;
	for (int i = 0; i < 6; i++)
		gd_snapshot_event(&snap, i * 2.5, i == 3 ? GD_TONE_FAULT : GD_TONE_PLAIN,
				  i == 3 ? "fault    api-1: eth0: lose 5 %"
					 : "host     api-1 (server): 6.1.0-18-amd64");
	(void)snprintf(snap.url, sizeof(snap.url), "http://127.0.0.1:8080/");
}

/* The frame without its styles. */
static void draw(int cols, int rows, bool utf8, struct gd_strbuf *out)
{
	GD_AUTO_STRBUF(frame);

	gd_frame_draw(&snap, cols, rows, utf8, &frame);
	for (size_t i = 0; i < frame.len; i++)
		if ((unsigned char)frame.data[i] >= 0x20 || frame.data[i] == '\n')
			gd_strbuf_addc(out, frame.data[i]);
		else
			assert_true(frame.data[i] >= GD_STYLE_PLAIN &&
				    frame.data[i] <= GD_STYLE_HEAD);
}

static void compare(const char *name, int cols, int rows, bool utf8)
{
	GD_AUTO_FREE char *path =
		gd_strf("%s/tests/unit/live/golden/%s.txt", GD_SOURCE_DIR, name);
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *golden = NULL;
	GD_AUTO_STRBUF(frame);
	size_t size;

	draw(cols, rows, utf8, &frame);
	gd_strbuf_addc(&frame, '\n');
	assert_non_null(path);
	if (getenv("GD_UPDATE_GOLDEN"))
		assert_int_equal(gd_file_write(path, frame.data, frame.len, 0644, &err),
				 0);
	assert_int_equal(gd_file_read(path, 100000, &golden, &size, &err), 0);
	assert_string_equal(gd_strbuf_str(&frame), golden);
}

static void test_golden(void **state)
{
	(void)state;
	take(15.2);
	compare("80x24", 80, 24, true);
	compare("120x40", 120, 40, true);
	compare("50x12", 50, 12, true);
	compare("80x24-ascii", 80, 24, false);
	gd_snapshot_hide(&snap);
	compare("80x24-blind", 80, 24, true);
}

static void test_end(void **state)
{
	GD_AUTO_STRBUF(frame);

	(void)state;
	take(24.5);
	snap.over = true;
	(void)snprintf(snap.verdict, sizeof(snap.verdict), "refuted");
	(void)snprintf(snap.reason, sizeof(snap.reason), "1 of 5 was not met");
	draw(80, 24, true, &frame);
	assert_non_null(strstr(gd_strbuf_str(&frame), " refuted: 1 of 5 was not met\n"));
}

/* No line is wider and no frame taller than the screen, whatever its size and what is in it. */
static void test_never_too_large(void **state)
{
	(void)state;
	take(15.2);
	for (size_t i = snap.n_series; i < GD_SNAP_SERIES; i++)
		snap.series[i] = snap.series[0];
	snap.n_series = GD_SNAP_SERIES;
	snap.n_warnings = 3;
	for (size_t i = 0; i < 3; i++)
		gd_snapshot_text(snap.warnings[i], GD_SNAP_TEXT,
				 "\u6642\u8a08\u304c\u9045\u308c\u3066\u3044\u308b "
				 "\u6642\u8a08\u304c\u9045\u308c\u3066\u3044\u308b "
				 "e\u0301\u0301\u0301 \U0001f4a5 x");
	for (int cols = 1; cols <= 200; cols += cols < 90 ? 1 : 13)
		for (int rows = 1; rows <= 60; rows += rows < 26 ? 1 : 7) {
			GD_AUTO_STRBUF(frame);
			const char *line;
			int n = 0;

			draw(cols, rows, cols % 2, &frame);
			for (line = gd_strbuf_str(&frame); *line; n++) {
				size_t len = strcspn(line, "\n");
				GD_AUTO_FREE char *one = strndup(line, len);

				assert_non_null(one);
				assert_in_range(gd_pen_width(one), 0, cols);
				line += len + (line[len] == '\n');
			}
			assert_in_range(n, 1, rows);
		}
}

/* Without UTF-8 there is nothing but ASCII, wide characters keeping their columns. */
static void test_ascii(void **state)
{
	GD_AUTO_STRBUF(frame);

	(void)state;
	take(15.2);
	gd_snapshot_text(snap.title, sizeof(snap.title), "a\u6642b\u00e9");
	draw(100, 30, false, &frame);
	for (size_t i = 0; i < frame.len; i++)
		assert_in_range((unsigned char)frame.data[i], 1, 0x7e);
	assert_non_null(strstr(gd_strbuf_str(&frame), "a??b?"));
}

/* The last line that is missing is said to be. */
static void test_more(void **state)
{
	GD_AUTO_STRBUF(frame);

	(void)state;
	take(15.2);
	for (size_t i = snap.n_series; i < 20; i++)
		snap.series[i] = snap.series[0];
	snap.n_series = 20;
	draw(80, 24, true, &frame);
	assert_non_null(strstr(gd_strbuf_str(&frame), " more\n"));
	assert_non_null(strstr(gd_strbuf_str(&frame), "lossy"));
	assert_non_null(strstr(gd_strbuf_str(&frame), "lose 5 %"));
}

/* How many values of hosts are shown, and how many are not, whatever the room. */
static void test_more_watches(void **state)
{
	(void)state;
	take(15.2);
	for (size_t i = snap.n_watches; i < 20; i++)
		snap.watches[i] = snap.watches[0];
	snap.n_watches = 20;
	for (int cols = 50; cols <= 160; cols += 10)
		for (int rows = 24; rows <= 60; rows += 3) {
			size_t shown = 0, drawn = 0, more = 0;
			const char *at;
			GD_AUTO_STRBUF(frame);

			snap.more_watches = rows % 2 ? 7 : 0;
			draw(cols, rows, true, &frame);
			at = strstr(gd_strbuf_str(&frame), " Hosts");
			for (const char *v = at; v && (v = strstr(v, "api-1 nic.")); v++)
				drawn++;
			if (!at)
				continue;
			if (sscanf(at, " Hosts  %zu shown, %zu more\n", &shown, &more) !=
			    2)
				shown = 20;
			assert_int_equal(shown, drawn);
			assert_int_equal(shown + more, 20 + snap.more_watches);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_never_too_large),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_more_watches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
