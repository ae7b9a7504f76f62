/* SPDX-License-Identifier: Apache-2.0 */
/* A runbook as a page, and the parts of it a report shows. */
#pragma once

#include "gameday/report/doc.h"
#include "gameday/scenario/scenario.h"

/* Headings Meaning, Impact, Detection, Diagnosis, Mitigation, Prevention. */
void gd_runbook_page(const struct gd_runbook *r, const char *name,
		     struct gd_doc *d) GD_NONNULL;
void gd_runbook_diagnosis(const struct gd_runbook *r, struct gd_doc *d) GD_NONNULL;
void gd_runbook_mitigation(const struct gd_runbook *r, struct gd_doc *d) GD_NONNULL;
