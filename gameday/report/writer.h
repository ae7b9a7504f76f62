/* SPDX-License-Identifier: Apache-2.0 */
/* A format of the report: one file with one row. The table is in report.c. */
#pragma once

#include "gameday/report/model.h"

struct gd_report_writer {
	const char *format; /* "md" */
	const char *file;   /* "report.md" */
	int (*write)(const struct gd_report *r, struct gd_strbuf *out,
		     struct gd_error *err);
	/* The same, and writes the files it links to into the run's directory; or NULL. */
	int (*write_with_files)(const struct gd_report *r, struct gd_strbuf *out,
				struct gd_error *err);
};

extern const struct gd_report_writer gd_report_md;
extern const struct gd_report_writer gd_report_html;
extern const struct gd_report_writer gd_report_json;
/* For other programs; what each is, is in doc/REPORT.md. */
extern const struct gd_report_writer gd_report_chaostoolkit;
extern const struct gd_report_writer gd_report_grafana;
extern const struct gd_report_writer gd_report_junit;
extern const struct gd_report_writer gd_report_prometheus;
