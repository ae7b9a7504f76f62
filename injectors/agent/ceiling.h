/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An end by the wall clock. Leases and deadlines count in CLOCK_BOOTTIME, which nobody can
 * step; a ceiling ends a fault earlier when the wall clock says that its time is over, and
 * never later. A clock stepped forwards beyond it counts as over, one stepped back does not
 * give a fault more time.
 */
#pragma once

#include <stdbool.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"

/* Stands for "never". */
#define GD_CEILING_NONE ((struct gd_wall){INT64_MAX})

/* A timer of CLOCK_REALTIME; the caller closes it. */
int gd_ceiling_open(int *ret_fd, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Makes fd readable when the wall clock reaches `at`, and whenever it is stepped
 * (timerfd_create(2): TFD_TIMER_CANCEL_ON_SET); what made it readable before is forgotten.
 */
void gd_ceiling_set(int fd, struct gd_wall at);
/* Has the wall clock reached it? */
bool gd_ceiling_passed(struct gd_wall at);
