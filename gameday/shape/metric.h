/* SPDX-License-Identifier: Apache-2.0 */
/* What a measured number means: its name, its unit, and how to print it. */
#pragma once

#include "gameday/base/attr.h"

/* What a metric's number means; decides the unit a condition may use and how to print. */
enum gd_metric_unit {
	GD_UNIT_COUNT,    /* plain number */
	GD_UNIT_DURATION, /* value in ns */
	GD_UNIT_RATIO,    /* 0..1 */
	GD_UNIT_FREQ,     /* per second */
	GD_UNIT_BYTES,
};

/* One metric; tables of them end with a NULL name. */
struct gd_metric_row {
	const char *name;
	enum gd_metric_unit unit;
	const char *help;
};

/* value printed in its unit: "48.2 ms", "99.93 %", "201 /s", "17"; into buf; returns buf. */
const char *gd_metric_format(double value, enum gd_metric_unit unit,
			     char buf[32]) GD_NONNULL;
