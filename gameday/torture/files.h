/* SPDX-License-Identifier: Apache-2.0 */
/* The scripts that run on a host and the scenarios, as compiled into this program. */
#pragma once

struct gd_torture_file {
	const char *name; /* "host.sh", "two-faults.yaml"; NULL ends the table */
	const char *text;
};

extern const struct gd_torture_file gd_torture_files[];
