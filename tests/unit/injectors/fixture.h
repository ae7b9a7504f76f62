/* SPDX-License-Identifier: Apache-2.0 */
/* One fault on a fake host, led through its life by hand. What fails fails the test. */
#pragma once

#include "tests/unit/cmocka_all.h"

#include "gameday/base/attr.h"
#include "injectors/injector.h"
#include "tests/unit/injectors/fakes/host.h"

struct fixture {
	const struct gd_injector *i;
	struct fake_host h;
	void *args, *undo; /* owned */
	struct gd_error err;
	/* What the setup of some faults' tests adds. */
	struct fake_disk *data;
	struct fake_link *eth0;
	char *before; /* owned */
};

/* For a cmocka setup: a new fixture for the fault of that name in *state. */
struct fixture *set_up(void **state, const char *name) GD_NONNULL;
int teardown(void **state) GD_NONNULL;
/* Decodes and checks arguments: what check said, or -1 with f->err. */
int parse(struct fixture *f, const char *json) GD_NONNULL;
void must_parse(struct fixture *f, const char *json) GD_NONNULL;
/* preflight refuses what was parsed, and says that word. */
void assert_refused(struct fixture *f, const char *word) GD_NONNULL;
/* From preflight to verify, with what was parsed. */
void put_in(struct fixture *f) GD_NONNULL;
/* must_parse and put_in. */
void inject(struct fixture *f, const char *json) GD_NONNULL;
int revert(struct fixture *f) GD_NONNULL;
