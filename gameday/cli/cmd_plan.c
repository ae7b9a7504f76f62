/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "gameday/base/auto.h"
#include "gameday/base/json.h"
#include "gameday/cli/cmd.h"
#include "gameday/cli/inventory.h"
#include "gameday/cli/kinds.h"
#include "gameday/runner/names.h"
#include "gameday/scenario/plan.h"

extern const struct gd_cmd gd_cmd_plan;

struct options {
	char *inventory;
	bool json, resolve;
};

static const struct gd_field fields[] = {
	GD_CLI_INVENTORY(struct options),
	{.name = "json",
	 .help = "print the plan as JSON",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, json)},
	{.name = "resolve",
	 .help = "ask the hosts that get a fault what its host names mean there",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, resolve)},
};

/* Mistakes go to standard error: what is on standard output is a plan or nothing. */
static void print_diags(struct gd_diags *diags, const struct gd_scenario *s)
{
	GD_AUTO_STRBUF(out);

	gd_diags_sort(diags);
	gd_diags_render(diags, s->source, s->source_size, &out);
	(void)fputs(gd_strbuf_str(&out), stderr);
}

static int print_plan(const struct gd_plan *plan, bool json, struct gd_error *err)
{
	GD_AUTO_STRBUF(out);
	GD_AUTO(cJSON) cJSON *tree = NULL;
	GD_AUTO_FREE char *text = NULL;

	if (!json) {
		gd_plan_print(plan, &out);
		if (out.failed)
			return gd_raise_nomem(err);
		(void)fputs(gd_strbuf_str(&out), stdout);
		return GD_EXIT_HELD;
	}
	if (gd_plan_to_json(plan, &tree, err) < 0)
		return -1;
	text = gd_json_print_pretty(tree);
	if (!text)
		return gd_raise_nomem(err);
	(void)puts(text);
	return GD_EXIT_HELD;
}

static int plan_scenario(const struct gd_scenario *s, bool loaded,
			 const struct gd_inventory *inv, const struct gd_kinds *kinds,
			 struct gd_diags *diags, const struct options *o,
			 struct gd_error *err)
{
	struct gd_plan plan = {0};
	int status = GD_EXIT_USAGE;
	bool good = loaded;

	if (s->tree && gd_scenario_check(s, inv, kinds, diags) < 0)
		good = false;
	if (good && gd_plan_make(s, inv, kinds, &plan, diags) < 0)
		good = false;
	print_diags(diags, s);
	if (good && o->resolve && gd_names_of_plan(&plan, err) < 0)
		status = -1;
	else if (good)
		status = print_plan(&plan, o->json, err);
	else
		(void)fprintf(stderr, "%zu error%s in %s\n", diags->n_errors,
			      diags->n_errors == 1 ? "" : "s", s->path ? s->path : "");
	gd_plan_fini(&plan);
	return status;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	GD_AUTO_DIAGS(diags);
	struct gd_inventory inv;
	struct gd_scenario s;
	struct gd_kinds kinds;
	bool loaded;
	int status;

	if (gd_cli_inventory_load(o->inventory, &inv, err) < 0)
		return -1;
	if (gd_cli_kinds(&kinds, err) < 0) {
		gd_inventory_fini(&inv);
		return -1;
	}
	loaded = gd_scenario_load(args->operands[0], &s, &diags) == 0;
	gd_scenario_open_book(&s, NULL, &diags);
	status = plan_scenario(&s, loaded, &inv, &kinds, &diags, o, err);
	gd_scenario_fini(&s);
	gd_cli_kinds_fini(&kinds);
	gd_inventory_fini(&inv);
	return status;
}

const struct gd_cmd gd_cmd_plan = {
	.name = "plan",
	.synopsis = "SCENARIO [-i INVENTORY] [--resolve] [--json]",
	.summary = "what a scenario would do, host by host, and how it would be undone",
	.details =
		"Reads files only: no host is connected to and nothing is changed. Faults "
		"are named with\nthe commands that undo them by hand. Host names among "
		"their parameters mean what the\nhost with the fault says: --resolve "
		"connects to it and asks, and changes nothing either.",
	.example = "gameday plan scenarios/silent-nic-drops.yaml -i lab",
	.options = GD_SHAPE("plan", fields, struct options),
	.short_options = "i=inventory",
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
