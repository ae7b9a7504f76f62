/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "gameday/cli/hosts.h"
#include "gameday/scenario/source.h"

extern const struct gd_cmd gd_cmd_status;

struct options {
	char *inventory;
	struct gd_list on;
	bool json;
};

static const struct gd_field fields[] = {
	GD_CLI_INVENTORY(struct options),
	{.name = "on",
	 .help = "only this host; may be repeated",
	 .kind = GD_KIND_LIST,
	 .shape = &gd_text_shape,
	 GD_MEMBER(struct options, on)},
	GD_CLI_JSON(struct options),
};

static void print_fault(const char *host, const cJSON *f)
{
	int64_t lease = gd_json_int(f, "lease_left_ms", -1);
	char since[32];

	(void)printf("%s: %s on %s, %s, by run %s of %s, since %s", host,
		     gd_json_str(f, "kind", "?"), gd_json_str(f, "target", "?"),
		     gd_json_str(f, "phase", "?"), gd_json_str(f, "run", "?"),
		     gd_json_str(f, "runner", "?"),
		     gd_wall_format((struct gd_wall){gd_json_int(f, "since_wall_ns", 0)},
				    since));
	if (gd_json_bool(f, "live", false))
		(void)printf(", undone in %" PRId64 " s unless renewed\n", lease / 1000);
	else if (gd_json_bool(f, "earlier_boot", false))
		(void)printf(", LEFT BEHIND, but the host was restarted since: what the "
			     "kernel held is gone\n"
			     "  Check that, and close it, with: gameday revert --on %s\n",
			     host);
	else
		(void)printf(", LEFT BEHIND\n  Undo it with: gameday revert --on %s\n",
			     host);
}

static void print_load(const char *host, const cJSON *l)
{
	(void)printf("%s: load %s of run %s", host, gd_json_str(l, "ref", "?"),
		     gd_json_str(l, "run", "?"));
	if (!gd_json_bool(l, "alone", false))
		(void)printf(", in progress\n");
	else
		(void)printf(
			", CUT OFF from its runner: it goes on, and ends by itself in "
			"%" PRId64 " s unless that one comes back\n"
			"  End it now with: gameday revert --on %s\n",
			gd_json_int(l, "left_ms", 0) / 1000, host);
}

static void print_host(const char *host, const cJSON *answer)
{
	const cJSON *faults = cJSON_GetObjectItemCaseSensitive(answer, "faults");
	const cJSON *loads = cJSON_GetObjectItemCaseSensitive(answer, "loads");
	const cJSON *item;

	if (cJSON_GetArraySize(faults) == 0)
		(void)printf("%s: no fault active, nothing left behind\n", host);
	cJSON_ArrayForEach(item, faults) print_fault(host, item);
	cJSON_ArrayForEach(item, loads) print_load(host, item);
	gd_oneshot_print_undone(host, answer);
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	struct gd_cli_hosts hosts;
	int status;

	if (gd_cli_hosts_init(&hosts, o->inventory, &o->on, args, err) < 0)
		return -1;
	status = gd_cli_hosts_ask(&hosts, gd_oneshot_status, o->json, print_host, err);
	gd_cli_hosts_fini(&hosts);
	return status;
}

const struct gd_cmd gd_cmd_status = {
	.name = "status",
	.synopsis = "[--on HOST]... [-i INVENTORY] [--json]",
	.summary = "faults active now, by whom, and the lease left",
	.details =
		"Asks each host's own journal, so it also finds what a dead run left behind, and tells\n"
		"what the host undid of late without being asked: who did it, when and why. Loads that\n"
		"run there are listed, too; one that is cut off from its runner goes on measuring for ten\n"
		"minutes at most.",
	.example = "gameday status --on api-1 -i lab",
	.options = GD_SHAPE("status", fields, struct options),
	.short_options = "i=inventory",
	.max_operands = 256,
	.run = run,
};
