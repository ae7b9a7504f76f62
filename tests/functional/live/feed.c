/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays a recorded run through the real view: live_feed RUN_DIR [OPTION]...
 *
 *   --lines           no terminal view
 *   --blind           hide what was injected
 *   --dashboard A:P   with a dashboard
 *   --speed F         so many seconds of the run per second (default 1)
 *   --linger S        so long at the end of the recording, before it is over
 *   --crash SIGNAL    raise it after two seconds
 *
 * Its last line is the longest time that one turn of the loop was late by, which is what the
 * view would have cost a lease: "LATE MS".
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/loop.h"
#include "gameday/live/view.h"
#include "gameday/report/lines.h"

enum { TICK_MS = 100, MAX_LINES = 100000 };

/* Times are moved so that the recording begins now. */
struct line {
	int64_t wall_ns;
	bool metrics;
	cJSON *json;
};

struct feed {
	struct gd_results *results;
	struct gd_scenario scenario;
	struct gd_view *view;
	struct gd_loop *loop;
	struct line *lines;
	size_t n, next;
	int64_t first_ns;
	bool metrics; /* which file is being read */
	const struct gd_stage *stage;
	struct gd_instant stage_until;
	double speed;
	bool stop;
};

static void must(int status, const struct gd_error *err)
{
	if (status >= 0)
		return;
	(void)fprintf(stderr, "live_feed: %s\n", err->text);
	exit(1);
}

static int keep(void *ctx, cJSON *json, struct gd_error *err)
{
	struct feed *f = ctx;
	struct line *l;

	if (f->n == MAX_LINES)
		return gd_raise(err, GD_E_INPUT, "too many lines");
	l = &f->lines[f->n++];
	*l = (struct line){.metrics = f->metrics, .json = json};
	/* An interval is known when it is over. */
	l->wall_ns = gd_json_int(json, "wall_ns",
				 gd_json_int(json, "start_wall_ns", 0) +
					 gd_json_int(json, "length_ns", 0));
	/* Lines without a time come first: what watches mean. */
	if (l->wall_ns && (!f->first_ns || l->wall_ns < f->first_ns))
		f->first_ns = l->wall_ns;
	return 0;
}

static void move(cJSON *json, const char *key, int64_t by)
{
	int64_t ns = gd_json_int(json, key, 0);

	if (!ns)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(json, key);
	if (!gd_json_set_int(json, key, ns + by))
		exit(1);
}

static void move_all(struct feed *f)
{
	int64_t by = gd_wall_now().ns - f->first_ns;

	for (size_t i = 0; i < f->n; i++) {
		f->lines[i].wall_ns += by;
		move(f->lines[i].json, "wall_ns", by);
		move(f->lines[i].json, "start_wall_ns", by);
	}
	f->first_ns += by;
}

static int by_time(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return x->wall_ns < y->wall_ns ? -1 : x->wall_ns > y->wall_ns;
}

static void load(struct feed *f, const char *dir)
{
	static const char *const names[] = {"journal.jsonl", "metrics.jsonl"};
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *scenario = gd_path_join(dir, "scenario.yaml");
	GD_AUTO_DIAGS(diags);

	f->lines = calloc(MAX_LINES, sizeof(*f->lines));
	if (!f->lines || !scenario)
		exit(1);
	for (int i = 0; i < 2; i++) {
		GD_AUTO_FREE char *path = gd_path_join(dir, names[i]);
		struct gd_lines seen;

		f->metrics = i == 1;
		if (!path)
			exit(1);
		must(gd_lines_read(path, keep, f, &seen, &err), &err);
	}
	move_all(f);
	qsort(f->lines, f->n, sizeof(*f->lines), by_time);
	if (gd_scenario_load(scenario, &f->scenario, &diags) < 0 || f->n == 0) {
		(void)fprintf(stderr, "live_feed: %s: no scenario or no lines\n", dir);
		exit(1);
	}
}

static void follow(struct feed *f, const cJSON *line)
{
	const char *event = gd_json_str(line, "event", "");
	const char *name = gd_json_str(line, "stage", "");

	if (strcmp(event, "stage_begin") == 0 || strcmp(event, "stage_measured") == 0) {
		for (size_t i = 0; i < f->scenario.stages.n; i++) {
			const struct gd_stage *st =
				GD_AT(&f->scenario.stages, const struct gd_stage, i);

			if (strcmp(st->name, name) != 0)
				continue;
			f->stage = st;
			f->stage_until = gd_after(
				gd_now(),
				(struct gd_span){
					(int64_t)((double)st->length.ns / f->speed)});
		}
	} else if (strcmp(event, "stage_end") == 0) {
		f->stage = NULL;
	}
	if (strcmp(event, "host") == 0)
		gd_view_secret(f->view, GD_TONE_PLAIN, "host     %s: %s",
			       gd_json_str(line, "host", ""),
			       gd_json_str(line, "kernel", ""));
	else if (strcmp(event, "stage_begin") == 0)
		gd_view_secret(f->view, GD_TONE_PLAIN, "stage    %s", name);
	else if (strcmp(event, "fault_injecting") == 0)
		gd_view_secret(f->view, GD_TONE_FAULT, "fault    %s: %s",
			       gd_json_str(line, "host", ""),
			       gd_json_str(line, "describe", ""));
	else if (strcmp(event, "fault_reverted") == 0)
		gd_view_secret(f->view, GD_TONE_GOOD, "restored %s: exactly as before",
			       gd_json_str(line, "host", ""));
	else if (strcmp(event, "note") == 0)
		gd_view_event(f->view, GD_TONE_PLAIN, "note     %s %s",
			      gd_json_str(line, "kind", ""),
			      gd_json_str(line, "text", ""));
}

/* All lines up to that moment of the recording. */
static void play(struct feed *f, int64_t until)
{
	struct gd_error err = GD_ERROR_INIT;

	for (; f->next < f->n && f->lines[f->next].wall_ns <= until; f->next++) {
		const struct line *l = &f->lines[f->next];

		if (l->metrics) {
			must(gd_results_add_metrics_line(f->results, l->json, &err),
			     &err);
			continue;
		}
		must(gd_results_add_journal_line(f->results, l->json, &err), &err);
		follow(f, l->json);
	}
}

static void show(struct feed *f)
{
	struct gd_shown_fault faults[GD_SNAP_FAULTS];
	struct gd_shown_clock clock = {"api-1", 250 * GD_NS_PER_MS};
	struct gd_shown_run run = {
		.title = f->scenario.title,
		.run = "recorded",
		.results = f->results,
		.scenario = &f->scenario,
		.stage = f->stage,
		.stage_until = f->stage_until,
		.doing = "between stages",
		.faults = faults,
		.clocks = &clock,
		.n_clocks = 1,
	};

	for (size_t i = 0; i < gd_results_n_faults(f->results) && i < GD_SNAP_FAULTS;
	     i++) {
		struct gd_fault_view v = gd_results_fault(f->results, i);

		if (v.reverted_ns)
			continue;
		faults[run.n_faults++] =
			(struct gd_shown_fault){.host = v.host,
						.what = v.describe,
						.coming = !v.injected_ns,
						.since_wall_ns = v.injected_ns};
	}
	gd_view_show(f->view, &run);
}

static void on_signal(void *ctx, int signo)
{
	struct feed *f = ctx;

	if (signo == SIGTSTP) {
		gd_view_pause(f->view);
		return;
	}
	f->stop = true;
}

struct options {
	const char *dir, *dashboard;
	bool lines, blind;
	double speed, linger;
	int crash;
};

static struct options parse(int argc, char **argv)
{
	static const struct option rows[] = {
		{"lines", no_argument, NULL, 'l'},
		{"blind", no_argument, NULL, 'b'},
		{"dashboard", required_argument, NULL, 'd'},
		{"speed", required_argument, NULL, 's'},
		{"linger", required_argument, NULL, 'g'},
		{"crash", required_argument, NULL, 'c'},
		{0},
	};
	struct options o = {.speed = 1};
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		o.lines |= c == 'l';
		o.blind |= c == 'b';
		if (c == 'd')
			o.dashboard = optarg;
		if (c == 's')
			o.speed = strtod(optarg, NULL);
		if (c == 'g')
			o.linger = strtod(optarg, NULL);
		if (c == 'c')
			o.crash = (int)strtol(optarg, NULL, 10);
		if (c == '?')
			exit(2);
	}
	if (optind != argc - 1 || o.speed <= 0)
		exit(2);
	o.dir = argv[optind];
	return o;
}

/* Turns the loop until the recording is over: the longest it was late, in ms. */
static double turn(struct feed *f, const struct options *o)
{
	struct gd_instant start = gd_now(), due = start;
	int64_t first = f->first_ns, last = f->lines[f->n - 1].wall_ns;
	double length = (double)(last - first) / 1e9 / o->speed + o->linger;
	struct gd_error err = GD_ERROR_INIT;
	double worst = 0;

	for (;;) {
		double s = (double)gd_between(start, gd_now()).ns / 1e9;
		double late = (double)gd_between(due, gd_now()).ns / 1e6;

		if (late >= 0)
			worst = late > worst ? late : worst;
		if (f->stop || s >= length)
			return worst;
		if (o->crash && s >= 2)
			(void)raise(o->crash);
		if (late >= 0) {
			play(f, first + (int64_t)(s * o->speed * 1e9));
			show(f);
			due = gd_after(due, gd_span_ms(TICK_MS));
		}
		must(gd_loop_step(f->loop, due, &err), &err);
	}
}

int main(int argc, char **argv)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP};
	struct options o = parse(argc, argv);
	struct gd_view_options view = {
		.fd = STDOUT_FILENO, .lines = o.lines, .blind = o.blind};
	struct gd_error err = GD_ERROR_INIT;
	struct feed f = {.speed = o.speed};
	double worst;

	(void)signal(SIGPIPE, SIG_IGN);
	load(&f, o.dir);
	must(gd_results_new(&f.results, &err), &err);
	must(gd_loop_new(&f.loop, &err), &err);
	if (o.dashboard)
		must(gd_web_new(o.dashboard, false, &view.web, &err), &err);
	if (view.web && o.lines)
		(void)printf("dashboard %s\n", gd_web_url(view.web));
	(void)fflush(stdout);
	must(gd_view_new(&view, &f.view, &err), &err);
	must(gd_loop_signals(f.loop, signos, 4, on_signal, &f, &err), &err);
	must(gd_view_attach(f.view, f.loop, &err), &err);
	worst = turn(&f, &o);
	gd_view_reveal(f.view, "because the run is over");
	show(&f);
	gd_view_over(f.view, "refuted", "1 of 5 expectations was not met");
	gd_view_free(f.view);
	(void)printf("LATE %.0f\n", worst);
	for (size_t i = 0; i < f.n; i++)
		cJSON_Delete(f.lines[i].json);
	free(f.lines);
	gd_loop_free(f.loop);
	gd_results_free(f.results);
	gd_scenario_fini(&f.scenario);
	return 0;
}
