/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel modules the guest gets, and in which order they can be loaded. */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"

/* In the order of boot: SSH needs the first list, the services the second, faults the third. */
enum gd_lab_stage { GD_LAB_EARLY, GD_LAB_DATA, GD_LAB_REST, GD_LAB_N_STAGES };

/* "modules.early" and so on: the list's file in the guest, under /lab. */
const char *gd_lab_stage_file(enum gd_lab_stage stage) GD_MUST_CHECK;

/*
 * Adds to list[stage] the paths ("kernel/net/sched/sch_tbf.ko", one a line) of that stage's modules
 * with all they depend on, dependencies first and each path once over all lists. `dep` is the text
 * of modules.dep, `builtin` that of modules.builtin. A module in neither is GD_E_REFUSED.
 */
int gd_lab_modules_order(const char *dep, const char *builtin,
			 struct gd_strbuf list[GD_LAB_N_STAGES],
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* The same for a module list of the caller's: names, NULL-terminated. For tests. */
int gd_lab_modules_close(const char *dep, const char *builtin, const char *const names[],
			 const struct gd_strbuf *had, size_t n_had,
			 struct gd_strbuf *list, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 3, 6, 7) GD_MUST_CHECK;
