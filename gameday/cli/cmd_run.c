/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/cli/cmd.h"
#include "gameday/cli/inventory.h"
#include "gameday/cli/kinds.h"
#include "gameday/runner/run.h"
#include "gameday/scenario/source.h"

extern const struct gd_cmd gd_cmd_run;

struct options {
	char *inventory, *out;
	char *dashboard;
	struct gd_list role; /* struct gd_text: ROLE=NAME */
	double stage_scale;
	bool yes, blind, dashboard_public;
};

static const struct gd_field fields[] = {
	GD_CLI_INVENTORY(struct options),
	{.name = "out",
	 .help = "folder that gets the run's directory",
	 .dflt = "runs",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, out)},
	GD_CLI_YES(struct options),
	{.name = "stage_scale",
	 .help = "make every stage this many times as long",
	 .dflt = "1",
	 .kind = GD_KIND_DOUBLE,
	 GD_MEMBER(struct options, stage_scale)},
	{.name = "role",
	 .help = "ROLE=NAME of somebody who takes part, as coordinator=Ada; roles are coordinator, "
		 "driver, observer, scribe; may be given several times",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct options, role),
	 .shape = &gd_text_shape},
	{.name = "blind",
	 .help = "hide what is injected from the live view until it is revealed: by the key r, "
		 "by gameday note RUN diagnosed, or at the end",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, blind)},
	GD_CLI_DASHBOARD(struct options),
};

/* Shows the plan and asks; only where somebody can answer. */
static bool ask(void *ctx GD_UNUSED, const char *plan_text)
{
	char answer[16] = "";

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	(void)fputs(plan_text, stdout);
	(void)fputs("\nDo this on the hosts above? Type yes: ", stdout);
	(void)fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return strcmp(answer, "yes\n") == 0;
}

/* The runbook the scenario names, or NULL; what is wrong with the scenario the run reports. */
static char *runbook_of(const char *scenario_path)
{
	struct gd_scenario s = {0};
	struct gd_error err;
	GD_AUTO_DIAGS(diags);
	char *path = NULL;

	if (gd_scenario_load(scenario_path, &s, &diags) == 0 && s.runbook &&
	    gd_runbook_locate(scenario_path, NULL, s.runbook, &path, &err) != 0) {
		free(path);
		path = NULL;
	}
	gd_scenario_fini(&s);
	return path;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	GD_AUTO_FREE char *inventory = NULL, *runbook = NULL, *argv = NULL;
	GD_AUTO(gd_crew) struct gd_crew *crew = NULL;
	struct gd_kinds kinds = {0};
	struct gd_run_options opt = {
		.scenario = args->operands[0],
		.out = o->out,
		.stage_scale = o->stage_scale,
		.blind = o->blind,
		.dashboard = o->dashboard,
		.dashboard_public = o->dashboard_public,
		.version = GD_VERSION,
		.kinds = &kinds,
		.confirm = o->yes ? NULL : ask,
	};
	int status;

	if (gd_cli_inventory_path(o->inventory, &inventory, err) < 0)
		return -1;
	if (o->stage_scale <= 0)
		return gd_raise(err, GD_E_INPUT, "--stage-scale must be above 0");
	if (gd_crew_parse(&o->role, &crew, err) < 0)
		return -1;
	opt.crew = crew;
	if (gd_cli_kinds(&kinds, err) < 0)
		return -1;
	runbook = runbook_of(args->operands[0]);
	argv = gd_strf("gameday run %s -i %s --stage-scale %g", args->operands[0],
		       inventory, o->stage_scale);
	opt.inventory = inventory;
	opt.runbook = runbook;
	opt.argv = argv ? argv : "";
	status = gd_run(&opt, err);
	gd_cli_kinds_fini(&kinds);
	return status;
}

const struct gd_cmd gd_cmd_run = {
	.name = "run",
	.synopsis =
		"SCENARIO [-i INVENTORY] [-o DIR] [--yes] [--role ROLE=NAME]... [--blind] "
		"[--dashboard ADDRESS:PORT] [--stage-scale F]",
	.summary = "run a game day: inject, measure, put everything back, report",
	.details =
		"Shows the plan and asks before it changes a host; --yes does not ask. Ctrl-C "
		"undoes\neverything first, then reports. See gameday plan for what would be "
		"done. On a terminal it\nshows a live view that fills it; NO_COLOR and "
		"TERM=dumb are honoured. --dashboard shows the\nsame to a browser, for "
		"looking only.",
	.example = "gameday run scenarios/silent-nic-drops.yaml -i lab --yes",
	.options = GD_SHAPE("run", fields, struct options),
	.short_options = "i=inventory o=out y=yes",
	.min_operands = 1,
	.max_operands = 1,
	.changes_hosts = true,
	.run = run,
};
