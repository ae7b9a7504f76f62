/* SPDX-License-Identifier: Apache-2.0 */
/* A first runbook for the failure that a scenario rehearses. */
#pragma once

#include "gameday/scenario/check.h"

/*
 * YAML that gameday check accepts: detections from what the scenario expects of its fault
 * stages, for any load, client and role, so that they judge other runs too; read-only steps
 * and the way back from what the faults' own tables say of them; and a line that says TODO
 * wherever only a person can know. The scenario passed its check.
 */
int gd_runbook_draft(const struct gd_scenario *s, const struct gd_kinds *kinds,
		     struct gd_strbuf *out,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
