/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a lab to be of use. */
#pragma once

#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "gameday/lab/control.h"
#include "gameday/lab/state.h"
#include "gameday/lab/topology.h"

/* Waits until every sshd has shown its banner through its forwarded port. */
int gd_lab_ready_ssh(struct gd_lab_control *c, const struct gd_lab_state *s,
		     struct gd_span limit, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Waits until every probe of the guest is fine. The error names those that are not. */
int gd_lab_ready_services(struct gd_lab_control *c, const struct gd_lab_state *s,
			  struct gd_span limit,
			  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
