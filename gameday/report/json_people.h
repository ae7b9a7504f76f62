/* SPDX-License-Identifier: Apache-2.0 */
/* The members `people` and `noted` of report.json (doc/REPORT.md). NULL: out of memory. */
#pragma once

#include "gameday/report/model.h"

cJSON *gd_make_people(const struct gd_report *r) GD_NONNULL;
cJSON *gd_make_noted(const struct gd_report *r) GD_NONNULL;
