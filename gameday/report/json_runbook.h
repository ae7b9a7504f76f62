/* SPDX-License-Identifier: Apache-2.0 */
/* The member `runbook` of report.json; for write_json.c only. */
#pragma once

#include "gameday/report/model.h"

/* Caller owns it. NULL: out of memory. */
cJSON *gd_make_runbook(const struct gd_report *r) GD_NONNULL;
