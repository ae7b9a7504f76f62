/* SPDX-License-Identifier: Apache-2.0 */
/* What a runner asks an agent about one fault, the same for a run and a one-shot command. */
#pragma once

#include "gameday/runner/fleet.h"
#include "gameday/scenario/levels.h"

/*
 * `preflight` or `inject` of a fault with at least one level. names: what its host names mean,
 * or NULL. Caller owns the result; NULL with *err for want of memory or a node that is no
 * JSON.
 */
cJSON *gd_fault_request(const char *op, const char *ref, const char *kind,
			const struct gd_list *levels, const cJSON *names,
			struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 3, 4, 6) GD_MUST_CHECK;
/* `change` to that level. As above. */
cJSON *gd_fault_request_change(const char *ref, const struct gd_level *level,
			       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* `keep`, `effect`, `revert`: about the fault ref, or about all (NULL). NULL: no memory. */
cJSON *gd_fault_request_by_ref(const char *op, const char *ref)
	GD_NONNULL_ARGS(1) GD_MUST_CHECK;
/*
 * What the fault did until now: 0 with the agent's reply (`seen`, `text`, `counters`), owned
 * by the caller; -1: it could not be asked.
 */
int gd_fault_ask_effect(struct gd_fleet *f, struct gd_member *m, const char *ref,
			struct gd_span limit, cJSON **ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
