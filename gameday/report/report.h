/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a run's directory to its report. Only what is in the directory is used, whatever
 * state it is in: a run killed at any byte still renders, and says what is not known.
 */
#pragma once

#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"

/*
 * Writes report.html, report.md and its charts, report.json, the forms for other programs (doc/REPORT.md)
 * and one HdrHistogram log per load and client into run_dir, replacing what is there.
 * *ret_status is the exit status the verdict stands for (enum
 * gd_exit). GD_E_INPUT when run_dir is not a run's directory. 1, *ret_status set, and the
 * first reason in *err, when some of the files could not be written; the others are.
 * Unless it is NULL, summary gets what gd_report_summary says: reading a run once is enough.
 */
int gd_report_write(const char *run_dir, struct gd_strbuf *summary, int *ret_status,
		    struct gd_error *err) GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
/*
 * The short text for the end of `gameday run`: the verdict, what to do next, the key table
 * and where the report is. Plain text, at most 100 columns wide for ordinary names.
 */
int gd_report_summary(const char *run_dir, struct gd_strbuf *out,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* One format on its own ("md", "junit", ...), as gd_report_write would write it. */
int gd_report_render(const char *run_dir, const char *format, struct gd_strbuf *out,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
