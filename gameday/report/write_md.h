/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of report.md that have a file of their own; for write_md.c only. */
#pragma once

#include "gameday/report/model.h"

/* One number of one watch, a cell per stage; with the heading when it is the first. */
void gd_md_signal_row(const struct gd_report *r, size_t watch, size_t column, bool first,
		      struct gd_strbuf *out) GD_NONNULL;
/* The runbook: what fired and when, diagnosis and mitigation. */
void gd_md_runbook(const struct gd_report *r, struct gd_strbuf *out) GD_NONNULL;
/* Hosts, kernels, clocks, versions. */
void gd_md_environment(const struct gd_report *r, struct gd_strbuf *out) GD_NONNULL;
/* What the figures leave out: transitions, intervals the generator fell behind in. */
void gd_md_measurement(const struct gd_report *r, struct gd_strbuf *out) GD_NONNULL;
