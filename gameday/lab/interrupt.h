/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C while a lab comes up: what has been started is ended first, and only then are we. */
#pragma once

#include <signal.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

/* Holds SIGINT, SIGTERM and SIGHUP back, but for those that are ignored; `before` is for release. */
void gd_lab_interrupt_hold(sigset_t *before) GD_NONNULL;
/* 0, or GD_E_ABORTED when one of them has come. Programs started meanwhile receive them as ever. */
int gd_lab_interrupt_check(struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Forgets those that came and puts the mask back. */
void gd_lab_interrupt_release(const sigset_t *before) GD_NONNULL;
