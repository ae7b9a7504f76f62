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
	/* May be NULL. 1: well formed, but nothing is asked for; *err says what could be. */
	int (*check)(const void *args, struct gd_error *err);
	void (*describe)(const void *args, struct gd_strbuf *out); /* may be NULL */
	void (*manual)(const void *args, struct gd_strbuf *out);   /* may be NULL */
	/* One line that prints what it may change; may be NULL. */
	void (*look)(const void *args, struct gd_strbuf *out);
	const struct gd_metric_row *metrics; /* watches; may be NULL */
	/* Those of metrics that are gauges: NAME_max and NAME_min exist too; NULL-ended. */
	const char *const *gauges; /* watches; may be NULL */
	const char *
		target_field; /* faults: the args member naming what is hurt; may be NULL */
	bool can_change; /* faults: numbers can change while it is in, see levels.h */
};

struct gd_kinds {
	const struct gd_kind_row *faults;
	size_t n_faults;
	const struct gd_kind_row *watches;
	size_t n_watches;
	/* How a runbook's mitigation is tried; NULL: it can't. */
	const struct gd_kind_row *mitigation;
};

/* NULL when there is no such kind. Borrowed. */
const struct gd_kind_row *gd_kind_find(const struct gd_kind_row *rows, size_t n,
				       const char *name) GD_NONNULL_ARGS(3);
/*
 * Decodes the parameters of one fault or watch into *ret (row->args->size bytes, owned; free
 * with gd_kind_args_free), and runs the kind's own check. Each mistake is at its own place.
 */
int gd_kind_args_decode(const struct gd_kind_row *row, const struct gd_node *args,
			struct gd_pos pos, void **ret,
			struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
/*
 * The same for one of several levels: 1 with *ret and *ret_idle (with its place) when the
 * kind's check found that nothing is asked for.
 */
int gd_kind_args_decode_level(const struct gd_kind_row *row, const struct gd_node *args,
			      struct gd_pos pos, void **ret, struct gd_error *ret_idle,
			      struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
void gd_kind_args_free(const struct gd_kind_row *row, void *args) GD_NONNULL_ARGS(1);

/* All cross-checks of a scenario, with the inventory when there is one (else NULL). */
int gd_scenario_check(const struct gd_scenario *s, const struct gd_inventory *inv,
		      const struct gd_kinds *kinds, struct gd_diags *diags)
	GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
/*
 * Warns of expectations of loads in stages too short for them: a stage gets the intervals that
 * lie in it as a whole. Part of gd_scenario_check; for stages whose length changed after it.
 */
void gd_scenario_check_lengths(const struct gd_scenario *s,
			       struct gd_diags *diags) GD_NONNULL;
/* Can the inventory fill this role? Else an error at the role's place. */
void gd_role_check(const struct gd_role *role, const struct gd_inventory *inv,
		   struct gd_diags *diags) GD_NONNULL;
/* Cross-checks of a runbook's conditions against the known metric names. */
int gd_runbook_check(const struct gd_runbook *r, const struct gd_kinds *kinds,
		     struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
