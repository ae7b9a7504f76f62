/* SPDX-License-Identifier: Apache-2.0 */
/* The files under guest/ and the guest's init, as compiled into this program. */
#pragma once

#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

struct gd_lab_host;

struct gd_lab_guest_file {
	const char
		*name; /* as under guest/; "init" is the program. NULL ends the table */
	const char *begin, *end;
};

extern const struct gd_lab_guest_file gd_lab_guest_files[];

/* The file of that name, or NULL. */
const struct gd_lab_guest_file *gd_lab_guest_file_find(const char *name) GD_NONNULL;

/*
 * The text of guest/`name` with its @MARKS@ filled in for one host: NAME, MGMT, GATEWAY, ADDRESS,
 * INTERLINK, CLUSTER (etcd's list of members). The caller frees. A file or a mark that does not
 * exist is our own mistake: GD_E_BUG.
 */
int gd_lab_guest_file_fill(const char *name, const struct gd_lab_host *host, char **ret,
			   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The same for a text at hand. */
int gd_lab_template_fill(const char *text, size_t size, const struct gd_lab_host *host,
			 char **ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
