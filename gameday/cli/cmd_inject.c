/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/cli/cmd.h"
#include "gameday/cli/inventory.h"
#include "gameday/cli/kinds.h"
#include "gameday/runner/oneshot.h"

extern const struct gd_cmd gd_cmd_inject;

struct options {
	char *inventory, *on;
	struct gd_span length;
	bool yes;
};

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

/* KEY=VALUE words as a map; a value with commas is still one text, lists repeat the key. */
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
		value = gd_node_scalar(eq + 1, false, (struct gd_pos){0});
		if (!key || !value ||
		    gd_node_append(map, key, (struct gd_pos){0}, value) < 0)
			return gd_raise_nomem(err);
	}
	return 0;
}

static int decode(const struct gd_kind_row *kind, const struct gd_node *map,
		  void *decoded, struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);

	if (gd_shape_decode(kind->args, map, decoded, &diags) < 0)
		return gd_diags_to_error(&diags, err);
	return kind->check ? kind->check(decoded, err) : 0;
}

static int agree(const struct options *o, const struct gd_kind_row *kind,
		 const void *decoded, struct gd_error *err)
{
	GD_AUTO_STRBUF(what);

	gd_strbuf_addf(&what, "%s: ", o->on);
	kind->describe(decoded, &what);
	return gd_cli_agree(o->yes, gd_strbuf_str(&what), err);
}

static int inject(const struct gd_cmd_args *args, const struct gd_kind_row *kind,
		  const struct gd_node *map, const void *decoded, struct gd_error *err)
{
	const struct options *o = args->options;
	struct gd_inventory inventory = {0};
	struct gd_oneshot_fault fault = {.kind = kind,
					 .host = o->on,
					 .args = map,
					 .decoded = decoded,
					 .length = o->length};
	struct gd_oneshot one = {.inventory = &inventory};
	int status;

	if (gd_cli_inventory_load(o->inventory, &inventory, err) < 0)
		return -1;
	status = gd_oneshot_inject(&one, &fault, err);
	gd_inventory_fini(&inventory);
	return status;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	GD_AUTO(gd_node)
	struct gd_node *map = gd_node_new(GD_NODE_MAP, (struct gd_pos){0});
	GD_AUTO_FREE void *decoded = NULL;
	const struct gd_kind_row *kind;
	struct gd_kinds kinds = {0};
	int status = -1;

	if (!map)
		return gd_raise_nomem(err);
	if (gd_cli_kinds(&kinds, err) < 0)
		return -1;
	kind = find_kind(&kinds, args->operands[0], err);
	if (kind && words_to_map(args, map, err) == 0) {
		decoded = calloc(1, kind->args->size);
		if (!decoded)
			(void)gd_raise_nomem(err);
		else if (decode(kind, map, decoded, err) == 0 &&
			 agree(args->options, kind, decoded, err) == 0)
			status = inject(args, kind, map, decoded, err);
		if (decoded)
			gd_shape_fini(kind->args, decoded);
	}
	gd_cli_kinds_fini(&kinds);
	return status;
}

const struct gd_cmd gd_cmd_inject = {
	.name = "inject",
	.synopsis =
		"FAULT --on HOST [KEY=VALUE]... --for DURATION [-i INVENTORY] [--yes]",
	.summary = "one fault on one host for a while, then exactly back",
	.details =
		"The fault is undone after its time, on Ctrl-C, and by the host itself when this "
		"program\nor the connection dies. gameday doctor HOST lists the faults.",
	.example =
		"gameday inject netem --on api-1 device=eth1 delay=50ms --for 30s -i lab --yes",
	.options = GD_SHAPE("inject", fields, struct options),
	.short_options = "i=inventory y=yes",
	.min_operands = 1,
	.max_operands = 64,
	.changes_hosts = true,
	.run = run,
};
