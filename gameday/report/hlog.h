/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HdrHistogram logs (format 1.3, as its HistogramLogWriter makes them), one per load and
 * client: every tool that reads them reads ours.
 */
#pragma once

#include "gameday/report/model.h"

/* The log of one series: times in seconds from its first interval, values in ns. */
int gd_hlog_render(const struct gd_report *r, size_t series, struct gd_strbuf *out,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Writes <load>.<client>.hlog for every series into the run's directory. */
int gd_hlog_write_all(const struct gd_report *r,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* "<load>.<client>.hlog" with what is no plain file name character as '_'; caller frees. */
char *gd_hlog_name(const char *load, const char *client) GD_NONNULL GD_MUST_CHECK;
