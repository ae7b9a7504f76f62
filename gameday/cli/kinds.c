/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/cli/kinds.h"

#include "gameday/base/auto.h"
#include "gameday/watch/watch.h"
#include "injectors/injector.h"

static struct gd_kind_row *fault_rows(size_t *ret_n)
{
	struct gd_kind_row *rows;
	size_t n = 0;

	while (gd_injectors[n])
		n++;
	rows = calloc(n + 1, sizeof(*rows));
	for (size_t i = 0; rows && i < n; i++)
		rows[i] = (struct gd_kind_row){.name = gd_injectors[i]->name,
					       .args = &gd_injectors[i]->args,
					       .check = gd_injectors[i]->check,
					       .describe = gd_injectors[i]->describe,
					       .manual = gd_injectors[i]->manual,
					       .target_field =
						       gd_injectors[i]->target_field,
					       .can_change = gd_injectors[i]->change};
	*ret_n = n;
	return rows;
}

static struct gd_kind_row *watch_rows(size_t *ret_n)
{
	struct gd_kind_row *rows;
	size_t n = 0;

	while (gd_watch_kinds[n])
		n++;
	rows = calloc(n + 1, sizeof(*rows));
	for (size_t i = 0; rows && i < n; i++)
		rows[i] = (struct gd_kind_row){.name = gd_watch_kinds[i]->name,
					       .args = &gd_watch_kinds[i]->args,
					       .metrics = gd_watch_kinds[i]->metrics,
					       .gauges = gd_watch_kinds[i]->gauges};
	*ret_n = n;
	return rows;
}

int gd_cli_kinds(struct gd_kinds *ret, struct gd_error *err)
{
	struct gd_kinds kinds = {0};
	GD_AUTO_FREE struct gd_kind_row *faults = fault_rows(&kinds.n_faults);
	GD_AUTO_FREE struct gd_kind_row *watches = watch_rows(&kinds.n_watches);

	if (!faults || !watches)
		return gd_raise_nomem(err);
	kinds.faults = gd_steal_ptr(&faults);
	kinds.watches = gd_steal_ptr(&watches);
	*ret = kinds;
	return 0;
}

static void free_rows(const struct gd_kind_row *rows)
{
	union {
		const struct gd_kind_row *shared;
		struct gd_kind_row *owned;
	} ptr = {.shared = rows};

	free(ptr.owned);
}

void gd_cli_kinds_fini(struct gd_kinds *kinds)
{
	free_rows(kinds->faults);
	free_rows(kinds->watches);
	*kinds = (struct gd_kinds){0};
}
