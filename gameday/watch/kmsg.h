/* SPDX-License-Identifier: Apache-2.0 */
/* What a record of the kernel's log means, apart from where it is read. */
#pragma once

#include <stdint.h>

#include "gameday/base/attr.h"

struct gd_kmsg_counts {
	int64_t errors;      /* of level "err" or worse */
	int64_t disk_errors; /* about a disk or a file system, of level "warning" or worse */
	int64_t matched;     /* with the text that was asked for, of any level */
};

/*
 * Adds one record as /dev/kmsg gives it, "PRIORITY,SEQUENCE,TIME,FLAGS;TEXT" and lines with
 * properties (Documentation/ABI/testing/dev-kmsg). Programs can write there as well: what
 * is not the kernel's own is left out, and so is what has another form. An empty `match`
 * matches nothing.
 */
void gd_kmsg_count(const char *record, const char *match,
		   struct gd_kmsg_counts *counts) GD_NONNULL;
