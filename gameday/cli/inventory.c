/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/cli/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/lab/lab.h"

static int lab_path(char **ret, struct gd_error *err)
{
	GD_AUTO_LAB_PATHS(paths);
	GD_AUTO_FREE char *text = NULL;

	/* Asking for the inventory also finds out whether the lab is up. */
	if (gd_lab_inventory(&text, err) < 0 || gd_lab_paths_init(&paths, err) < 0)
		return -1;
	*ret = gd_path_join(paths.state, GD_LAB_FILE_INVENTORY);
	return *ret ? 0 : gd_raise_nomem(err);
}

int gd_cli_inventory_path(const char *given, char **ret, struct gd_error *err)
{
	const char *env = getenv("GAMEDAY_INVENTORY");

	if (!given && env && *env)
		given = env;
	if (given && strcmp(given, "lab") == 0)
		return lab_path(ret, err);
	if (!given && access("inventory.yaml", F_OK) == 0)
		given = "inventory.yaml";
	if (!given)
		return gd_raise(
			err, GD_E_INPUT,
			"no inventory: give -i FILE, or -i lab for the rehearsal lab, "
			"or set GAMEDAY_INVENTORY, or write ./inventory.yaml");
	*ret = strdup(given);
	return *ret ? 0 : gd_raise_nomem(err);
}

int gd_cli_inventory_load(const char *given, struct gd_inventory *ret,
			  struct gd_error *err)
{
	GD_AUTO_FREE char *path = NULL;
	GD_AUTO_STRBUF(out);
	GD_AUTO_DIAGS(diags);

	if (gd_cli_inventory_path(given, &path, err) < 0)
		return -1;
	if (gd_inventory_load(path, ret, &diags) == 0)
		return 0;
	gd_diags_sort(&diags);
	gd_diags_render(&diags, ret->source, ret->source_size, &out);
	(void)fputs(gd_strbuf_str(&out), stderr);
	gd_inventory_fini(ret);
	return gd_raise(err, GD_E_INPUT, "the inventory %s can't be used", path);
}
