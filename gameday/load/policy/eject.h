/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a target that fails out of the choice for a while: outlier detection as Envoy has
 * it (docs, "Outlier detection"). A target is ejected after so many failures in a row, or
 * when of its last calls the share of failures reaches a limit; for `base` times the number
 * of its ejections in a row, but never more than a share of all targets at once (one is
 * always allowed, if it leaves another one). A stretch of `base` without an ejection takes
 * one off that number. What active health checks found sick (health.h) is left out besides,
 * however many that are. Pure, but for reading that.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/load/policy/health.h"

struct gd_eject_target {
	bool ejected;
	uint32_t n_in_row; /* failures */
	uint32_t n_times;  /* ejections in a row */
	int64_t until_ns;  /* when ejected: back then; else: since when it is back */
	uint32_t n_calls, n_failed; /* of the current stretch */
	int64_t stretch_end_ns;
};

struct gd_eject {
	bool on;
	uint32_t in_row, min; /* in_row 0: not looked at */
	double errors;        /* 0: not looked at */
	int64_t window_ns, base_ns;
	uint32_t n_targets, max_ejected;
	const struct gd_sick *sick; /* borrowed; NULL: no health checks */
	struct gd_eject_target targets[16];
};

/* policy and sick may be NULL; sick is borrowed, and may change in any thread. */
void gd_eject_init(struct gd_eject *e, const struct gd_eject_policy *policy,
		   const struct gd_sick *sick, size_t n_targets) GD_NONNULL_ARGS(1);
/* The targets to avoid now, as bits. */
uint32_t gd_eject_mask(struct gd_eject *e, int64_t now) GD_NONNULL;
/* A call to the target ended; true when the target is ejected by it. */
bool gd_eject_call(struct gd_eject *e, uint8_t target, bool failed,
		   int64_t now) GD_NONNULL;
