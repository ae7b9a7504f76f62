/* SPDX-License-Identifier: Apache-2.0 */
/* The charts, one file each; the table of them is in charts.c. */
#pragma once

#include "gameday/report/chart.h"

extern const struct gd_chart gd_chart_latency, gd_chart_heat, gd_chart_stages,
	gd_chart_policies, gd_chart_rate, gd_chart_effort, gd_chart_signals;
