/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/hlog.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

/* Names come from the records: none may leave the directory or hide in it. */
char *gd_hlog_name(const char *load, const char *client)
{
	char *name = gd_strf("%s.%s.hlog", load, client);

	for (char *p = name; p && *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			*p = '_';
	if (name && *name == '.')
		*name = '_';
	return name;
}

static double seconds(int64_t ns)
{
	return (double)ns / (double)GD_NS_PER_S;
}

static void add_head(struct gd_strbuf *out, int64_t start_ns)
{
	char when[32];

	gd_strbuf_addf(out,
		       "#[Histogram log format version 1.3]\n"
		       "#[BaseTime: %.3f (seconds since epoch)]\n"
		       "#[StartTime: %.3f (seconds since epoch), %s]\n"
		       "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
		       "\"Interval_Compressed_Histogram\"\n",
		       seconds(start_ns), seconds(start_ns),
		       gd_wall_format((struct gd_wall){start_ns}, when));
}

void gd_hlog_render(const struct gd_report *r, size_t series, struct gd_strbuf *out)
{
	size_t n = gd_results_n_intervals(r->results, series);
	int64_t start = n ? gd_results_interval(r->results, series, 0)->start_wall_ns : 0;

	if (n == 0)
		return;
	add_head(out, start);
	for (size_t i = 0; i < n; i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		struct gd_load_stats s;

		gd_results_point(r->results, series, i, &s);
		/* Interval_Max is in ms: the format divides nanoseconds by a million. */
		gd_strbuf_addf(out, "%.3f,%.3f,%.3f,%s\n",
			       seconds(iv->start_wall_ns - start), seconds(iv->length_ns),
			       isnan(s.max) ? 0.0 : s.max / 1e6,
			       gd_results_encoded(r->results, series, i));
	}
}

static int write_one(const struct gd_report *r, size_t series, struct gd_error *err)
{
	const char *load, *client;
	GD_AUTO_FREE char *name = NULL, *path = NULL;
	GD_AUTO_STRBUF(out);

	gd_results_series(r->results, series, &load, &client);
	name = gd_hlog_name(load, client);
	path = name ? gd_path_join(r->dir, name) : NULL;
	gd_hlog_render(r, series, &out);
	if (!path || out.failed)
		return gd_raise_nomem(err);
	return gd_file_write(path, gd_strbuf_str(&out), out.len, 0644, err);
}

int gd_hlog_write_all(const struct gd_report *r, struct gd_error *err)
{
	for (size_t i = 0; i < gd_results_n_series(r->results); i++)
		if (write_one(r, i, err) < 0)
			return -1;
	return 0;
}
