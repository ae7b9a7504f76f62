/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HdrHistogram's log of interval histograms, format 1.3, as its HistogramLogProcessor and
 * HistogramLogReader read it: values in ns, times in s, Interval_Max in ms.
 */
#pragma once

#include "gameday/base/clock.h"
#include "gameday/base/strbuf.h"

/* Times of the lines count from start. */
void gd_hist_log_head(struct gd_wall start, struct gd_strbuf *out) GD_NONNULL;
/*
 * tag: whose histogram it is, when several are in one log; NULL: the only one's. encoded is
 * of gd_hist_encode; max_ns 0 when the histogram is empty.
 */
void gd_hist_log_line(const char *tag, int64_t since_start_ns, int64_t length_ns,
		      double max_ns, const char *encoded, struct gd_strbuf *out)
	GD_NONNULL_ARGS(5, 6);
