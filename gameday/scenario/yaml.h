/* SPDX-License-Identifier: Apache-2.0 */
/* YAML text to a node tree, by libyaml's event parser, with limits. */
#pragma once

#include "gameday/shape/diag.h"
#include "gameday/shape/node.h"

/* Limits on a file: size 1 MiB, 32 levels, 20,000 nodes; aliases and NULs are refused. */
enum { GD_YAML_MAX_SIZE = 1 << 20, GD_YAML_MAX_DEPTH = 32, GD_YAML_MAX_NODES = 20000 };

/*
 * One document. file is borrowed for positions and must outlive the tree. A key given twice
 * in one map is an error. On errors *ret may be NULL or what was read up to there.
 */
int gd_yaml_parse(const char *text, size_t size, const char *file, struct gd_node **ret,
		  struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
