/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on hosts without a scenario: inject one fault, status, revert, doctor. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/json.h"
#include "gameday/base/strbuf.h"
#include "gameday/scenario/levels.h"
#include "gameday/scenario/scenario.h"

struct gd_oneshot {
	const struct gd_inventory *inventory;
	const char *const *hosts; /* inventory names; n_hosts 0: all of the inventory */
	size_t n_hosts;
	const char *dashboard; /* of inject: ADDRESS:PORT to show it at; NULL: none */
	bool dashboard_public; /* ... also where others can reach it */
};

struct gd_oneshot_view;

struct gd_oneshot_fault {
	const struct gd_kind_row *kind;
	const char *host;
	const struct gd_fault_use *use; /* when it is in, within the length */
	const struct gd_list *levels;   /* struct gd_level: checked already */
	struct gd_span length;
	const cJSON *names; /* what host names mean on host; NULL: it is asked */
	struct gd_oneshot_view *view; /* where it is shown; NULL: nowhere, or not yet */
};

/*
 * Applies the fault, holds it for its length, with comings and levels as in a stage of that
 * length, undoes it and says what it did. Signals end it early. Returns an exit status; -1
 * with *err when nothing was injected. o->hosts is not looked at.
 */
int gd_oneshot_inject(const struct gd_oneshot *o, const struct gd_oneshot_fault *fault,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * What is active or left behind, per host: {"hosts": [{"host", "faults": [...]} or {"host",
 * "error"}]}, owned by the caller. Exit status: 0, or GD_EXIT_PREFLIGHT when a host could not
 * be asked.
 */
int gd_oneshot_status(const struct gd_oneshot *o, cJSON **ret,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Prints, from a host's answer to status or revert, what it undid of late without being asked:
 * a line each, nothing when there is none.
 */
void gd_oneshot_print_undone(const char *host, const cJSON *answer) GD_NONNULL_ARGS(1);
/*
 * Undoes what dead sessions left, and says so on standard output. Exit status: 0 all equal,
 * GD_EXIT_LEFT_BEHIND when something is not as it was, GD_EXIT_PREFLIGHT when a host could
 * not be asked or is held by a live run.
 */
int gd_oneshot_revert(const struct gd_oneshot *o,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* What each host can take: as gd_oneshot_status, with the agent's `doctor` answers. */
int gd_oneshot_doctor(const struct gd_oneshot *o, cJSON **ret,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
