/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one runner does on this host: its claim, its faults, their journal and guardian.
 * gd_session_run does one operation of doc/PROTOCOL.md and may take seconds, so the agent
 * calls it from its worker thread only. The functions marked (any thread) may be called
 * meanwhile.
 */
#pragma once

#include "gameday/base/clock.h"
#include "gameday/base/json.h"
#include "injectors/ports.h"

struct gd_session;

struct gd_session_options {
	const char *state_dir;        /* borrowed */
	const struct gd_ports *ports; /* borrowed; the session uses a copy */
	bool leave_cgroup;
	int crash_at; /* tests: see undo.h */
};

int gd_session_new(const struct gd_session_options *opt, struct gd_session **ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Lets go of what is left; the guardian undoes it. Accepts NULL. */
void gd_session_free(struct gd_session *s);
GD_DEFINE_AUTO(gd_session, gd_session_free);

/* Who is asking, from `hello`; and how it reached us, if that was not known before. */
int gd_session_hello(struct gd_session *s, const cJSON *request,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Is op one of those below (claim, preflight, inject, ...)? */
bool gd_session_knows(const char *op) GD_NONNULL;
/* Does it and adds to reply. */
int gd_session_run(struct gd_session *s, const char *op, const cJSON *request,
		   cJSON *reply, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Undoes what has lapsed by now (lease, deadline, trial leases), or everything when
 * `everything` says why. *ret_event: an event `reverted`, owned by the caller, or NULL when
 * there was nothing to undo.
 */
int gd_session_undo(struct gd_session *s, const char *everything, cJSON **ret_event,
		    struct gd_error *err) GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
/*
 * Tends the faults that are in. *ret_event: an event `drift` about the first one found out
 * that was in before, owned by the caller, or NULL; each fault is told of once.
 */
int gd_session_tend(struct gd_session *s, cJSON **ret_event,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Who holds this host now, as the object `holder` of the reply to hello; NULL: nobody. */
cJSON *gd_session_holder(const struct gd_session *s) GD_NONNULL;

/* (any thread) Renews the lease. GD_E_REFUSED when it has lapsed or was never claimed. */
int gd_session_renew(struct gd_session *s, int64_t lease_ms, int64_t *ret_left_ms,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* (any thread) When gd_session_undo has to be called next; INT64_MAX: never. */
struct gd_instant gd_session_next_lapse(struct gd_session *s) GD_NONNULL;
/* When the wall clock ends everything, too; GD_CEILING_NONE without a claim. Any thread. */
struct gd_wall gd_session_ceiling(struct gd_session *s) GD_NONNULL;
/* (any thread) Tells the guardian that an undo is about to be done here. */
void gd_session_busy(struct gd_session *s) GD_NONNULL;
/* Descriptor that shows EPOLLRDHUP when the guardian dies; -1: no guardian. Not while a
 * call of gd_session_run is under way. */
int gd_session_guardian_fd(const struct gd_session *s) GD_NONNULL;
/* The guardian died: everything is undone at once; an event as from gd_session_undo. */
int gd_session_guardian_died(struct gd_session *s, cJSON **ret_event,
			     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Undoes what a dead session left, for `gameday-agent recover` and the op of that name. */
int gd_session_recover(struct gd_session *s, bool accept, cJSON *reply,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
