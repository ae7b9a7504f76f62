/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guardian: a process of its own that undoes every fault when the agent can't or
 * doesn't: it died, hangs, or its lease or deadline passed. It is told of each fault before
 * the fault is applied. What is here is the agent's side of it; guardian.c explains the
 * other. All calls may be made from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "injectors/agent/record.h"
#include "injectors/ports.h"

struct gd_guardian;

struct gd_guardian_options {
	const struct gd_ports *ports;
	int claim_fd, journal_fd; /* borrowed; the guardian keeps its own copies */
	struct gd_instant lease, deadline;
	struct gd_wall
		ceiling;   /* the deadline by the wall clock: ends earlier, never later */
	bool leave_cgroup; /* move out of the SSH session's control group */
};

/* How much later than the agent the guardian acts: the agent undoes and still reports. */
enum { GD_GUARDIAN_GRACE_MS = 500 };

/* Starts it and waits until it is ready (5 s at most). */
int gd_guardian_start(const struct gd_guardian_options *opt, struct gd_guardian **ret,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Reports EPOLLRDHUP when the guardian has died. Owned by the guardian. */
int gd_guardian_fd(const struct gd_guardian *g) GD_NONNULL;
pid_t gd_guardian_pid(const struct gd_guardian *g) GD_NONNULL;
/* Returns when the guardian has the record in memory and understood it. */
int gd_guardian_hold(struct gd_guardian *g, const struct gd_record *r,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The rest is told without waiting; a dead guardian shows on the descriptor. */
void gd_guardian_drop(struct gd_guardian *g, int64_t id) GD_NONNULL;
void gd_guardian_lease(struct gd_guardian *g, struct gd_instant lease,
		       struct gd_instant deadline) GD_NONNULL;
/* A lease for one record alone; 0: lifted. */
void gd_guardian_trial(struct gd_guardian *g, int64_t id,
		       struct gd_instant until) GD_NONNULL;
/* The agent is undoing by itself; don't kill it for a lapse before `until` (30 s most). */
void gd_guardian_busy(struct gd_guardian *g, struct gd_instant until) GD_NONNULL;
/* Nothing is left to guard: it ends. Waits for that (2 s at most) and frees. */
void gd_guardian_dismiss(struct gd_guardian *g) GD_NONNULL;
/* Lets go: with records left it undoes them now. Accepts NULL. */
void gd_guardian_free(struct gd_guardian *g);
