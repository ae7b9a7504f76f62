/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix: rows are steps, columns are victims. */
#pragma once

#include <stdio.h>

#include "gameday/base/json.h"
#include "gameday/torture/trial.h"

enum { GD_MAX_STEPS = 3 + 3 * GD_BED_MAX_FAULTS };

struct gd_matrix {
	struct gd_step steps[GD_MAX_STEPS];
	size_t n_steps;
	struct gd_cell cells[GD_MAX_STEPS][GD_N_VICTIMS];
	struct gd_cell manual;
};

void gd_matrix_fini(struct gd_matrix *m) GD_NONNULL;
/* "as before after 3.2 s, exit 4" */
void gd_cell_print(const struct gd_cell *c, FILE *out) GD_NONNULL;
void gd_matrix_print(const struct gd_matrix *m, const struct gd_bed *b,
		     FILE *out) GD_NONNULL;
/* The same as data; NULL when out of memory. */
cJSON *gd_matrix_json(const struct gd_matrix *m, const struct gd_bed *b) GD_NONNULL;
