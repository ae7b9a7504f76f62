/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/cli/hosts.h"
#include "gameday/scenario/source.h"

extern const struct gd_cmd gd_cmd_revert;

struct options {
	char *inventory;
	struct gd_list on;
	bool all;
};

static const struct gd_field fields[] = {
	GD_CLI_INVENTORY(struct options),
	{.name = "on",
	 .help = "this host; may be repeated",
	 .kind = GD_KIND_LIST,
	 .shape = &gd_text_shape,
	 GD_MEMBER(struct options, on)},
	{.name = "all",
	 .help = "every host of the inventory",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, all)},
};

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	struct gd_cli_hosts hosts;
	int status;

	if (gd_cli_hosts_init(&hosts, o->inventory, &o->on, args, err) < 0)
		return -1;
	if (!o->all && hosts.one.n_hosts == 0) {
		gd_cli_hosts_fini(&hosts);
		return gd_raise(err, GD_E_INPUT, "which host? Give --on HOST, or --all");
	}
	status = gd_oneshot_revert(&hosts.one, err);
	gd_cli_hosts_fini(&hosts);
	return status;
}

const struct gd_cmd gd_cmd_revert = {
	.name = "revert",
	.synopsis = "[--on HOST]... | --all  [-i INVENTORY]",
	.summary = "undo whatever a dead run left, from the host's own journal",
	.details =
		"A host that a live run holds is refused: stop that run instead. A load that is cut off\n"
		"from its runner is ended as well.",
	.example = "gameday revert --on api-1 -i lab",
	.options = GD_SHAPE("revert", fields, struct options),
	.short_options = "i=inventory",
	.max_operands = 256,
	.changes_hosts = true,
	.run = run,
};
