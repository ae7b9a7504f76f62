/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host signals sampled during a run, on the target by the agent. One file per signal, one
 * row in the table. A sample is a handful of named numbers; counters are given as they
 * stand (the results layer takes differences), gauges as they are.
 */
#pragma once

#include "gameday/shape/field.h"
#include "gameday/shape/metric.h"

enum { GD_WATCH_MAX_VALUES = 64 };

struct gd_watch_value {
	char name[48];
	double value;
};

struct gd_watch_sample {
	struct gd_watch_value values[GD_WATCH_MAX_VALUES];
	size_t n;
};

struct gd_watch_kind {
	const char *name; /* "nic": the scenario keyword */
	const char *summary;
	struct gd_shape args;
	const struct gd_metric_row
		*metrics; /* what conditions may name; ends with NULL */
	/* metrics[i] is a counter (differences over a stage) unless listed here; NULL-ended */
	const char *const *gauges;
	/* Opens what sampling needs; *ret_state is the kind's own. */
	int (*open)(const void *args, void **ret_state, struct gd_error *err);
	int (*sample)(void *state, struct gd_watch_sample *ret, struct gd_error *err);
	void (*close)(void *state); /* accepts NULL */
};

extern const struct gd_watch_kind *const gd_watch_kinds[]; /* ends with NULL */
const struct gd_watch_kind *gd_watch_find(const char *name) GD_NONNULL;
