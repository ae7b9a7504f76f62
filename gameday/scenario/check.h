/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What needs more than one file: do roles exist, does each metric have a producer, do fault
 * parameters fit the injector's shape, can the inventory serve every role. What is known of
 * faults and watches comes through a table of shapes, so this layer names none of them.
 */
#pragma once

#include "gameday/scenario/scenario.h"

/* What the scenario layer knows of one fault or watch kind. */
struct gd_kind_row {
	const char *name;
	const struct gd_shape *args;
	int (*check)(const void *args, struct gd_error *err);          /* may be NULL */
	void (*describe)(const void *args, struct gd_strbuf *out);     /* may be NULL */
	void (*manual)(const void *args, struct gd_strbuf *out);       /* may be NULL */
	const struct gd_metric_row *metrics;                           /* watches; may be NULL */
};

struct gd_kinds {
	const struct gd_kind_row *faults;
	size_t n_faults;
	const struct gd_kind_row *watches;
	size_t n_watches;
};

/* All cross-checks of a scenario, with the inventory when there is one (else NULL). */
int gd_scenario_check(const struct gd_scenario *s, const struct gd_inventory *inv,
		      const struct gd_kinds *kinds, struct gd_diags *diags)
	GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
/* Cross-checks of a runbook's conditions against the known metric names. */
int gd_runbook_check(const struct gd_runbook *r, const struct gd_kinds *kinds,
		     struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
