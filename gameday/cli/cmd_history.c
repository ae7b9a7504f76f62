/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "gameday/base/auto.h"
#include "gameday/cli/cmd.h"
#include "gameday/report/history.h"
#include "gameday/report/rundir.h"

extern const struct gd_cmd gd_cmd_history;

struct options {
	char *dir, *scenario;
	bool json;
};

static const struct gd_field fields[] = {
	{.name = "dir",
	 .help = "where the runs are",
	 .dflt = GD_RUNS_DIR,
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct options, dir)},
	{.name = "scenario",
	 .help = "only the runs of this scenario",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 200,
	 GD_MEMBER(struct options, scenario)},
	GD_CLI_JSON(struct options),
};

static int print(const struct options *o, const struct gd_history *h,
		 struct gd_error *err)
{
	GD_AUTO_STRBUF(out);

	if (o->json && gd_history_json(h, &out, err) < 0)
		return -1;
	if (!o->json && h->n == 0)
		gd_strbuf_addf(&out, "no runs%s%s under %s/\n", o->scenario ? " of " : "",
			       o->scenario ? o->scenario : "", o->dir);
	if (!o->json) {
		gd_history_list(h, &out);
		gd_history_trends(h, &out);
	}
	if (out.failed)
		return gd_raise_nomem(err);
	(void)fputs(gd_strbuf_str(&out), stdout);
	return GD_EXIT_HELD;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	struct gd_history h = {0};
	int rc;

	if (gd_history_load(o->dir, o->scenario ? o->scenario : "", &h, err) < 0)
		return -1;
	rc = print(o, &h, err);
	gd_history_fini(&h);
	return rc;
}

const struct gd_cmd gd_cmd_history = {
	.name = "history",
	.synopsis = "[--scenario NAME] [--dir DIR] [--json]",
	.summary = "the runs so far, newest first, and the trends of their figures",
	.details =
		"Reads each run's report.json, or its journal when there is no report. The\n"
		"figures are those of the client that a fault hit hardest: its p99 in the\n"
		"baseline and under the fault; the least success of any client; the time from the\n"
		"first harm to the first detection, by the runbook's conditions or a note. Below,\n"
		"per scenario with several runs, how they went from run to run.",
	.example = "gameday history --scenario silent-nic-drops",
	.options = GD_SHAPE("history", fields, struct options),
	.run = run,
};
