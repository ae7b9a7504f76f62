/* SPDX-License-Identifier: Apache-2.0 */
/* The rehearsal lab: several hosts in one virtual machine on this machine, without root. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/lab/control.h"
#include "gameday/lab/paths.h"
#include "gameday/lab/state.h"

struct gd_lab_up_options {
	bool cold;        /* boot, whatever snapshot there is */
	bool no_snapshot; /* keep none afterwards (and use none) */
	bool no_kvm;      /* emulate even where KVM works */
};

/*
 * Brings the lab up and waits until SSH and every service answer; progress goes to `out` (borrowed).
 * Outcome GD_LAB_ALREADY when one is up. A lab that cannot be brought up leaves nothing running.
 */
enum { GD_LAB_ALREADY = 1 };
int gd_lab_up(const struct gd_lab_up_options *options, FILE *out,
	      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Ends the lab and removes what it left. Outcome GD_LAB_WAS_DOWN when there was none. */
enum { GD_LAB_WAS_DOWN = 1 };
int gd_lab_down(struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* What a lab looks like now. */
struct gd_lab_report {
	bool present; /* there is one, running or dead */
	bool running; /* its QEMU is */
	bool answers; /* the guest told its health */
	struct gd_lab_state state;
	struct gd_lab_health health;
	struct gd_lab_paths paths; /* owned */
};

#define GD_AUTO_LAB_REPORT(name)                                                         \
	__attribute__((cleanup(gd_lab_report_fini))) struct gd_lab_report name = {0}
int gd_lab_look(struct gd_lab_report *ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_lab_report_fini(struct gd_lab_report *r) GD_NONNULL;

/* The inventory of the lab that is up; the caller frees. GD_E_REFUSED when none is. */
int gd_lab_inventory(char **ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * Replaces this process by ssh into that host; `argv` (NULL-terminated, may be empty) is the command
 * there. Returns only to say why it could not.
 */
int gd_lab_ssh(const char *host, const char *const argv[],
	       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
