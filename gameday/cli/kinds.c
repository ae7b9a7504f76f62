/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/cli/kinds.h"

#include "gameday/base/auto.h"
#include "gameday/watch/watch.h"
#include "injectors/injector.h"

static struct gd_kind_row row_of(const struct gd_injector *i)
{
	return (struct gd_kind_row){.name = i->name,
				    .args = &i->args,
				    .check = i->check,
				    .describe = i->describe,
				    .manual = i->manual,
				    .look = i->look,
				    .target_field = i->target_field,
				    .can_change = i->change};
}

static struct gd_kind_row *fault_rows(size_t *ret_n)
{
	struct gd_kind_row *rows;
	size_t n = 0;

	while (gd_injectors[n])
		n++;
	rows = calloc(n + 1, sizeof(*rows));
	/* Those a scenario may name come first; the others are behind them. */
	for (size_t i = 0; rows && i < n; i++)
		if (!gd_injectors[i]->of_runbook)
			rows[(*ret_n)++] = row_of(gd_injectors[i]);
	for (size_t i = 0, k = *ret_n; rows && i < n; i++)
		if (gd_injectors[i]->of_runbook)
			rows[k++] = row_of(gd_injectors[i]);
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
	kinds.mitigation = faults[kinds.n_faults].name ? &faults[kinds.n_faults] : NULL;
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
