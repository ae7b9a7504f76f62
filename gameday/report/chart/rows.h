/* SPDX-License-Identifier: Apache-2.0 */
/* The charts, one file each; the table of them is in charts.c. */
#pragma once

#include "gameday/report/chart.h"

extern const struct gd_chart gd_chart_latency;
