/* SPDX-License-Identifier: Apache-2.0 */
/* One fault as the journal and the guardian keep it: all that undoing will ever need. */
#pragma once

#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/auto.h"
#include "gameday/base/error.h"
#include "gameday/base/json.h"

struct gd_record {
	int64_t id;       /* unique in a host's journal */
	char ref[128];    /* the runner's name for it */
	char kind[32];    /* of the injector */
	char target[64];  /* what is hurt: "eth1" */
	char run[128];    /* which run */
	char runner[160]; /* "user@host pid N" */
	char boot_id[40];
	int64_t wall_ns;     /* when the undo was written */
	int64_t deadline_ns; /* wall: when it ends whatever happens */
	cJSON *args, *undo;  /* owned: by the injector's shapes */
	char *before;        /* owned: state text */
};

void gd_record_fini(struct gd_record *r) GD_NONNULL;
#define GD_AUTO_RECORD __attribute__((cleanup(gd_record_fini)))

/* Every member under its own name. Caller owns *ret. */
int gd_record_to_json(const struct gd_record *r, cJSON **ret,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The reverse. A missing or overlong member is GD_E_INPUT. Caller calls fini. */
int gd_record_from_json(const cJSON *json, struct gd_record *ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* A deep copy; caller calls fini. */
int gd_record_copy(const struct gd_record *r, struct gd_record *ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Copies text into a fixed member; longer text is GD_E_INPUT, named `what`. */
int gd_copy_text(char *out, size_t size, const char *text, const char *what,
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* This boot's id, from the kernel; "unknown" if it does not say. */
void gd_boot_id(char ret[40]) GD_NONNULL;
