/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "gameday/base/auto.h"
#include "gameday/cli/cmd.h"
#include "gameday/report/report.h"
#include "gameday/report/rundir.h"

extern const struct gd_cmd gd_cmd_report;

struct options {
	bool html, json, md;
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
	if (gd_report_write(dir, &status, err) < 0 ||
	    gd_report_summary(dir, &out, err) < 0)
		return -1;
	(void)fputs(gd_strbuf_str(&out), stdout);
	return 0;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	GD_AUTO_FREE char *dir = NULL;
	int rc;

	if (o->html + o->json + o->md > 1)
		return gd_raise(err, GD_E_INPUT,
				"--html, --json, --md: only one of them at a time");
	if (gd_rundir_find(args->operands[0], &dir, err) < 0)
		return -1;
	if (o->html || o->json || o->md)
		rc = print(dir, o->html ? "html" : o->json ? "json" : "md", err);
	else
		rc = write_and_summarize(dir, err);
	return rc < 0 ? -1 : GD_EXIT_HELD;
}

const struct gd_cmd gd_cmd_report = {
	.name = "report",
	.synopsis = "RUN [--html | --md | --json]",
	.summary = "render a run's report again from what it recorded",
	.details =
		"RUN is a run's directory, its name under runs/, or latest. Writes report.html,\n"
		"report.md, report.json and the HdrHistogram logs into it, from the records alone:\n"
		"this works for a run that was killed at any point, too. The exit status is 0 when\n"
		"the report was rendered, whatever its verdict.",
	.example = "gameday report latest",
	.options = GD_SHAPE("report", fields, struct options),
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
