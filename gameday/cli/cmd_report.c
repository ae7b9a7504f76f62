/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "gameday/base/auto.h"
#include "gameday/cli/cmd.h"
#include "gameday/report/report.h"
#include "gameday/report/rundir.h"

extern const struct gd_cmd gd_cmd_report;

struct options {
	bool html, json, md;
	char *format;
};

static const struct gd_field fields[] = {
	{.name = "html",
	 .help = "print report.html instead of writing the files",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, html)},
	{.name = "json",
	 .help = "print report.json instead of writing the files",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, json)},
	{.name = "md",
	 .help = "print report.md instead of writing the files",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, md)},
	{.name = "format",
	 .help = "print this format: html, md, json, junit, prometheus, grafana, chaostoolkit",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 40,
	 GD_MEMBER(struct options, format)},
};

static int print(const char *dir, const char *format, struct gd_error *err)
{
	GD_AUTO_STRBUF(out);

	if (gd_report_render(dir, format, &out, err) < 0)
		return -1;
	(void)fputs(gd_strbuf_str(&out), stdout);
	return 0;
}

static int write_and_summarize(const char *dir, struct gd_error *err)
{
	GD_AUTO_STRBUF(out);
	int status;

	/* What the run proved is in the report; this command only renders it. */
	if (gd_report_write(dir, &out, &status, err) != 0)
		return -1;
	(void)fputs(gd_strbuf_str(&out), stdout);
	return 0;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	const char *format = o->html   ? "html"
			     : o->json ? "json"
			     : o->md   ? "md"
				       : o->format;
	GD_AUTO_FREE char *dir = NULL;
	int rc;

	if (o->html + o->json + o->md + (o->format != NULL) > 1)
		return gd_raise(
			err, GD_E_INPUT,
			"--html, --json, --md, --format: only one of them at a time");
	if (gd_rundir_find(args->operands[0], &dir, err) < 0)
		return -1;
	if (format)
		rc = print(dir, format, err);
	else
		rc = write_and_summarize(dir, err);
	return rc < 0 ? -1 : GD_EXIT_HELD;
}

const struct gd_cmd gd_cmd_report = {
	.name = "report",
	.synopsis = "RUN [--html | --md | --json | --format FORMAT]",
	.summary = "render a run's report again from what it recorded",
	.details =
		"RUN is a run's directory, its name under runs/, or latest. Writes report.html,\n"
		"report.md, report.json, journal.json (Chaos Toolkit's form), junit.xml,\n"
		"metrics.prom (Prometheus), annotations.json (Grafana) and the HdrHistogram logs\n"
		"into it, from the records alone: this works for a run that was killed at any\n"
		"point, too. The exit status is 0 when the report was rendered, whatever its\n"
		"verdict.",
	.example = "gameday report latest",
	.options = GD_SHAPE("report", fields, struct options),
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
