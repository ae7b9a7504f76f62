/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run killed at any byte: the records of the run "refuted", cut after every byte of the
 * journal and then of the metrics. Of what is left exactly the whole lines are read, and
 * whether one was cut; each such state renders, and says what is known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/model.h"
#include "gameday/report/story.h"
#include "gameday/report/writer.h"
#include "tests/unit/cmocka_all.h"

#define DATA GD_SOURCE_DIR "/tests/unit/report/data/refuted/"

static const struct gd_report_writer *const all[] = {
	&gd_report_md,      &gd_report_html,         &gd_report_json,
	&gd_report_junit,   &gd_report_chaostoolkit, &gd_report_prometheus,
	&gd_report_grafana,
};

/* Lines of the metrics that are there; more of them only take time. */
enum { FEW = 1, MANY = 40, LINES_CUT = 2 };

struct run {
	char dir[64];
	char *journal, *metrics; /* owned */
	size_t journal_size, metrics_size;
};

static void keep_lines(char *text, size_t *size, size_t n)
{
	char *p = text;

	while (n-- > 0 && (p = strchr(p, '\n')))
		p++;
	assert_non_null(p);
	*size = (size_t)(p - text);
}

static void put(const struct run *run, const char *name, const char *text, size_t size)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *path = gd_path_join(run->dir, name);

	assert_int_equal(gd_file_write(path, text, size, 0644, &err), 0);
}

static void copy(const struct run *run, const char *name, char **ret, size_t *ret_size)
{
	GD_AUTO_FREE char *path = gd_strf(DATA "%s", name);
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_file_read(path, 1 << 20, ret, ret_size, &err), 0);
	put(run, name, *ret, *ret_size);
}

static int enter(void **state)
{
	static struct run run;
	GD_AUTO_FREE char *scenario = NULL, *runbook = NULL;
	size_t size;

	(void)snprintf(run.dir, sizeof(run.dir), "/tmp/gameday-test-XXXXXX");
	*state = &run;
	if (!mkdtemp(run.dir))
		return -1;
	copy(&run, "scenario.yaml", &scenario, &size);
	copy(&run, "runbook.yaml", &runbook, &size);
	copy(&run, "journal.jsonl", &run.journal, &run.journal_size);
	copy(&run, "metrics.jsonl", &run.metrics, &run.metrics_size);
	return 0;
}

static int leave(void **state)
{
	struct run *run = *state;
	struct gd_error err = GD_ERROR_INIT;

	free(run->journal);
	free(run->metrics);
	return gd_remove_tree(run->dir, &err);
}

static void assert_in(const struct gd_strbuf *text, const char *part, size_t at)
{
	if (!strstr(gd_strbuf_str(text), part))
		fail_msg("cut at %zu: \"%s\" is not in: %.300s", at, part,
			 gd_strbuf_str(text));
}

static void keep_metrics(const struct run *run, size_t lines)
{
	size_t size = run->metrics_size;

	keep_lines(run->metrics, &size, lines);
	put(run, "metrics.jsonl", run->metrics, size);
}

/* Every format; and the first lines of the page carry the verdict. */
static void render(const struct gd_report *r, const struct gd_strbuf *line, size_t n,
		   size_t at)
{
	for (size_t i = 0; i < n; i++) {
		struct gd_error err = GD_ERROR_INIT;
		GD_AUTO_STRBUF(out);

		if (all[i]->write(r, &out, &err) < 0)
			fail_msg("cut at %zu: %s: %s", at, all[i]->format, err.text);
		assert_true(out.len > 0);
		if (all[i] == &gd_report_md)
			assert_in(&out, gd_verdict_name(r->verdict.kind), at);
		if (all[i] == &gd_report_json)
			assert_in(&out, "\"verdict\":", at);
	}
	assert_true(line->len > 0);
}

/* What must be true of a journal that has only these first bytes. */
static void look(const struct run *run, size_t at, bool whole, size_t n_formats)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	GD_AUTO_STRBUF(line);

	if (gd_report_load(run->dir, &r, &err) < 0)
		fail_msg("cut at %zu: %s", at, err.text);
	gd_story_verdict(r, &line);
	assert_int_equal(r->over, whole);
	if (!whole) {
		assert_int_equal(r->verdict.kind, GD_VERDICT_ABORTED);
		assert_in(&line, "the runner died", at);
	}
	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (f.injecting_ns && !f.has_revert)
			assert_in(&line, "restoration not witnessed", at);
	}
	render(r, &line, n_formats, at);
}

static size_t n_whole_lines(const char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += text[i] == '\n';
	return n;
}

static bool is_edge(const char *text, size_t at)
{
	return at == 0 || text[at - 1] == '\n' || text[at] == '\n';
}

/* What reading the first `at` bytes must give: lines, and is there a part of one more? */
struct state {
	size_t lines;
	bool cut;
};

static struct state state_at(const char *text, size_t at)
{
	size_t lines = n_whole_lines(text, at);
	bool ends = at == 0 || text[at - 1] == '\n';

	/* A last line that lacks only its line end is whole. */
	if (!ends && text[at] == '\n')
		return (struct state){lines + 1, false};
	return (struct state){lines, !ends};
}

static void assert_state(const struct gd_lines *read, struct state s, size_t at)
{
	if (read->n_lines != s.lines || read->n_bad > 0 || read->cut != s.cut)
		fail_msg("cut at %zu: %zu lines, %zu bad, cut: %d", at, read->n_lines,
			 read->n_bad, read->cut);
}

static bool is_same(struct state a, struct state b)
{
	return a.lines == b.lines && a.cut == b.cut;
}

/* Nothing but whole lines is read, and each as it was written. */
static void read_journal(const struct run *run, const struct gd_report *whole,
			 struct state s, size_t at)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(gd_report) struct gd_report *r = NULL;

	if (gd_report_load_journal(run->dir, &r, &err) < 0)
		fail_msg("cut at %zu: %s", at, err.text);
	assert_state(&r->journal, s, at);
	assert_int_equal(r->n_events, s.lines);
	if (s.lines > 0)
		assert_true(cJSON_Compare(r->events[s.lines - 1],
					  whole->events[s.lines - 1], true));
}

/*
 * Read at every byte; and as cuts within one line leave the same records, rendered (the page
 * alone) wherever something else was read.
 */
static void the_journal_at_every_byte(void **state)
{
	struct run *run = *state;
	GD_AUTO_FREE char *path = gd_path_join(run->dir, "journal.jsonl");
	GD_AUTO(gd_report) struct gd_report *whole = NULL;
	struct state last = {SIZE_MAX, false};
	struct gd_error err = GD_ERROR_INIT;
	size_t looked = 0;

	keep_metrics(run, FEW);
	assert_int_equal(gd_report_load_journal(run->dir, &whole, &err), 0);
	for (size_t at = run->journal_size; at != SIZE_MAX; at--) {
		struct state s = state_at(run->journal, at);

		assert_int_equal(truncate(path, (off_t)at), 0);
		read_journal(run, whole, s, at);
		if (is_same(s, last))
			continue;
		look(run, at, at + 1 >= run->journal_size, 1);
		last = s;
		looked++;
	}
	assert_true(n_whole_lines(run->journal, run->journal_size) > 15);
	/* Each line whole and cut, and nothing at all. */
	assert_int_equal(looked, 2 * n_whole_lines(run->journal, run->journal_size) + 1);
}

static void the_journal_at_every_line(void **state)
{
	struct run *run = *state;
	GD_AUTO_FREE char *path = gd_path_join(run->dir, "journal.jsonl");
	size_t whole = run->journal_size - 1;

	keep_metrics(run, MANY);
	for (size_t at = run->journal_size; at != SIZE_MAX; at--) {
		if (!is_edge(run->journal, at))
			continue;
		assert_int_equal(truncate(path, (off_t)at), 0);
		look(run, at, at >= whole, GD_N_ELEMS(all));
	}
}

static int take_metrics(void *ctx, cJSON *line, struct gd_error *err)
{
	if (gd_results_add_metrics_line(ctx, line, err) < 0)
		return -1;
	cJSON_Delete(line);
	return 0;
}

static void read_metrics(const char *path, struct state s, size_t at)
{
	GD_AUTO(gd_results) struct gd_results *results = NULL;
	struct gd_error err = GD_ERROR_INIT;
	struct gd_lines read;

	assert_int_equal(gd_results_new(&results, &err), 0);
	if (gd_lines_read(path, take_metrics, results, &read, &err) < 0)
		fail_msg("cut at %zu: %s", at, err.text);
	assert_state(&read, s, at);
}

/* The same of the metrics: in every format wherever something else was read. */
static void the_metrics_at_every_byte(void **state)
{
	struct run *run = *state;
	GD_AUTO_FREE char *path = gd_path_join(run->dir, "metrics.jsonl");
	struct state last = {SIZE_MAX, false};
	size_t size = run->metrics_size, looked = 0;

	keep_lines(run->metrics, &size, LINES_CUT);
	for (size_t at = size; at != SIZE_MAX; at--) {
		struct state s = state_at(run->metrics, at);

		assert_int_equal(truncate(path, (off_t)at), 0);
		read_metrics(path, s, at);
		if (is_same(s, last))
			continue;
		look(run, at, true, GD_N_ELEMS(all));
		last = s;
		looked++;
	}
	assert_int_equal(looked, 2 * LINES_CUT + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_journal_at_every_byte, enter, leave),
		cmocka_unit_test_setup_teardown(the_journal_at_every_line, enter, leave),
		cmocka_unit_test_setup_teardown(the_metrics_at_every_byte, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
