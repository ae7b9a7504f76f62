/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix of one scenario: rows are victims, columns are steps. */
#pragma once

#include <stdio.h>

#include "gameday/base/json.h"
#include "gameday/torture/trial.h"

struct gd_matrix {
	struct gd_step steps[GD_MAX_STEPS];
	size_t n_steps;
	struct gd_cell cells[GD_MAX_STEPS][GD_N_VICTIMS];
	struct gd_cell manual;
};

/* Of all trials. */
struct gd_tally {
	size_t n, n_differ, n_missed;
};

void gd_matrix_fini(struct gd_matrix *m) GD_NONNULL;
/* "as before after 3.2 s, the run ended with 4", and a line per difference. */
void gd_cell_print(const struct gd_cell *c, struct gd_strbuf *out) GD_NONNULL;
/* Nothing at all when nothing was tried. */
void gd_matrix_print(const struct gd_matrix *m, const struct gd_bed *b,
		     FILE *out) GD_NONNULL;
void gd_matrix_count(const struct gd_matrix *m, struct gd_tally *tally) GD_NONNULL;
/* The same as data; NULL when out of memory. */
cJSON *gd_matrix_json(const struct gd_matrix *m, const struct gd_bed *b) GD_NONNULL;
