/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one fault, as injector.h draws it. These functions know nothing of journal,
 * guardian or session, so the agent, the guardian and `recover` use the same ones.
 */
#pragma once

#include <stdbool.h>

#include "injectors/agent/record.h"
#include "injectors/injector.h"
#include "injectors/ports.h"

/*
 * check, needed capabilities, preflight, then what the fault would change, as text.
 * `later`: a list of the args that the fault will be changed to while it is in, or NULL.
 * GD_E_INPUT: kind or args are wrong; GD_E_REFUSED: not here, not now, or not later.
 */
int gd_fault_preflight(const struct gd_ports *p, const char *kind, const cJSON *args,
		       const cJSON *later, struct gd_strbuf *ret_state,
		       struct gd_error *err) GD_NONNULL_ARGS(1, 2, 5, 6) GD_MUST_CHECK;
/* The injector's own survey of the host, after its needs. */
int gd_fault_doctor(const struct gd_ports *p, const struct gd_injector *i,
		    struct gd_strbuf *out, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * All that comes before the journal: preflight, state, capture. Fills kind, target, args,
 * undo and before of *ret; caller calls fini.
 */
int gd_fault_capture(const struct gd_ports *p, const char *kind, const cJSON *args,
		     const cJSON *later, struct gd_record *ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 5, 6) GD_MUST_CHECK;
/* Makes the change and verifies it. When it fails, restore is up to the caller. */
int gd_fault_apply(const struct gd_ports *p, const struct gd_record *r,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Can the fault of r be changed to args? Then they, as a shape writes them, into *ret_args
 * (owned by the caller). GD_E_INPUT: they are wrong, or for another target, or the fault
 * can't change. Touches nothing.
 */
int gd_fault_check_change(const struct gd_record *r, const cJSON *args, cJSON **ret_args,
			  struct gd_error *err) GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
/* Changes an active fault to r's args, in place, and verifies. As gd_fault_apply. */
int gd_fault_change(const struct gd_ports *p, const struct gd_record *r,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The state text as it is now. */
int gd_fault_state(const struct gd_ports *p, const struct gd_record *r,
		   struct gd_strbuf *out, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Shell lines that undo it by hand, with what was captured. */
int gd_fault_manual(const struct gd_record *r, struct gd_strbuf *out,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_fault_effect(const struct gd_ports *p, const struct gd_record *r,
		    struct gd_effect *ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* The injector's `tend`; 0 at once when it has none. GD_E_DRIFT: the fault is out. */
int gd_fault_tend(const struct gd_ports *p, const struct gd_record *r,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

struct gd_restored {
	char *after; /* owned: state text; NULL when it could not be read */
	bool equal;  /* to the text before: only then the fault is gone */
	int64_t took_ms;
	struct gd_error problem; /* code GD_OK: none */
};

void gd_restored_fini(struct gd_restored *r) GD_NONNULL;
#define GD_AUTO_RESTORED __attribute__((cleanup(gd_restored_fini)))
/*
 * Undoes the fault and reads back, several times if need be. Always fills *ret; caller
 * calls fini. After a reboot (another boot id) kernel objects are gone by themselves: if
 * the state equals the one before, nothing is touched.
 */
void gd_fault_restore(const struct gd_ports *p, const struct gd_record *r,
		      struct gd_restored *ret) GD_NONNULL;
/* Was it put in since the host started? */
bool gd_fault_is_of_this_boot(const struct gd_record *r) GD_NONNULL;
/* Can this be read and undone at all? Used before a record is relied upon. */
int gd_fault_understood(const struct gd_record *r,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
