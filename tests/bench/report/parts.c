/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts DIR: where the time of rendering a run goes. CPU seconds of this process for each
 * part, one after the other; the first two are floors, which no report can go below while
 * records are JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/hlog.h"
#include "gameday/report/lines.h"
#include "gameday/report/model.h"
#include "gameday/report/writer.h"

static const struct gd_report_writer *const writers[] = {
	&gd_report_html,         &gd_report_md,    &gd_report_json,
	&gd_report_chaostoolkit, &gd_report_junit, &gd_report_grafana,
	&gd_report_prometheus,
};

static double cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say(const char *part, double since, size_t bytes)
{
	(void)printf("  %-34s %6.2f s", part, cpu_seconds() - since);
	if (bytes > 0)
		(void)printf(" %12zu bytes", bytes);
	(void)putchar('\n');
}

static int drop(void *ctx, cJSON *line, struct gd_error *err)
{
	(void)ctx;
	(void)err;
	cJSON_Delete(line);
	return 0;
}

static int show_floors(const char *dir, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, "metrics.jsonl"), *text = NULL;
	double start = cpu_seconds();
	struct gd_lines lines;
	size_t size;

	if (!path)
		return gd_raise_nomem(err);
	if (gd_file_read(path, (size_t)4 << 30, &text, &size, err) < 0)
		return -1;
	say("floor: reading the metrics", start, size);
	start = cpu_seconds();
	if (gd_lines_read(path, drop, NULL, &lines, err) < 0)
		return -1;
	say("floor: the same, parsed as JSON", start, 0);
	return 0;
}

static int show_parts(const char *dir, struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	double start = cpu_seconds();

	if (gd_report_load(dir, &r, err) < 0)
		return -1;
	say("records into figures", start, 0);
	for (size_t i = 0; i < GD_N_ELEMS(writers); i++) {
		GD_AUTO_STRBUF(out);

		start = cpu_seconds();
		if (writers[i]->write(r, &out, err) < 0)
			return -1;
		say(writers[i]->file, start, out.len);
	}
	start = cpu_seconds();
	if (gd_hlog_write_all(r, err) < 0)
		return -1;
	say("*.hlog", start, 0);
	return 0;
}

int main(int argc, char **argv)
{
	struct gd_error err = GD_ERROR_INIT;

	if (argc != 2) {
		(void)fputs("usage: parts DIR\n", stderr);
		return 2;
	}
	if (show_floors(argv[1], &err) < 0 || show_parts(argv[1], &err) < 0) {
		(void)fprintf(stderr, "parts: %s\n", err.text);
		return 1;
	}
	return 0;
}
