/* SPDX-License-Identifier: Apache-2.0 */
/* Charts of the runs under data/, and of runs made up to be long, empty or hostile. */
#include "gameday/report/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/file.h"
#include "gameday/report/chart/frame.h"
#include "gameday/report/chart/scale.h"
#include "gameday/report/chart/svg.h"
#include "gameday/report/chart/thin.h"
#include "tests/unit/cmocka_all.h"

#define DATA GD_SOURCE_DIR "/tests/unit/report/data/"

static struct gd_report *load(const char *name)
{
	GD_AUTO_FREE char *dir = gd_strf(DATA "%s", name);
	struct gd_error err = GD_ERROR_INIT;
	struct gd_report *r = NULL;

	if (gd_report_load(dir, &r, &err) < 0)
		fail_msg("%s: %s", dir, err.text);
	return r;
}

/* --- scales ---------------------------------------------------------------------------- */

static void scales_are_round(void **state)
{
	struct gd_scale s = gd_scale_nice(true, 2.3e6, 9.1e8);
	double ticks[GD_SCALE_MAX_TICKS];
	size_t n;

	(void)state;
	assert_true(s.log && s.lo > 1.99e6 && s.lo < 2.01e6);
	assert_true(s.hi > 0.99e9 && s.hi < 1.01e9);
	s.from = 100;
	s.to = 0;
	n = gd_scale_ticks(&s, 4, ticks);
	assert_int_equal(n, 3); /* 10 ms, 100 ms, 1 s */
	assert_true(fabs(gd_scale_at(&s, s.hi)) < 1e-6);
	assert_true(fabs(gd_scale_at(&s, s.lo * 1e-9) - 100) < 1e-6);
	assert_true(isnan(gd_scale_at(&s, (double)NAN)));
	s = gd_scale_nice(false, 3, 61);
	assert_true(s.lo >= 0 && s.lo <= 0 && s.hi > 79.9 && s.hi < 80.1);
	s = gd_scale_nice(true, (double)NAN, -1);
	assert_true(s.lo > 0 && s.hi > s.lo);
	s = gd_scale_nice(false, (double)INFINITY, -(double)INFINITY);
	assert_true(s.hi > s.lo);
}

static void labels_are_short(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(gd_scale_label(1e6, GD_UNIT_DURATION, buf), "1 ms");
	assert_string_equal(gd_scale_label(1.5e9, GD_UNIT_DURATION, buf), "1.5 s");
	assert_string_equal(gd_scale_label(0, GD_UNIT_FREQ, buf), "0 /s");
	assert_string_equal(gd_scale_label(40000, GD_UNIT_FREQ, buf), "40 k/s");
	assert_string_equal(gd_scale_label(2.5e6, GD_UNIT_COUNT, buf), "2.5 M");
	assert_string_equal(gd_scale_time_label(90, 100, buf), "90 s");
	assert_string_equal(gd_scale_time_label(90, 300, buf), "1:30");
	assert_string_equal(gd_scale_time_label(3690, 7200, buf), "1:01:30");
}

/* --- lines ----------------------------------------------------------------------------- */

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

/* Wherever the line ends. */
static void a_number_keeps_its_unit(void **state)
{
	static const char *const kept[] = {"65.6 /s", "12 %", "3.20 ms", "7.5 kB"};

	(void)state;
	for (size_t k = 0; k < GD_N_ELEMS(kept); k++)
		for (int before = 30; before < 75; before++) {
			struct gd_frame f = {.id = "t"};
			GD_AUTO_FREE char *text =
				gd_strf("%.*s rate %s, of 100 hosts", before,
					"aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa "
					"aaaa aaaa aaaa aaaa aaaa aaaa",
					kept[k]);

			gd_frame_note(&f, "1", text);
			assert_non_null(strstr(gd_strbuf_str(&f.body), kept[k]));
			gd_frame_fini(&f);
		}
}

static void other_words_are_parted(void **state)
{
	GD_AUTO_FREE char *text = gd_strf("%064d 5 hosts of 12 streets", 0);
	struct gd_frame f = {.id = "t"};

	(void)state;
	gd_frame_note(&f, "1", text);
	assert_non_null(strstr(gd_strbuf_str(&f.body), "00 5</text>"));
	assert_non_null(strstr(gd_strbuf_str(&f.body), ">hosts of 12 streets</text>"));
	gd_frame_fini(&f);
}

static void a_gap_breaks_the_line(void **state)
{
	GD_AUTO_STRBUF(out);
	struct gd_line_pen pen = gd_line_pen_new(&out, 0, 100, 100);

	(void)state;
	gd_line_pen_to(&pen, 1, 5);
	gd_line_pen_to(&pen, 2, 6);
	gd_line_pen_to(&pen, 3, (double)NAN);
	gd_line_pen_to(&pen, 4, (double)NAN);
	gd_line_pen_to(&pen, 5, 7);
	gd_line_pen_to(&pen, 6, (double)NAN);
	gd_line_pen_to(&pen, 7, 1);
	gd_line_pen_to(&pen, 8, 2);
	gd_line_pen_end(&pen);
	assert_string_equal(gd_strbuf_str(&out), "M1 5L2 6M5 7h0M7 1L8 2");
}

static void a_spike_stays(void **state)
{
	GD_AUTO_STRBUF(out);
	struct gd_line_pen pen = gd_line_pen_new(&out, 0, 100, 20);

	(void)state;
	for (int i = 0; i < 100000; i++)
		gd_line_pen_to(&pen, i / 1000.0, i == 54321 ? 99 : i == 54399 ? 1 : 50);
	gd_line_pen_end(&pen);
	assert_non_null(strstr(gd_strbuf_str(&out), "L54.3 99L54.4 1L"));
	assert_true(out.len < 20 * 2 * 12);
}

/* However often it breaks, the path is bounded. */
static void a_line_of_gaps_is_bounded(void **state)
{
	GD_AUTO_STRBUF(out);
	struct gd_line_pen pen = gd_line_pen_new(&out, 0, 100, 20);

	(void)state;
	for (int i = 0; i < 100000; i++)
		gd_line_pen_to(&pen, i / 1000.0, i % 2 ? (double)NAN : i % 7);
	gd_line_pen_end(&pen);
	assert_true(out.len < 20 * 4 * 14);
}

static void no_number_is_none(void **state)
{
	GD_AUTO_STRBUF(out);

	(void)state;
	gd_svg_num(&out, (double)NAN);
	gd_svg_num(&out, (double)INFINITY);
	gd_svg_num(&out, -0.01);
	gd_svg_num(&out, 12.04);
	gd_svg_num(&out, -1e300);
	assert_string_equal(gd_strbuf_str(&out), "00012-100000");
}

static void text_is_escaped(void **state)
{
	GD_AUTO_STRBUF(out);

	(void)state;
	gd_svg_text(&out, "t", 1, 2, "<script>\"&'\x1b[1m\xff\xe2\x80\xae\n");
	assert_string_equal(gd_strbuf_str(&out),
			    "<text class=\"t\" x=\"1\" y=\"2\">&lt;script&gt;&quot;&amp;"
			    "&#39; [1m   </text>\n");
}

/* --- charts ---------------------------------------------------------------------------- */

static void assert_sound(const char *svg)
{
	assert_int_equal(strncmp(svg, "<svg class=\"gdc\"", 16), 0);
	assert_null(strstr(svg, "nan"));
	assert_null(strstr(svg, "inf\""));
	assert_null(strstr(svg, "<script"));
	assert_null(strchr(svg, '\x1b'));
	assert_non_null(strstr(svg, "role=\"img\""));
	assert_int_equal(count(svg, "<text"), count(svg, "</text>"));
	assert_int_equal(count(svg, "<g "), count(svg, "</g>"));
}

static void draw_all(const struct gd_report *r, size_t *ret_size)
{
	*ret_size = 0;
	for (size_t k = 0; gd_charts[k]; k++)
		for (size_t i = 0; i < gd_charts[k]->count(r); i++) {
			struct gd_error err = GD_ERROR_INIT;
			const struct gd_chart_made *m;

			assert_int_equal(gd_chart_get(gd_charts[k], r, i, &m, &err), 0);
			assert_sound(m->svg);
			assert_true(m->table.n_rows <= 65 && m->table.n_columns <= 64);
			for (size_t c = 0; c < m->table.n_rows * m->table.n_columns;
			     c++) {
				assert_non_null(m->table.cells[c]);
				*ret_size += strlen(m->table.cells[c]) + 9;
			}
			*ret_size += strlen(m->svg);
		}
}

static void every_kept_run_draws(void **state)
{
	static const char *const runs[] = {"refuted", "killed", "left", "notrun",
					   "garbage"};

	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(runs); i++) {
		GD_AUTO(gd_report) struct gd_report *r = load(runs[i]);
		size_t size;

		draw_all(r, &size);
	}
}

static const struct gd_chart *chart(const char *name)
{
	for (size_t k = 0; gd_charts[k]; k++)
		if (strcmp(gd_charts[k]->name, name) == 0)
			return gd_charts[k];
	fail_msg("no chart %s", name);
	abort(); /* fail_msg does not return, but the compiler can't see that */
}

/* Borrowed from r. */
static struct gd_chart_table table_of(const struct gd_report *r, const char *name,
				      size_t i)
{
	struct gd_error err = GD_ERROR_INIT;
	const struct gd_chart_made *m;

	assert_int_equal(gd_chart_get(chart(name), r, i, &m, &err), 0);
	return m->table;
}

static void latency_shows_faults_and_events(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load("refuted");
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(svg);

	(void)state;
	assert_int_equal(gd_chart_draw(chart("latency"), r, 0, GD_CHART_FILE, &svg, &err),
			 0);
	assert_non_null(strstr(svg.data, "<style>"));
	assert_non_null(strstr(svg.data, "class=\"fs\""));
	assert_non_null(strstr(svg.data, "eth0: lose 5 % of outgoing packets on api-1"));
	assert_non_null(strstr(svg.data, "steady state holds"));
	assert_non_null(strstr(svg.data, "harm begins: "));
	assert_non_null(strstr(svg.data, "people: detected: drop alert fired"));
	assert_non_null(strstr(svg.data, "&lt;b&gt;to look"));
	assert_non_null(strstr(svg.data, ">retrying</text>"));
	assert_non_null(strstr(svg.data, "class=\"la\"")); /* one interval was late */
}

/* The cells are the figures themselves. */
static void latency_has_its_table(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load("refuted");
	struct gd_chart_table t;
	char wanted[32];

	(void)state;
	t = table_of(r, "latency", 0);
	assert_int_equal(t.n_columns, 7); /* time, and three for each of two clients */
	assert_int_equal(t.n_rows, 24);   /* a head, 23 intervals */
	(void)gd_metric_format(gd_results_point(r->results, 0, 0)->max, GD_UNIT_DURATION,
			       wanted);
	assert_string_equal(t.cells[7], "1 s to 2 s");
	assert_string_equal(t.cells[8], wanted);
}

static char *draw(const struct gd_report *r, const char *name, size_t i)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(svg);
	char *text;

	assert_int_equal(gd_chart_draw(chart(name), r, i, GD_CHART_INLINE, &svg, &err),
			 0);
	text = gd_strbuf_steal(&svg);
	assert_non_null(text);
	return text;
}

/* One whole chart, to the byte: GD_UPDATE_GOLDEN=1 writes it again. */
static void a_golden_chart(void **state)
{
	static const char path[] = GD_SOURCE_DIR "/tests/unit/report/golden/stages.svg";
	GD_AUTO(gd_report) struct gd_report *r = load("refuted");
	GD_AUTO_FREE char *svg = draw(r, "stages", 0), *wanted = NULL;
	struct gd_error err = GD_ERROR_INIT;
	size_t size;

	(void)state;
	if (getenv("GD_UPDATE_GOLDEN"))
		assert_int_equal(gd_file_write(path, svg, strlen(svg), 0644, &err), 0);
	assert_int_equal(gd_file_read(path, 1 << 20, &wanted, &size, &err), 0);
	assert_string_equal(svg, wanted);
}

static void what_is_up_or_down_is_a_band(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load("refuted");
	GD_AUTO_FREE char *svg = draw(r, "watch", 0);

	(void)state;
	assert_non_null(strstr(svg, "<title>down from 9 s to 9.5 s</title>"));
	assert_non_null(strstr(svg, ">up</text>"));
	assert_non_null(strstr(svg, "fill:url(#watch-1-server-nic-p7)"));
	assert_non_null(strstr(svg, ">drops, per second</text>"));
}

/* The run "refuted" in dir as if its watch ran on n hosts, each with drops and an MTU of its own. */
static void write_hosts(const char *dir, int n)
{
	static const char *const copied[] = {"journal.jsonl", "scenario.yaml"};
	GD_AUTO_FREE char *metrics = gd_strf("%s/metrics.jsonl", dir);
	struct gd_error err = GD_ERROR_INIT;
	char *text = NULL, *line, *rest = NULL;
	GD_AUTO_STRBUF(out);
	size_t size;

	for (size_t i = 0; i < GD_N_ELEMS(copied); i++) {
		GD_AUTO_FREE char *to = gd_strf("%s/%s", dir, copied[i]);
		GD_AUTO_FREE char *from = gd_strf(DATA "refuted/%s", copied[i]);

		assert_int_equal(gd_file_read(from, 1 << 20, &text, &size, &err), 0);
		assert_int_equal(gd_file_write(to, text, size, 0644, &err), 0);
		free(text);
	}
	assert_int_equal(
		gd_file_read(DATA "refuted/metrics.jsonl", 16 << 20, &text, &size, &err),
		0);
	gd_strbuf_adds(&out, "{\"type\":\"watch_info\",\"watch\":\"nic\",\"gauges\":["
			     "\"carrier\",\"mtu\"],\"units\":{\"drops\":\"count\"}}\n");
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *host = strstr(line, "\"host\":\"api-1\"");
		const char *drops = strstr(line, "\"drops\":");

		if (strstr(line, "\"watch_info\""))
			continue;
		if (!strstr(line, "\"type\":\"watch\"")) {
			gd_strbuf_addf(&out, "%s\n", line);
			continue;
		}
		assert_true(host && drops && host < drops);
		for (int i = 1; i <= n; i++)
			gd_strbuf_addf(&out,
				       "%.*s\"host\":\"api-%d\"%.*s\"mtu\":%d,"
				       "\"drops\":%ld%s\n",
				       (int)(host - line), line, i,
				       (int)(drops - host - 14), host + 14,
				       i == 1 ? 1500 : 9000,
				       strtol(drops + 8, NULL, 10) * i,
				       drops + 8 + strspn(drops + 8, "0123456789"));
	}
	free(text);
	assert_int_equal(gd_file_write(metrics, out.data, out.len, 0644, &err), 0);
}

static struct gd_report *load_hosts(int n)
{
	char dir[] = "/tmp/gameday-test-XXXXXX";
	struct gd_error err = GD_ERROR_INIT;
	struct gd_report *r = NULL;

	assert_non_null(mkdtemp(dir));
	write_hosts(dir, n);
	if (gd_report_load(dir, &r, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(gd_remove_tree(dir, &err), 0);
	return r;
}

/* Column of a table whose head that is; 0: none. */
static size_t column_of(const struct gd_chart_table *t, const char *head)
{
	for (size_t k = 1; k < t->n_columns; k++)
		if (strcmp(t->cells[k], head) == 0)
			return k;
	return 0;
}

static void every_host_is_a_line(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load_hosts(3);
	GD_AUTO_FREE char *svg = draw(r, "watch", 0);
	struct gd_chart_table t;
	size_t first, third, row;

	(void)state;
	assert_int_equal(chart("watch")->count(r), 1);
	for (int i = 1; i <= 3; i++) {
		GD_AUTO_FREE char *name = gd_strf(">api-%d</text>", i);

		assert_true(count(svg, name) >= 2); /* the key, and beside the band */
	}
	assert_int_equal(count(svg, "<title>down from 9 s to 9.5 s</title>"), 3);
	assert_non_null(strstr(svg, "did not move: mtu 1500 to 9000"));
	t = table_of(r, "watch", 0);
	first = column_of(&t, "drops, per second: api-1");
	third = column_of(&t, "drops, per second: api-3");
	assert_true(first > 0 && third > 0);
	for (row = 1; row < t.n_rows; row++)
		if (strcmp(t.cells[row * t.n_columns + first], "50.0 /s") == 0)
			break;
	assert_true(row < t.n_rows);
	assert_string_equal(t.cells[row * t.n_columns + third], "150 /s");
}

/* More hosts than colours: several charts, and none of the hosts is lost. */
static void many_hosts_are_many_charts(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load_hosts(20);
	static const size_t hosts[] = {8, 8, 4};
	size_t next = 1;

	(void)state;
	assert_int_equal(chart("watch")->count(r), GD_N_ELEMS(hosts));
	for (size_t i = 0; i < GD_N_ELEMS(hosts); i++) {
		GD_AUTO_FREE char *svg = draw(r, "watch", i);
		GD_AUTO_FREE char *of =
			gd_strf("hosts %zu to %zu of 20", next, next + hosts[i] - 1);
		struct gd_chart_table t;

		assert_non_null(strstr(svg, of));
		t = table_of(r, "watch", i);
		for (size_t k = 0; k < hosts[i]; k++, next++) {
			GD_AUTO_FREE char *name = gd_strf(">api-%zu</text>", next);
			GD_AUTO_FREE char *head =
				gd_strf("drops, per second: api-%zu", next);

			assert_true(count(svg, name) >= 2);
			assert_true(column_of(&t, head) > 0);
		}
	}
}

/* What was left behind did not end when its undo failed. */
static void left_behind_has_no_end(void **state)
{
	GD_AUTO(gd_report) struct gd_report *left = load("left");
	GD_AUTO(gd_report) struct gd_report *refuted = load("refuted");
	GD_AUTO_FREE char *open = draw(left, "latency", 0);
	GD_AUTO_FREE char *closed = draw(refuted, "latency", 0);

	(void)state;
	assert_non_null(strstr(open, "class=\"fb fo\""));
	assert_non_null(strstr(open, "longer"));
	assert_null(strstr(closed, "class=\"fb fo\""));
}

static void errors_are_piled_by_kind(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load("refuted");
	GD_AUTO_FREE char *svg = draw(r, "rate", 0);
	struct gd_chart_table t;

	(void)state;
	assert_non_null(strstr(svg, ">timeout</text>"));
	assert_null(strstr(svg, ">refused</text>"));
	assert_non_null(strstr(svg, ">asked for</text>"));
	t = table_of(r, "rate", 0);
	assert_string_equal(t.cells[1],
			    "plain: requests per second: succeeded (goodput)");
	assert_string_equal(t.cells[t.n_columns + 1], "50.0 /s");
}

/* The cells of a heat map's table add up to all requests. */
static void heat_loses_no_request(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load("refuted");
	struct gd_chart_table t;
	long total = 0, cells = 0;

	(void)state;
	t = table_of(r, "heat", 0);
	for (size_t i = 1; i < t.n_rows; i++) {
		total += strtol(t.cells[i * t.n_columns + 1], NULL, 10);
		for (size_t k = 2; k < t.n_columns; k++)
			cells += strtol(t.cells[i * t.n_columns + k], NULL, 10);
	}
	assert_int_equal(total, 23 * 50);
	assert_int_equal(cells, total);
}

/* No line says more than its requests can: 300 of them end before 99.9 %. */
static void distributions_end_where_requests_do(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load("refuted");
	struct gd_chart_table t;

	(void)state;
	t = table_of(r, "policies", 0);
	assert_int_equal(t.n_columns, 7); /* two clients in three stages */
	assert_string_equal(t.cells[1], "plain in baseline (baseline)");
	assert_string_equal(t.cells[t.n_columns], "requests");
	assert_string_equal(t.cells[t.n_columns + 1], "300");
	for (size_t i = 0; i < t.n_rows; i++)
		if (strcmp(t.cells[i * t.n_columns], "99.9 %") == 0)
			assert_string_equal(t.cells[i * t.n_columns + 1], "");
}

static void ids_are_plain_and_unlike(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load("refuted");
	const struct gd_chart_made *m;
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	assert_int_equal(gd_chart_get(chart("latency"), r, 0, &m, &err), 0);
	assert_string_equal(m->id, "latency-1-checkout");
}

/* Two formats that show a chart show the same one. */
static void a_chart_is_made_once(void **state)
{
	GD_AUTO(gd_report) struct gd_report *r = load("refuted");
	const struct gd_chart_made *first, *other, *again;
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	assert_int_equal(gd_chart_get(chart("heat"), r, 1, &first, &err), 0);
	assert_int_equal(gd_chart_get(chart("heat"), r, 0, &other, &err), 0);
	assert_int_equal(gd_chart_get(chart("heat"), r, 1, &again, &err), 0);
	assert_ptr_equal(first, again);
	assert_ptr_not_equal(first, other);
	assert_string_not_equal(first->svg, other->svg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scales_are_round),
		cmocka_unit_test(labels_are_short),
		cmocka_unit_test(a_number_keeps_its_unit),
		cmocka_unit_test(other_words_are_parted),
		cmocka_unit_test(a_gap_breaks_the_line),
		cmocka_unit_test(a_spike_stays),
		cmocka_unit_test(a_line_of_gaps_is_bounded),
		cmocka_unit_test(no_number_is_none),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(every_kept_run_draws),
		cmocka_unit_test(latency_shows_faults_and_events),
		cmocka_unit_test(latency_has_its_table),
		cmocka_unit_test(a_golden_chart),
		cmocka_unit_test(what_is_up_or_down_is_a_band),
		cmocka_unit_test(every_host_is_a_line),
		cmocka_unit_test(many_hosts_are_many_charts),
		cmocka_unit_test(left_behind_has_no_end),
		cmocka_unit_test(errors_are_piled_by_kind),
		cmocka_unit_test(heat_loses_no_request),
		cmocka_unit_test(distributions_end_where_requests_do),
		cmocka_unit_test(ids_are_plain_and_unlike),
		cmocka_unit_test(a_chart_is_made_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
