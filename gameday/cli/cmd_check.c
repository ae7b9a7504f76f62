/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/json.h"
#include "gameday/cli/cmd.h"
#include "gameday/cli/inventory.h"
#include "gameday/cli/kinds.h"
#include "gameday/scenario/plan.h"

extern const struct gd_cmd gd_cmd_check;

struct options {
	char *inventory, *runbooks;
	bool json;
};

static const struct gd_field fields[] = {
	{.name = "inventory",
	 .help = "check scenarios against this inventory (file, or lab)",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, inventory)},
	{.name = "runbooks",
	 .help = "folder of the runbooks; else ../runbooks beside the scenario's folder",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, runbooks)},
	{.name = "json",
	 .help = "print what was found as JSON",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, json)},
};

struct context {
	const struct options *o;
	struct gd_kinds kinds;
	struct gd_inventory inventory;
	bool has_inventory;
	cJSON *list; /* with --json: what was found so far */
};

/* --- what was found ------------------------------------------------------------------ */

static cJSON *diag_json(const struct gd_diag *d)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();

	if (json && gd_json_set_int(json, "line", d->pos.line) &&
	    gd_json_set_int(json, "column", d->pos.column) &&
	    gd_json_set_str(json, "severity", d->warning ? "warning" : "error") &&
	    gd_json_set_str(json, "text", d->text))
		return gd_steal_ptr(&json);
	return NULL;
}

static int add_json(const struct context *x, const char *path, enum gd_file_kind kind,
		    const struct gd_diags *diags, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	GD_AUTO(cJSON) cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; list && i < diags->n; i++) {
		cJSON *d = diag_json(&diags->items[i]);

		if (!d || !cJSON_AddItemToArray(list, d)) {
			cJSON_Delete(d);
			return gd_raise_nomem(err);
		}
	}
	if (!json || !list || !gd_json_set_str(json, "file", path) ||
	    !gd_json_set_str(json, "kind", gd_file_kind_name(kind)) ||
	    !gd_json_set_int(json, "errors", (int64_t)diags->n_errors) ||
	    !gd_json_set(json, "diagnostics", gd_steal_ptr(&list)) ||
	    !cJSON_AddItemToArray(x->list, json))
		return gd_raise_nomem(err);
	(void)gd_steal_ptr(&json);
	return 0;
}

static void print_text(const char *path, enum gd_file_kind kind,
		       const struct gd_diags *diags, const char *source, size_t size)
{
	GD_AUTO_STRBUF(out);

	gd_diags_render(diags, source, size, &out);
	if (diags->n_errors > 0)
		gd_strbuf_addf(&out, "%zu error%s in %s\n", diags->n_errors,
			       diags->n_errors == 1 ? "" : "s", path);
	else
		gd_strbuf_addf(&out, "%s: ok (%s)\n", path, gd_file_kind_name(kind));
	(void)fputs(gd_strbuf_str(&out), stdout);
}

static int show(const struct context *x, const char *path, enum gd_file_kind kind,
		struct gd_diags *diags, const char *source, size_t size,
		struct gd_error *err)
{
	gd_diags_sort(diags);
	if (x->list)
		return add_json(x, path, kind, diags, err);
	print_text(path, kind, diags, source, size);
	return 0;
}

/* --- one file ------------------------------------------------------------------------ */

/* A runbook that is only named, and not there, is worth a word, not an error. */
static int look_for_runbook(const struct context *x, struct gd_scenario *s,
			    struct gd_diags *diags, struct gd_error *err)
{
	const struct gd_node *node = s->tree ? gd_node_get(s->tree, "runbook") : NULL;
	GD_AUTO_FREE char *path = NULL;
	int rc;

	if (!s->runbook || !node || strchr(s->runbook, '/'))
		return 0;
	rc = gd_runbook_locate(s->path, x->o->runbooks, s->runbook, &path, err);
	if (rc == 1)
		gd_diag_warning(diags, node->pos, "there is no runbook %s", path);
	else if (rc == 0)
		gd_scenario_open_book(s, path, diags);
	return rc < 0 ? -1 : 0;
}

/* What only shows when roles are given to hosts. */
static void try_plan(const struct context *x, const struct gd_scenario *s,
		     struct gd_diags *diags)
{
	struct gd_plan plan;

	if (x->has_inventory && diags->n_errors == 0 &&
	    gd_plan_make(s, &x->inventory, &x->kinds, &plan, diags) == 0)
		gd_plan_fini(&plan);
}

static int check_scenario(const struct context *x, const char *path, bool *ret_bad,
			  struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);
	struct gd_scenario s;
	bool read = gd_scenario_load(path, &s, &diags) == 0 || s.tree;
	int rc = 0;

	if (read)
		rc = look_for_runbook(x, &s, &diags, err);
	if (read && gd_scenario_check(&s, x->has_inventory ? &x->inventory : NULL,
				      &x->kinds, &diags) == 0)
		try_plan(x, &s, &diags);
	if (rc == 0)
		rc = show(x, path, GD_FILE_SCENARIO, &diags, s.source, s.source_size,
			  err);
	*ret_bad = diags.n_errors > 0;
	gd_scenario_fini(&s);
	return rc;
}

static int check_runbook(const struct context *x, const char *path, bool *ret_bad,
			 struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);
	struct gd_runbook r;
	bool bad = gd_runbook_load(path, &r, &diags) < 0;
	int rc;

	if (r.tree && gd_runbook_check(&r, &x->kinds, &diags) < 0)
		bad = true;
	rc = show(x, path, GD_FILE_RUNBOOK, &diags, r.source, r.source_size, err);
	*ret_bad = bad;
	gd_runbook_fini(&r);
	return rc;
}

static int check_inventory(const struct context *x, const char *path, bool *ret_bad,
			   struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);
	struct gd_inventory inv;
	bool bad = gd_inventory_load(path, &inv, &diags) < 0;
	int rc = show(x, path, GD_FILE_INVENTORY, &diags, inv.source, inv.source_size,
		      err);

	*ret_bad = bad;
	gd_inventory_fini(&inv);
	return rc;
}

static int check_file(const struct context *x, const char *path, bool *ret_bad,
		      struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);
	GD_AUTO_FREE char *source = NULL;
	enum gd_file_kind kind;
	size_t size = 0;
	/* Mistakes of a file of a known kind are found again, with all others, below. */
	*ret_bad = gd_file_kind_read(path, &kind, &source, &size, &diags) < 0;

	switch (kind) {
	case GD_FILE_SCENARIO:
		return check_scenario(x, path, ret_bad, err);
	case GD_FILE_RUNBOOK:
		return check_runbook(x, path, ret_bad, err);
	case GD_FILE_INVENTORY:
		return check_inventory(x, path, ret_bad, err);
	case GD_FILE_UNKNOWN:
		break;
	}
	return show(x, path, kind, &diags, source, size, err);
}

/* --- the command --------------------------------------------------------------------- */

static int print_json(cJSON *list, struct gd_error *err)
{
	GD_AUTO_FREE char *text = gd_json_print_pretty(list);

	if (!text)
		return gd_raise_nomem(err);
	(void)puts(text);
	return 0;
}

static int check_all(struct context *x, const struct gd_cmd_args *args,
		     struct gd_error *err)
{
	bool bad = false;

	if (x->o->inventory) {
		if (gd_cli_inventory_load(x->o->inventory, &x->inventory, err) < 0)
			return -1;
		x->has_inventory = true;
	}
	for (size_t i = 0; i < args->n_operands; i++) {
		bool file_bad = false;

		if (check_file(x, args->operands[i], &file_bad, err) < 0)
			return -1;
		bad = bad || file_bad;
	}
	if (x->list && print_json(x->list, err) < 0)
		return -1;
	return bad ? GD_EXIT_USAGE : GD_EXIT_HELD;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	struct context x = {.o = args->options};
	int status;

	if (gd_cli_kinds(&x.kinds, err) < 0)
		return -1;
	if (x.o->json)
		x.list = cJSON_CreateArray();
	status = x.o->json && !x.list ? gd_raise_nomem(err) : check_all(&x, args, err);
	cJSON_Delete(x.list);
	if (x.has_inventory)
		gd_inventory_fini(&x.inventory);
	gd_cli_kinds_fini(&x.kinds);
	return status;
}

const struct gd_cmd gd_cmd_check = {
	.name = "check",
	.synopsis = "FILE... [-i INVENTORY] [--runbooks DIR] [--json]",
	.summary = "say what is wrong with scenarios, runbooks and inventories",
	.details =
		"Each file's kind is told by its keys. Every mistake is shown with its place, "
		"not only\nthe first. Nothing is connected to. The exit status is 2 when any "
		"file has an error.",
	.example = "gameday check scenarios/*.yaml runbooks/*.yaml",
	.options = GD_SHAPE("check", fields, struct options),
	.short_options = "i=inventory",
	.min_operands = 1,
	.max_operands = INT_MAX,
	.run = run,
};
