/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/cli/cmd.h"
#include "gameday/cli/inventory.h"
#include "gameday/cli/kinds.h"
#include "gameday/runner/oneshot.h"
#include "gameday/scenario/levels.h"
#include "gameday/scenario/timing.h"
#include "gameday/scenario/yaml.h"

extern const struct gd_cmd gd_cmd_inject;

struct options {
	char *inventory, *on;
	struct gd_span length;
	struct gd_span after, every, hold;
	int64_t count;
	char *dashboard;
	bool yes, dashboard_public;
};

#define TIME_ROW(row_name, text)                                                         \
	{                                                                                \
		.name = #row_name, .help = (text), .kind = GD_KIND_DURATION,             \
		.max = 24 * 3600 * GD_NS_PER_S, GD_MEMBER(struct options, row_name)      \
	}

static const struct gd_field fields[] = {
	GD_CLI_INVENTORY(struct options),
	{.name = "on",
	 .help = "the host, by its name in the inventory",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct options, on)},
	{.name = "for",
	 .help = "how long the fault is held",
	 .kind = GD_KIND_DURATION,
	 .flags = GD_FIELD_REQUIRED,
	 .min = GD_NS_PER_S,
	 .max = 24 * 3600 * GD_NS_PER_S,
	 GD_MEMBER(struct options, length)},
	TIME_ROW(after, "it comes so long after the start"),
	TIME_ROW(every, "it comes again so long after it came; needs --hold"),
	TIME_ROW(hold, "it stays so long each time"),
	{.name = "count",
	 .help = "how often it comes; else as often as there is time for",
	 .kind = GD_KIND_INT,
	 .max = GD_MAX_CYCLES,
	 GD_MEMBER(struct options, count)},
	GD_CLI_DASHBOARD(struct options),
	GD_CLI_YES(struct options),
};

static const struct gd_kind_row *find_kind(const struct gd_kinds *kinds, const char *name,
					   struct gd_error *err)
{
	const char *names[64];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < kinds->n_faults; i++) {
		if (strcmp(kinds->faults[i].name, name) == 0)
			return &kinds->faults[i];
		if (n < GD_N_ELEMS(names))
			names[n++] = kinds->faults[i].name;
	}
	near = gd_suggest(name, names, n);
	(void)gd_raise(err, GD_E_INPUT, "there is no fault \"%s\"%s%s%s", name,
		       near ? ": did you mean " : "; see gameday doctor HOST",
		       near ? near : "", near ? "?" : "");
	return NULL;
}

/* VALUE as it would stand in a scenario, when it is a map or a list; else as it is. */
static struct gd_node *read_value(const char *text, struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);
	GD_AUTO(gd_node) struct gd_node *node = NULL;

	if (*text != '{' && *text != '[') {
		node = gd_node_scalar(text, false, (struct gd_pos){0});
		if (!node)
			(void)gd_raise_nomem(err);
	} else if (gd_yaml_parse(text, strlen(text), "VALUE", &node, &diags) < 0) {
		return gd_diags_to_error(&diags, err) < 0 ? NULL : gd_steal_ptr(&node);
	}
	return gd_steal_ptr(&node);
}

/* KEY=VALUE words as a map. */
static int words_to_map(const struct gd_cmd_args *args, struct gd_node *map,
			struct gd_error *err)
{
	for (size_t i = 1; i < args->n_operands; i++) {
		const char *word = args->operands[i];
		const char *eq = strchr(word, '=');
		GD_AUTO_FREE char *key = eq ? strndup(word, (size_t)(eq - word)) : NULL;
		struct gd_node *value;

		if (!eq || eq == word)
			return gd_raise(err, GD_E_INPUT, "\"%s\" is not KEY=VALUE", word);
		value = read_value(eq + 1, err);
		if (!value)
			return gd_wrap(err, "%.40s: ", key ? key : "");
		if (!key || gd_node_append(map, key, (struct gd_pos){0}, value) < 0)
			return gd_raise_nomem(err);
	}
	return 0;
}

/* The same tables and checks as for a fault of a stage. */
static int make_levels(const struct gd_kind_row *kind, const struct gd_fault_use *use,
		       struct gd_span length, struct gd_list *ret, struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);
	const char *key;

	if (gd_cycle_check(use, length, &key, err) < 0)
		return gd_wrap(err, "--%s: ", key);
	if (gd_levels_make(kind, use, length, ret, &diags) == 0)
		return 0;
	return gd_diags_to_error(&diags, err);
}

static void describe(const struct gd_oneshot_fault *fault, struct gd_strbuf *out)
{
	char buf[32];

	fault->kind->describe(GD_AT(fault->levels, const struct gd_level, 0)->args, out);
	for (size_t i = 1; i < fault->levels->n; i++) {
		const struct gd_level *l = GD_AT(fault->levels, const struct gd_level, i);

		gd_strbuf_addf(out, "; at %s %s", gd_span_format(l->at, buf), l->text);
	}
	gd_strbuf_addf(out, "; within %s", gd_span_format(fault->length, buf));
	if (fault->use->every.ns > 0)
		gd_strbuf_addf(out, ", %" PRId64 " times",
			       gd_cycle_count(fault->use, fault->length));
}

static int agree(const struct options *o, const struct gd_oneshot_fault *fault,
		 struct gd_error *err)
{
	GD_AUTO_STRBUF(what);

	gd_strbuf_addf(&what, "%s: ", o->on);
	describe(fault, &what);
	return gd_cli_agree(o->yes, gd_strbuf_str(&what), err);
}

static int inject(const struct options *o, const struct gd_oneshot_fault *fault,
		  struct gd_error *err)
{
	struct gd_inventory inventory = {0};
	const struct gd_oneshot one = {.inventory = &inventory,
				       .dashboard = o->dashboard,
				       .dashboard_public = o->dashboard_public};
	int status;

	if (agree(o, fault, err) < 0 ||
	    gd_cli_inventory_load(o->inventory, &inventory, err) < 0)
		return -1;
	status = gd_oneshot_inject(&one, fault, err);
	gd_inventory_fini(&inventory);
	return status;
}

static int run_kind(const struct gd_cmd_args *args, const struct gd_kind_row *kind,
		    struct gd_error *err)
{
	GD_AUTO(gd_node)
	struct gd_node *map = gd_node_new(GD_NODE_MAP, (struct gd_pos){0});
	const struct options *o = args->options;
	const struct gd_fault_use use = {.after = o->after,
					 .every = o->every,
					 .hold = o->hold,
					 .count = o->count,
					 .args = map,
					 .ref = "one-shot"};
	struct gd_list levels = {0};
	const struct gd_oneshot_fault fault = {.kind = kind,
					       .host = o->on,
					       .use = &use,
					       .levels = &levels,
					       .length = o->length};
	int status;

	if (!map)
		return gd_raise_nomem(err);
	if (words_to_map(args, map, err) < 0 ||
	    make_levels(kind, &use, o->length, &levels, err) < 0)
		return -1;
	status = inject(o, &fault, err);
	gd_levels_fini(kind, &levels);
	return status;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct gd_kind_row *kind;
	struct gd_kinds kinds = {0};
	int status = -1;

	if (gd_cli_kinds(&kinds, err) < 0)
		return -1;
	kind = find_kind(&kinds, args->operands[0], err);
	if (kind)
		status = run_kind(args, kind, err);
	gd_cli_kinds_fini(&kinds);
	return status;
}

/* The parameters of the fault named, or the names of all. */
static void more_help(const char *operand, struct gd_strbuf *out)
{
	struct gd_error ignored = GD_ERROR_INIT;
	struct gd_kinds kinds = {0};

	if (gd_cli_kinds(&kinds, &ignored) < 0)
		return;
	for (size_t i = 0; i < kinds.n_faults; i++) {
		if (strcmp(kinds.faults[i].name, operand) != 0)
			continue;
		gd_strbuf_addf(out, "\n%s, as KEY=VALUE (more: man gameday-%s):\n",
			       operand, operand);
		gd_shape_describe(kinds.faults[i].args, out);
	}
	gd_cli_kinds_fini(&kinds);
}

const struct gd_cmd gd_cmd_inject = {
	.name = "inject",
	.synopsis = "FAULT --on HOST [KEY=VALUE]... --for DURATION [-i INVENTORY] "
		    "[--dashboard ADDRESS:PORT] [--yes]",
	.summary = "one fault on one host for a while, then exactly back",
	.details =
		"The fault is undone after its time, on Ctrl-C, and by the host itself when this "
		"program\nor the connection dies. gameday inject FAULT --help lists its keys, gameday "
		"doctor HOST what\nthe host can take. A VALUE may be a "
		"map or a list as in a\nscenario, also one that changes on the way: "
		"loss='{from: 0%, to: 10%, over: 30s}'.\n"
		"--dashboard shows the fault, how long it stays and what it does to a browser, "
		"for looking\nonly.",
	.example =
		"gameday inject netem --on api-1 device=eth1 delay=50ms --for 30s -i lab --yes",
	.options = GD_SHAPE("inject", fields, struct options),
	.short_options = "i=inventory y=yes",
	.min_operands = 1,
	.max_operands = 64,
	.changes_hosts = true,
	.more_help = more_help,
	.run = run,
};
