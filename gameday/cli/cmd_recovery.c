/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "gameday/base/auto.h"
#include "gameday/cli/hosts.h"
#include "gameday/runner/fleet.h"
#include "gameday/scenario/source.h"

extern const struct gd_cmd gd_cmd_recovery;

static const struct gd_span LIMIT = {30 * GD_NS_PER_S};

struct options {
	char *inventory;
	struct gd_list on;
	bool remove, yes;
};

static const struct gd_field fields[] = {
	GD_CLI_INVENTORY(struct options),
	{.name = "on",
	 .help = "this host; may be repeated",
	 .kind = GD_KIND_LIST,
	 .flags = GD_FIELD_REQUIRED,
	 .shape = &gd_text_shape,
	 .min = 1,
	 .max = 256,
	 GD_MEMBER(struct options, on)},
	{.name = "remove",
	 .help = "take it away again",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, remove)},
	GD_CLI_YES(struct options),
};

static void print_answer(const char *host, const cJSON *reply)
{
	const char *command = gd_json_str(reply, "command", NULL);
	const char *unit = gd_json_str(reply, "unit", "");

	if (!command)
		(void)printf("%s: nothing runs at boot any more\n", host);
	else if (*unit)
		(void)printf("%s: runs once at every boot, by %s:\n  %s recover\n", host,
			     unit, command);
	else
		(void)printf(
			"%s: there is no systemd here. The agent is in place; have the "
			"boot run once, as root:\n  %s recover --wait 120\n",
			host, command);
}

static int ask(struct gd_fleet *f, bool remove, struct gd_call *calls,
	       struct gd_error *err)
{
	int status = GD_EXIT_HELD;

	for (size_t i = 0; i < f->n; i++) {
		cJSON *req = gd_message_request("recovery");

		if (req)
			(void)gd_json_set_bool(req, "remove", remove);
		gd_fleet_call(f, &f->members[i], req, LIMIT, &calls[i]);
	}
	if (gd_fleet_wait(f, calls, f->n, err) < 0)
		return -1;
	for (size_t i = 0; i < f->n; i++) {
		if (calls[i].reply) {
			print_answer(f->members[i].inv->name, calls[i].reply);
			continue;
		}
		(void)printf("%s\n", calls[i].err.text);
		status = GD_EXIT_PREFLIGHT;
	}
	return status;
}

static int run_on(const struct gd_oneshot *o, bool remove, struct gd_error *err)
{
	GD_AUTO_FREE char *identity = gd_runner_identity();
	struct gd_call *calls = NULL;
	struct gd_fleet f = {0};
	int status = -1;

	if (!identity)
		return gd_raise_nomem(err);
	if (gd_fleet_init(&f, NULL, identity, err) == 0 &&
	    gd_fleet_add_named(&f, o->inventory, o->hosts, o->n_hosts, err) == 0 &&
	    gd_fleet_connect(&f, err) == 0) {
		calls = calloc(f.n + 1, sizeof(*calls));
		status = calls ? ask(&f, remove, calls, err) : gd_raise_nomem(err);
	}
	gd_calls_free(calls, f.n);
	gd_fleet_fini(&f);
	return status;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	struct gd_cli_hosts hosts;
	int status = -1;

	if (gd_cli_hosts_init(&hosts, o->inventory, &o->on, args, err) < 0)
		return -1;
	if (gd_cli_agree(
		    o->yes,
		    o->remove ? "Remove the agent and its unit from the hosts' boot"
			      : "Leave the agent on the hosts and have their boot run it",
		    err) == 0)
		status = run_on(&hosts.one, o->remove, err);
	gd_cli_hosts_fini(&hosts);
	return status;
}

const struct gd_cmd gd_cmd_recovery = {
	.name = "recovery",
	.synopsis = "--on HOST... [--remove] [-i INVENTORY] [--yes]",
	.summary = "have a host undo at boot what a power cut left there",
	.details =
		"Leaves the agent in /var/lib/gameday/agent and a systemd unit that runs it once at\n"
		"boot. Without it, gameday revert --on HOST does the same when somebody asks. After an\n"
		"update of gameday, run it again.",
	.example = "gameday recovery --on api-1 -i lab --yes",
	.options = GD_SHAPE("recovery", fields, struct options),
	.short_options = "i=inventory y=yes",
	.max_operands = 0,
	.changes_hosts = true,
	.run = run,
};
