/* SPDX-License-Identifier: Apache-2.0 */
/* A runbook as a Markdown page, and the parts of it a report shows. */
#pragma once

#include "gameday/scenario/scenario.h"

/* Headings Meaning, Impact, Detection, Diagnosis, Mitigation, Prevention. */
void gd_runbook_page_md(const struct gd_runbook *r, const char *name,
			struct gd_strbuf *out) GD_NONNULL;
void gd_runbook_diagnosis_md(const struct gd_runbook *r,
			     struct gd_strbuf *out) GD_NONNULL;
void gd_runbook_mitigation_md(const struct gd_runbook *r,
			      struct gd_strbuf *out) GD_NONNULL;
