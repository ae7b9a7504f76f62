/* SPDX-License-Identifier: Apache-2.0 */
/* The programs the lab needs on this machine, most of which are copied into the guest. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

enum gd_lab_program_use {
	GD_LAB_USE_HOST = 1 << 0,  /* runs here */
	GD_LAB_USE_GUEST = 1 << 1, /* is copied into the guest */
	GD_LAB_USE_MAYBE = 1 << 2, /* nice to have: copied when it is here */
};

struct gd_lab_program {
	const char *name; /* file name, or an absolute path outside the usual folders */
	const char *package; /* Debian's, for the message */
	unsigned use;        /* enum gd_lab_program_use */
};

extern const struct gd_lab_program gd_lab_programs[];
extern const size_t gd_lab_n_programs;

/* The program's path ("/usr/sbin/bird"); the caller frees. NULL when it is not here. */
char *gd_lab_program_find(const char *name) GD_NONNULL GD_MUST_CHECK;

/*
 * Refuses in one line that names every missing package: "missing: A B -- install with: ...". `root`
 * stands before the folders looked into: "" for this machine.
 */
int gd_lab_programs_check(const char *root,
			  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
