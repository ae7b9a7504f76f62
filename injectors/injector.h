/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract between the agent and a fault. An injector is one file with one constant of
 * type struct gd_injector and one line in CMakeLists.txt.
 *
 * Life of one fault, owned by agent/fault.c alone:
 *
 *   check      pure; also on the runner, for `gameday check` and `plan`
 *   preflight  on the target, reads only; refuses what can't be done or put back
 *   state      reads what the fault will change, as text      -> "before"
 *   capture    reads what revert will need                    -> undo
 *   -- the journal has args, undo and "before" on disk, the guardian has its copy --
 *   apply      makes the change; may fail half-way, revert is then called
 *   verify     reads back through another call than apply's; unlike = GD_E_DRIFT
 *   tend       meanwhile, again and again
 *   change     any number of times: other numbers, in place; verify follows each time
 *   effect     at the end of the stage: what the kernel counted, and whether it bit
 *   revert     from undo alone, any number of times, also when apply never ran, also in
 *              another process that shares no memory with the one that applied
 *   state      again; the fault is gone only when this text equals "before"
 *
 * args and undo are structs described by shapes; they own no memory outside the shape's
 * kinds. All slots are mandatory: "nothing to do" is a function that says so. Those that
 * may be NULL say what that means.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"
#include "gameday/shape/field.h"

struct gd_ports;

enum gd_need {
	GD_NEED_NET_ADMIN = 1 << 0,
	GD_NEED_SYS_ADMIN = 1 << 1,
};

/* One number the kernel counted while the fault was in. */
struct gd_counter {
	char name[48];
	double value;
};

struct gd_effect {
	bool seen;      /* false: nothing shows that the fault did anything */
	char text[256]; /* "142 of 14,100 packets dropped (1.01 %)" */
	struct gd_counter counters[8];
	size_t n_counters;
};

/*
 * GD_CHECK_IDLE: well formed, but they ask for nothing; *err says what could be asked for.
 * That is a mistake, but for one level of a fault that changes while it is in.
 */
enum { GD_CHECK_IDLE = 1 };
typedef int gd_check_fn(const void *args, struct gd_error *err);
typedef void gd_describe_fn(const void *args, struct gd_strbuf *out);
typedef void gd_manual_fn(const void *args, struct gd_strbuf *out);
typedef void gd_manual_captured_fn(const void *args, const void *undo,
				   struct gd_strbuf *out);
typedef int gd_preflight_fn(const struct gd_ports *p, const void *args,
			    struct gd_error *err);
typedef int gd_state_fn(const struct gd_ports *p, const void *args, struct gd_strbuf *out,
			struct gd_error *err);
typedef int gd_capture_fn(const struct gd_ports *p, const void *args, void *undo,
			  struct gd_error *err);
typedef int gd_apply_fn(const struct gd_ports *p, const void *args, const void *undo,
			struct gd_error *err);
/*
 * Reads only. After capture, for each set of args that will come later: refuses what can't
 * be done then, and widens undo, as far as it was filled, to what that will need.
 */
typedef int gd_foresee_fn(const struct gd_ports *p, const void *args, void *undo,
			  struct gd_error *err);
typedef int gd_effect_fn(const struct gd_ports *p, const void *args, const void *undo,
			 struct gd_effect *ret, struct gd_error *err);
/* What can be hurt here, one line of text; or the reason why nothing can. Reads only. */
typedef int gd_doctor_fn(const struct gd_ports *p, struct gd_strbuf *out,
			 struct gd_error *err);
typedef int gd_revert_fn(const struct gd_ports *p, const void *undo,
			 struct gd_error *err);

struct gd_injector {
	const char *name;    /* the scenario keyword and the name of its page: "netem" */
	const char *summary; /* one sentence, for help and reports */
	const char *target_field; /* TEXT/NAME field of args naming what is hurt: two live
				     faults of one injector on one target conflict */
	unsigned needs;           /* enum gd_need: tested by the core before preflight */
	bool of_runbook; /* runs what a runbook says: no scenario and no operator may name it */
	bool network; /* can cut the control path: applied on a trial lease first */
	struct gd_shape args;
	struct gd_shape undo;

	gd_check_fn *check; /* relations between fields; raises GD_E_INPUT */
	gd_describe_fn
		*describe;    /* "eth1: lose 5 % of outgoing packets": for plan, report */
	gd_manual_fn *manual; /* shell lines that undo it by hand, for plan and report */
	/* The same with the values that were captured, so that they can be typed as they stand. */
	gd_manual_captured_fn *manual_captured;
	/* One shell line without a newline that prints what the fault may change. */
	gd_manual_fn *look;
	gd_doctor_fn *doctor;
	gd_preflight_fn *preflight;
	gd_state_fn *state; /* canonical, one object per line, no counters */
	gd_capture_fn *capture;
	gd_apply_fn *apply;
	gd_apply_fn *verify;
	/*
	 * Both or none (NULL: no parameter can change while the fault is in). change makes an
	 * active fault one with args, without taking it out in between: same target, other
	 * numbers, which foresee has seen. It may fail half-way, revert is then called, with
	 * the same undo as ever.
	 */
	gd_foresee_fn *foresee;
	gd_apply_fn *change;
	gd_effect_fn *effect;
	gd_revert_fn *revert;
	/*
	 * About every two seconds while the fault is in and the lease holds: pushes back
	 * what undoes the fault by itself on the host, and sees whether it is still in.
	 * GD_E_DRIFT: somebody else took it out, the text says how; it is not called again
	 * then. May be NULL.
	 */
	gd_apply_fn *tend;
};

/* The generated table of all injectors, ends with NULL; and lookup by name (NULL: none). */
extern const struct gd_injector *const gd_injectors[];
const struct gd_injector *gd_injector_find(const char *name) GD_NONNULL;
