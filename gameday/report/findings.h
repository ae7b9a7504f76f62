/* SPDX-License-Identifier: Apache-2.0 */
/*
 * findings.yaml in a run's directory: what people found and who sees to it. It is theirs:
 * gameday reads it for the report and adds to its end when asked, and never writes what
 * stands there already, so comments and order stay and rendering anew loses nothing.
 *
 *	- finding: "the retry budget was never spent"
 *	  owner: "Ada"
 *	  ticket: "OPS-123"
 *	  retest: 2027-01-15
 *	  severity: high
 */
#pragma once

#include "gameday/base/error.h"
#include "gameday/shape/field.h"

#define GD_FINDINGS_FILE "findings.yaml"

enum gd_severity {
	GD_SEVERITY_NONE, /* not told */
	GD_SEVERITY_LOW,
	GD_SEVERITY_MEDIUM,
	GD_SEVERITY_HIGH,
	GD_SEVERITY_CRITICAL,
};
extern const struct gd_choice gd_severities[]; /* ends with a NULL name */
/* "high"; "" for GD_SEVERITY_NONE. */
const char *gd_severity_name(int severity);

struct gd_noted {                        /* texts are owned by the list it is in */
	const char *finding;             /* one or more sentences */
	const char *owner, *ticket, *by; /* or NULL; ticket: a number or an address */
	const char *retest;              /* "2027-01-15", a day that exists; or NULL */
	int severity;                    /* enum gd_severity */
	const struct gd_node *node;
};
/* The rows of one finding, for who describes or encodes it. */
extern const struct gd_shape gd_noted_shape;

struct gd_noted_list {
	struct gd_noted *items; /* owned */
	size_t n;
	struct gd_node *tree;
	char *source, *path;
};
/*
 * All findings of path that are right; what is wrong with others goes to diags, with line
 * and column, and they are left out. A missing file has none and is no mistake.
 */
void gd_noted_load(const char *path, struct gd_noted_list *ret,
		   struct gd_diags *diags) GD_NONNULL;
void gd_noted_fini(struct gd_noted_list *list) GD_NONNULL;

/*
 * Adds one to the end of the file in dir; makes the file, with a comment on its form, when
 * there is none. GD_E_INPUT, and the file stays as it is, when f breaks a rule above or the
 * file is one that can't be read, or to which a finding can't be added at the end.
 */
int gd_noted_append(const char *dir, const struct gd_noted *f,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
