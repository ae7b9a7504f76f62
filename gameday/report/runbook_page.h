/* SPDX-License-Identifier: Apache-2.0 */
/* A runbook as a page, and the parts of it a report shows. */
#pragma once

#include "gameday/report/doc.h"
#include "gameday/report/exercised.h"
#include "gameday/scenario/scenario.h"

/*
 * Headings as people know them: Meaning, Impact, Detection, Diagnosis, Mitigation,
 * Escalation, Prevention, Last exercised. Commands, configurations and their comments stand
 * as they are written.
 */
void gd_runbook_page(const struct gd_runbook *r, const char *name,
		     const struct gd_exercised *last, struct gd_doc *d) GD_NONNULL;
/* run: what the steps printed in it stands below them; NULL: none. */
void gd_runbook_diagnosis(const struct gd_runbook *r, const struct gd_report *run,
			  struct gd_doc *d) GD_NONNULL_ARGS(1, 3);
void gd_runbook_mitigation(const struct gd_runbook *r, struct gd_doc *d) GD_NONNULL;
void gd_runbook_prevention(const struct gd_runbook *r, struct gd_doc *d) GD_NONNULL;
