/* SPDX-License-Identifier: Apache-2.0 */
/* What `gameday runbook match` prints. */
#pragma once

#include "gameday/report/runbook_match.h"

/* Each runbook with its score, and each detection with what it says for or against it. */
void gd_matches_print(const struct gd_report *r, const struct gd_matches *m) GD_NONNULL;
/* The same as data; the caller owns it. NULL: out of memory. */
cJSON *gd_matches_json(const struct gd_matches *m) GD_NONNULL;
