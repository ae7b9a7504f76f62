/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "gameday/cli/hosts.h"

extern const struct gd_cmd gd_cmd_doctor;

struct options {
	char *inventory;
	bool json;
};

static const struct gd_field fields[] = {
	GD_CLI_INVENTORY(struct options),
	GD_CLI_JSON(struct options),
};

static void print_host(const char *host, const cJSON *answer)
{
	const cJSON *faults = cJSON_GetObjectItemCaseSensitive(answer, "faults");
	const cJSON *f;

	(void)printf("%s:\n", host);
	cJSON_ArrayForEach(f, faults)(void)
		printf("  %-3s %-12s %s\n", gd_json_bool(f, "ok", false) ? "yes" : "NO",
		       gd_json_str(f, "kind", "?"), gd_json_str(f, "text", ""));
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	struct gd_cli_hosts hosts;
	int status;

	if (gd_cli_hosts_init(&hosts, o->inventory, NULL, args, err) < 0)
		return -1;
	status = gd_cli_hosts_ask(&hosts, gd_oneshot_doctor, o->json, print_host, err);
	gd_cli_hosts_fini(&hosts);
	return status;
}

const struct gd_cmd gd_cmd_doctor = {
	.name = "doctor",
	.synopsis = "HOST... [-i INVENTORY] [--json]",
	.summary = "what can and can't be injected on a host, and why",
	.example = "gameday doctor api-1 client -i lab",
	.options = GD_SHAPE("doctor", fields, struct options),
	.short_options = "i=inventory",
	.min_operands = 1,
	.max_operands = 256,
	.run = run,
};
