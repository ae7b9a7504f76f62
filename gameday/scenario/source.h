/* SPDX-License-Identifier: Apache-2.0 */
/* What the three file kinds have in common: reading, names, conditions. */
#pragma once

#include "gameday/scenario/condition.h"
#include "gameday/shape/diag.h"
#include "gameday/shape/field.h"

/* Names of roles, stages, loads and watches: they become parts of metric names. */
enum { GD_NAME_MAX = 40 };

/* One text in a list. */
extern const struct gd_shape gd_text_shape;

/*
 * Reads and parses path. *ret_tree is NULL when the file can't be decoded; a mistake that
 * leaves the structure intact gives a tree and -1. The tree's positions borrow path, the
 * caller owns source and tree in every case.
 */
int gd_source_read(const char *path, char **ret_source, size_t *ret_size,
		   struct gd_node **ret_tree,
		   struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
/*
 * The beginning of each gd_*_load: takes a copy of path as *ret_path and reads it as
 * gd_source_read does. -1 with a diag when there is nothing to decode. All that is returned,
 * NULL before, is the caller's in every case.
 */
int gd_source_load(const char *path, char **ret_path, char **ret_source, size_t *ret_size,
		   struct gd_node **ret_tree,
		   struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
/* Letters, digits, - and _, at most GD_NAME_MAX: else -1 and a diag calling it `what`. */
int gd_name_check(const char *name, const char *what, struct gd_pos pos,
		  struct gd_diags *diags) GD_NONNULL;
/* The condition in a scalar node, its errors at their own place. */
int gd_condition_decode(const struct gd_node *node, const char *what,
			struct gd_condition *ret,
			struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
/* The text of a scalar, or NULL with a diag. Borrowed. */
const char *gd_scalar_text(const struct gd_node *node, const char *what,
			   struct gd_diags *diags) GD_NONNULL;
/*
 * Is there already an error about this map, one of its keys or values? Then what follows
 * from it need not be said as well.
 */
bool gd_node_troubled(const struct gd_node *node,
		      const struct gd_diags *diags) GD_NONNULL;
/* gd_suggest as the end of a message: "; did you mean \"x\"?", or nothing; into buf. */
const char *gd_near_miss(const char *word, const char *const names[], size_t n,
			 char buf[96]) GD_NONNULL_ARGS(1, 4);
