/* SPDX-License-Identifier: Apache-2.0 */
/* What a run does of its runbook: for plan*.c only. */
#pragma once

#include "gameday/base/json.h"
#include "gameday/scenario/plan.h"

/* Adds the mitigations that stages try to the faults, behind all faults. */
int gd_plan_add_tries(struct gd_plan *p, const struct gd_kinds *kinds,
		      struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
/* One of them, on every host of its role (in plan.c, which knows how a fault is made). */
int gd_plan_add_try(struct gd_plan *p, const struct gd_stage *stage,
		    const struct gd_mitigation *remedy, const struct gd_fault_use *use,
		    const struct gd_kind_row *kind,
		    struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
void gd_plan_tries_fini(struct gd_plan *p) GD_NONNULL;
/* The steps marked `run: true`, for each fault stage and host. */
int gd_plan_add_looks(struct gd_plan *p, struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
void gd_plan_print_looks(const struct gd_plan *p, const struct gd_stage *stage,
			 struct gd_strbuf *out) GD_NONNULL;
/* A list of objects; the caller owns it. NULL when out of memory. */
cJSON *gd_plan_looks_json(const struct gd_plan *p,
			  const struct gd_stage *stage) GD_NONNULL;
