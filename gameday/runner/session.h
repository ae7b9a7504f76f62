/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one run, shared by the files of this folder. Nobody else includes it. */
#pragma once

#include <sys/types.h>

#include "gameday/live/view.h"
#include "gameday/load/load.h"
#include "gameday/report/report.h"
#include "gameday/results/results.h"
#include "gameday/results/verdict.h"
#include "gameday/runner/fleet.h"
#include "gameday/runner/record.h"
#include "gameday/runner/run.h"
#include "gameday/scenario/plan.h"
#include "gameday/scenario/scenario.h"

enum gd_fault_phase {
	GD_FAULT_IDLE,   /* not yet */
	GD_FAULT_ASKED,  /* inject was sent: it may be in */
	GD_FAULT_IN,     /* verified by the agent */
	GD_FAULT_UNDONE, /* state before == state after */
	GD_FAULT_LEFT,   /* could not be put back, or nobody saw it put back */
};

struct gd_live_fault {
	const struct gd_plan_fault *plan; /* borrowed */
	struct gd_member *member;
	enum gd_fault_phase phase;
	bool effect_asked, effect_seen;
	bool proved;           /* the way back got through under it once already */
	bool resting;          /* it is undone for now, its stage goes on */
	int64_t cycle;         /* the cycle that is on, or the next one */
	struct gd_instant out; /* when this cycle ends; 0: with the stage */
	struct gd_instant in;  /* its levels' times count from here */
	size_t level;          /* of plan->levels: the one that is in */
};

/* A step of the runbook that is run on a host. */
struct gd_live_look {
	const struct gd_plan_look *plan; /* borrowed */
	struct gd_member *member;
	enum gd_look_phase { GD_LOOK_WAITING, GD_LOOK_ASKED, GD_LOOK_DONE } phase;
	struct gd_instant until; /* then nobody waits for its event any more */
	int64_t sent_wall_ns;
	bool stop_sent;
	struct gd_call call, stop_call;
};

/* A load that is being generated, or its part at one of several vantage points. */
struct gd_live_load {
	struct gd_run *run;
	const struct gd_load_spec *spec; /* borrowed */
	const char *vantage;             /* borrowed: "runner", or the host's name */
	uint32_t index, of;              /* which vantage point of how many */
	struct gd_member *member;        /* NULL: generated here */
	struct gd_load *here;            /* owned; NULL when on a host */
	struct gd_io *io;
	bool ended; /* or lost for good */
	/* On a host: the last event that came, and whether this session gets what follows. */
	int64_t last_seq;
	enum gd_link { GD_LINK_ON, GD_LINK_CUT, GD_LINK_ASKED } link;
	struct gd_call attach; /* while ASKED */
};

struct gd_run {
	const struct gd_run_options *opt;
	struct gd_scenario scenario;
	struct gd_inventory inventory;
	struct gd_plan plan;
	struct gd_record *rec;
	struct gd_results *results;
	struct gd_view *view;
	struct gd_fleet fleet;
	char *identity;
	size_t *member_of;            /* plan host index -> fleet member index */
	struct gd_live_fault *faults; /* one per plan fault */
	struct gd_live_look *looks;   /* one per plan look */
	struct gd_instant look_from;  /* from when on they are run; 0: not now */
	struct gd_live_load *loads;   /* one per scenario load and vantage point */
	size_t n_loads;
	struct gd_wall loads_start;   /* of all of them, on our wall clock */
	struct gd_instant confirm_at; /* when agents are told next what has arrived */
	struct gd_instant
		unheard_since; /* of what an abort condition looks at; 0: all is heard */
	struct gd_timer *tick; /* redraws and looks at the abort conditions */
	const struct gd_stage *stage; /* the one going on, or NULL */
	struct gd_instant stage_until;
	int64_t guarded_from; /* wall: abort conditions count from here; 0: not yet */
	struct gd_instant settled; /* a carrier was away: figures count from here */
	bool undoing;              /* a stop is being carried out already */
	bool way_back_lost;        /* no new connection got through under a trial */
	bool ended;                /* all is undone and given back */
	bool reveal_recorded;      /* a blind run's, in the journal */
	off_t notes_read;          /* of the journal, while looking for people's notes */
	enum gd_run_end {
		GD_END_COMPLETED,
		GD_END_NOT_RUN, /* preflight or steady state */
		GD_END_ABORTED,
	} end;
	char end_reason[512];
};

/* --- launch.c, traffic.c: loads and watches ------------------------------------------ */

/*
 * Starts every load at one instant, wherever it comes from, and waits for it. Fills
 * r->loads.
 */
int gd_launch_loads(struct gd_run *r, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Takes what a load that is generated here has measured; ctx: its struct gd_live_load. */
void gd_traffic_on_local(void *ctx, uint32_t events) GD_NONNULL;
int gd_traffic_start(struct gd_run *r, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* For how long anybody will want what a load measures: until the run's end, with some slack. */
int64_t gd_traffic_needed_ms(const struct gd_run *r) GD_NONNULL;
/* Takes an agent's event "load", "load_end" or "watch"; false: not one of these. */
bool gd_traffic_event(struct gd_run *r, struct gd_member *m,
		      const cJSON *event) GD_NONNULL;
/*
 * A host without a fault is lost: told, and the run goes on. Its loads go on as well, and keep
 * what they measure (injectors/agent/generator_child.h).
 */
void gd_traffic_cut_off(struct gd_run *r, struct gd_member *m) GD_NONNULL;
/* It is back: what was measured meanwhile is fetched, and watched again what was. */
void gd_traffic_back(struct gd_run *r, struct gd_member *m) GD_NONNULL;
/* Every now and then: agents hear what has arrived, and that we are still there. */
void gd_traffic_tick(struct gd_run *r) GD_NONNULL;
/* No new requests; waits, bounded, until the last intervals are in. */
int gd_traffic_stop(struct gd_run *r, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* --- stage.c: faults in and out ------------------------------------------------------ */

/* Claims every host that gets a fault and asks each agent whether it can. */
int gd_stage_preflight(struct gd_run *r, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Puts n faults in, given by their index, all or nothing: on failure the error says which,
 * and the caller undoes everything. The way back to each host is proved when a fault comes
 * for the first time.
 */
int gd_stage_inject(struct gd_run *r, const size_t *which, size_t n,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Changes n faults that are in, given by their index, to the level that is set in each, all
 * at once. On failure as for gd_stage_inject; the agent has undone what it could not change.
 */
int gd_stage_change(struct gd_run *r, const size_t *which, size_t n,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Reads the effect of a fault whose stage goes on, undoes it and checks the proof. */
int gd_stage_rest(struct gd_run *r, struct gd_live_fault *f,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Reads each fault's effect, then undoes them in reverse order and checks the proof. */
int gd_stage_undo(struct gd_run *r, const struct gd_stage *st,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Undoes whatever may be in, everywhere, whatever happened; every outcome is recorded. */
void gd_stage_undo_all(struct gd_run *r) GD_NONNULL;
/* Takes an agent's event "reverted" or "drift"; false: neither. */
bool gd_stage_event(struct gd_run *r, struct gd_member *m, const cJSON *event) GD_NONNULL;
/* Gives the claims back. */
void gd_stage_release(struct gd_run *r) GD_NONNULL;

/* --- cycle.c: when each fault is in --------------------------------------------------- */

/* The level of a fault that is in, or will be when it comes. */
const struct gd_level *gd_cycle_level(const struct gd_live_fault *f) GD_NONNULL;
/* Puts in what is due at the stage's very start. */
int gd_cycle_begin(struct gd_run *r, const struct gd_stage *st,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Lets the stage pass until r->stage_until, with faults coming, changing and going at their
 * times.
 * 0; 1: a stop was asked for; -1: a fault could not be put in or back, err says which.
 */
int gd_cycle_pass(struct gd_run *r, const struct gd_stage *st,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* --- diagnose.c: what the runbook looks at -------------------------------------------- */

/* The stage is measured from now on: its steps become due. */
void gd_diagnose_begin(struct gd_run *r, const struct gd_stage *st) GD_NONNULL;
/* Sends what is due. Never waits. */
void gd_diagnose_tick(struct gd_run *r) GD_NONNULL;
/* Takes an agent's event "ran"; false: another one. */
bool gd_diagnose_event(struct gd_run *r, const struct gd_member *m,
		       const cJSON *event) GD_NONNULL;
/* The stage is over: those that run are killed, the others left out. Does not wait. */
void gd_diagnose_end(struct gd_run *r, const struct gd_stage *st) GD_NONNULL;
/* Records those that were never answered. */
void gd_diagnose_fini(struct gd_run *r) GD_NONNULL;

/* --- undo_page.c: how to undo by hand ------------------------------------------------- */

/* Adds a fault to undo.md, from the agent's answer to inject. */
void gd_undo_page_add(struct gd_run *r, const struct gd_live_fault *f,
		      const cJSON *reply) GD_NONNULL;

/* --- live.c: what people see and say on the way --------------------------------------- */

void gd_live_draw(struct gd_run *r) GD_NONNULL;
/* Shows the notes that were put into the journal since; `diagnosed` ends a blind run's hiding. */
void gd_live_hear_notes(struct gd_run *r) GD_NONNULL;
/* Puts into the journal, once, that a blind run is blind no more, and why. */
void gd_live_record_reveal(struct gd_run *r) GD_NONNULL;

/* The fleet member that plays a role (its first host); NULL: no such role. */
struct gd_member *gd_run_member(struct gd_run *r, const char *role) GD_NONNULL;
