/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the session share; nobody else includes this. */
#pragma once

#include <pthread.h>

#include "injectors/agent/claim.h"
#include "injectors/agent/fault.h"
#include "injectors/agent/guardian.h"
#include "injectors/agent/names.h"
#include "injectors/agent/said.h"
#include "injectors/agent/session.h"
#include "injectors/agent/undo.h"

enum {
	MAX_FAULTS = 128,
	MIN_LEASE_MS = 200,
	MAX_LEASE_MS = 10 * 60 * 1000,
	MAX_DEADLINE_MS = 24 * 60 * 60 * 1000,
	UNDO_TAKES_S = 25,
};

struct live {
	struct gd_record record;
	enum gd_phase phase;
	struct gd_instant trial; /* under lock; 0: none */
	bool drifted;            /* somebody else took it out, as was told */
	bool untended;           /* tending it failed, as was told */
};

struct gd_session {
	struct gd_ports ports; /* its notes, figures and names come here first */
	struct gd_names names; /* known: of the request that is being answered */
	struct gd_name_port name_port;
	void (*note)(void *ctx, const char *text);
	void *note_ctx; /* of whoever made the session */
	struct gd_said said;
	char *state_dir;
	bool leave_cgroup;
	int crash_at;
	struct gd_holder who;
	bool claimed;
	int claim_fd;
	struct gd_journal journal;
	struct live faults[MAX_FAULTS];
	size_t n_faults;
	pthread_mutex_t lock;
	struct gd_guardian *guardian;      /* under lock */
	struct gd_instant lease, deadline; /* under lock */
	struct gd_wall ceiling; /* under lock; the deadline by the wall clock */
};

/* One operation of doc/PROTOCOL.md: adds to reply. */
typedef int gd_session_op(struct gd_session *s, const cJSON *request, cJSON *reply,
			  struct gd_error *err);

/* session.c: claim and lease */
int gd_session_read_lease(const cJSON *request, const char *key, int64_t most,
			  struct gd_span *ret, struct gd_error *err);
void gd_session_no_longer_busy(struct gd_session *s);
struct gd_guardian *gd_session_take_guardian(struct gd_session *s);
void gd_session_remove_fault(struct gd_session *s, size_t i);
void gd_session_give_up_claim(struct gd_session *s);
void gd_session_unclaim(struct gd_session *s);

/* session_fault.c: in and out again */
gd_session_op gd_session_op_resolve, gd_session_op_preflight, gd_session_op_inject,
	gd_session_op_keep, gd_session_op_change, gd_session_op_effect,
	gd_session_op_revert;
/* gd_ports.note and gd_ports.figure of a session: kept for the reply, notes told on. */
void gd_session_note(void *session, const char *text);
void gd_session_figure(void *session, const char *name, int64_t value);
/*
 * Undoes in reverse order the one named ref, or all (NULL), or the lapsed trials. reason: why
 * nobody had to ask for it, or NULL.
 */
int gd_session_undo_faults(struct gd_session *s, const char *ref, bool only_lapsed,
			   const char *reason, cJSON *list, struct gd_error *err);
/* facts: as gd_undone_to_json makes them, or NULL. */
int gd_session_add_restored(cJSON *list, const struct gd_record *r,
			    const struct gd_restored *res, const cJSON *facts,
			    struct gd_error *err) GD_NONNULL_ARGS(1, 2, 3, 5);

/* session_look.c: what is here, and what a dead session left */
gd_session_op gd_session_op_status, gd_session_op_doctor, gd_session_op_recover,
	gd_session_op_recovery;
